"""A root DID whose key is lost, or known to others, gets a new one through the identity provider.

Laws: she is looked at anew, and her new key signs the wish; a key that is reported is stopped in
the same step; the new key comes into force after the wait that the provider signed, not before and
in no other way; who has the key in force may take a recovery back, but for one that a reported key
began: the thief has that key. Nothing is kept that the provider's signature does not stand under.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeVar

from subgraphs.kit.errors import Busy, Invalid, InvalidTransition, SignatureRefused
from subgraphs.kit.idempotent import Call
from subgraphs.kit.identity import RecoveryBegun
from subgraphs.kit.matching import authority_of, noticed_by
from subgraphs.kit.mongo import Session
from subgraphs.kit.offload import offload
from subgraphs.kit.prepared import PreparedRow
from subgraphs.kit.viewer import Viewer
from subgraphs.vc.did import Did
from subgraphs.vc.encoding import to_time
from subgraphs.vc.errors import BadKey, VcError
from subgraphs.vc.multikey import encode_key
from subgraphs.vc.presentation import SaltedVersion
from subgraphs.vc.receipt import parse_receipt
from subgraphs.vc.recovery import (
    RecoveryNotice,
    RecoveryWish,
    build_recovery_cancellation,
    check_recovery,
)
from subgraphs.vc.strict_json import JsonObject
from subgraphs.wallet import lifecycle, outgoing
from subgraphs.wallet.parts import Parts
from subgraphs.wallet.records import Recovery, RootDid
from subgraphs.wallet.states import RootDidState
from subgraphs.wallet.steps.refuse import as_refusal
from subgraphs.wallet.steps.register import Asked, require_face, require_proofed
from subgraphs.wallet.steps.rotate import SALT_BYTES
from subgraphs.wallet.steps.signed import (
    Submitted,
    prepare_document,
    read_signed,
    root_of,
    signed_document,
)

T = TypeVar("T")
CANCEL: Final = "recovery-cancellation"
_ACTIVE, _RECOVERING = RootDidState.ACTIVE, RootDidState.RECOVERING
_COMPROMISED: Final = RootDidState.COMPROMISED


@dataclass(frozen=True, slots=True, kw_only=True)
class _Started:
    """The rows that a start leaves, one a step: the key stopped, the recovery begun."""

    stopped: RootDid | None
    begun: RootDid


async def start_recovery(
    parts: Parts, viewer: Viewer, asked: Asked, *, client_id: str | None
) -> RootDid:
    """The root DID, RECOVERING; its recovery says from when on it can be completed."""
    holder = viewer.require_holder()
    call = Call.of(viewer, "startRecovery", client_id, [asked.public_key_multibase])
    root = await root_of(parts, holder)
    if await parts.idempotent.recall(call) is not None:
        return root
    wish = await offload(_check, asked, root, parts.clock())
    _may_start(root, wish)
    begun = await _answered(parts, parts.identity.recover(asked.application(), root.versions))
    await _noticed(parts, root, wish, begun.notice)
    await require_proofed(parts, begun.proofing, root.did, asked)
    rows = await _started(parts, root, begun)

    async def work(session: Session) -> dict[str, str]:
        now = parts.clock()
        for row in filter(None, (rows.stopped, rows.begun)):
            if not await parts.store.replace_root_did(row, session):
                raise Busy("the root DID was changed meanwhile")
        looked = outgoing.identity_proofed(holder, begun.proofing, now, again=rows.begun.version)
        if rows.stopped is not None and begun.stopped is not None:
            await parts.outbox.put(session, outgoing.root_did_compromised(rows.stopped, now))
        started = outgoing.recovery_started(rows.begun, begun.notice)
        await parts.outbox.put(session, *looked, started)
        return {"holder": holder}

    await parts.idempotent.once(call, work)
    return await root_of(parts, holder)


async def complete_recovery(parts: Parts, viewer: Viewer, *, client_id: str | None) -> RootDid:
    """The root DID, ACTIVE with its new key; refused before the wait is over."""
    holder = viewer.require_holder()
    call = Call.of(viewer, "completeRecovery", client_id, [])
    root = await root_of(parts, holder)
    if await parts.idempotent.recall(call) is not None:
        return root
    notice, now = _under_way(root, _ACTIVE), parts.clock()
    if now < notice.not_before:
        raise Invalid(f"not before {to_time(notice.not_before)}", field="", code="RECOVERY_COOLING")
    version = await _answered(
        parts, parts.identity.complete_recovery(root.did, notice.digest, root.versions)
    )
    row = replace(
        await _extended(parts, root, version),
        state=lifecycle.root_did_step(root.state, _ACTIVE),
        recovery=None,
    )
    _only_the_new_key(row, notice)

    async def work(session: Session) -> dict[str, str]:
        if not await parts.store.replace_root_did(row, session):
            raise Busy("the root DID was changed meanwhile")
        await parts.outbox.put(session, outgoing.root_did_recovered(row, notice, parts.clock()))
        return {"holder": holder}

    await parts.idempotent.once(call, work)
    return await root_of(parts, holder)


async def prepare_cancellation(parts: Parts, viewer: Viewer) -> PreparedRow:
    """What takes the recovery back, to be signed by the key in force."""
    root = await root_of(parts, viewer.require_holder())
    notice = _cancellable(root)
    document = build_recovery_cancellation(Did(root.did), notice.digest, parts.clock())
    return await prepare_document(parts, root, CANCEL, document, {})


async def cancel_recovery(
    parts: Parts, viewer: Viewer, given: Submitted, *, client_id: str | None
) -> RootDid:
    """The root DID, ACTIVE with the key it had; the provider has forgotten the recovery.

    The provider is told first, once and outside of any transaction: what it still had under way
    could be taken up again without a wait. It answers the same when it is told again, so that a
    call that broke off after it is finished by the same call.
    """
    holder = viewer.require_holder()
    call = Call.of(viewer, "cancelRecovery", client_id, [given.prepared_id])
    before = await root_of(parts, holder)
    if await parts.idempotent.recall(call) is not None:
        return before
    signed = await read_signed(parts, before, given, parts.clock())
    notice = _cancellable(before)
    await _answered(
        parts, parts.identity.cancel_recovery(before.did, signed.document, before.versions)
    )

    async def work(session: Session) -> dict[str, str]:
        now, root = parts.clock(), await root_of(parts, holder)
        await signed_document(parts, root, given, session, now)
        if _cancellable(root).digest != notice.digest:
            raise Busy("another recovery was begun meanwhile")
        state = lifecycle.root_did_step(root.state, _ACTIVE)
        row = replace(root, state=state, version=root.version + 1, recovery=None)
        if not await parts.store.replace_root_did(row, session):
            raise Busy("the root DID was changed meanwhile")
        await parts.outbox.put(session, outgoing.recovery_cancelled(row, notice, now))
        return {"holder": holder}

    await parts.idempotent.once(call, work)
    return await root_of(parts, holder)


async def _answered(parts: Parts, asked: Awaitable[T]) -> T:
    """What the provider says, within the time it is waited for."""
    try:
        async with asyncio.timeout(parts.terms.provider_waits.total_seconds()):
            return await asked
    except TimeoutError:
        raise Busy(
            "the identity provider does not answer", code="IDENTITY_PROVIDER_UNAVAILABLE"
        ) from None


def _check(asked: Asked, root: RootDid, now: datetime) -> RecoveryWish:
    """The new key signed for this DID and this person, and somebody looked into the camera."""
    try:
        wish = check_recovery(
            asked.payload,
            public_key_multibase=asked.public_key_multibase,
            proof_of_possession=asked.proof_of_possession,
            identity_document=asked.identity_document,
            now=now,
        )
    except BadKey as fault:
        if fault.place == "/proofOfPossession":
            raise SignatureRefused("the key did not sign the payload") from fault
        raise as_refusal(fault) from fault
    except VcError as fault:
        raise as_refusal(fault) from fault
    if wish.did != root.did:
        raise Invalid("the payload is for another DID", field="payload", code="DID_MISMATCH")
    require_face(asked, now)
    return wish


def _may_start(root: RootDid, wish: RecoveryWish) -> None:
    """From RECOVERING only with a report: the running one goes with the key it trusted."""
    if wish.compromised_since is None:
        if root.state is _RECOVERING:
            raise InvalidTransition(
                source=root.state.value,
                target=_RECOVERING.value,
                allowed=lifecycle.root_did_next(root.state),
                message="a recovery is under way; another begins with the report of a key",
            )
        lifecycle.root_did_step(root.state, _RECOVERING)
    elif root.state is not _COMPROMISED:
        lifecycle.root_did_step(root.state, _COMPROMISED)


async def _noticed(parts: Parts, root: RootDid, wish: RecoveryWish, notice: RecoveryNotice) -> None:
    """The provider's own word, about this DID and this key, with a wait that is one."""
    same = (notice.did, notice.public_key_multibase) == (root.did, wish.public_key_multibase)
    waits = notice.not_before - notice.started_at >= parts.terms.shortest_cooling
    if not (same and waits and await noticed_by(parts.institutions, notice)):
        raise Busy("the identity provider's notice does not hold", code="RECOVERY_INVALID")


