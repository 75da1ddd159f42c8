"""Institutions as the wallet refers to them: the shared facts, no hop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import strawberry

from subgraphs.kit.context import Info
from subgraphs.kit.ids import InstitutionId
from subgraphs.kit.institutions import InstitutionFacts, InstitutionRow, facts
from subgraphs.kit.nodes import Representation, entity
from subgraphs.wallet.loaders import loaders
from subgraphs.wallet.parts import Parts


@entity("Institution")
class Institution(InstitutionFacts):
    @classmethod
    async def resolve_references(
        cls, info: Info[Parts], references: Sequence[Representation], /
    ) -> Sequence[Self]:
        ids = [InstitutionId(str(one["id"])) for one in references]
        rows = await loaders(info.context).institutions.load_many(ids)
        return [cls.of(id_, row) for id_, row in zip(ids, rows, strict=True)]

    @classmethod
    def of(cls, id_: InstitutionId, row: InstitutionRow | None) -> Self:
        return cls(id=strawberry.ID(id_), **facts(row))
