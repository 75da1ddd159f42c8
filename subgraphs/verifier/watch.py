"""From entries of the log to what a verifier has to write. Pure.

Laws: `take` is called for each entry in log order, on rows read inside the transaction that will
save the sheet; the time of a reaction is the entry's, so a replay writes the same; an own event
leaves exactly once, with the row whose version names it.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from ledger_adapter.port import Envelope, LoggedEvent
from subgraphs.kit.ids import CredentialId, EndorsementId, HolderId, derived_id
from subgraphs.verifier import outgoing
from subgraphs.verifier.bands import lowest, still_enough
from subgraphs.verifier.lifecycle import PERMISSION, SUPPLEMENT, move
from subgraphs.verifier.projection import (
    consent_after,
    credential_after,
    subject,
    text,
)
from subgraphs.verifier.reactions import Cause, Prompt, react
from subgraphs.verifier.records import (
    Acceptance,
    AcceptanceId,
    Change,
    ConsentOnLog,
    CredentialOnLog,
    Known,
    Permission,
    PermissionId,
    Supplement,
    SupplementId,
    Written,
)
from subgraphs.verifier.states import (
    AcceptanceState,
    Effect,
    PermissionState,
    SupplementState,
)

FEED_OF_VERIFIER: Final = frozenset(
    {
        "SUPPLEMENT_REQUESTED",
        "PERMISSION_SUSPENDED",
        "PERMISSION_REINSTATED",
        "ACCEPTANCE_ENDED",
    }
)
_ENDED_BY_ITSELF: Final = frozenset(
    {"CREDENTIAL_EXPIRED", "CREDENTIAL_SUPERSEDED", "CREDENTIAL_CANCELLED"}
)
CHANGES: Final = _ENDED_BY_ITSELF | {"CREDENTIAL_ENDORSED"}
"""What may change an accepted credential."""
FEED_OF_HOLDER: Final = FEED_OF_VERIFIER | {"PERMISSION_GRANTED"}
_PROMPTED: Final[Mapping[Prompt, SupplementState]] = {
    Prompt.FULFIL: SupplementState.FULFILLED,
    Prompt.VOID: SupplementState.VOID,
    Prompt.OVERDUE: SupplementState.OVERDUE,
}


class Sheet:
    """What one transaction will write, filled entry by entry."""

    def __init__(
        self, known: Known, *, due: Callable[[datetime], datetime], now: datetime | None = None
    ) -> None:
        """`due`: from when further proof was asked for to by when; `now`: when this is done."""
        self._known, self._due, self._now = known, due, now
        self._acceptances = {row.id: row for row in known.acceptances}
        self._permissions = {row.id: row for row in known.permissions}
        self._supplements = {row.acceptance: row for row in known.supplements}
        self.credentials: dict[str, CredentialOnLog] = {}
        self.consents: dict[str, ConsentOnLog] = {}
        self.acceptances: dict[str, Acceptance] = {}
        self.permissions: dict[str, Permission] = {}
        self.supplements: dict[str, Supplement] = {}
        self.changes: list[Change] = []
        self.events: list[Envelope] = []

    def written(self) -> Written:
        """The rows to save, each as it stands last."""
        return Written(
            credentials=tuple(self.credentials.values()),
            consents=tuple(self.consents.values()),
            acceptances=tuple(self.acceptances.values()),
            permissions=tuple(self.permissions.values()),
            supplements=tuple(self.supplements.values()),
            changes=tuple(self.changes),
        )

    def take(self, event: LoggedEvent) -> None:
        """One entry: project it, tell it, react to it."""
        envelope, index = event.envelope, event.position.index
        self._project(envelope, index)
        match envelope.kind:
            case kind if kind in CHANGES:
                self._changed(envelope, index)
            case "CONSENT_WITHDRAWN":
                self._consent_withdrawn(envelope)
            case kind if kind in FEED_OF_HOLDER:
                self._tell_own(envelope, index)

    def apply(
        self,
        row: Acceptance,
        cause: Effect | Cause,
        *,
        at: datetime,
        because: EndorsementId | None = None,
    ) -> None:
        """What the rules make of a change to one accepted credential."""
        reaction = react(row.state, cause)
        state = reaction.ends_in(row.state)
        if state is not row.state:
            row = replace(row, state=state, version=row.version + 1)
            self._acceptances[row.id] = self.acceptances[row.id] = row
            if state in (AcceptanceState.LAPSED, AcceptanceState.ENDED):
                self.events.append(outgoing.acceptance_ended(row, cause.value, at))
        if reaction.prompt is Prompt.OPEN:
            self._ask(row, cause.value, at)
        elif reaction.prompt is not Prompt.NONE:
            self._close(row.id, _PROMPTED[reaction.prompt])
        if reaction.suspend:
            self._suspend(row, cause.value, at, because)

    def _project(self, envelope: Envelope, index: int) -> None:
        if (id_ := subject(envelope, "cred")) is not None:
            held = self.credentials.get(id_) or self._known.credentials.get(id_)
            after = credential_after(held, envelope, index)
            if after is not None and after is not held:
                self.credentials[id_] = after
        if (id_ := subject(envelope, "cons")) is not None:
            granted = self.consents.get(id_) or self._known.consents.get(id_)
            then = consent_after(granted, envelope, index)
            if then is not None and then is not granted:
                self.consents[id_] = then

    def _changed(self, envelope: Envelope, index: int) -> None:
        credential, cause = subject(envelope, "cred"), _cause(envelope)
        accepted = [
            row
            for row in self._acceptances.values()
            if row.credential == credential
            and row.issuer == text(envelope, "issuer")
            and row.state is not AcceptanceState.ENDED
        ]
        if cause is None:
            return
        endorsement = subject(envelope, "endo")
        because = None if endorsement is None else EndorsementId(endorsement)
        newest = {row.verifier: row for row in sorted(accepted, key=lambda row: row.accepted_at)}
        for verifier, row in sorted(newest.items()):
            self._tell(envelope, index, verifier, acceptance=row.id, endorsement=because)
        for row in accepted:
            told, so = self._assessed(row, cause, text(envelope, "newTotalBand"))
            self.apply(told, so, at=envelope.at, because=because)

    def _assessed(
        self, row: Acceptance, cause: Effect | Cause, band: str | None
    ) -> tuple[Acceptance, Effect | Cause]:
        """A reduction whose band the consent lets us read is held against the threshold."""
        low = lowest(band) if row.band_agreed else None
        verification = self._known.verifications.get(row.verification)
        if cause is Effect.RESTORED:
            return self._note_band(row, None), cause
        if cause is not Effect.REDUCED or low is None or verification is None:
            return row, cause
        row = self._note_band(row, low)
        siblings = [*self._known.beside, *self._acceptances.values()]
        bands: dict[str, int] = {
            one.credential: one.reduced_to
            for one in siblings
            if one.verification == row.verification and one.reduced_to is not None
        }
        enough = still_enough(verification.proofs, bands, verification.needed)
        return row, Cause.REDUCED_WITHIN if enough else Cause.REDUCED_BELOW

    def _note_band(self, row: Acceptance, low: int | None) -> Acceptance:
        if row.reduced_to != low:
            row = replace(row, reduced_to=low)
            self._acceptances[row.id] = self.acceptances[row.id] = row
        return row

    def _consent_withdrawn(self, envelope: Envelope) -> None:
        consent = subject(envelope, "cons")
        held = None if consent is None else self.consents.get(consent)
        if held is None or not held.withdrawn:
            return
        for row in [row for row in self._acceptances.values() if row.consent == consent]:
            self.apply(row, Cause.CONSENT_WITHDRAWN, at=envelope.at)

    def _tell_own(self, envelope: Envelope, index: int) -> None:
        acceptance = subject(envelope, "accp")
        told = None if acceptance is None else AcceptanceId(acceptance)
        if envelope.kind in FEED_OF_VERIFIER and envelope.institutions:
            self._tell(envelope, index, envelope.institutions[0], acceptance=told)
        if (holder := subject(envelope, "hold")) is not None:
            self._tell(envelope, index, holder, acceptance=told)

    def _tell(
        self,
        envelope: Envelope,
        index: int,
        audience: str,
        *,
        acceptance: AcceptanceId | None = None,
        endorsement: EndorsementId | None = None,
    ) -> None:
        credential, supplement = subject(envelope, "cred"), subject(envelope, "supp")
        known = None if credential is None else self._credential(credential)
        holder = subject(envelope, "hold")
        self.changes.append(
            Change(
                id=f"{audience}.{index}",
                audience=audience,
                holder=None if holder is None else HolderId(holder),
                index=index,
                kind=envelope.kind,
                at=envelope.at,
                credential=None if credential is None else CredentialId(credential),
                effect=text(envelope, "effect"),
                state=None if known is None else known.status.value,
                endorsement=endorsement,
                acceptance=acceptance,
                permission=self._permission(envelope, acceptance),
                supplement=None if supplement is None else SupplementId(supplement),
            )
        )

    def _credential(self, id_: str) -> CredentialOnLog | None:
        return self.credentials.get(id_) or self._known.credentials.get(id_)

    def _permission(
        self, envelope: Envelope, acceptance: AcceptanceId | None
    ) -> PermissionId | None:
        named = subject(envelope, "perm")
        if named is not None:
            return PermissionId(named)
        relying = (row.id for row in self._permissions.values() if acceptance in row.acceptances)
        return next(relying, None)

    def _ask(self, row: Acceptance, reason: str, at: datetime) -> None:
        supplement = Supplement(
            id=SupplementId(derived_id("supp", row.id, str(row.version))),
            verifier=row.verifier,
            holder=row.holder,
            credential=row.credential,
            acceptance=row.id,
            reason=reason,
            requested_at=at,
            due_at=self._due(at),
            state=SupplementState.OPEN,
            version=1,
        )
        self._supplements[row.id] = self.supplements[supplement.id] = supplement
        self.events.append(outgoing.supplement_requested(supplement))

    def _close(self, acceptance: AcceptanceId, state: SupplementState) -> None:
        held = self._supplements.get(acceptance)
        if held is None or held.state is not SupplementState.OPEN:
            return
        closed = replace(held, state=move(SUPPLEMENT, held.state, state), version=held.version + 1)
        self._supplements[acceptance] = self.supplements[closed.id] = closed

    def _suspend(
        self, row: Acceptance, reason: str, at: datetime, because: EndorsementId | None
    ) -> None:
        for held in list(self._permissions.values()):
            if row.id not in held.acceptances or held.state is not PermissionState.GRANTED:
                continue
            suspended = replace(
                held,
                state=move(PERMISSION, held.state, PermissionState.SUSPENDED),
                suspended_by=because,
                suspended_reason=reason,
                changed_at=at,
                version=held.version + 1,
                reacted_at=None if because is None else self._now,
            )
            self._permissions[held.id] = self.permissions[held.id] = suspended
            self.events.append(outgoing.permission_changed(suspended, row.credential))


def _cause(envelope: Envelope) -> Effect | Cause | None:
    if envelope.kind in _ENDED_BY_ITSELF:
        return Cause(envelope.kind)
    effect = text(envelope, "effect")
    return Effect(effect) if effect in set(Effect) else None
