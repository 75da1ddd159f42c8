"""Checkpoints as text: one spelling, the C2SP key id, and everything else refused."""

import base64
import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger_adapter.errors import BadProof
from ledger_adapter.log.checkpoint import (
    SIGNATURE_TYPE,
    SM2_KIND,
    Checkpoint,
    NoteSignature,
    TreeHead,
    body,
    format_time,
    key_id,
    log_id,
    parse_body,
    parse_note,
    parse_time,
)
from tests.ledger_adapter.kit import AT, KEY, ORIGIN

HEAD = TreeHead(
    origin=ORIGIN, tree_size=412, root=b"\xab" * 32, hash="SM3", time=AT, previous=b"\xcd" * 32
)
TEXT = f"""{ORIGIN}
412
q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=
alg SM3
time 2026-11-22T10:00:00Z
prev zc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc0=
"""


def note(head: TreeHead = HEAD) -> Checkpoint:
    signed = body(head)
    signature = NoteSignature(
        name=ORIGIN,
        key_id=key_id(ORIGIN, KEY.public_key),
        kind=SM2_KIND,
        value=KEY.sign(signed),
    )
    return Checkpoint(head=head, body=signed, signatures=(signature,))


def test_the_text_is_what_the_document_says() -> None:
    assert body(HEAD).decode() == TEXT
    text = note().note().decode()
    assert text.startswith(TEXT + f"\n— {ORIGIN} ")
    line = base64.b64decode(text.rstrip("\n").rsplit(" ", 1)[1])
    assert line[:4].hex() == key_id(ORIGIN, KEY.public_key)
    assert len(line) == 68


def test_the_key_id_follows_the_signed_note_rule() -> None:
    material = f"{ORIGIN}\n".encode() + SIGNATURE_TYPE + KEY.public_key.compressed()
    assert key_id(ORIGIN, KEY.public_key) == hashlib.sha256(material).hexdigest()[:8]
    assert SIGNATURE_TYPE[0] == 0xFF


def test_origin_and_key_each_make_another_log() -> None:
    other = type(KEY).from_scalar(7).public_key
    ids = {log_id(ORIGIN, KEY.public_key), log_id(ORIGIN + "x", KEY.public_key)}
    assert len(ids | {log_id(ORIGIN, other)}) == 3


@given(
    size=st.integers(0, 2**63 - 1),
    root=st.binary(min_size=32, max_size=32),
    previous=st.none() | st.binary(min_size=32, max_size=32),
    second=st.integers(0, 4_000_000_000),
)
def test_bodies_come_back_as_they_were(
    size: int, root: bytes, previous: bytes | None, second: int
) -> None:
    time = datetime.fromtimestamp(second, UTC)
    head = replace(HEAD, tree_size=size, root=root, previous=previous, time=time)
    assert parse_body(body(head)) == head


def test_notes_come_back_as_they_were() -> None:
    made = note()
    assert parse_note(made.note()) == made


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("412", "0412", id="leading zero"),
        pytest.param("412", "-1", id="negative"),
        pytest.param("412", "9" * 19, id="beyond 63 bits"),
        pytest.param("q6s=", "q6t=", id="base64 with spare bits"),
        pytest.param("q6s=", "", id="short root"),
        pytest.param("alg SM3", "alg  SM3", id="two blanks"),
        pytest.param("alg SM3", "hash SM3", id="another word"),
        pytest.param("10:00:00Z", "10:00:00+00:00", id="another zone spelling"),
        pytest.param("10:00:00Z", "24:00:00Z", id="no such hour"),
        pytest.param("prev ", "Prev ", id="capital"),
        pytest.param(ORIGIN, "a b", id="blank in origin"),
        pytest.param(ORIGIN, "café", id="not ASCII"),
        pytest.param("time ", "x 1\ntime ", id="extra line"),
        pytest.param("alg SM3\n", "", id="line missing"),
    ],
)
def test_other_spellings_are_refused(old: str, new: str) -> None:
    with pytest.raises(BadProof):
        parse_body(TEXT.replace(old, new, 1).encode())


@given(st.datetimes(min_value=datetime(1000, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001  # hypothesis adds the zone
def test_times_come_back_as_they_were(at: datetime) -> None:
    assert parse_time(format_time(at)) == at.replace(microsecond=0)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("2026-11-23", id="a day"),
        pytest.param("2026-11-23T05:00:00", id="no zone"),
        pytest.param("2026-11-23T05:00:00+00:00", id="another spelling of the zone"),
        pytest.param("0001-01-01T00:00:00+23:59", id="before the first year"),
        pytest.param("20261123T050000Z", id="without signs between"),
        pytest.param("2026-11-23 05:00:00Z", id="a blank"),
        pytest.param("2026-11-23T05:00:00z", id="a small z"),
        pytest.param("2026-W47-1T05:00:00Z", id="by weeks"),
        pytest.param("2026-11-23T05:00:60Z", id="a leap second"),
        pytest.param("2026-11-23T24:00:00Z", id="the hour after the last"),
        pytest.param("2026-02-30T05:00:00Z", id="no such day"),
        pytest.param("0026-11-23T05:00:00Z", id="a year of two digits"),
        pytest.param("2026-11-23T05:00:00.0Z", id="a part of a second"),
        pytest.param("２026-11-23T05:00:00Z", id="another alphabet's digit"),
        pytest.param("2026-11-23T05:00:00Z\n", id="a line end"),
    ],
)
def test_other_times_are_refused(text: str) -> None:
    with pytest.raises(BadProof):
        parse_time(text)


@pytest.mark.parametrize(
    "tail",
    [
        pytest.param("", id="no signatures"),
        pytest.param("— name", id="no value"),
        pytest.param("- name AAAAAAA=\n", id="hyphen"),
        pytest.param("— na+me AAAAAAA=\n", id="plus in the name"),
        pytest.param("— name AAAA\n", id="no signature after the key id"),
        pytest.param("— name AAAAAAA=", id="no newline at the end"),
        pytest.param("— name AAAAAAA=\n" * 40, id="too many"),
        pytest.param("— name " + "A" * 20_000 + "\n", id="too long"),
    ],
)
def test_other_signature_lines_are_refused(tail: str) -> None:
    with pytest.raises(BadProof):
        parse_note((TEXT + "\n" + tail).encode())
