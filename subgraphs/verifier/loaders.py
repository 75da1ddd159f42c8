"""Rows by id for one request, batched, and only those its viewer may see.

Laws: one query a table and batch; a row the viewer may not see is as absent as an unknown id.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeVar

from strawberry.dataloader import DataLoader

from subgraphs.kit.context import RequestContext
from subgraphs.kit.ids import HolderId, InstitutionId
from subgraphs.kit.institutions import InstitutionRow
from subgraphs.kit.viewer import Viewer
from subgraphs.verifier import records
from subgraphs.verifier.decide import Decision
from subgraphs.verifier.parts import Parts
from subgraphs.verifier.policy import may_see
from subgraphs.verifier.table import Table

_NAME = "verifier"


class Owned(Protocol):
    """A row that belongs to one verifier and concerns one holder."""

    @property
    def verifier(self) -> InstitutionId: ...
    @property
    def holder(self) -> HolderId: ...


OwnedT = TypeVar("OwnedT", bound=Owned)


def visible(viewer: Viewer, row: OwnedT | None) -> OwnedT | None:
    """The row for those who may see it."""
    seen = row is not None and may_see(viewer, verifier=row.verifier, holder=row.holder)
    return row if seen else None


class Loaders:
    """All loaders of one request."""

    def __init__(self, parts: Parts, viewer: Viewer) -> None:
        self._parts, self._viewer = parts, viewer
        store = parts.store
        self.requests = self._owned(store.requests)
        self.presentations = self._owned(store.presentations)
        self.verifications = self._owned(store.verifications)
        self.acceptances = self._owned(store.acceptances)
        self.qualifications = self._owned(store.qualifications)
        self.permissions = self._owned(store.permissions)
        self.supplements = self._owned(store.supplements)
        self.credentials = DataLoader(load_fn=self._credentials)
        self.institutions = DataLoader(load_fn=self._institutions)
        self.permission_of = DataLoader(load_fn=self._permissions_relying)
        self.supplement_of = DataLoader(load_fn=self._supplements_open)

    def take(self, presentation: records.Presentation, decision: Decision) -> None:
        """Rows that this request's own viewer has just written."""
        self.presentations.prime(presentation.id, presentation, force=True)
        made, found = decision.verification, decision.qualification
        self.verifications.prime(made.id, made, force=True)
        if found is not None:
            self.qualifications.prime(found.id, found, force=True)
        self.acceptances.prime_many({row.id: row for row in decision.acceptances}, force=True)

    def _owned(self, table: Table[OwnedT]) -> DataLoader[str, OwnedT | None]:
        async def load(ids: list[str]) -> Sequence[OwnedT | None]:
            found = await table.find(ids, seen=self._may_see)
            return [found.get(id_) for id_ in ids]

        return DataLoader(load_fn=load)

    def _may_see(self, row: Mapping[str, Any]) -> bool:
        return may_see(self._viewer, verifier=row["verifier"], holder=row.get("holder"))

    async def _credentials(self, ids: list[str]) -> Sequence[records.CredentialOnLog | None]:
        """Status on the log; only asked for rows that were seen already."""
        found = await self._parts.store.credentials.find(ids)
        return [found.get(id_) for id_ in ids]

    async def _institutions(self, ids: list[InstitutionId]) -> Sequence[InstitutionRow | None]:
        found = await self._parts.institutions.find(ids)
        return [found.get(id_) for id_ in ids]

    async def _permissions_relying(self, ids: list[str]) -> Sequence[records.Permission | None]:
        """The permission that rests on an acceptance."""
        rows = await self._parts.store.relying(ids)
        found = {acceptance: row for row in rows for acceptance in row.acceptances}
        return [visible(self._viewer, found.get(records.AcceptanceId(id_))) for id_ in ids]

    async def _supplements_open(self, ids: list[str]) -> Sequence[records.Supplement | None]:
        """The open request for further proof on an acceptance."""
        found = {row.acceptance: row for row in await self._parts.store.open_on(ids)}
        return [visible(self._viewer, found.get(records.AcceptanceId(id_))) for id_ in ids]


def loaders(context: RequestContext[Parts]) -> Loaders:
    """The request's own, made when first asked for."""
    held: Loaders | None = context.loaders.get(_NAME)
    if held is None:
        held = context.loaders[_NAME] = Loaders(context.parts, context.viewer)
    return held


def forget(context: RequestContext[Parts]) -> None:
    """Each event of a subscription sees the rows as they are then."""
    context.loaders.pop(_NAME, None)
