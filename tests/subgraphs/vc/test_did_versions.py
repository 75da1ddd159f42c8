"""The life of a DID: founded, rotated, recovered, deactivated, and what is no such life."""

from datetime import datetime, timedelta

import pytest

from ledger_adapter.crypto import sm2
from subgraphs.vc import proofs
from subgraphs.vc.did import (
    Did,
    MethodId,
    build_did_document,
    institution_did,
    method_id,
    parse_did_document,
    person_did,
)
from subgraphs.vc.did_key import key_did, key_did_document, key_method, resolve_key_did
from subgraphs.vc.did_versions import (
    Authority,
    DidHistory,
    DidVersion,
    keyless_document,
    prepare_version,
    read_version,
    recovered_document,
)
from subgraphs.vc.errors import BadDidHistory, BadKey, DidRollback, MalformedDocument
from subgraphs.vc.multikey import VerificationKey, encode_key
from subgraphs.vc.proofs import Purpose
from subgraphs.vc.strict_json import JsonObject
from tests.kit.credentials import NOW, PROVIDER, scalar

FIRST, SECOND, THIRD = scalar("first"), scalar("second"), scalar("third")
PROVIDER_KEY = scalar("provider")
DID = person_did(FIRST.public_key)
HOUR = timedelta(hours=1)
STOLEN = NOW + 5 * HOUR  # from then on the provider's key is not its own


def provider_key(method: MethodId, at: datetime) -> VerificationKey | None:
    theirs = method == method_id(PROVIDER) and at < STOLEN
    return PROVIDER_KEY.public_key if theirs else None


AUTHORITY = Authority(did=PROVIDER, key_at=provider_key)


def document(did: Did, number: int, key: sm2.PrivateKey) -> JsonObject:
    return build_did_document(did, [encode_key(key.public_key)], first=number)


def version(
    content: JsonObject | None,
    after: JsonObject | None,
    signer: sm2.PrivateKey,
    *,
    by: int | None = 1,
    hours: int = 0,
    did: Did = DID,
) -> JsonObject:
    before: DidVersion | None = None if after is None else read_version(after)
    method = method_id(PROVIDER) if by is None else method_id(did, by)
    body, prepared = prepare_version(
        did, content, after=before, at=NOW + hours * HOUR, method=method
    )
    return proofs.attach(body, prepared, signer.sign(prepared.payload))


ONE = version(document(DID, 1, FIRST), None, FIRST)
TWO = version(document(DID, 2, SECOND), ONE, FIRST, hours=1)
THREE = version(document(DID, 3, THIRD), TWO, SECOND, by=2, hours=2)
END = version(None, THREE, THIRD, by=3, hours=3)


def test_a_key_speaks_for_its_did_in_its_time() -> None:
    history = DidHistory.verified([ONE, TWO, THREE, END])
    answers = [
        history.key_for(method_id(DID, number), Purpose.ASSERTION, NOW + hours * HOUR)
        for number, hours in [(1, -1), (1, 0), (1, 1), (2, 1), (3, 2), (3, 3)]
    ]
    keys = [None, FIRST.public_key, None, SECOND.public_key, THIRD.public_key, None]
    assert answers == keys
    assert history.latest.document is None


def test_a_lost_key_is_replaced_by_the_authority_alone() -> None:
    recovered = version(document(DID, 2, SECOND), ONE, PROVIDER_KEY, by=None, hours=1)
    assert DidHistory.verified([ONE, recovered], authority=AUTHORITY).latest.number == 2
    with pytest.raises(BadDidHistory, match="nobody entitled"):
        DidHistory.verified([ONE, recovered])


def test_the_authority_signs_with_its_key_of_the_versions_time() -> None:
    late = version(document(DID, 2, SECOND), ONE, PROVIDER_KEY, by=None, hours=5)
    with pytest.raises(BadDidHistory, match="nobody entitled"):
        DidHistory.verified([ONE, late], authority=AUTHORITY)


def test_a_reported_key_speaks_no_more_from_the_stated_time_on() -> None:
    reported = version(keyless_document(DID), ONE, FIRST, hours=1)
    after = DidHistory.verified([ONE, reported])
    assert after.method is None
    first = method_id(DID, 1)
    assert after.key_for(first, Purpose.ASSERTION, NOW) == FIRST.public_key
    assert after.key_for(first, Purpose.ASSERTION, NOW + HOUR) is None

    recovered = recovered_document(after, encode_key(SECOND.public_key))
    given = version(recovered, reported, PROVIDER_KEY, by=None, hours=2)
    again = DidHistory.verified([ONE, reported, given], authority=AUTHORITY)
    assert again.method == method_id(DID, 2)
    thief = version(recovered, reported, FIRST, hours=2)
    with pytest.raises(BadDidHistory, match="nobody entitled"):
        DidHistory.verified([ONE, reported, thief], authority=AUTHORITY)


