"""SIGKILL between the destruction of a copy's key and the custodian's receipt: a real process."""

from __future__ import annotations

import asyncio
import signal
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from subgraphs.vc.encoding import to_time
from subgraphs.wallet.steps.erase import erase_what_is_due
from tests.subgraphs.wallet.purse import Purse
from tests.subgraphs.wallet.test_deletion import Unreachable, kept, with_copy

ROOT: Final = Path(__file__).parents[3]


async def dies(folder: Path, uri: str, prefix: str) -> int:
    """How the process that erases ended."""
    asked = ("-m", "tests.subgraphs.wallet.dying", str(folder), uri, prefix)
    process = await asyncio.create_subprocess_exec(sys.executable, *asked, cwd=ROOT)
    return await process.wait()


async def test_it_heals_itself_and_there_is_one_receipt(
    purse: Purse, tmp_path: Path, mongo_uri: str, mongo_database: str
) -> None:
    ann, _, id_ = await with_copy(purse)
    consent = await purse.granted(ann)
    async with purse.with_custodian(Unreachable(purse, times=1)):
        await purse.withdraw(ann, consent["id"])  # the key is still there

    assert await dies(tmp_path, mongo_uri, mongo_database) == -signal.SIGKILL

    found = await kept(purse, ann, id_)
    assert (found["state"], found["ciphertext"]) == ("DELETION_PENDING", None)
    custody = purse.world.base.mongo.database(f"{mongo_database}_custody")
    row = await custody["keys"].find_one({"_id": id_})
    assert row is not None
    assert "wrapped" not in row, "the key is destroyed"
    assert "receipt" not in row
    assert not await purse.events("CUSTODY_DELETED")

    later = replace(purse.parts, clock=lambda: datetime.now(UTC) + timedelta(days=2))
    assert await erase_what_is_due(later) == 1  # what the next process's job does

    found = await kept(purse, ann, id_)
    assert found["state"] == "DELETED"
    assert _second(found["deletionReceipt"]["keyDestroyedAt"]) == to_time(row["destroyed_at"])
    assert len(await purse.events("CUSTODY_DELETED")) == 1
    assert await erase_what_is_due(later) == 0


def _second(text: str) -> str:
    return to_time(datetime.fromisoformat(text))
