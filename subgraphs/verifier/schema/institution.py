"""Institutions: the shared facts, and how closely a verifier listens."""

from __future__ import annotations

from collections.abc import Sequence

import strawberry

from subgraphs.kit.context import Info
from subgraphs.kit.errors import Forbidden
from subgraphs.kit.fields import resolved
from subgraphs.kit.ids import InstitutionId
from subgraphs.kit.institutions import InstitutionFacts, InstitutionRow, facts
from subgraphs.kit.nodes import Representation, entity
from subgraphs.verifier.loaders import loaders
from subgraphs.verifier.parts import Parts
from subgraphs.verifier.policy import may_see_listener
from subgraphs.verifier.schema.values import ListenerStatus


@entity("Institution")
class Institution(InstitutionFacts):
    @resolved("How closely it listens to the log, as a verifier (侦听).")
    async def listener(self, info: Info[Parts]) -> ListenerStatus | None:
        context = info.context
        if not may_see_listener(context.viewer, InstitutionId(self.id)):
            raise Forbidden
        row = await loaders(context).institutions.load(InstitutionId(self.id))
        if row is None or "VERIFIER" not in row.roles:
            return None
        follower = context.parts.follower
        return ListenerStatus(
            lag=await follower.lag(),
            last_acked_sequence=follower.applied,
            reaction_time=await context.parts.store.reaction_time(InstitutionId(self.id)),
        )

    @classmethod
    def of(cls, row: InstitutionRow) -> Institution:
        return cls(id=strawberry.ID(row.id), **facts(row))

    @classmethod
    async def resolve_references(
        cls, info: Info[Parts], references: Sequence[Representation], /
    ) -> list[Institution | None]:
        return await institutions(info, [str(reference["id"]) for reference in references])


async def institutions(info: Info[Parts], ids: list[str]) -> list[Institution | None]:
    rows = await loaders(info.context).institutions.load_many([InstitutionId(i) for i in ids])
    return [
        Institution(id=strawberry.ID(id_)) if row is None else Institution.of(row)
        for id_, row in zip(ids, rows, strict=True)
    ]


async def institution(info: Info[Parts], id_: str | None) -> Institution | None:
    return None if id_ is None else (await institutions(info, [id_]))[0]
