"""Take in what a holder presents: bounded, strict, and once.

Laws: a nonce serves one presentation, for good (two unique indexes keep it so over restarts and
processes); only the asked holder can use up her request; what is wrong inside the proofs is not
refused here but shows in the checks.
"""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC

from ledger_adapter.errors import DuplicateEvent
from subgraphs.kit.errors import Invalid, NotFound, Refusal
from subgraphs.kit.idempotent import Call
from subgraphs.kit.ids import HolderId, is_id, new_id
from subgraphs.kit.mongo import DuplicateKeyError, Session
from subgraphs.kit.offload import offload
from subgraphs.vc.consent import Consent
from subgraphs.vc.errors import VcError
from subgraphs.vc.model import CredentialHead
from subgraphs.vc.presentation import (
    Presentation as Presented,
)
from subgraphs.vc.presentation import parse_presentation, presentation_digest, read_presentation
from subgraphs.vc.strict_json import canonical
from subgraphs.verifier import outgoing, uses
from subgraphs.verifier.evidence import consent_of, heads_of, shown_of
from subgraphs.verifier.parts import Parts
from subgraphs.verifier.records import ConsentId, Presentation, PresentationId, Request
from subgraphs.verifier.states import PresentationState, RequestState, TransferMode
from subgraphs.verifier.table import Stale


class PresentationRefused(Refusal):
    """Not for this request: replayed, addressed elsewhere, unasked for, or too late. `again` is
    the presentation whose nonce it was."""

    code = "PRESENTATION_REFUSED"

    def __init__(self, message: str, *, code: str, again: Presentation | None = None) -> None:
        super().__init__(message, code=code)
        self.again = again


async def submit(
    parts: Parts,
    holder: HolderId,
    *,
    request_id: str,
    value: object | None,
    mode: TransferMode | None,
    session: Session,
) -> Presentation:
    """The stored presentation, whichever way it came; a Refusal wrote nothing. Without `value`
    nothing was fetched for a request that is over (transfer.py)."""
    request = await parts.store.requests.get(request_id)
    if request is None or request.holder != holder:
        raise NotFound("presentation request", field="requestId")
    if value is None:
        raise await _over(parts, request)
    presented, heads = await offload(_read, value)
    await _refuse(parts, request, presented)
    named = consent_of(presented)
    row = replace(await _row(parts, request, presented, heads, named), transfer_mode=mode)
    was, now = {"state": RequestState.OPEN}, {"state": RequestState.USED}
    try:
        await parts.store.requests.change(request.id, was=was, now=now, session=session)
        await parts.store.presentations.insert(row, session=session)
    except (Stale, DuplicateKeyError):
        raise _replayed() from None
    try:
        used = await uses.use(parts, row, named, session=session)
    except uses.UsedUp as over:
        raise PresentationRefused(str(over), code=over.code) from None
    await parts.outbox.put(session, outgoing.presentation_submitted(row, used))
    return row


def _read(value: object) -> tuple[Presented, list[CredentialHead]]:
    try:
        presented = (
            parse_presentation(value) if isinstance(value, str) else read_presentation(value)
        )
        heads = heads_of(presented)
    except VcError as fault:
        raise Invalid(str(fault), field=f"presentation{fault.place}", code=fault.code) from fault
    for place, head in enumerate(heads):
        if not is_id(head.credential_id, "cred"):
            raise Invalid(
                "not a credential of this network",
                field=f"presentation/verifiableCredential/{place}/id",
            )
    return presented, heads


async def _refuse(parts: Parts, request: Request, presented: Presented) -> None:
    seen = await parts.store.presentations.one({"digest": presentation_digest(presented)})
    if seen is not None or request.state is RequestState.USED:
        raise _replayed(seen or await _served(parts, request))
    if presented.challenge != request.nonce:
        other = await parts.store.requests.one({"nonce": presented.challenge})
        if other is not None and other.state is RequestState.USED:
            raise _replayed(await _served(parts, other))
        raise PresentationRefused("the nonce is not this request's", code="NONCE_UNKNOWN")
    if presented.audience != request.audience:
        raise PresentationRefused("made for another verifier", code="AUDIENCE_MISMATCH")
    if parts.clock() >= request.expires_at:
        raise _expired()


async def _row(
    parts: Parts,
    request: Request,
    presented: Presented,
    heads: list[CredentialHead],
    named: Consent | None,
) -> Presentation:
    issuers = await parts.institutions.by_dids([head.issuer for head in heads])
    known = {did: row.id for did, row in issuers.items()}
    return Presentation(
        id=PresentationId(new_id("pres")),
        request=request.id,
        verifier=request.verifier,
        holder=request.holder,
        digest=presentation_digest(presented),
        document=canonical(presented.raw).decode(),
        shown=tuple(
            shown_of(item, head, known.get(head.issuer))
            for item, head in zip(presented.shown, heads, strict=True)
        ),
        consent=None if named is None else ConsentId(named.consent_id),
        state=PresentationState.SUBMITTED,
        submitted_at=parts.clock(),
        verification=None,
        version=1,
    )


async def tell_replay(parts: Parts, again: Presentation) -> None:
    """A signal for the supervisor, once a day for each presentation that is shown again: who
    repeats it a thousand times says nothing more."""
    now = parts.clock()
    day = now.astimezone(UTC).toordinal()

    async def work(session: Session) -> dict[str, str]:
        told = outgoing.fraud_signal(again, "REPLAY", "PRESENTATION_REPLAYED", now, version=day)
        await parts.outbox.put(session, told)
        return {}

    with suppress(DuplicateEvent):  # told by another process at this moment
        await parts.idempotent.once(Call(key=f"replay|{again.id}|{day}", digest=""), work)


async def _served(parts: Parts, request: Request) -> Presentation | None:
    return await parts.store.presentations.one({"request": request.id})


async def _over(parts: Parts, request: Request) -> PresentationRefused:
    used = request.state is RequestState.USED
    return _replayed(await _served(parts, request)) if used else _expired()


def _expired() -> PresentationRefused:
    return PresentationRefused("the request is over; ask for a new one", code="REQUEST_EXPIRED")


def _replayed(again: Presentation | None = None) -> PresentationRefused:
    return PresentationRefused(
        "this nonce was used before", code="PRESENTATION_REPLAYED", again=again
    )
