"""What this subgraph adds to entities it does not own.

An instance answers for any id: whether there is one is the owner's to say. Where a proof was shown
is for the holder, for each verifier its own part, and for the regulator; never for an issuer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import strawberry

from subgraphs.kit.context import Info
from subgraphs.kit.errors import Forbidden
from subgraphs.kit.fields import listed
from subgraphs.kit.nodes import Representation, entity
from subgraphs.kit.paging import After, Connection, First
from subgraphs.kit.types import Node
from subgraphs.kit.viewer import Role
from subgraphs.verifier.loaders import loaders
from subgraphs.verifier.parts import Parts
from subgraphs.verifier.policy import own_rows
from subgraphs.verifier.records import Change
from subgraphs.verifier.schema import lists
from subgraphs.verifier.schema.acceptance import (
    Acceptance,
    BusinessPermission,
    SupplementRequest,
)
from subgraphs.verifier.schema.decision import Qualification
from subgraphs.verifier.schema.lists import Listed, each
from subgraphs.verifier.schema.presentation import Presentation

_IN_FEED: Final = {"verifier": "audience"}


@entity("Holder")
class Holder(Node):
    @listed("Decisions whether she meets a rule set (认定).")
    async def qualifications(
        self, info: Info[Parts], first: First = 20, after: After = None
    ) -> Connection[Qualification] | None:
        listing = Listed(
            source="qualifications",
            table=info.context.parts.store.qualifications,
            order=lists.DECIDED,
            nodes=each(Qualification.of),
        )
        return await listing.page(info, self._mine(info), first, after)

    @listed("What she may do at verifiers (业务权限).")
    async def permissions(
        self, info: Info[Parts], first: First = 20, after: After = None
    ) -> Connection[BusinessPermission] | None:
        listing = Listed(
            source="permissions",
            table=info.context.parts.store.permissions,
            order=lists.CHANGED,
            nodes=each(BusinessPermission.of),
        )
        return await listing.page(info, self._mine(info), first, after)

    @listed("What verifiers ask her to supplement (待办).")
    async def tasks(
        self, info: Info[Parts], first: First = 20, after: After = None
    ) -> Connection[SupplementRequest] | None:
        listing = Listed(
            source="tasks",
            table=info.context.parts.store.supplements,
            order=lists.REQUESTED,
            nodes=each(SupplementRequest.of),
        )
        return await listing.page(info, self._mine(info), first, after)

    def _mine(self, info: Info[Parts]) -> dict[str, str]:
        viewer = info.context.viewer
        if viewer.role is Role.HOLDER and str(viewer.holder) != str(self.id):
            raise Forbidden
        return own_rows(viewer) | {"holder": str(self.id)}

    @classmethod
    async def resolve_references(
        cls, info: Info[Parts], references: Sequence[Representation], /
    ) -> list[Holder]:
        del info  # any id is answered
        return [cls(id=strawberry.ID(str(reference["id"]))) for reference in references]


@entity("Credential")
class Credential(Node):
    @listed("Where it was shown (出示记录).")
    async def presentations(
        self, info: Info[Parts], first: First = 20, after: After = None
    ) -> Connection[Presentation] | None:
        listing = Listed(
            source="presentations",
            table=info.context.parts.store.presentations,
            order=lists.SUBMITTED,
            nodes=each(Presentation.of),
        )
        where = own_rows(info.context.viewer) | {"shown.credential": str(self.id)}
        return await listing.page(info, where, first, after)

    @listed("Who relies on it (采信记录).")
    async def acceptances(
        self, info: Info[Parts], first: First = 20, after: After = None
    ) -> Connection[Acceptance] | None:
        where = own_rows(info.context.viewer) | {"credential": str(self.id)}
        return await accepted(info, where, first, after)

    @classmethod
    async def resolve_references(
        cls, info: Info[Parts], references: Sequence[Representation], /
    ) -> list[Credential]:
        del info  # any id is answered
        return [cls(id=strawberry.ID(str(reference["id"]))) for reference in references]


@entity("Endorsement")
class Endorsement(Node):
    @listed("The accepted credentials it touched (影响).")
    async def impacts(
        self, info: Info[Parts], first: First = 20, after: After = None
    ) -> Connection[Acceptance] | None:
        async def touched(changes: Sequence[Change]) -> list[Acceptance | None]:
            ids = [str(change.acceptance) for change in changes]
            rows = await loaders(info.context).acceptances.load_many(ids)
            return [None if row is None else Acceptance.of(row) for row in rows]

        mine = own_rows(info.context.viewer)
        where = {_IN_FEED.get(name, name): value for name, value in mine.items()}
        listing = Listed(
            source="impacts",
            table=info.context.parts.store.feed,
            order=lists.TOLD,
            nodes=touched,
        )
        return await listing.page(info, where | {"endorsement": str(self.id)}, first, after)

    @classmethod
    async def resolve_references(
        cls, info: Info[Parts], references: Sequence[Representation], /
    ) -> list[Endorsement]:
        del info  # any id is answered
        return [cls(id=strawberry.ID(str(reference["id"]))) for reference in references]


async def accepted(
    info: Info[Parts], where: dict[str, str], first: int, after: str | None
) -> Connection[Acceptance]:
    """A list of acceptances, newest first."""
    listing = Listed(
        source="acceptances",
        table=info.context.parts.store.acceptances,
        order=lists.ACCEPTED,
        nodes=each(Acceptance.of),
    )
    return await listing.page(info, where, first, after)
