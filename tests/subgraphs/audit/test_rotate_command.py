"""`python -m subgraphs.kit.rotate`, run as an operator runs it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import dataclass

import pytest

from ledger_adapter.crypto.keys import load_private_key
from ledger_adapter.crypto.sealing import Passphrase
from ledger_adapter.errors import BadKey
from ledger_adapter.port import EntryIndex
from subgraphs.demo.pilot import GUOTAI_JUNAN, HUAAN_FUND, ZHENGTONG
from subgraphs.kit.ids import institution_id
from subgraphs.kit.institutions import InstitutionRow
from subgraphs.kit.rotate import CannotRotate, alone, main, next_version
from tests.subgraphs.audit.desk import Desk
from tests.subgraphs.kit.world import settings_values, settled

OURS = institution_id(GUOTAI_JUNAN.uscc)
SECRET = Passphrase("a passphrase of some length")


@dataclass(frozen=True, slots=True)
class Ran:
    code: int
    out: str
    err: str


async def rotate(
    desk: Desk, *arguments: str, passphrase: Passphrase | None = None, demo: bool = True
) -> Ran:
    """The command over this world's settings file."""
    settings = desk.world.settings
    prefix = settings.database_prefix.removesuffix("_")
    values = settings_values(settings.data, uri=settings.mongodb, prefix=prefix)
    text = passphrase.text if passphrase else ""
    values |= {"demo": demo, "key_files": {"passphrase": text}}
    file = settings.data / "credgraph.yaml"
    file.write_text(json.dumps({"subgraphs": values}))
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "subgraphs.kit.rotate", *arguments),
        env={**os.environ, "CREDGRAPH_CONFIG": str(file)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await running.communicate()
    await settled(desk.world.base, desk.follower)
    return Ran(running.returncode or 0, out.decode(), err.decode())


async def row_of(desk: Desk, institution: str) -> InstitutionRow:
    row = await desk.parts.institutions.get(institution)  # type: ignore[arg-type]
    assert row is not None
    return row


async def told(desk: Desk) -> int:
    size = await desk.parts.ledger.size()
    found = await desk.parts.ledger.read(EntryIndex(0), size)
    return sum(one.envelope.kind == "INSTITUTION_DID_CHANGED" for one in found)


async def test_the_next_key_is_made_sealed_and_told_to_the_log(desk: Desk) -> None:
    await asyncio.sleep(1.1)  # a version a second: the log tells times to the second
    done = await rotate(desk, OURS, passphrase=SECRET)
    assert (done.code, done.out) == (0, f"{(await row_of(desk, OURS)).did}#key-2\n"), done.err
    assert (await row_of(desk, OURS)).method == done.out.strip()
    file = desk.world.settings.keys / OURS / "key-2.json"
    assert file.stat().st_mode & 0o077 == 0
    with pytest.raises(BadKey):
        load_private_key(file)
    assert load_private_key(file, passphrase=SECRET).public_key


async def test_run_twice_at_once_every_key_in_force_has_its_file(desk: Desk) -> None:
    await asyncio.sleep(1.1)
    both = await asyncio.gather(rotate(desk, OURS), rotate(desk, OURS))
    assert 0 in {one.code for one in both}
    row = await row_of(desk, OURS)
    assert row.history.latest.number == 1 + await told(desk)  # no version that readers refuse
    assert row.history.latest.document is not None
    for method, key in row.history.latest.document.keys.items():
        file = desk.world.settings.keys / OURS / f"{method.partition('#')[2]}.json"
        assert load_private_key(file).public_key == key


async def test_a_rotation_beside_another_makes_no_key(desk: Desk) -> None:
    folder = desk.world.settings.keys / OURS
    with alone(folder):
        done = await rotate(desk, OURS)
    assert (done.code, done.err) == (1, "rotate: another rotation of this institution runs\n")
    assert [file.name for file in folder.iterdir()] == ["key-1.json"]


async def test_a_second_version_in_one_second_is_not_told(desk: Desk) -> None:
    row = await row_of(desk, OURS)
    with pytest.raises(CannotRotate):
        await next_version(desk.world.settings, row, at=row.history.latest.at)
    assert not (desk.world.settings.keys / OURS / "key-2.json").exists()


@pytest.mark.parametrize("arguments", [(), (OURS, OURS)], ids=["none", "two"])
def test_one_institution_is_asked_for(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err.startswith("usage: ")


async def test_a_refusal_is_one_sentence_and_changes_nothing(desk: Desk) -> None:
    for institution, sentence in (
        ("inst_unknown", "is not on the trust register"),
        (institution_id(ZHENGTONG.uscc), "is the identity provider"),
    ):
        done = await rotate(desk, institution)
        assert (done.code, done.out, done.err.count("\n")) == (1, "", 1)
        assert sentence in done.err
    assert await told(desk) == 0
    assert {file.name for file in desk.world.settings.keys.glob("*/*")} == {"key-1.json"}


async def test_outside_demo_mode_no_plain_key_is_made(desk: Desk) -> None:
    done = await rotate(desk, institution_id(HUAAN_FUND.uscc), demo=False)
    assert done.code == 1
    assert "Traceback" not in done.err
    assert await told(desk) == 0
