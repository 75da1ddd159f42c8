"""Bitstring Status List 1.0: the spec's example, derivation, and lists that say nothing."""

import base64
import gzip
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subgraphs.vc import model, proofs, status_list
from subgraphs.vc.did import Did, method_id
from subgraphs.vc.errors import BadStatusList, MalformedDocument
from subgraphs.vc.proofs import ProofOptions, Purpose
from subgraphs.vc.status_list import (
    LEAST_ENTRIES,
    MOST_ENTRIES,
    CheckedList,
    StatusBits,
    StatusEntry,
    StatusPurpose,
    StatusReason,
)
from subgraphs.vc.strict_json import JsonObject, JsonValue
from tests.kit.credentials import ISSUER, NOW, OTHER_ISSUER, World

URI = "https://credgraph.example/status/1"
EMPTY = "uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA"
DAY = timedelta(days=1)


def entry(index: int, purpose: StatusPurpose = StatusPurpose.REVOCATION) -> StatusEntry:
    return StatusEntry(uri=URI, purpose=purpose, index=index)


def signed(
    world: World, bits: StatusBits, issuer: Did = ISSUER, change: JsonObject | None = None
) -> JsonObject:
    body = status_list.build_status_list(
        uri=URI,
        issuer=issuer,
        purpose=StatusPurpose.REVOCATION,
        bits=bits,
        valid_from=NOW - DAY,
        valid_until=NOW + DAY,
    )
    options = ProofOptions(
        verification_method=method_id(issuer), purpose=Purpose.ASSERTION, created=NOW
    )
    changed = {**body, **(change or {})}
    prepared = proofs.prepare(changed, options)
    return proofs.attach(changed, prepared, world.issuers[issuer].sign(prepared.payload))


def checked(world: World, bits: StatusBits) -> CheckedList:
    key = world.issuers[ISSUER].public_key
    found = status_list.check_list(signed(world, bits), issuer=ISSUER, key=key, now=NOW)
    assert isinstance(found, CheckedList)
    return found


def test_the_example_of_the_recommendation_is_a_list_of_zeros() -> None:
    bits = StatusBits.decode(EMPTY)
    assert len(bits) == LEAST_ENTRIES
    assert bits == StatusBits.of(())
    assert StatusBits.decode(StatusBits.of(()).encode()) == bits


def test_index_0_is_the_leftmost_bit() -> None:
    bits = StatusBits.of([0, 9])
    assert bits.data[:2] == b"\x80\x40"
    assert [bits[index] for index in (0, 1, 8, 9)] == [True, False, False, True]


@given(st.sets(st.integers(0, LEAST_ENTRIES - 1), max_size=60))
@settings(max_examples=20, deadline=None)
def test_what_was_set_is_set_and_nothing_else(indices: set[int]) -> None:
    read = StatusBits.decode(StatusBits.of(indices).encode())
    assert {index for index in range(len(read)) if read[index]} == indices


def test_equal_states_give_equal_bytes_and_each_state_its_list() -> None:
    states = {3: "REVOKED", 7: "SUSPENDED", 8: "ACTIVE", 9: "CANCELLED", 10: "OFFERED"}
    lists = status_list.derive(states)
    assert lists[StatusPurpose.REVOCATION] == StatusBits.of([3, 9])
    assert lists[StatusPurpose.SUSPENSION] == StatusBits.of([7])
    again = status_list.derive(dict(reversed(states.items())))
    assert {p: b.encode() for p, b in again.items()} == {p: b.encode() for p, b in lists.items()}


def test_a_good_list_answers() -> None:
    world = World()
    found = checked(world, StatusBits.of([94_567]))
    for index, want in ((94_567, True), (94_568, False)):
        outcome = status_list.status_of(entry(index), ISSUER, found, NOW)
        assert (outcome.is_set, outcome.reason) == (want, None)


def test_the_list_of_another_issuer_says_nothing() -> None:
    world = World()
    theirs = signed(world, StatusBits.of(()), OTHER_ISSUER)
    key = world.issuers[OTHER_ISSUER].public_key
    answer = status_list.check_list(theirs, issuer=ISSUER, key=key, now=NOW)
    assert answer == StatusReason.LIST_OF_ANOTHER
    honest = status_list.check_list(theirs, issuer=OTHER_ISSUER, key=key, now=NOW)
    assert isinstance(honest, CheckedList)
    outcome = status_list.status_of(entry(1), ISSUER, honest, NOW)
    assert (outcome.is_set, outcome.reason) == (None, StatusReason.LIST_OF_ANOTHER)


def test_a_list_under_another_key_or_changed_says_nothing() -> None:
    world = World()
    ours = signed(world, StatusBits.of([1]))
    other, right = (world.issuers[did].public_key for did in (OTHER_ISSUER, ISSUER))
    answer = status_list.check_list(ours, issuer=ISSUER, key=other, now=NOW)
    assert answer == StatusReason.LIST_PROOF_INVALID
    subject = ours["credentialSubject"]
    assert isinstance(subject, dict)
    cleared: JsonObject = {**ours, "credentialSubject": {**subject, "encodedList": EMPTY}}
    answer = status_list.check_list(cleared, issuer=ISSUER, key=right, now=NOW)
    assert answer == StatusReason.LIST_PROOF_INVALID


