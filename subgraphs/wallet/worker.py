"""What the log tells the wallet: items and their states, institutions, who has matched whom.

Laws: idempotent by position; an event that does not read as its kind promises changes nothing and
stops nothing; a credential's item is moved by what names the issuer that activated it; a use is
counted where its holder made it at the institution that the consent is for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from ledger_adapter.port import Envelope, LoggedEvent
from subgraphs.kit.feed import Item
from subgraphs.kit.ids import CredentialId, HolderId, InstitutionId, derived_id, is_id
from subgraphs.kit.institutions import Institutions
from subgraphs.kit.mongo import Contended, Session
from subgraphs.kit.outbox import Outbox
from subgraphs.kit.roots import Roots
from subgraphs.kit.statuses import ACTIVATED, CANCELLED, ENDORSED, STATE_OF
from subgraphs.kit.vocabulary import CredentialState
from subgraphs.wallet import lifecycle, outgoing, policy
from subgraphs.wallet.records import Consent, Move, WalletItem, WalletItemId
from subgraphs.wallet.states import ConsentState
from subgraphs.wallet.store import DidTold, Store, Tie

USED: Final = "PRESENTATION_SUBMITTED"
BOUND: Final = "CUSTOMER_BOUND"
_ENDS: Final = {
    kind: STATE_OF[kind] for kind in ("CREDENTIAL_EXPIRED", "CREDENTIAL_SUPERSEDED", CANCELLED)
}
HEEDED: Final = Institutions.heeds | Roots.heeds | {ACTIVATED, BOUND, USED, ENDORSED, *_ENDS}
"""The kinds that `Projections` makes anything of."""


class Projections:
    """Takes batches of the log in; see kit.follow."""

    def __init__(self, store: Store, institutions: Institutions, outbox: Outbox) -> None:
        self._store, self._institutions, self._outbox = store, institutions, outbox

    async def __call__(
        self, events: Sequence[LoggedEvent], session: Session, /
    ) -> Sequence[Item[None]]:
        await self._institutions.apply(events, session)
        # an item is moved by later words alone: all may be added before any of them is heard
        await self._store.add_items([row for one in events if (row := _item(one))], session)
        await self._store.tie({tie: None for one in events for tie in _ties(one)}, session)
        await self._store.tell_dids([told for one in events if (told := _did_told(one))], session)
        await self._store.move_items(list(_moved(filter(_moves, events))), session)
        for event in events:
            if event.envelope.kind == USED:
                await self._used(event, session)
        return ()

    async def _used(self, event: LoggedEvent, session: Session) -> None:
        """One use of a consent that is for so many; the last one ends it."""
        envelope, index = event.envelope, event.position.index
        consent, holder = _subject(envelope, "cons"), _subject(envelope, "hold")
        if consent is None or holder is None:
            return
        row = await self._store.consent(consent, HolderId(holder), session=session)
        if row is None or row.uses is None or row.granted_to not in envelope.institutions:
            return
        if row.last_use is not None and index <= row.last_use:
            return
        after = _one_more(replace(row, last_use=index), envelope.at)
        if not await self._store.replace_consent(after, session):
            raise Contended("the consent changed meanwhile")
        if after.state is not row.state:
            await self._outbox.put(session, outgoing.consent_exhausted(after, envelope.at))


def _one_more(row: Consent, at: datetime) -> Consent:
    after = replace(row, used=row.used + 1, version=row.version + 1)
    present = lifecycle.consent_at(row.state, at, valid_until=row.valid_until)
    if row.uses is None or after.used < row.uses or present is not ConsentState.GRANTED:
        return after
    return replace(after, state=lifecycle.consent_step(present, ConsentState.EXHAUSTED))


def item_id(credential: str) -> WalletItemId:
    """One credential, one item: the id follows, so a replay finds the same row."""
    return WalletItemId(derived_id("witm", credential))


def _ties(event: LoggedEvent) -> Iterator[Tie]:
    envelope = event.envelope
    if envelope.kind not in (BOUND, USED):
        return
    tie = str(envelope.body.get("role")) if envelope.kind == BOUND else policy.PRESENTED
    holder = _subject(envelope, "hold")
    for institution in envelope.institutions:
        if holder is not None and is_id(institution, "inst"):
            yield Tie(holder, institution, tie)


def _did_told(event: LoggedEvent) -> DidTold | None:
    if event.envelope.kind not in Roots.heeds:
        return None
    holder = _subject(event.envelope, "hold")
    number = event.envelope.body.get("version", 1)
    if holder is None or not isinstance(number, int):
        return None
    return DidTold(HolderId(holder), number, event.position.index)


def _item(event: LoggedEvent) -> WalletItem | None:
    envelope = event.envelope
    if envelope.kind != ACTIVATED:
        return None
    credential, holder = _subject(envelope, "cred"), _subject(envelope, "hold")
    issuer, vc_hash, as_of = (envelope.body.get(k) for k in ("issuer", "vcHash", "asOf"))
    if credential is None or holder is None or not isinstance(issuer, str):
        return None
    return WalletItem(
        id=item_id(credential),
        holder=HolderId(holder),
        credential=CredentialId(credential),
        issuer=InstitutionId(issuer),
        vc_hash=str(vc_hash),
        label=f"资产证明 {as_of}",
        state=CredentialState.ACTIVE,
        added_at=envelope.at,
        index=event.position.index,
    )


def _moves(event: LoggedEvent) -> bool:
    return event.envelope.kind == ENDORSED or event.envelope.kind in _ENDS


def _moved(events: Iterable[LoggedEvent]) -> Iterator[Move]:
    for event in events:
        envelope = event.envelope
        credential, issuer = _subject(envelope, "cred"), envelope.body.get("issuer")
        state = _ENDS.get(envelope.kind) or _told_state(envelope)
        if credential is not None and isinstance(issuer, str) and state is not None:
            yield Move(
                id=item_id(credential),
                issuer=InstitutionId(issuer),
                state=state,
                index=event.position.index,
            )


def _told_state(envelope: Envelope) -> CredentialState | None:
    state = envelope.body.get("state")
    known = isinstance(state, str) and state in {one.value for one in CredentialState}
    return CredentialState(state) if known else None


def _subject(envelope: Envelope, prefix: str) -> str | None:
    return next((one for one in envelope.subjects if is_id(one, prefix)), None)
