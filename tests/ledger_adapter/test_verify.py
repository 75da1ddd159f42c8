"""The offline check: what it proves, and that nothing changed passes it."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import rfc8785

from ledger_adapter.crypto.sm2 import PrivateKey
from ledger_adapter.drawing import draw_svg
from ledger_adapter.errors import BadProof, BadSettings
from ledger_adapter.evidence.trust import Trust, parse_trust, write_trust
from ledger_adapter.log.bundle import decode_bundle
from ledger_adapter.picture import draw
from ledger_adapter.port import EntryIndex
from ledger_adapter.verify import verify_bundle
from tests.ledger_adapter.kit import KEY, ORIGIN, event, memory_room, trust_in

Json = dict[str, Any]


@pytest.fixture
def trust(tmp_path: Path) -> Trust:
    return trust_in(KEY, tmp_path)


async def proof(*, opening: bool = True, size: int = 11, index: int = 6) -> bytes:
    room = memory_room()
    await room.write(size)
    return (await room.reader.prove(EntryIndex(index))).bundle(opening=opening)


async def test_an_opened_proof_shows_the_event_and_each_step(trust: Trust) -> None:
    verdict = verify_bundle(await proof(), trust)
    assert [step.name for step in verdict.steps] == [
        "bundle", "log", "commit", "leaf", "path", "checkpoint", "witness", "anchor", "trust",
    ]  # fmt: skip
    assert verdict.envelope is not None
    assert verdict.envelope["eventId"] == event(6).event_id
    assert (verdict.trust, verdict.kind) == ("SELF", "CREDENTIAL_ACTIVATED")


async def test_an_unopened_proof_tells_the_kind_and_nothing_of_the_event(trust: Trust) -> None:
    raw = await proof(opening=False)
    verdict = verify_bundle(raw, trust)
    assert verdict.envelope is None
    assert b"hold_" not in raw
    assert b"inst_" not in raw


async def test_a_newline_at_the_end_is_let_through_and_nothing_else(trust: Trust) -> None:
    raw = await proof()
    verify_bundle(raw + b"\n", trust)
    for changed in (raw + b"\n\n", b" " + raw, raw + b" ", raw.replace(b":", b": ", 1)):
        with pytest.raises(BadProof, match="bundle"):
            verify_bundle(changed, trust)


@pytest.mark.parametrize("opening", [True, False], ids=["opened", "closed"])
async def test_every_flipped_bit_is_refused(trust: Trust, opening: bool) -> None:
    raw = await proof(opening=opening)
    for spot in range(len(raw)):
        for bit in range(8):
            mutant = bytearray(raw)
            mutant[spot] ^= 1 << bit
            with pytest.raises(BadProof):
                verify_bundle(bytes(mutant), trust)


def changed(*path: str | int, to: Callable[[Any], Any]) -> Callable[[Json], None]:
    def change(document: Json) -> None:
        *parents, last = path
        spot: Any = document
        for step in parents:
            spot = spot[step]
        spot[last] = to(spot[last])

    return change


def swapped(value: list[str]) -> list[str]:
    return [value[1], value[0], *value[2:]]


HOSTILE = [
    pytest.param(changed("path", to=lambda p: p[:-1]), id="path element dropped"),
    pytest.param(changed("path", to=lambda p: [*p, p[-1]]), id="path element doubled"),
    pytest.param(changed("path", to=swapped), id="path elements swapped"),
    pytest.param(changed("path", to=lambda p: p * 40), id="path without end"),
    pytest.param(changed("path", 0, to=lambda n: n[:-2]), id="short hash"),
    pytest.param(changed("leafIndex", to=lambda _: "7"), id="neighbour's index"),
    pytest.param(changed("leafIndex", to=lambda _: "11"), id="index past the tree"),
    pytest.param(changed("leafIndex", to=lambda _: "06"), id="index with leading zero"),
    pytest.param(changed("leafIndex", to=lambda _: "-1"), id="negative index"),
    pytest.param(changed("leafIndex", to=lambda _: 6), id="index as a number"),
    pytest.param(changed("treeSize", to=lambda _: "12"), id="another size"),
    pytest.param(changed("treeSize", to=lambda _: "9" * 40), id="huge size"),
    pytest.param(changed("trust", to=lambda _: "CONSENSUS"), id="trust overclaimed"),
    pytest.param(changed("trust", to=lambda _: "WITNESSED"), id="witnesses overclaimed"),
    pytest.param(changed("anchorState", to=lambda _: "FINAL"), id="anchor overclaimed"),
    pytest.param(changed("anchors", to=lambda _: [{}]), id="unknown anchor"),
    pytest.param(changed("version", to=lambda _: True), id="version true"),
    pytest.param(changed("version", to=lambda _: 2), id="version of tomorrow"),
    pytest.param(changed("log", "hash", to=lambda _: "SHA256"), id="hash downgraded"),
    pytest.param(changed("log", "shard", to=lambda _: "2025"), id="another shard"),
    pytest.param(changed("log", "origin", to=lambda o: o + "x"), id="unconfigured log"),
    pytest.param(changed("opening", "salt", to=lambda _: "AA"), id="short salt"),
    pytest.param(
        changed("opening", "envelope", "subjects", to=lambda s: [*s, "hold_2"]), id="subject added"
    ),
    pytest.param(
        changed("opening", "envelope", "body", to=lambda b: b | {"state": "ACTIVE"}),
        id="body changed",
    ),
    pytest.param(
        changed("opening", "envelope", "kind", to=lambda _: "CREDENTIAL_ENDORSED"),
        id="kind changed",
    ),
    pytest.param(changed("opening", "envelope", to=lambda _: {}), id="empty envelope"),
    pytest.param(changed("checkpoint", to=lambda c: c.replace("\n11\n", "\n12\n")), id="size"),
    pytest.param(changed("checkpoint", to=lambda c: c + "— x y\n"), id="malformed signature line"),
    pytest.param(
        changed("checkpoint", to=lambda c: c.split("\n\n")[0] + "\n\n"), id="no signature"
    ),
    pytest.param(changed("checkpoint", to=lambda c: c.replace("alg ", "alg  ")), id="two blanks"),
    pytest.param(changed("checkpoint", to=lambda c: c * 99), id="checkpoint without end"),
]


@pytest.mark.parametrize("change", HOSTILE)
async def test_hostile_bundles_are_refused(trust: Trust, change: Callable[[Json], None]) -> None:
    document: Json = json.loads(await proof())
    change(document)
    with pytest.raises(BadProof):
        verify_bundle(rfc8785.dumps(document), trust)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"[]", id="list"),
        pytest.param(b'{"a":1,"a":1}', id="duplicate keys"),
        pytest.param(b'{"a":NaN}', id="NaN"),
        pytest.param(b'{"a":1e999}', id="infinite"),
        pytest.param(b"[" * 50_000, id="depth"),
        pytest.param(b'{"a":"' + b"x" * 70_000 + b'"}', id="length"),
        pytest.param(b"\xff\xfe", id="not UTF-8"),
        pytest.param(b'{"a":"\\ud800"}', id="lone surrogate"),
        pytest.param(b'{"a":' + b"9" * 5000 + b"}", id="giant number"),
    ],
)
def test_what_is_no_bundle_is_refused_quickly(trust: Trust, raw: bytes) -> None:
    with pytest.raises(BadProof, match="bundle"):
        verify_bundle(raw, trust)


async def test_another_logs_key_does_not_count(tmp_path: Path) -> None:
    stranger = trust_in(PrivateKey.generate(), tmp_path)
    with pytest.raises(BadProof, match="log id"):
        verify_bundle(await proof(), stranger)


async def test_a_key_signs_only_its_range_of_sizes(trust: Trust) -> None:
    log = trust.logs[0]
    raw = await proof()
    for from_size, to_size, good in ((0, 12, True), (0, 11, False), (12, None, False)):
        key = replace(log.keys[0], from_size=from_size, to_size=to_size)
        narrowed = replace(trust, logs=(replace(log, keys=(key,)),))
        if good:
            verify_bundle(raw, narrowed)
        else:
            with pytest.raises(BadProof, match="may not sign"):
                verify_bundle(raw, narrowed)


async def test_demanded_witnesses_that_are_absent_refuse(trust: Trust) -> None:
    with pytest.raises(BadProof, match="witnesses"):
        verify_bundle(await proof(), replace(trust, witnesses_needed=1))


async def test_a_proof_without_a_checkpoint_makes_no_bundle() -> None:
    room = memory_room()
    await room.put([event(1)])
    lease = await room.store.lead("one", 5)
    assert lease is not None
    sequencer = room.sequencer("one")
    await sequencer.take_over(lease)
    await sequencer.append_once(lease)
    with pytest.raises(BadProof, match="no signed checkpoint"):
        (await room.reader.prove(EntryIndex(0))).bundle(opening=True)


@pytest.mark.parametrize("size", [1, 2, 11, 256, 600])
async def test_every_entry_of_a_log_is_proved(trust: Trust, size: int) -> None:
    room = memory_room()
    await room.write(size, batch=97)
    events = await room.reader.read(EntryIndex(0), size)
    for made in (await room.reader.attest(events))[:: max(1, size // 25)]:
        verify_bundle(made.bundle(opening=True), trust)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param('"version": 1', '"version": 2', id="version"),
        pytest.param('"toSize": null', '"toSize": "x"', id="size is text"),
        pytest.param('"fromSize": 0', '"fromSize": -1', id="negative size"),
        pytest.param('"fromSize"', '"fromsize"', id="misspelt"),
        pytest.param('"hash": "SM3"', '"hash": "MD5"', id="unknown hash"),
        pytest.param('"publicKeyMultibase": "z', '"publicKeyMultibase": "z1', id="key"),
        pytest.param('"keyId": "', '"keyId": "0', id="key id"),
        pytest.param('"witnesses": []', '"witnesses": [1]', id="unknown witness"),
        pytest.param("{", "", id="not JSON"),
    ],
)
def test_a_trust_file_is_read_strictly(tmp_path: Path, old: str, new: str) -> None:
    path = tmp_path / "trust.json"
    write_trust(path, origin=ORIGIN, keys=[KEY.public_key])
    text = path.read_text()
    assert old in text
    with pytest.raises(BadSettings):
        parse_trust(text.replace(old, new, 1).encode())


async def test_the_picture_shows_root_path_and_leaf() -> None:
    text = draw(decode_bundle(await proof()))
    assert text.splitlines()[0].startswith(f"checkpoint {ORIGIN}, size 11")
    assert "given, leaf 7" in text
    assert "= leaf 6: CREDENTIAL_ACTIVATED" in text


@pytest.mark.parametrize(("size", "index"), [(1, 0), (11, 6), (300, 257)])
async def test_the_drawing_is_one_valid_svg_with_every_node(size: int, index: int) -> None:
    bundle = decode_bundle(await proof(size=size, index=index))
    drawn = ET.fromstring(draw_svg(bundle))
    shapes = [node.get("class") for node in drawn.iter("{http://www.w3.org/2000/svg}rect")]
    assert shapes.count("given") == shapes.count("own") == len(bundle.path)
    assert shapes[0] == "root"
    texts = "".join(drawn.itertext())
    assert bundle.checkpoint.root.hex()[:12] in texts
    assert f"leaf {index}: CREDENTIAL_ACTIVATED" in texts
