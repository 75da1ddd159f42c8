"""A copy of one's own data is checked by whoever holds it, with files alone."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from subgraphs.demo.operations import operation
from subgraphs.holder.__main__ import main
from tests.access.world import World, ask


async def files(world: World, folder: Path) -> tuple[Path, Path, Path]:
    """Document, seal and registration as a holder keeps them."""
    document, seal, registration = (folder / name for name in ("copy", "seal", "registration"))
    async with asyncio.timeout(30):
        while True:
            found: Any = await ask(
                world.stack.url, operation("export-my-data"), {}, world.token("holder")
            )
            made = found["data"]["exportMyData"]
            registered = made["sealedBy"]["trustRegistration"]["chainProof"]["bundle"]
            if registered:
                break
            await asyncio.sleep(0.2)
    document.write_text(json.dumps(made["document"]))
    seal.write_text(json.dumps(made["seal"]))
    registration.write_text(registered)
    return document, seal, registration


def checked(world: World, *given: Path) -> int:
    trust = world.stack.deployment.data / "trust.json"
    return main(["verify-export", *map(str, given), "--trust", str(trust)])


async def test_it_holds_with_files_alone(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document, seal, registration = await files(world, tmp_path)
    assert checked(world, document, seal, registration) == 0
    said = capsys.readouterr().out
    assert "the copy is all there is; sealed by 上证云" in said


async def test_one_thing_left_out_or_changed_does_not(world: World, tmp_path: Path) -> None:
    document, seal, registration = await files(world, tmp_path)
    whole, sealed = (json.loads(one.read_text()) for one in (document, seal))
    document.write_text(json.dumps(whole | {"items": whole["items"][1:]}))
    assert checked(world, document, seal, registration) == 1
    document.write_text(json.dumps(whole))
    for changed in ({"complete": False}, {"sealedAt": "2020-01-01T00:00:00Z"}, {"more": 1}):
        seal.write_text(json.dumps(sealed | changed))
        assert checked(world, document, seal, registration) == 1
