"""Institutions and their entries in the public trust register."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Self

import strawberry

from subgraphs.audit import loaders
from subgraphs.audit.parts import Parts
from subgraphs.audit.schema.proofs import ChainProof, anchor_proof
from subgraphs.kit.context import Info
from subgraphs.kit.fields import resolved
from subgraphs.kit.ids import InstitutionId
from subgraphs.kit.institutions import KIND, InstitutionFacts, InstitutionRow, facts
from subgraphs.kit.nodes import Representation, entity
from subgraphs.kit.scalars import DID


@strawberry.type(description="An institution's entry in the public trust register (信任登记).")
class TrustRegistration:
    row: strawberry.Private[InstitutionRow]

    id: strawberry.ID = strawberry.field(description="The institution's id (机构标识).")
    did: DID = strawberry.field(description="Its decentralised identifier (机构标识符).")
    public_key_multibase: str = strawberry.field(description="Its signing key (公钥).")
    roles: list[str] = strawberry.field(description="What it may do in the network (角色).")
    participation: str = strawberry.field(description="How far it takes part (参与状态).")
    since: datetime = strawberry.field(description="When it was registered (登记时间).")
    sequence: int = strawberry.field(description="Where the log says so (序号).")

    @resolved("The institution (机构).")
    def institution(self) -> Institution | None:
        return Institution.of(self.row)

    @resolved("Proof that the registration stands on the log (存证证明).")
    async def chain_proof(self, info: Info[Parts]) -> ChainProof | None:
        return await anchor_proof(info, KIND, self.row.id)

    @classmethod
    def of(cls, row: InstitutionRow) -> Self:
        return cls(
            row=row,
            id=strawberry.ID(row.id),
            did=DID(row.did),
            public_key_multibase=row.public_key_multibase,
            roles=list(row.roles),
            participation=row.participation,
            since=row.since,
            sequence=row.index,
        )


@entity("Institution")
class Institution(InstitutionFacts):
    did: DID | None = strawberry.field(
        default=None, description="Its decentralised identifier (机构标识符)."
    )
    trust_registration: TrustRegistration | None = strawberry.field(
        default=None, description="Its entry in the public trust register (信任登记)."
    )

    @classmethod
    async def resolve_references(
        cls, info: Info[Parts], references: Sequence[Representation], /
    ) -> Sequence[Self | None]:
        ids = [InstitutionId(str(one["id"])) for one in references]
        found = await info.context.parts.institutions.find(ids)
        return [cls.of(found[one]) if one in found else cls(id=strawberry.ID(one)) for one in ids]

    @classmethod
    def of(cls, row: InstitutionRow) -> Self:
        return cls(
            id=strawberry.ID(row.id),
            **facts(row),
            did=DID(row.did),
            trust_registration=TrustRegistration.of(row),
        )


async def institution(info: Info[Parts], institution_id: str) -> Institution:
    """An institution by id, batched over the request; unknown to the register it is a bare id."""
    row = await loaders.institution(info, institution_id)
    return Institution.of(row) if row else Institution(id=strawberry.ID(institution_id))
