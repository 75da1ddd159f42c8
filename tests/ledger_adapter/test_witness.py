"""Witnesses: what they sign, what they refuse and keep on record, and what a verifier demands."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from ledger_adapter.asgi import Answer
from ledger_adapter.crypto.sm2 import PrivateKey
from ledger_adapter.errors import BadProof, BadSettings, LogCorrupt
from ledger_adapter.evidence.trust import Trust, load_trust, write_trust
from ledger_adapter.log.checkpoint import (
    SM2_KIND,
    Checkpoint,
    NoteSignature,
    TreeHead,
    body,
    key_id,
    parse_signature,
)
from ledger_adapter.log.cosignature import holds
from ledger_adapter.port import EntryIndex
from ledger_adapter.reader import LogReader
from ledger_adapter.replay import replay
from ledger_adapter.sequencer import Sequencer, SequencerOptions
from ledger_adapter.verify import verify_bundle
from ledger_adapter.witness.app import witness_app
from ledger_adapter.witness.client import WitnessClient, WitnessGroup
from ledger_adapter.witness.judge import Witness
from ledger_adapter.witness.state import WitnessState
from tests.ledger_adapter.kit import AT, KEY, ORIGIN, Room, event, memory_room

KEYS = {name: PrivateKey.from_scalar(1000 + n) for n, name in enumerate(("w.one", "w.two"))}
NOW = AT.timestamp()


@pytest.fixture
def trust(tmp_path: Path) -> Trust:
    path = tmp_path / "trust.json"
    public = {name: key.public_key for name, key in KEYS.items()}
    write_trust(path, origin=ORIGIN, keys=[KEY.public_key], witnesses=public, witnesses_needed=1)
    return load_trust(path)


def opened(folder: Path, trust: Trust, name: str = "w.one") -> Witness:
    state = WitnessState(folder / f"{name}.json")
    return Witness(name=name, key=KEYS[name], logs=trust.logs, state=state, now=lambda: NOW)


def signed(size: int, root: bytes, *, later: int = 0, key: PrivateKey = KEY) -> Checkpoint:
    """A head as the log, or whoever holds its key, might sign it."""
    head = TreeHead(
        origin=ORIGIN,
        tree_size=size,
        root=root,
        hash="SM3",
        time=AT + timedelta(seconds=later),
        previous=None,
    )
    line = NoteSignature(
        name=ORIGIN,
        key_id=key_id(ORIGIN, key.public_key),
        kind=SM2_KIND,
        value=key.sign(body(head)),
    )
    return Checkpoint(head=head, body=body(head), signatures=(line,))


def request(old: int, path: Sequence[bytes], head: Checkpoint) -> bytes:
    hashes = "".join(base64.b64encode(node).decode() + "\n" for node in path)
    return f"old {old}\n{hashes}\n".encode() + head.note()


async def grown(room: Room, *sizes: int) -> list[Checkpoint]:
    """The log's own heads at some sizes."""
    heads, size = [], 0
    for wanted in sizes:
        await room.write(wanted - size, first=size)
        size = wanted
        latest = await room.reader.latest_checkpoint()
        assert latest is not None
        heads.append(latest)
    return heads


async def test_it_signs_each_head_that_extends_the_last(tmp_path: Path, trust: Trust) -> None:
    room, witness = memory_room(), opened(tmp_path, trust)
    first, second = await grown(room, 3, 11)
    assert witness.add_checkpoint(request(0, (), first)).status == 200
    path = await room.reader.consistency(3, 11)
    answer = witness.add_checkpoint(request(3, path, second))
    assert answer.status == 200
    line = parse_signature(answer.body.removesuffix("\n"))
    assert holds(second.body, line.value, KEYS["w.one"].public_key)
    assert not holds(first.body, line.value, KEYS["w.one"].public_key)
    assert witness.add_checkpoint(request(11, (), second)).status == 200, "asked once more"


async def test_it_tells_a_log_that_is_mistaken_where_it_stands(
    tmp_path: Path, trust: Trust
) -> None:
    room, witness = memory_room(), opened(tmp_path, trust)
    first, second = await grown(room, 3, 11)
    assert witness.add_checkpoint(request(0, (), first)).status == 200
    assert witness.add_checkpoint(request(0, (), second)) == Answer(409, "3\n", "text/x.tlog.size")
    assert witness.state.conflicts == [], "an honest mistake is no contradiction"


