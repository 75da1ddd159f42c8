"""The holder's software signs what it has looked at, and keeps its key to itself."""

from datetime import timedelta

import pytest

from subgraphs.holder.choose import evenly, show, show_at_least, spread
from subgraphs.holder.errors import NotAsAsked, NotEnough, OfferRefused
from subgraphs.vc import model
from subgraphs.vc.asset_proof import AssetCategory
from subgraphs.vc.errors import BadDisclosure
from subgraphs.vc.lower_bound import Steps
from subgraphs.vc.model import CredentialUri
from subgraphs.vc.money import Fen
from subgraphs.vc.strict_json import JsonObject, JsonValue
from tests.kit.credentials import ISSUER, VERIFIER, World, scalar


def test_the_key_shows_nowhere() -> None:
    world = World()
    secret = str(int.from_bytes(b"x"))
    assert "PrivateKey" not in repr(world.anna)
    assert world.anna.did in repr(world.anna)
    assert secret not in repr(world.anna)


def offered(world: World) -> tuple[JsonObject, str]:
    """What prepareCountersignature answers."""
    document, disclosures = world.offer(world.statement(world.anna))
    payload, to_sign = world.prepared(document, world.anna)
    return {**payload, "disclosures": list[JsonValue](disclosures)}, to_sign


def test_an_honest_offer_is_countersigned() -> None:
    world = World()
    payload, to_sign = offered(world)
    key = world.issuers[ISSUER].public_key
    signature = world.anna.countersign(payload, to_sign, issuer_key=key)
    assert signature.verification_method == world.anna.method
    assert signature.as_input()["verificationMethod"] == world.anna.method


def test_an_offer_signed_by_somebody_else_is_not_countersigned() -> None:
    world = World()
    payload, to_sign = offered(world)
    with pytest.raises(OfferRefused):
        world.anna.countersign(payload, to_sign, issuer_key=scalar("other").public_key)


def test_an_offer_about_somebody_else_is_not_countersigned() -> None:
    world = World()
    document, disclosures = world.offer(world.statement(world.friend))
    with pytest.raises(OfferRefused):
        world.anna.check_offer(document, disclosures, issuer_key=world.issuers[ISSUER].public_key)


def test_an_offer_with_a_disclosure_held_back_is_not_countersigned() -> None:
    world = World()
    document, disclosures = world.offer(world.statement(world.anna))
    with pytest.raises(OfferRefused):
        world.anna.check_offer(
            document, disclosures[:-1], issuer_key=world.issuers[ISSUER].public_key
        )


def test_bytes_that_are_not_those_of_the_readable_payload_are_not_signed() -> None:
    world = World()
    payload, _ = offered(world)
    _, other = world.prepared({"id": "something else"}, world.anna)
    with pytest.raises(NotAsAsked):
        world.anna.sign_prepared(payload, other, asked={})


def test_a_document_that_is_not_what_was_asked_for_is_not_signed() -> None:
    world = World()
    payload, to_sign = world.prepared({"purpose": "EVERYTHING"}, world.anna)
    with pytest.raises(NotAsAsked):
        world.anna.sign_prepared(payload, to_sign, asked={"purpose": "PRIVATE_FUND"})


def test_a_proof_prepared_for_another_key_is_not_signed() -> None:
    world = World()
    payload, to_sign = world.prepared({"id": "x"}, world.friend)
    with pytest.raises(NotAsAsked):
        world.anna.sign_prepared(payload, to_sign, asked={})


def test_a_credential_without_the_own_countersignature_is_not_held() -> None:
    world = World()
    document, disclosures = world.offer(world.statement(world.anna))
    key = world.issuers[ISSUER].public_key
    with pytest.raises(OfferRefused):
        world.anna.hold(document, disclosures, issuer_key=key)


def test_a_consent_of_somebody_else_is_not_kept() -> None:
    world = World()
    grant = world.grant(world.friend)
    with pytest.raises(NotAsAsked):
        world.anna.grant(grant.document, grant.face_assertion)


def test_a_presentation_goes_with_the_own_receipt_only() -> None:
    world = World()
    shown = [show(world.credential(world.anna))]
    with pytest.raises(NotAsAsked):
        world.anna.present(
            shown,
            grant=None,
            receipt=world.receipt(world.friend),
            nonce="n",
            audience=VERIFIER,
            lifetime=timedelta(minutes=1),
        )


def test_the_seed_is_never_shown() -> None:
    world = World()
    with pytest.raises(NotEnough):
        show(world.credential(world.anna), claims=[model.SEED])


def test_a_claim_that_is_not_there_is_not_shown() -> None:
    world = World()
    with pytest.raises(BadDisclosure):
        show(world.credential(world.anna), claims=["/credentialSubject/name"])


def test_the_fewest_credentials_carry_a_bound_and_the_last_only_the_rest() -> None:
    a, b, c = CredentialUri("urn:a"), CredentialUri("urn:b"), CredentialUri("urn:c")
    capacities = {a: Steps(100), b: Steps(250), c: Steps(40)}
    assert spread(Fen(300_000_000), capacities) == {b: 250, a: 50}
    assert spread(Fen(1), capacities) == {b: 1}
    with pytest.raises(NotEnough):
        spread(Fen(390_000_001), capacities)


def test_of_each_credential_the_same_share_is_shown_where_there_is_more_than_enough() -> None:
    a, b, c = (CredentialUri(f"urn:credgraph:{name}") for name in "abc")
    capacities = {a: Steps(162), b: Steps(98), c: Steps(55)}
    assert evenly(Fen(300_000_000), capacities) == {a: 155, b: 93, c: 52}
    assert evenly(Fen(315_000_000), capacities) == capacities
    assert evenly(Fen(1), {a: Steps(5), b: Steps(0)}) == {a: 1}
    assert evenly(Fen(0), {a: Steps(0), b: Steps(0)}) == {}
    with pytest.raises(NotEnough):
        evenly(Fen(315_000_001), capacities)


def test_one_fen_short_of_three_million_cannot_prove_three_million() -> None:
    world = World()
    edge = world.credential(world.anna, {AssetCategory.STOCK: "2999999.99"})
    exact = world.credential(world.anna, {AssetCategory.STOCK: "3000000.00"}, number=2)
    with pytest.raises(NotEnough):
        show_at_least([edge], Fen(300_000_000))
    assert len(show_at_least([exact], Fen(300_000_000))) == 1
