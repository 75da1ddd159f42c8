"""A wallet process that dies by SIGKILL once the key of a copy is destroyed and no replica erased:
`python -m tests.subgraphs.wallet.dying FOLDER MONGODB_URI PREFIX`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from subgraphs.kit.base import open_base
from subgraphs.kit.identity import HttpIdentityProvider
from subgraphs.kit.ids import institution_id
from subgraphs.kit.settings import Settings
from subgraphs.simulators.custody import PLACES, USCC, CollectionSite, SimulatedCustodian
from subgraphs.wallet.app import wire
from subgraphs.wallet.steps.erase import erase_what_is_due
from subgraphs.wallet.store import INDEXES
from tests.subgraphs.kit.world import settings_values


class LastSite(CollectionSite):
    """Nobody survives to erase anything here."""

    async def erase(self, object_id: str, /) -> None:
        del object_id
        os.kill(os.getpid(), signal.SIGKILL)


def _tomorrow() -> datetime:
    return datetime.now(UTC) + timedelta(days=1)


async def main(folder: Path, uri: str, prefix: str) -> None:
    settings = Settings.from_mapping(settings_values(folder, uri=uri, prefix=prefix))
    identity = HttpIdentityProvider(settings.identity_url)
    async with open_base("wallet", settings, INDEXES) as base:
        places = base.mongo.database(f"{prefix}_custody")
        key = settings.key_files.load(settings.keys / institution_id(USCC) / "key-1.json")
        sites = [LastSite(places, name) for name in PLACES]
        custodian = SimulatedCustodian(places, key, sites=sites)
        parts = wire(base, identity=identity, custodian=custodian, clock=_tomorrow)
        await erase_what_is_due(parts)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