@pytest.mark.parametrize(
    ("make", "status"),
    [
        pytest.param(lambda h: b"", 400, id="empty"),
        pytest.param(lambda h: b"old 1\n" + b"x\n" * 70 + b"\n" + h.note(), 400, id="long"),
        pytest.param(lambda h: request(9, (), h), 400, id="old beyond new"),
        pytest.param(lambda h: request(0, (b"short",), h), 400, id="short hash"),
        pytest.param(lambda h: request(0, (bytes(32),), h), 422, id="proof for a first head"),
        pytest.param(lambda h: request(0, (), replace(h, signatures=())), 400, id="unsigned"),
        pytest.param(
            lambda h: request(0, (), signed(3, h.root, key=KEYS["w.one"])), 403, id="stranger"
        ),
    ],
)
async def test_what_it_does_not_sign(
    tmp_path: Path, trust: Trust, make: Callable[[Checkpoint], bytes], status: int
) -> None:
    witness = opened(tmp_path, trust)
    (head,) = await grown(memory_room(), 3)
    assert witness.add_checkpoint(make(head)).status == status
    assert witness.state.sizes == {}
    unknown = replace(trust.logs[0], origin="other/2026")
    stranger = Witness(
        name="w", key=KEY, logs=[unknown], state=witness.state, now=lambda: NOW
    ).add_checkpoint(request(0, (), head))
    assert stranger.status == 404


@pytest.mark.parametrize(
    ("old", "head", "kind"),
    [
        pytest.param(3, signed(3, b"f" * 32), "FORK", id="two roots for one size"),
        pytest.param(2, signed(2, b"r" * 32, later=9), "ROLLBACK", id="smaller, signed later"),
        pytest.param(3, signed(5, b"i" * 32), "INCONSISTENT", id="not an extension"),
    ],
)
async def test_a_log_that_contradicts_itself_is_refused_and_stays_on_record(
    tmp_path: Path, trust: Trust, old: int, head: Checkpoint, kind: str
) -> None:
    room, witness = memory_room(), opened(tmp_path, trust)
    (first,) = await grown(room, 3)
    witness.add_checkpoint(request(0, (), first))
    path, status = ((), 409) if kind != "INCONSISTENT" else ((b"1" * 32, b"2" * 32), 422)
    for _ in range(3):
        assert witness.add_checkpoint(request(old, path, head)).status == status
    witness.state.close()
    again = opened(tmp_path, trust)
    assert again.state.sizes == {ORIGIN: 3}
    (row,) = map(json.loads, again.state.conflicts)
    assert (row["kind"], row["kept"], row["offered"]) == (
        kind, first.note().decode(), head.note().decode(),
    )  # fmt: skip


def test_two_processes_never_share_a_state(tmp_path: Path, trust: Trust) -> None:
    opened(tmp_path, trust)
    with pytest.raises(BadSettings, match="another witness"):
        opened(tmp_path, trust)


class Wire:
    """Two witnesses behind HTTP; those in `down` do not answer."""

    def __init__(self, folder: Path, trust: Trust) -> None:
        self.witnesses = {name: opened(folder, trust, name) for name in KEYS}
        self.down: set[str] = set()
        transport = httpx.MockTransport(self._answer)
        self.http = httpx.AsyncClient(transport=transport)
        self.group = WitnessGroup(
            [WitnessClient(w, f"http://{w.name}", self.http) for w in trust.witnesses]
        )

    async def _answer(self, asked: httpx.Request) -> httpx.Response:
        if asked.url.host in self.down:
            raise httpx.ConnectError("down")
        transport = httpx.ASGITransport(app=witness_app(self.witnesses[asked.url.host]))
        return await transport.handle_async_request(asked)

    def sequencer(self, room: Room, owner: str = "writer") -> Sequencer:
        options = SequencerOptions(owner=owner, checkpoint_seconds=0.05, lease_seconds=5)
        return Sequencer(
            room.store,
            log=room.log,
            key=room.key,
            options=options,
            witnesses=self.group,
            now=lambda: AT,
        )

    async def write(self, room: Room, count: int, first: int) -> Sequencer:
        await room.put([event(first + number) for number in range(count)])
        lease = await room.store.lead("writer", 5)
        assert lease is not None
        sequencer = self.sequencer(room)
        await sequencer.take_over(lease)
        await sequencer.append_once(lease)
        await sequencer.checkpoint_once(lease)
        return sequencer


