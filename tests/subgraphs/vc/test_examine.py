"""Each attack on a presentation shows in its own finding, and hides no other."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest

from subgraphs.holder.choose import show, show_at_least
from subgraphs.holder.holder import Holder
from subgraphs.vc import model, proofs
from subgraphs.vc.asset_proof import AssetCategory
from subgraphs.vc.consent import Monitoring
from subgraphs.vc.disclosure import ClaimPath
from subgraphs.vc.errors import VcError
from subgraphs.vc.examination import CheckKind, Examination, Reason, Terms, TrustRole
from subgraphs.vc.examine import examine
from subgraphs.vc.lower_bound import Steps
from subgraphs.vc.money import Fen
from subgraphs.vc.presentation import Shown, presentation_digest, read_presentation
from subgraphs.vc.strict_json import JsonObject
from tests.kit.credentials import ISSUER, OTHER_ISSUER, PROVIDER, VERIFIER, World

Found = set[tuple[CheckKind, Reason | None]]

BINDING = CheckKind.HOLDER_BINDING
INTEGRITY = CheckKind.INTEGRITY
TRUSTED = CheckKind.TRUSTED_ISSUER
AUTHORISED = CheckKind.HOLDER_AUTHORISATION
TIMELY = CheckKind.TIMELINESS


def terms(world: World, **changes: object) -> Terms:
    asked = Terms(
        nonce="nonce-1",
        audience=VERIFIER,
        now=world.now,
        customer=world.anna.did,
        purpose="PRIVATE_FUND",
    )
    return replace(asked, **changes)  # type: ignore[arg-type]  # a test's own terms


def present(world: World, holder: Holder | None = None, **changes: object) -> JsonObject:
    """An honest presentation of the total, unless told otherwise."""
    who = holder or world.anna
    given: dict[str, object] = {
        "shown": [show(world.credential(who), claims=[model.TOTAL])],
        "grant": world.grant(who),
        "receipt": world.receipt(who),
        "nonce": "nonce-1",
        "audience": VERIFIER,
    }
    return who.present(**{**given, **changes})  # type: ignore[arg-type]  # a test's own papers


def looked_at(world: World, document: JsonObject, **changes: object) -> Examination:
    return examine(read_presentation(document), terms(world, **changes), world.register)


def against(examination: Examination) -> Found:
    return {(finding.check, finding.reason) for finding in examination.against()}


def test_an_honest_presentation_has_nothing_against_it() -> None:
    world = World()
    found = looked_at(world, present(world))
    assert found.against() == ()
    assert {finding.check for finding in found.findings} == set(CheckKind)
    (credential,) = found.credentials
    assert credential.claims is not None
    assert credential.claims.total == 320_000_000


def test_bounds_of_two_institutions_add_up_and_show_no_balance() -> None:
    world = World()
    second = world.credential(
        world.anna, {AssetCategory.BOND: "700000.00"}, issuer=OTHER_ISSUER, number=2
    )
    shown = show_at_least([world.credential(world.anna), second], Fen(350_000_000))
    found = looked_at(world, present(world, shown=shown))
    assert found.against() == ()
    assert [credential.bound for credential in found.credentials] == [320, 30]
    assert all(c.claims is not None and not c.claims.paths for c in found.credentials)


def test_a_friends_proof_with_the_friends_key() -> None:
    world = World()
    found = looked_at(world, present(world, world.friend))
    assert against(found) == {(BINDING, Reason.NOT_OUR_CUSTOMER)}


def test_a_copied_credential_without_its_key() -> None:
    world = World()
    stolen = [show(world.credential(world.anna), claims=[model.TOTAL])]
    found = looked_at(world, present(world, world.friend, shown=stolen))
    assert against(found) == {
        (BINDING, Reason.NOT_OUR_CUSTOMER),
        (BINDING, Reason.HOLDER_KEY_MISMATCH),
        (INTEGRITY, Reason.PROOF_INVALID),
    }


def test_signed_by_another_key_under_the_holders_name() -> None:
    world = World()
    document, other = present(world), present(world, world.friend)
    forged: JsonObject = {**document, "proof": other["proof"]}
    assert (BINDING, Reason.HOLDER_KEY_MISMATCH) in against(looked_at(world, forged))


def credential_of(document: JsonObject) -> JsonObject:
    credentials = document["verifiableCredential"]
    assert isinstance(credentials, list)
    assert isinstance(credentials[0], dict)
    return credentials[0]


def changed_member(credential: JsonObject) -> JsonObject:
    return {**credential, "credentialNo": "AP-2026-999999"}


def longer_validity(credential: JsonObject) -> JsonObject:
    return {**credential, "validUntil": "2036-01-01T00:00:00Z"}


def flipped_signature(credential: JsonObject) -> JsonObject:
    proof = credential["proof"]
    assert isinstance(proof, list)
    first, second = cast("list[JsonObject]", proof)
    return {**credential, "proof": [{**first, "proofValue": second["proofValue"]}, second]}


def without_countersignature(credential: JsonObject) -> JsonObject:
    proof = credential["proof"]
    assert isinstance(proof, list)
    return {**credential, "proof": proof[:1]}


def without_issuer_signature(credential: JsonObject) -> JsonObject:
    proof = credential["proof"]
    assert isinstance(proof, list)
    return {**credential, "proof": proof[1:]}


def no_proof_list(credential: JsonObject) -> JsonObject:
    return {**credential, "proof": "none"}


MISSING = {(INTEGRITY, Reason.PROOF_INVALID), (TRUSTED, Reason.ISSUER_KEY_MISMATCH)}


@pytest.mark.parametrize(
    ("tamper", "expected"),
    [
        (changed_member, {(INTEGRITY, Reason.PROOF_INVALID)}),
        (longer_validity, {(INTEGRITY, Reason.PROOF_INVALID)}),
        (flipped_signature, {(INTEGRITY, Reason.PROOF_INVALID)}),
        (without_countersignature, {(INTEGRITY, Reason.PROOF_INVALID)}),
        (without_issuer_signature, MISSING),
        (no_proof_list, {(INTEGRITY, Reason.PROOF_INVALID)}),
    ],
)
def test_a_holder_who_tampers_with_her_own_credential(
    tamper: Callable[[JsonObject], JsonObject], expected: Found
) -> None:
    world = World()
    shown = show(world.credential(world.anna), claims=[model.TOTAL])
    other = replace(shown, credential=tamper(shown.credential))
    assert against(looked_at(world, present(world, shown=[other]))) == expected


def test_somebody_who_tampers_on_the_way_breaks_the_holders_proof_as_well() -> None:
    world = World()
    document = present(world)
    changed: JsonObject = {
        **document,
        "verifiableCredential": [changed_member(credential_of(document))],
    }
    assert against(looked_at(world, changed)) == {
        (BINDING, Reason.HOLDER_KEY_MISMATCH),
        (INTEGRITY, Reason.PROOF_INVALID),
    }


def test_a_claim_made_up_is_a_disclosure_nobody_signed() -> None:
    world = World()
    rich, poor = world.credential(world.anna), world.credential(world.anna, {}, number=2)
    forged = replace(show(poor), disclosures=show(rich, claims=[model.TOTAL]).disclosures)
    found = looked_at(world, present(world, shown=[forged]))
    assert against(found) == {(INTEGRITY, Reason.DISCLOSURE_INVALID)}
    assert found.credentials[0].claims is None


@pytest.mark.parametrize("steps", [321, 1000, 1001, 0, -1, 2**40])
def test_a_bound_beyond_the_total(steps: int) -> None:
    world = World()
    honest = show(world.credential(world.anna), steps=Steps(320))
    assert honest.bound is not None
    claimed = replace(honest, bound=replace(honest.bound, steps=Steps(steps)))
    found = looked_at(world, present(world, shown=[claimed]))
    assert against(found) == {(INTEGRITY, Reason.LOWER_BOUND_INVALID)}
    assert found.credentials[0].bound is None


def test_an_issuer_who_is_not_in_the_register() -> None:
    world = World()
    document = present(world)
    del world.register.keys[(ISSUER, TrustRole.ISSUER)]
    assert against(looked_at(world, document)) == {
        (TRUSTED, Reason.ISSUER_NOT_TRUSTED),
        (INTEGRITY, Reason.PROOF_INVALID),
    }


def test_an_identity_provider_who_is_not_in_the_register() -> None:
    world = World()
    document = present(world)
    del world.register.keys[(PROVIDER, TrustRole.IDENTITY_PROVIDER)]
    assert (BINDING, Reason.RECEIPT_INVALID) in against(looked_at(world, document))


def test_somebody_elses_receipt() -> None:
    world = World()
    document = present(world)
    forged: JsonObject = {**document, "receipt": world.receipt(world.friend)}
    found = looked_at(world, forged)
    assert (BINDING, Reason.RECEIPT_INVALID) in against(found)
    assert found.receipt is None


def test_another_nonce_and_another_audience_are_two_findings() -> None:
    world = World()
    document = present(world, nonce="nonce-2", audience=ISSUER)
    assert against(looked_at(world, document)) == {
        (AUTHORISED, Reason.NONCE_UNKNOWN),
        (AUTHORISED, Reason.AUDIENCE_MISMATCH),
    }


def test_a_presentation_kept_too_long_and_one_from_tomorrow() -> None:
    world = World()
    document = present(world)
    late = looked_at(world, document, now=world.now + timedelta(minutes=5))
    assert against(late) == {(TIMELY, Reason.EXPIRED)}
    early = against(looked_at(world, document, now=world.now - timedelta(minutes=16)))
    assert (TIMELY, Reason.NOT_YET_VALID) in early
    assert not {check for check, _ in early} & {INTEGRITY, TRUSTED}


@pytest.mark.parametrize(
    ("slow", "expected"),
    [
        pytest.param(timedelta(minutes=5), set(), id="as far apart as clocks may be"),
        pytest.param(
            timedelta(minutes=10),
            {(TIMELY, Reason.CLOCK_SKEW), (AUTHORISED, Reason.CLOCK_SKEW)},
            id="ten minutes apart",
        ),
    ],
)
def test_a_slow_clock_is_never_a_forgery(
    slow: timedelta, expected: set[tuple[CheckKind, Reason]]
) -> None:
    world = World()
    shown = [show(world.credential(world.anna), claims=[model.TOTAL])]
    document = present(world, shown=shown, grant=world.grant(world.anna))
    assert against(looked_at(world, document, now=world.now - slow)) == expected


def test_an_expired_credential() -> None:
    world = World()
    shown = [show(world.credential(world.anna), claims=[model.TOTAL])]
    world.now += timedelta(days=31)
    document = present(world, shown=shown, grant=world.grant(world.anna))
    assert against(looked_at(world, document)) == {(TIMELY, Reason.EXPIRED)}


def test_no_consent() -> None:
    world = World()
    found = looked_at(world, present(world, grant=None))
    assert against(found) == {(AUTHORISED, Reason.CONSENT_MISSING)}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param({"granted_to": ISSUER}, Reason.CONSENT_INVALID, id="to another institution"),
        pytest.param({"purpose": "MARKETING"}, Reason.CONSENT_INVALID, id="for another purpose"),
        pytest.param({"monitoring": Monitoring(granted=False)}, Reason.MONITORING_NOT_GRANTED,
                     id="without monitoring"),
        pytest.param({"claims": ()}, Reason.SCOPE_EXCEEDED, id="for fewer claims"),
        pytest.param({"credentials": (model.credential_uri("cred_other"),)}, Reason.SCOPE_EXCEEDED,
                     id="for another credential"),
        pytest.param({"claims": (ClaimPath("/credentialSubject"),)}, Reason.SCOPE_EXCEEDED,
                     id="for a path that only looks wider"),
    ],
)  # fmt: skip
def test_a_consent_that_does_not_cover_this(change: dict[str, object], reason: Reason) -> None:
    world = World()
    consent = world.consent(world.anna, **change)
    found = looked_at(world, present(world, grant=world.grant(world.anna, consent)))
    assert against(found) == {(AUTHORISED, reason)}


def test_a_consent_that_is_over() -> None:
    world = World()
    consent = world.consent(world.anna, valid_until=world.now)
    found = looked_at(world, present(world, grant=world.grant(world.anna, consent)))
    assert against(found) == {(AUTHORISED, Reason.EXPIRED)}


def test_a_bound_needs_a_predicate_in_the_consent() -> None:
    world = World()
    consent = world.consent(world.anna, predicates=())
    shown = [show(world.credential(world.anna), steps=Steps(300))]
    document = present(world, shown=shown, grant=world.grant(world.anna, consent))
    assert against(looked_at(world, document)) == {(AUTHORISED, Reason.SCOPE_EXCEEDED)}


def test_a_consent_of_somebody_else() -> None:
    world = World()
    grant = world.grant(world.friend)
    found = looked_at(world, present(world, grant=grant))
    assert against(found) == {(AUTHORISED, Reason.CONSENT_INVALID)}


def test_a_consent_changed_after_signing() -> None:
    world = World()
    grant = world.grant(world.anna)
    wider = replace(grant, document={**grant.document, "purpose": "PRIVATE_FUND2"})
    found = against(looked_at(world, present(world, grant=wider)))
    assert found == {(AUTHORISED, Reason.CONSENT_INVALID), (AUTHORISED, Reason.FACE_CHECK_INVALID)}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"liveness": "FAILED"}, id="a photograph"),
        pytest.param({"bound_to": "sm3:" + "0" * 64}, id="made for something else"),
    ],
)
def test_a_face_check_that_does_not_stand(change: dict[str, str]) -> None:
    world = World()
    grant = world.grant(world.anna)
    face = replace(grant.face_assertion, **change)  # type: ignore[arg-type]
    found = looked_at(world, present(world, grant=replace(grant, face_assertion=face)))
    assert against(found) == {(AUTHORISED, Reason.FACE_CHECK_INVALID)}


def test_many_faults_at_once_are_all_found() -> None:
    world = World()
    shown = show(world.credential(world.anna), claims=[model.TOTAL])
    tampered = replace(shown, credential=longer_validity(shown.credential))
    document = present(world, world.friend, shown=[tampered], grant=None, nonce="old")
    late = looked_at(world, document, now=world.now + timedelta(hours=1))
    assert against(late) == {
        (BINDING, Reason.NOT_OUR_CUSTOMER),
        (BINDING, Reason.HOLDER_KEY_MISMATCH),
        (INTEGRITY, Reason.PROOF_INVALID),
        (AUTHORISED, Reason.NONCE_UNKNOWN),
        (AUTHORISED, Reason.CONSENT_MISSING),
        (TIMELY, Reason.EXPIRED),
    }


def one_entry_for_two(document: JsonObject) -> JsonObject:
    return {**document, "verifiableCredential": [credential_of(document)] * 2}


def one_credential_twice(document: JsonObject) -> JsonObject:
    shown = document["shown"]
    assert isinstance(shown, list)
    return {**one_entry_for_two(document), "shown": shown * 2}


def nothing_shown(document: JsonObject) -> JsonObject:
    return {**document, "verifiableCredential": [], "shown": []}


def entry_for_another(document: JsonObject) -> JsonObject:
    return {**document, "shown": [{"credential": "urn:x", "disclosures": []}]}


def too_many(document: JsonObject) -> JsonObject:
    return {**document, "verifiableCredential": [{}] * 17, "shown": [{}] * 17}


def stray_member(document: JsonObject) -> JsonObject:
    return {**document, "note": "x"}


def proof_set(document: JsonObject) -> JsonObject:
    return {**document, "proof": [document["proof"]]}


def too_large(document: JsonObject) -> JsonObject:
    return {**document, "receipt": {"x": "y" * 300_000}}


@pytest.mark.parametrize(
    "break_it",
    [one_entry_for_two, one_credential_twice, nothing_shown, entry_for_another, too_many,
     stray_member, proof_set, too_large],
)  # fmt: skip
def test_a_presentation_of_another_form_is_not_read_at_all(
    break_it: Callable[[JsonObject], JsonObject],
) -> None:
    world = World()
    with pytest.raises(VcError):
        read_presentation(break_it(present(world)))


def test_a_credential_of_another_kind_is_one_finding_among_the_others() -> None:
    world = World()
    strange: JsonObject = {"id": "urn:credgraph:x", "type": ["VerifiableCredential"]}
    found = looked_at(world, present(world, shown=[Shown(credential=strange)]))
    assert against(found) == {(INTEGRITY, Reason.MALFORMED)}


def test_the_digest_names_this_presentation_only() -> None:
    world = World()
    document = present(world)
    first, same = read_presentation(document), read_presentation(dict(document))
    again = read_presentation(present(world))
    assert presentation_digest(first) == presentation_digest(same) != presentation_digest(again)
    assert (first.challenge, first.audience) == ("nonce-1", VERIFIER)
    assert proofs.unsecured(first.raw) != first.raw