def test_an_expired_list_says_nothing_not_even_from_a_cache() -> None:
    world = World()
    document, key = signed(world, StatusBits.of(())), world.issuers[ISSUER].public_key
    late = status_list.check_list(document, issuer=ISSUER, key=key, now=NOW + DAY)
    assert late == StatusReason.LIST_EXPIRED
    cached = checked(world, StatusBits.of(()))
    reasons = [
        status_list.status_of(entry(1), ISSUER, cached, NOW + shift).reason
        for shift in (DAY, -2 * DAY)
    ]
    assert reasons == [StatusReason.LIST_EXPIRED, StatusReason.LIST_NOT_YET_VALID]


def test_questions_a_list_cannot_answer() -> None:
    found = checked(World(), StatusBits.of(()))
    asked = {
        StatusReason.LIST_PURPOSE: (entry(1, StatusPurpose.SUSPENSION), found),
        StatusReason.INDEX_OUT_OF_RANGE: (entry(LEAST_ENTRIES), found),
        StatusReason.LIST_MISSING: (entry(1), None),
    }
    for reason, (about, given_list) in asked.items():
        assert status_list.status_of(about, ISSUER, given_list, NOW).reason == reason
    elsewhere = StatusEntry(uri=URI + "2", purpose=StatusPurpose.REVOCATION, index=1)
    outcome = status_list.status_of(elsewhere, ISSUER, found, NOW)
    assert outcome.reason == StatusReason.LIST_MISSING


def packed(data: bytes) -> str:
    return "u" + base64.urlsafe_b64encode(gzip.compress(data)).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("z" + EMPTY[1:], id="another base"),
        pytest.param(EMPTY + "=", id="padding"),
        pytest.param("uAAAA", id="no gzip"),
        pytest.param(EMPTY[:40], id="cut off"),
        pytest.param(packed(bytes(LEAST_ENTRIES // 8 - 1)), id="too short a list"),
        pytest.param(packed(bytes(MOST_ENTRIES // 8 + 1)), id="too long a list"),
        pytest.param(packed(bytes(50_000_000)), id="a bomb"),
        pytest.param(packed(bytes(16384)) + "AAAA", id="something after the end"),
        pytest.param("u" + "A" * 300_000, id="three hundred thousand letters"),
    ],
)
def test_other_texts_are_no_list(text: str) -> None:
    with pytest.raises((BadStatusList, MalformedDocument)):
        StatusBits.decode(text)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"type": ["VerifiableCredential"]}, id="no list"),
        pytest.param({"credentialSubject": {"type": "BitstringStatusList"}}, id="no subject"),
        pytest.param({"issuer": "somebody"}, id="no issuer"),
        pytest.param({"validUntil": "tomorrow"}, id="no end"),
    ],
)
def test_other_documents_are_no_list(change: JsonObject) -> None:
    world = World()
    key = world.issuers[ISSUER].public_key
    document = signed(world, StatusBits.of(()), change=change)
    answer = status_list.check_list(document, issuer=ISSUER, key=key, now=NOW)
    assert answer == StatusReason.LIST_MALFORMED


def test_a_list_does_not_end_before_it_begins() -> None:
    with pytest.raises(MalformedDocument):
        status_list.build_status_list(
            uri=URI,
            issuer=ISSUER,
            purpose=StatusPurpose.SUSPENSION,
            bits=StatusBits.of(()),
            valid_from=NOW,
            valid_until=NOW,
        )


def with_status(*entries: StatusEntry) -> JsonObject:
    world = World()
    plain = world.statement(world.anna)
    names = [name for name in plain.__slots__ if name != "status"]
    statement = type(plain)(status=entries, **{name: getattr(plain, name) for name in names})
    concealed = model.build(statement, seed=world.chance(32), salts=world.chance.salt)
    texts = tuple(item.encoded for item in concealed.disclosures)
    assert model.read_whole(concealed.document, texts).status == entries
    return concealed.document


def test_a_credential_says_where_its_status_stands() -> None:
    both = (entry(7), entry(7, StatusPurpose.SUSPENSION))
    document = with_status(*both)
    assert model.read_head(document).status == both
    assert "credentialStatus" not in with_status()


@pytest.mark.parametrize(
    "status",
    [
        pytest.param([entry(1).as_json()] * 2, id="one purpose twice"),
        pytest.param([{**entry(1).as_json(), "statusListIndex": "01"}], id="leading zero"),
        pytest.param([{**entry(1).as_json(), "statusListIndex": "-1"}], id="negative"),
        pytest.param([{**entry(1).as_json(), "statusListIndex": "١"}], id="other digits"),
        pytest.param([{**entry(1).as_json(), "statusListIndex": 1}], id="a number"),
        pytest.param([{**entry(1).as_json(), "statusPurpose": "message"}], id="purpose"),
        pytest.param([{**entry(1).as_json(), "type": "StatusList2021Entry"}], id="kind"),
        pytest.param("none", id="no list of entries"),
    ],
)
def test_an_ill_formed_status_makes_an_ill_formed_credential(status: JsonValue) -> None:
    document: JsonObject = {**with_status(), "credentialStatus": status}
    with pytest.raises((MalformedDocument, BadStatusList)):
        model.read_head(document)
