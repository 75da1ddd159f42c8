"""Ed25519 lines beside SM2 in checkpoints: as C2SP tools write them, checked by both verifiers."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from gateway.graphiql.node import find_node
from ledger_adapter.commands import log_keys
from ledger_adapter.config import Settings
from ledger_adapter.crypto import keys
from ledger_adapter.crypto.ed25519 import Ed25519Key, Ed25519Signer
from ledger_adapter.crypto.sm2 import PrivateKey
from ledger_adapter.errors import BadKey, BadProof, BadSettings
from ledger_adapter.evidence.trust import load_trust, rotate_key, write_trust
from ledger_adapter.log.checkpoint import (
    ED25519_KIND,
    SM2_KIND,
    NoteSignature,
    decode_base64,
    key_id,
    parse_note,
    signature_line,
)
from ledger_adapter.port import EntryIndex
from ledger_adapter.replay import replay
from ledger_adapter.sequencer import LogKeys
from ledger_adapter.verify import verify_bundle
from tests.js.proofs import in_javascript
from tests.ledger_adapter.kit import KEY, ORIGIN, Room, memory_room

BESIDE = Ed25519Signer.from_seed(bytes(range(32)))
KEYS = LogKeys(KEY.public_key, ((0, KEY),), (0, BESIDE))

# the example of Go's golang.org/x/mod/sumdb/note, from which C2SP signed-note was written
GO_TEXT = (
    b"If you think cryptography is the answer to your problem,\n"
    b"then you don't know what your problem is.\n"
)
GO_KEY = "ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_LINE = (
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
)


def test_lines_are_those_of_signed_note() -> None:
    kind, key = (raw := decode_base64(GO_KEY, "test"))[:1], Ed25519Key(raw[1:])
    line = decode_base64(GO_LINE, "test")
    assert kind == b"\x01"
    assert key_id("PeterNeumann", key) == line[:4].hex() == "c74f20a3"
    assert key.verify(GO_TEXT, line[4:])
    assert not key.verify(GO_TEXT + b" ", line[4:])
    assert not key.verify(GO_TEXT, line[5:])


def trusted(folder: Path, *, beside: tuple[Ed25519Key, ...] = (BESIDE.public_key,)) -> Path:
    path = folder / "trust.json"
    write_trust(path, origin=ORIGIN, keys=[KEY.public_key], beside=beside)
    return path


async def proved(room: Room, index: int = 2) -> bytes:
    return (await room.reader.prove(EntryIndex(index))).bundle(opening=True)


async def test_a_head_has_both_lines_and_each_is_checked_by_both_verifiers(
    room: Room, tmp_path: Path
) -> None:
    signed = replace(room, keys=KEYS)
    await signed.write(5)
    head = await room.reader.latest_checkpoint()
    assert head is not None
    assert [line.kind for line in head.signatures] == [SM2_KIND, ED25519_KIND]
    assert len(parse_note(head.note()).signatures) == 2
    trust = load_trust(trusted(tmp_path))
    log = trust.log(ORIGIN)
    assert log is not None
    assert log.id == room.log.id, "the SM2 key goes on naming the log"
    good = await proved(room)
    verify_bundle(good, trust)
    found = await replay(room.store, log=room.log, key=KEY.public_key, later_keys=log.keys)
    assert found.checkpoints == 1
    value = head.signatures[1].value
    forged = NoteSignature(
        name=ORIGIN,
        key_id=head.signatures[1].key_id,
        kind=ED25519_KIND,
        value=bytes([value[0] ^ 1]) + value[1:],
    )
    bad = _with_line(good, signature_line(head.signatures[1]), signature_line(forged))
    with pytest.raises(BadProof, match="does not hold"):
        verify_bundle(bad, trust)
    if find_node() is not None:
        text = (tmp_path / "trust.json").read_text("utf-8")
        assert in_javascript([good, bad], text) == ["ok SELF", "refused checkpoint"]


def _with_line(raw: bytes, old: str, new: str) -> bytes:
    before, after = (json.dumps(text, ensure_ascii=False)[1:-1].encode() for text in (old, new))
    assert before in raw
    return raw.replace(before, after)


async def test_who_does_not_know_the_second_key_goes_by_the_first(tmp_path: Path) -> None:
    room = replace(memory_room(), keys=KEYS)
    await room.write(5)
    verify_bundle(await proved(room), load_trust(trusted(tmp_path, beside=())))


async def test_an_ed25519_line_alone_is_enough_where_its_key_is_configured(tmp_path: Path) -> None:
    room = replace(memory_room(), keys=KEYS)
    await room.write(5)
    head = await room.reader.latest_checkpoint()
    assert head is not None
    alone = _with_line(await proved(room), signature_line(head.signatures[0]), "")
    path = trusted(tmp_path)
    verify_bundle(alone, load_trust(path))
    if find_node() is not None:
        assert in_javascript([alone], path.read_text("utf-8")) == ["ok SELF"]
    with pytest.raises(BadProof, match="no signature by a configured key"):
        verify_bundle(alone, load_trust(trusted(tmp_path, beside=())))


async def test_the_second_key_outlives_a_rotation_of_the_first(tmp_path: Path) -> None:
    path, heir = trusted(tmp_path), PrivateKey.from_scalar(11_000_003)
    rotate_key(path, origin=ORIGIN, key=heir.public_key, from_size=8)
    log = load_trust(path).log(ORIGIN)
    assert log is not None
    ranges = [(key.from_size, key.to_size) for key in log.keys]
    assert ranges == [(0, 8), (0, None), (8, None)]
    rotated = LogKeys(KEY.public_key, ((0, KEY), (8, heir)), (0, BESIDE))
    room = replace(memory_room(), keys=rotated)
    for first in (0, 100):
        await room.write(5, first=first)
        verify_bundle(await proved(room), load_trust(path))


def test_a_log_is_never_named_by_an_ed25519_key(tmp_path: Path) -> None:
    path = trusted(tmp_path)
    document = json.loads(path.read_text("utf-8"))
    document["logs"][0]["keys"].reverse()
    path.write_text(json.dumps(document))
    with pytest.raises(BadSettings, match="no SM2 key as its first"):
        load_trust(path)


def test_the_settings_name_its_file_and_the_trust_file_its_range(tmp_path: Path) -> None:
    private = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    phrase = "a long enough passphrase"
    plain, sealed = tmp_path / "plain.pem", tmp_path / "sealed.pem"
    for path, how in ((plain, NoEncryption()), (sealed, BestAvailableEncryption(phrase.encode()))):
        path.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how))
    keys.save_private_key(tmp_path / "log.json", KEY)
    values = {
        "mongodb": "mongodb://x",
        "origin": "test.example/log",
        "key": str(tmp_path / "log.json"),
        "ed25519_key": str(plain),
        "trust": str(trusted(tmp_path)),
        "demo": True,
    }
    found = log_keys(Settings.from_mapping(values)).beside
    assert found is not None
    assert (found[0], found[1].public_key) == (0, BESIDE.public_key)
    opened = Ed25519Signer.from_file(sealed, passphrase=phrase, plain=False)
    assert opened.public_key == BESIDE.public_key
    for path, words, why in (
        (plain, phrase, "not sealed"),
        (sealed, "another passphrase", "cannot be read"),
        (tmp_path / "log.json", phrase, "not sealed"),
    ):
        with pytest.raises(BadKey, match=why):
            Ed25519Signer.from_file(path, passphrase=words, plain=False)
    trusted(tmp_path, beside=())
    with pytest.raises(BadSettings, match="no key that the trust file names"):
        log_keys(Settings.from_mapping(values))