async def _started(parts: Parts, root: RootDid, begun: RecoveryBegun) -> _Started:
    recovery = Recovery(document=begun.notice.raw, proofing=begun.proofing.raw)
    before, stopped = root, None
    if begun.stopped is not None:
        before = stopped = replace(
            await _extended(parts, root, begun.stopped), state=_COMPROMISED, recovery=None
        )
    keyless = before.history.method is None
    if keyless is not begun.notice.compromised:
        raise Busy("notice and versions do not agree", code="RECOVERY_INVALID")
    after = replace(before, state=_RECOVERING, version=before.version + 1, recovery=recovery)
    return _Started(stopped=stopped, begun=after)


async def _extended(parts: Parts, root: RootDid, version: JsonObject) -> RootDid:
    """With one more version, which the provider signed and no other."""
    authority = await authority_of(parts.institutions, parse_receipt(root.receipt))
    try:
        await offload(root.history.extended, version, authority=authority)
    except VcError as fault:
        raise Busy("the identity provider's version does not hold", code=fault.code) from fault
    one = SaltedVersion(salt=secrets.token_bytes(SALT_BYTES), version=version)
    return replace(root, version=root.version + 1, later=(*root.later, one))


def _only_the_new_key(row: RootDid, notice: RecoveryNotice) -> None:
    document = row.history.latest.document
    keys = [] if document is None else [encode_key(key) for key in document.keys.values()]
    if keys != [notice.public_key_multibase]:
        raise Busy("the version gives the DID to other keys", code="RECOVERY_INVALID")


def _under_way(root: RootDid, target: RootDidState) -> RecoveryNotice:
    if root.state is not _RECOVERING or root.recovery is None:
        raise InvalidTransition(
            source=root.state.value,
            target=target.value,
            allowed=lifecycle.root_did_next(root.state),
            message=f"no recovery is under way: the root DID is {root.state.value}; "
            "startRecovery begins one",
        )
    return root.recovery.notice


def _cancellable(root: RootDid) -> RecoveryNotice:
    notice = _under_way(root, _ACTIVE)
    if notice.compromised:
        raise Invalid(
            "the key was reported: it takes nothing back", field="", code="RECOVERY_NOT_CANCELLABLE"
        )
    return notice