async def test_a_witnessed_proof_says_so_and_holds(
    room: Room, tmp_path: Path, trust: Trust
) -> None:
    wire = Wire(tmp_path, trust)
    await wire.write(room, 5, 0)
    await wire.write(room, 4, 10)
    proof = await room.reader.prove(EntryIndex(6))
    assert proof.trust == "WITNESSED"
    verdict = verify_bundle(proof.bundle(opening=True), trust)
    assert verdict.trust == "WITNESSED"
    assert "2 of 2: w.one, w.two" in [step.finding for step in verdict.steps]
    found = await replay(
        room.store, log=room.log, key=room.key.public_key, witnesses=trust.witnesses
    )
    assert found.checkpoints == 2


async def test_the_policy_is_the_verifiers(tmp_path: Path, trust: Trust) -> None:
    wire, room = Wire(tmp_path, trust), memory_room()
    wire.down = {"w.two"}
    await wire.write(room, 5, 0)
    raw = (await room.reader.prove(EntryIndex(2))).bundle(opening=True)
    assert verify_bundle(raw, trust).trust == "WITNESSED"
    with pytest.raises(BadProof, match="2 witnesses are demanded, 1 have signed"):
        verify_bundle(raw, replace(trust, witnesses_needed=2))
    strangers = replace(trust, witnesses=(), witnesses_needed=0)
    assert verify_bundle(raw, strangers).trust == "SELF", "unknown lines count for nothing"


async def test_a_log_whose_witnesses_are_away_goes_on_and_asks_again(
    tmp_path: Path, trust: Trust
) -> None:
    wire, room = Wire(tmp_path, trust), memory_room()
    wire.down = set(KEYS)
    sequencer = await wire.write(room, 5, 0)
    assert (await room.reader.prove(EntryIndex(2))).trust == "SELF"
    wire.down = set()
    await sequencer._ask_absent_witnesses()
    assert (await room.reader.prove(EntryIndex(2))).trust == "WITNESSED"


async def test_two_faces_of_a_log_are_not_both_witnessed(tmp_path: Path, trust: Trust) -> None:
    wire, honest, split = Wire(tmp_path, trust), memory_room(), memory_room()
    await wire.write(honest, 5, 0)
    await wire.write(split, 7, 50)
    assert (await split.reader.prove(EntryIndex(2))).trust == "SELF"
    raw = (await split.reader.prove(EntryIndex(2))).bundle(opening=True)
    with pytest.raises(BadProof, match="1 witnesses are demanded"):
        verify_bundle(raw, trust)
    for witness in wire.witnesses.values():
        assert json.loads(witness.state.conflicts[0])["kind"] == "INCONSISTENT"


async def test_replay_names_a_cosignature_that_does_not_hold(tmp_path: Path, trust: Trust) -> None:
    wire, room = Wire(tmp_path, trust), memory_room()
    await wire.write(room, 5, 0)
    head = await room.store.signed_checkpoint()
    assert head is not None
    own, one, two = head.signatures
    forged = replace(one, value=one.value[:-1] + bytes([one.value[-1] ^ 1]))
    await room.store.sign_checkpoint(5, [own, forged, two])
    with pytest.raises(LogCorrupt, match="a line of w"):
        await replay(room.store, log=room.log, key=KEY.public_key, witnesses=trust.witnesses)


async def test_every_flipped_bit_of_a_witnessed_bundle_is_refused(
    tmp_path: Path, trust: Trust
) -> None:
    wire, room = Wire(tmp_path, trust), memory_room()
    await wire.write(room, 5, 0)
    raw = (await LogReader(room.store).prove(EntryIndex(2))).bundle(opening=False)
    for spot in range(len(raw)):
        for bit in range(8):
            mutant = bytearray(raw)
            mutant[spot] ^= 1 << bit
            with pytest.raises(BadProof):
                verify_bundle(bytes(mutant), trust)
