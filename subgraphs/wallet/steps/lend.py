"""Let a verifier fetch a copy from custody, once and soon (R34, CUSTODY_LINK).

The link says who may come, until when, and the digest of a word that only the holder's software
knows; the word and the keys of what is shown go to the verifier sealed for it. So what is here, or
at the custodian, opens nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from subgraphs.kit.errors import Forbidden, Invalid, InvalidTransition, NotFound
from subgraphs.kit.idempotent import Call
from subgraphs.kit.ids import InstitutionId
from subgraphs.kit.mongo import Session
from subgraphs.kit.viewer import Viewer
from subgraphs.vc.encoding import HASH, from_time, sm3_hash, to_time
from subgraphs.wallet import lifecycle
from subgraphs.wallet.parts import Parts
from subgraphs.wallet.ports import Loan
from subgraphs.wallet.records import Consent, CustodyId, CustodyObject
from subgraphs.wallet.states import ConsentState, CustodyState
from subgraphs.wallet.steps.signed import refuse_closed

LOOKED_BACK: Final = 100
"""How many of her newest consents are looked at for the reason that none is in force."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which copy, to whom, and the digest of the link's word. Without `until` as long as may be."""

    custody_id: str
    granted_to: str
    word_digest: str
    until: datetime | None


async def lend(parts: Parts, viewer: Viewer, wish: Wish, *, client_id: str | None) -> Loan:
    """The link, known to the custodian; the same word for the same copy is the same link."""
    holder = viewer.require_holder()
    await refuse_closed(parts, holder)
    if HASH.fullmatch(wish.word_digest) is None:
        raise Invalid("a hash is `sm3:` and 64 digits", field="wordDigest")
    until = _until(parts, wish.until)
    audience = await parts.institutions.get(InstitutionId(wish.granted_to))
    if audience is None:
        raise NotFound("verifier", field="grantedTo")

    async def work(session: Session) -> dict[str, str]:
        row = await parts.copies.one(CustodyId(wish.custody_id), session=session)
        if row is None or row.holder != holder:
            raise NotFound("custody object", field="custodyId")
        if row.state is not CustodyState.STORED:
            raise InvalidTransition(
                source=row.state.value,
                target=CustodyState.STORED.value,
                allowed=(),
                message=f"a copy that is {row.state.value} is lent to nobody",
            )
        await _may_be_shown(parts, row, audience.id, session)
        return {"until": to_time(until)}

    asked = [wish.custody_id, audience.id, wish.word_digest, wish.until]
    done = await parts.idempotent.once(Call.of(viewer, "lendCustodyCopy", client_id, asked), work)
    name = sm3_hash("|".join((wish.custody_id, audience.id, wish.word_digest)).encode())
    loan = Loan(
        link=f"link-{name.removeprefix('sm3:')[:32]}",
        object_id=wish.custody_id,
        audience=audience.did,
        word_digest=wish.word_digest,
        until=from_time(done["until"]),
    )
    await parts.custodian.lend(loan)
    return loan


async def _may_be_shown(
    parts: Parts, row: CustodyObject, verifier: InstitutionId, session: Session
) -> None:
    """A consent in force lets this verifier see this credential."""
    item = await parts.store.item(row.item, row.holder, session=session)

    def for_this(one: Consent) -> bool:
        named = not one.credentials or (item is not None and item.credential in one.credentials)
        return one.granted_to == verifier and named

    now = parts.clock()
    if any(map(for_this, await parts.store.in_force(row.holder, now, session=session))):
        return
    newest = filter(for_this, await parts.store.consents_of(row.holder, LOOKED_BACK))
    raise _missing(next(newest, None), now)


def _missing(last: Consent | None, now: datetime) -> Forbidden:
    """Why there is none in force, from the newest there was."""
    state = last and lifecycle.consent_at(last.state, now, valid_until=last.valid_until)
    if state is ConsentState.EXHAUSTED:
        return Forbidden(
            "the consent for this verifier is used up: EXHAUSTED", code="CONSENT_EXHAUSTED"
        )
    if state is ConsentState.EXPIRED:
        return Forbidden(
            "the time of the consent for this verifier is over: EXPIRED", code="CONSENT_EXPIRED"
        )
    return Forbidden("no consent in force for this verifier", code="CONSENT_MISSING")


def _until(parts: Parts, asked: datetime | None) -> datetime:
    now = parts.clock()
    latest = (now + parts.terms.longest_link).astimezone(UTC).replace(microsecond=0)
    if asked is None:
        return latest
    if asked.tzinfo is None:
        raise Invalid("a time needs an offset", field="until", code="TIME_WITHOUT_OFFSET")
    if asked <= now:
        raise Invalid("a time after now", field="until", code="TIME_OUT_OF_RANGE")
    if asked > latest:
        minutes = parts.terms.longest_link // timedelta(minutes=1)
        raise Invalid(
            f"{minutes} minutes from now at most", field="until", code="TIME_OUT_OF_RANGE"
        )
    return asked.astimezone(UTC)
