"""Signatures inside kept documents: each that fails is named, and nothing else is asked."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest

from subgraphs.holder.choose import show, show_at_least
from subgraphs.vc import model
from subgraphs.vc.did import method_id
from subgraphs.vc.enclosed import MOST_SIGNERS, judge, signers_in
from subgraphs.vc.money import Fen
from subgraphs.vc.multikey import encode_key
from subgraphs.vc.strict_json import JsonObject
from tests.kit.credentials import ISSUER, OTHER_ISSUER, PROVIDER, VERIFIER, World

WORLD = World()
ISSUERS = "the issuer's signature"
FIRST = "/verifiableCredential/0"


def keys() -> dict[str, str]:
    """As an evidence file proves them."""
    signers = {**WORLD.issuers, PROVIDER: WORLD.provider}
    return {str(method_id(did)): encode_key(key.public_key) for did, key in signers.items()}


def presented(**changes: object) -> JsonObject:
    given: dict[str, object] = {
        "shown": [show(WORLD.credential(WORLD.anna), claims=[model.TOTAL])],
        "grant": WORLD.grant(WORLD.anna),
        "receipt": WORLD.receipt(WORLD.anna),
        "nonce": "n-1",
        "audience": VERIFIER,
    }
    return WORLD.anna.present(**{**given, **changes})  # type: ignore[arg-type]  # a test's papers


def faults(
    kind: str, document: object, known: dict[str, str] | None = None
) -> set[tuple[str, str]]:
    found = judge(kind, document, keys() if known is None else known)
    return {(one.place, one.what) for one in found if one.fault is not None}


def test_each_signature_is_looked_at() -> None:
    other = WORLD.credential(WORLD.anna, issuer=OTHER_ISSUER, number=2)
    shown = show_at_least([WORLD.credential(WORLD.anna), other], Fen(350_000_000))
    found = judge("PRESENTATION", presented(shown=shown), keys())
    assert not [one for one in found if one.fault is not None]
    assert [one.place for one in found if one.what == ISSUERS] == [
        FIRST,
        "/verifiableCredential/1",
    ]
    assert {one.what for one in found} >= {
        "the holder's signature on the presentation",
        "the holder's signature on the consent",
        "the holder's countersignature",
        "the identity provider's signature on the holder's keys",
        "the amount proved is what was signed",
    }


def test_without_a_consent_only_that_signature_is_missing() -> None:
    found = judge("PRESENTATION", presented(grant=None), keys())
    assert not [one for one in found if one.fault is not None]
    assert "the holder's signature on the consent" not in {one.what for one in found}


def test_neither_time_nor_terms_are_held_against_it() -> None:
    """Looked at years later, of a credential that is over, shown to somebody else."""
    later = World()
    later.now = WORLD.now + timedelta(days=3_000)
    held = WORLD.credential(WORLD.anna)
    late = later.holder("anna").present(
        shown=[show(held, claims=[model.TOTAL])],
        grant=WORLD.grant(WORLD.anna),
        receipt=WORLD.receipt(WORLD.anna),
        nonce="another",
        audience=ISSUER,
    )
    assert not faults("PRESENTATION", late)


def _credential(document: Any) -> Any:
    return document["verifiableCredential"][0]


def _flip(proof: Any) -> None:
    value = proof["proofValue"]
    proof["proofValue"] = value[:9] + ("2" if value[9] != "2" else "3") + value[10:]


def changed_credential(document: Any) -> None:
    _credential(document)["credentialNo"] = "AP-2026-999999"


def flipped_issuer(document: Any) -> None:
    _flip(_credential(document)["proof"][0])


def flipped_countersignature(document: Any) -> None:
    _flip(_credential(document)["proof"][1])


def flipped_holder(document: Any) -> None:
    _flip(document["proof"])


def another_nonce(document: Any) -> None:
    document["proof"]["challenge"] = "n-2"


def flipped_receipt(document: Any) -> None:
    proof = document["receipt"]["proof"]
    _flip(proof[0] if isinstance(proof, list) else proof)


def flipped_consent(document: Any) -> None:
    _flip(document["consent"]["proof"][0])


HOLDERS = ("/proof", "the holder's signature on the presentation")
COUNTER = (FIRST, "the holder's countersignature")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        pytest.param(changed_credential, {(FIRST, ISSUERS), COUNTER, HOLDERS}, id="a changed fact"),
        # a proof of a set lies outside what the other signs, and inside what she presents
        pytest.param(flipped_issuer, {(FIRST, ISSUERS), HOLDERS}, id="issuer"),
        pytest.param(flipped_countersignature, {COUNTER, HOLDERS}, id="countersignature"),
        pytest.param(flipped_holder, {HOLDERS}, id="holder"),
        pytest.param(another_nonce, {HOLDERS}, id="for another request"),
        pytest.param(
            flipped_consent,
            {("/consent", "the holder's signature on the consent"), HOLDERS},
            id="consent",
        ),
    ],
)
def test_what_does_not_hold_is_named(
    change: Callable[[Any], None], named: set[tuple[str, str]]
) -> None:
    document: Any = deepcopy(presented())
    change(document)
    assert faults("PRESENTATION", document) == named


def test_with_a_false_receipt_no_key_of_the_holder_is_known() -> None:
    document: Any = deepcopy(presented())
    flipped_receipt(document)
    found = faults("PRESENTATION", document)
    assert ("/receipt", "the identity provider's signature on the holder's keys") in found
    assert HOLDERS in found
    assert (FIRST, ISSUERS) not in found


def test_a_key_that_the_log_does_not_register_signs_for_nobody() -> None:
    """Nor does a registered one for another institution."""
    known = keys()
    stolen = {**known, method_id(ISSUER): known[method_id(OTHER_ISSUER)]}
    missing = {method: key for method, key in known.items() if method != method_id(ISSUER)}
    for register in (stolen, missing):
        assert faults("PRESENTATION", presented(), register) == {(FIRST, ISSUERS)}
        held = WORLD.credential(WORLD.anna).document
        assert faults("CREDENTIAL", held, register) == {("", ISSUERS)}


def test_a_credential_alone() -> None:
    document: Any = deepcopy(WORLD.credential(WORLD.anna).document)
    assert [one.fault for one in judge("CREDENTIAL", document, keys())] == [None]
    document["credentialNo"] = "AP-2026-999999"
    assert faults("CREDENTIAL", document) == {("", ISSUERS)}
    document["proof"] = []
    (found,) = judge("CREDENTIAL", document, keys())
    assert found.text == "CREDENTIAL /: the issuer's signature: PROOF_MISSING"


@pytest.mark.parametrize("kind", ["CREDENTIAL", "PRESENTATION"])
@pytest.mark.parametrize(
    "document",
    [
        pytest.param({}, id="empty"),
        pytest.param([], id="a list"),
        pytest.param(None, id="nothing"),
        pytest.param({"proof": {"verificationMethod": 1, "created": None}}, id="no proof"),
    ],
)
def test_what_is_no_such_document_is_told_as_that(kind: str, document: object) -> None:
    (found,) = judge(kind, document, keys())
    assert (found.what, found.fault is not None) == ("its form", True)


def test_other_parts_hold_no_signatures() -> None:
    assert judge("CHECKS", presented(), keys()) == ()


def test_whoever_signed_is_found_wherever_it_stands() -> None:
    named = {signer.did for signer in signers_in(presented())}
    assert named == {ISSUER, PROVIDER, WORLD.anna.did}
    deep: Any = presented()
    for _ in range(5_000):
        deep = [deep]
    assert {signer.did for signer in signers_in(deep)} == named
    many = [
        {"verificationMethod": f"did:x:{n}#1", "created": "2026-01-01T00:00:00Z"} for n in range(99)
    ]
    assert len(signers_in(many)) == MOST_SIGNERS
