"""A root DID gets another key, is given up, or has its key reported as known to others: prepared
here, signed by the key of today (R9).

Laws: the private keys are the holder's alone; the new key proves that its owner has it before the
old one is asked to sign; what stands afterwards is one chain of versions, or nothing is written.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, cast

from ledger_adapter.crypto import sm2
from ledger_adapter.crypto.multikey import from_multibase58
from ledger_adapter.errors import CryptoError
from subgraphs.kit.errors import Busy, Invalid, InvalidTransition, SignatureRefused
from subgraphs.kit.idempotent import Call
from subgraphs.kit.mongo import Session
from subgraphs.kit.offload import offload
from subgraphs.kit.prepared import PreparedRow
from subgraphs.kit.signing import checked_signature, held_key
from subgraphs.kit.viewer import Viewer
from subgraphs.vc import proofs
from subgraphs.vc.did import Did
from subgraphs.vc.did_versions import (
    keyless_document,
    next_document,
    possession_bytes,
    prepare_version,
)
from subgraphs.vc.errors import VcError
from subgraphs.vc.multikey import decode_key
from subgraphs.vc.presentation import MOST_DID_VERSIONS, SaltedVersion
from subgraphs.vc.proofs import PreparedProof
from subgraphs.vc.recovery import LONGEST_PAST, from_when, within_past
from subgraphs.vc.strict_json import JsonObject
from subgraphs.wallet import lifecycle, outgoing
from subgraphs.wallet.parts import Parts
from subgraphs.wallet.records import RootDid
from subgraphs.wallet.states import RootDidState
from subgraphs.wallet.steps.signed import Submitted, root_of

ROTATION: Final = "holder-key-rotation"
DEACTIVATION: Final = "root-did-deactivation"
REPORT: Final = "holder-key-compromise"
KEPT_FREE: Final = 8
"""Versions that no change of key uses up: a report and a recovery always have room."""
SALT_BYTES: Final = 32
_TARGETS: Final = {
    ROTATION: RootDidState.ACTIVE,
    DEACTIVATION: RootDidState.DEACTIVATED,
    REPORT: RootDidState.COMPROMISED,
}


async def prepare_rotation(
    parts: Parts, viewer: Viewer, *, public_key_multibase: str, proof_of_possession: str
) -> PreparedRow:
    """The next version, with a key that its owner has shown to have."""
    root = await root_of(parts, viewer.require_holder())
    _moved(root.state, ROTATION)
    if len(root.later) >= MOST_DID_VERSIONS - KEPT_FREE:
        raise Invalid("too many keys for one DID", field="", code="DID_VERSIONS_TOO_MANY")
    key = _new_key(root, public_key_multibase)
    await _possessed(Did(root.did), key, public_key_multibase, proof_of_possession)
    return await _prepared(parts, root, ROTATION, next_document(root.history.latest, key))


async def prepare_deactivation(parts: Parts, viewer: Viewer) -> PreparedRow:
    """The version that ends the DID for good."""
    root = await root_of(parts, viewer.require_holder())
    _moved(root.state, DEACTIVATION)
    return await _prepared(parts, root, DEACTIVATION, None)


async def prepare_report(parts: Parts, viewer: Viewer, *, since: datetime) -> PreparedRow:
    """The version that leaves the DID without a key from `since` on, to sign with that key."""
    root, now = await root_of(parts, viewer.require_holder()), parts.clock()
    _moved(root.state, REPORT)
    if since.tzinfo is None or not within_past(since, now):
        raise Invalid(
            f"a time with its zone, in the last {LONGEST_PAST.days} days",
            field="since",
            code="SINCE_OUT_OF_RANGE",
        )
    return await _prepared(parts, root, REPORT, keyless_document(Did(root.did)), since)


async def change_root_did(
    parts: Parts,
    viewer: Viewer,
    given: Submitted,
    *,
    client_id: str | None,
) -> RootDid:
    """Keep the signed version and tell the log its salted digest."""
    holder = viewer.require_holder()

    async def work(session: Session) -> dict[str, str]:
        now = parts.clock()
        root = await root_of(parts, holder)
        taken = await parts.prepared.use(
            session, given.prepared_id, holder=holder, purpose=given.purpose, now=now
        )
        held = held_key(root.history)
        raw = await checked_signature(given.signature, payload=taken.to_sign, held=held, now=now)
        after = await offload(_after, root, taken, raw)
        if not await parts.store.replace_root_did(after, session):
            raise Busy("the root DID was changed meanwhile")
        reported = given.purpose == REPORT
        tell = outgoing.root_did_compromised if reported else outgoing.root_did_changed
        await parts.outbox.put(session, tell(after, now))
        return {"holder": holder}

    call = Call.of(viewer, given.purpose, client_id, [given.prepared_id])
    await parts.idempotent.once(call, work)
    return await root_of(parts, holder)


def _new_key(root: RootDid, text: str) -> sm2.PublicKey:
    try:
        key = decode_key(text)
    except VcError as fault:
        raise Invalid(str(fault), field="publicKeyMultibase", code=fault.code) from fault
    documents = [one.document for one in root.history.versions if one.document is not None]
    used = {known for one in documents for known in one.keys.values()}
    if not isinstance(key, sm2.PublicKey) or key in used:
        raise Invalid("a new SM2 key is expected", field="publicKeyMultibase", code="KEY_INVALID")
    return key


async def _possessed(did: Did, key: sm2.PublicKey, text: str, signature: str) -> None:
    try:
        raw = from_multibase58(signature)
    except CryptoError:
        raw = b""
    if not await offload(key.verify, possession_bytes(did, text), raw):
        raise SignatureRefused("the new key did not sign for this DID", code="KEY_NOT_POSSESSED")


async def _prepared(
    parts: Parts,
    root: RootDid,
    purpose: str,
    document: JsonObject | None,
    since: datetime | None = None,
) -> PreparedRow:
    now = parts.clock()
    history, method = root.history, held_key(root.history).method
    at = from_when(since or now, after=history.latest.at, now=now)
    if at is None:
        raise Busy("one version of a DID a second")
    body, ready = prepare_version(
        Did(root.did),
        document,
        after=history.latest,
        at=at,
        method=method,
        signed_at=now.replace(microsecond=0),
    )
    return await parts.prepared.put(
        holder=root.holder,
        purpose=purpose,
        payload={"document": body, "proofConfig": ready.config},
        to_sign=ready.payload,
        now=now,
        facts={"salt": secrets.token_hex(SALT_BYTES)},
    )


def _after(root: RootDid, taken: PreparedRow, raw: bytes) -> RootDid:
    payload = cast("dict[str, JsonObject]", taken.payload)
    facts: dict[str, Any] = dict(taken.facts)
    ready = PreparedProof(config=payload["proofConfig"], payload=taken.to_sign)
    version = proofs.attach(payload["document"], ready, raw)
    try:
        root.history.extended(version)
    except VcError as fault:  # another version came between prepare and submit
        raise Busy(f"the DID was changed meanwhile: {fault.code}") from fault
    one = SaltedVersion(salt=bytes.fromhex(facts["salt"]), version=version)
    return replace(
        root,
        state=_moved(root.state, taken.purpose),
        version=root.version + 1,
        later=(*root.later, one),
        recovery=None,
    )


def _moved(state: RootDidState, purpose: str) -> RootDidState:
    """The state after a version that the key in force signs: a change or a report only while no
    recovery is under way (that is taken back first), the end at any time."""
    target = _TARGETS[purpose]
    if purpose != DEACTIVATION and state is RootDidState.RECOVERING:
        raise Invalid(
            "a recovery is under way; cancelRecovery takes it back first",
            field="",
            code="RECOVERY_UNDER_WAY",
        )
    if purpose != DEACTIVATION and state is not RootDidState.ACTIVE:
        raise InvalidTransition(
            source=state.value,
            target=target.value,
            allowed=lifecycle.root_did_next(state),
            message=f"no key is changed or reported while the root DID is {state.value}",
        )
    return state if target is state else lifecycle.root_did_step(state, target)
