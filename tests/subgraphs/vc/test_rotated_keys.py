"""What a signature is worth before, at and after a change of key, for holders and institutions."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from ledger_adapter.crypto import sm2
from subgraphs.holder.choose import show
from subgraphs.holder.holder import Holder
from subgraphs.vc import model, proofs
from subgraphs.vc.did import Did, MethodId, build_did_document, method_id
from subgraphs.vc.did_versions import (
    DidHistory,
    history_of,
    next_document,
    prepare_version,
    vouched,
)
from subgraphs.vc.examination import CheckKind, Reason, TrustRole
from subgraphs.vc.multikey import VerificationKey, encode_key
from subgraphs.vc.presentation import SaltedVersion
from subgraphs.vc.proofs import Purpose
from subgraphs.vc.receipt import parse_receipt
from subgraphs.vc.strict_json import JsonObject
from tests.kit.credentials import ISSUER, World, scalar
from tests.subgraphs.vc.test_examine import against, looked_at, present

HOUR = timedelta(hours=1)
NEXT = scalar("anna's next key")


def later_of(world: World, *, key: sm2.PrivateKey = NEXT, by: str = "anna") -> SaltedVersion:
    """Her next version, signed by the key of `by`."""
    history = history_of(parse_receipt(world.receipt(world.anna)), [])
    body, ready = prepare_version(
        world.anna.did,
        next_document(history.latest, key.public_key),
        after=history.latest,
        at=world.now,
        method=world.anna.method,
    )
    version = proofs.attach(body, ready, scalar(by).sign(ready.payload))
    return SaltedVersion(salt=world.chance(32), version=version)


def rotated(world: World) -> Holder:
    return world.anna.rotated(NEXT, later_of(world).as_json())


def test_what_she_signed_before_still_holds_under_her_next_key() -> None:
    world = World()
    credential, grant = world.credential(world.anna), world.grant(world.anna)
    world.now += HOUR
    anna = rotated(world)
    world.now += HOUR
    shown = [show(credential, claims=[model.TOTAL])]
    made = present(world, anna, shown=shown, grant=grant, receipt=world.receipt(world.anna))
    assert looked_at(world, made).against() == ()


def test_the_key_rotated_out_presents_nothing_more() -> None:
    world = World()
    held = {"shown": [show(world.credential(world.anna), claims=[model.TOTAL])]}
    grant = world.grant(world.anna)
    world.now += HOUR
    version = later_of(world)
    world.now += HOUR
    thief = Holder(scalar("anna"), clock=lambda: world.now, chance=world.chance)
    made = present(world, thief, grant=grant, **held)
    assert looked_at(world, made).against() == ()  # without the version: the log's word is missing
    made = with_versions(world, thief, made, version)
    assert against(looked_at(world, made)) == {
        (CheckKind.HOLDER_BINDING, Reason.HOLDER_KEY_MISMATCH)
    }


def with_versions(
    world: World, holder: Holder, made: JsonObject, version: SaltedVersion
) -> JsonObject:
    """The presentation again with the versions in it, signed by the key it was signed with."""
    body: JsonObject = {**proofs.unsecured(made), "didVersions": [version.as_json()]}
    proof = made["proof"]
    assert isinstance(proof, dict)
    config = {name: value for name, value in proof.items() if name != "proofValue"}
    ready = proofs.PreparedProof(config=config, payload=proofs.payload(body, config))
    return proofs.attach(body, ready, scalar("anna").sign(ready.payload))


def test_a_consent_and_a_countersignature_of_the_old_key_after_the_change_do_not_hold() -> None:
    world = World()
    anna = rotated(world)
    world.now += HOUR
    made = present(
        world,
        anna,
        shown=[show(world.credential(world.anna), claims=[model.TOTAL])],
        grant=world.grant(world.anna),
        receipt=world.receipt(world.anna),
    )
    assert against(looked_at(world, made)) == {
        (CheckKind.INTEGRITY, Reason.PROOF_INVALID),
        (CheckKind.HOLDER_AUTHORISATION, Reason.CONSENT_INVALID),
    }


@pytest.mark.parametrize(
    ("key", "by"),
    [
        pytest.param(NEXT, "somebody", id="signed by a stranger"),
        pytest.param(scalar("anna"), "somebody", id="her own key under another name, unsigned"),
    ],
)
def test_versions_that_break_the_chain_leave_no_key(key: sm2.PrivateKey, by: str) -> None:
    world = World()
    credential, grant = world.credential(world.anna), world.grant(world.anna)
    world.now += HOUR
    anna = world.anna.rotated(key, later_of(world, key=key, by=by).as_json())
    made = present(
        world,
        anna,
        shown=[show(credential, claims=[model.TOTAL])],
        grant=grant,
        receipt=world.receipt(world.anna),
    )
    found = against(looked_at(world, made))
    assert (CheckKind.HOLDER_BINDING, Reason.DID_HISTORY_INVALID) in found
    assert (CheckKind.HOLDER_BINDING, Reason.HOLDER_KEY_MISMATCH) in found


@dataclass(frozen=True, slots=True, kw_only=True)
class Versioned:
    """A register whose one issuer has a history."""

    world: World
    history: DidHistory

    def key_of(
        self, did: Did, role: TrustRole, method: str, at: datetime, /
    ) -> VerificationKey | None:
        if did == ISSUER and role is TrustRole.ISSUER:
            return self.history.key_for(method, Purpose.ASSERTION, at)
        return self.world.register.key_of(did, role, method, at)


def issuer_history(world: World, at: datetime) -> DidHistory:
    key, after = world.issuers[ISSUER], scalar("the issuer's next key")
    document = build_did_document(ISSUER, [encode_key(key.public_key)])
    first = vouched(document, at - timedelta(days=30))
    body, ready = prepare_version(
        ISSUER,
        next_document(first, after.public_key),
        after=first,
        at=at,
        method=method_id(ISSUER),
    )
    return DidHistory.following(first, [proofs.attach(body, ready, key.sign(ready.payload))])


def test_a_credential_signed_before_an_issuers_rotation_still_verifies() -> None:
    world = World()
    made = present(world)
    history = issuer_history(world, world.now + timedelta(seconds=1))
    world.now += timedelta(minutes=1)
    world.register = Versioned(world=replace_register(world), history=history)  # type: ignore[assignment]
    assert looked_at(world, made).against() == ()


def replace_register(world: World) -> World:
    """The world as it was, for the roles that have no history here."""
    other = World()
    other.register = replace(world.register)
    return other


def test_a_credential_signed_by_the_key_rotated_out_does_not() -> None:
    world = World()
    history = issuer_history(world, world.now - timedelta(hours=2))
    made = present(world)
    world.register = Versioned(world=replace_register(world), history=history)  # type: ignore[assignment]
    assert against(looked_at(world, made)) == {
        (CheckKind.TRUSTED_ISSUER, Reason.ISSUER_NOT_TRUSTED),
        (CheckKind.INTEGRITY, Reason.PROOF_INVALID),
    }


def test_the_next_key_has_a_name_no_key_had_before() -> None:
    world = World()
    assert issuer_history(world, world.now).method == MethodId(f"{ISSUER}#key-2")