def test_an_older_past_is_a_rollback() -> None:
    seen = DidHistory.verified([ONE, TWO, THREE]).seen
    assert DidHistory.verified([ONE, TWO, THREE, END], seen=seen).latest.number == 4
    fork = version(document(DID, 2, THIRD), ONE, FIRST, hours=1)
    fork_on = version(document(DID, 3, SECOND), fork, THIRD, by=2, hours=2)
    for shown in ([ONE], [ONE, TWO], [ONE, fork, fork_on]):
        with pytest.raises(DidRollback):
            DidHistory.verified(shown, seen=seen)


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([], id="nothing"),
        pytest.param([TWO, THREE], id="no beginning"),
        pytest.param([ONE, THREE], id="a version left out"),
        pytest.param([ONE, TWO, TWO], id="a version twice"),
        pytest.param([ONE, {**TWO, "at": "2026-11-22T11:00:01Z"}], id="another time"),
        pytest.param(
            [ONE, version(document(DID, 2, SECOND), ONE, SECOND, by=2, hours=1)],
            id="the new key vouches for itself",
        ),
        pytest.param(
            [ONE, TWO, version(document(DID, 3, THIRD), TWO, FIRST, hours=2)],
            id="a key rotated away",
        ),
        pytest.param(
            [ONE, TWO, version(document(DID, 1, THIRD), TWO, SECOND, by=2, hours=2)],
            id="a key id that means another key",
        ),
        pytest.param(
            [ONE, version(document(DID, 2, SECOND), ONE, FIRST, hours=0)], id="no time between"
        ),
        pytest.param(
            [ONE, TWO, THREE, END, version(document(DID, 4, FIRST), END, THIRD, by=3, hours=4)],
            id="after the deactivation",
        ),
        pytest.param(
            [version(document(DID, 1, SECOND), None, SECOND)], id="founded on another key"
        ),
        pytest.param([version(document(DID, 1, FIRST), None, SECOND)], id="signed by another key"),
        pytest.param([version(None, None, FIRST)], id="nothing to begin with"),
        pytest.param([{**ONE, "type": "Other"}], id="another type"),
        pytest.param([{**ONE, "did": PROVIDER}], id="a document of another DID"),
    ],
)
def test_versions_that_make_no_history(values: list[JsonObject]) -> None:
    with pytest.raises(BadDidHistory):
        DidHistory.verified(values)


def test_an_institution_is_founded_on_its_registered_key() -> None:
    did = institution_did("inst_0ISSVER000000000000000000A")
    first = version(document(did, 1, FIRST), None, FIRST, did=did)
    assert DidHistory.verified([first], founder=FIRST.public_key).latest.number == 1
    for founder in (None, SECOND.public_key):
        with pytest.raises(BadDidHistory, match="founded"):
            DidHistory.verified([first], founder=founder)


def test_rotated_documents_go_on_counting() -> None:
    texts = [encode_key(key.public_key) for key in (SECOND, THIRD)]
    rotated = parse_did_document(build_did_document(DID, texts, first=2))
    assert list(rotated.keys) == [method_id(DID, 2), method_id(DID, 3)]


@pytest.mark.parametrize("text", ["zEPJc1vCfbG2aoZn8f3U8ggYRL4ZFfF63ZA3qFSk81WJxnCQr"])
def test_did_key_is_its_key(text: str) -> None:
    did = Did(f"did:key:{text}")
    resolved = resolve_key_did(did)
    key = resolved.key_for(f"{did}#{text}", Purpose.ASSERTION)
    assert key is not None
    assert (key_did(key), key_method(did)) == (did, f"{did}#{text}")
    assert parse_did_document(key_did_document(did)) == resolved


def test_other_dids_are_no_did_key() -> None:
    with pytest.raises(MalformedDocument):
        resolve_key_did(DID)
    with pytest.raises(BadKey):
        resolve_key_did("did:key:zEPJc1vCfbG2aoZn8f3U8ggYRL4ZFfF63ZA3qFSk81WJxnCQs")
