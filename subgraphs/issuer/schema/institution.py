"""Institutions as the issuer owns them: the trust register's facts, public."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from enum import Enum
from typing import Self

import strawberry
from strawberry.dataloader import DataLoader

from subgraphs.issuer import policy
from subgraphs.issuer.parts import Parts
from subgraphs.kit import standing
from subgraphs.kit.context import Info
from subgraphs.kit.errors import Forbidden
from subgraphs.kit.fields import resolved
from subgraphs.kit.ids import InstitutionId
from subgraphs.kit.institutions import InstitutionFacts, InstitutionRow, facts
from subgraphs.kit.nodes import Representation, entity
from subgraphs.kit.standing import LicenceKind, Participation
from subgraphs.kit.types import worded


@worded(
    "What an institution does in the network (机构角色).",
    ISSUER="Issues asset proofs (发证方).",
    VERIFIER="Accepts asset proofs (用证方).",
    IDENTITY_PROVIDER="Keeps root DIDs unique (身份服务方).",
    CLOUD_OPERATOR="Keeps custody copies and runs nodes (云服务方).",
    REGULATOR="Supervises (监管机构).",
    LEAD="Leads the project: decides who takes part (牵头机构).",
)
class InstitutionRole(Enum):
    ISSUER = "ISSUER"
    VERIFIER = "VERIFIER"
    IDENTITY_PROVIDER = "IDENTITY_PROVIDER"
    CLOUD_OPERATOR = "CLOUD_OPERATOR"
    REGULATOR = "REGULATOR"
    LEAD = "LEAD"


worded(
    "How far an institution takes part (参与状态).",
    CANDIDATE="Applied (申请中).",
    ADMITTED="Admitted, not yet active (已准入).",
    ACTIVE="Takes part (参与中).",
    SUSPENDED="Issues and verifies nothing for now (已暂停).",
    EXITING="On its way out (退出中).",
    EXITED="Left; what it issued stays verifiable (已退出).",
)(Participation)
worded(
    "What a licence allows (许可证种类).",
    SECURITIES_AND_FUTURES="Securities and futures business (经营证券期货业务许可证).",
    BANKING="Banking and trusts (金融许可证).",
    INSURANCE="Insurance (保险许可证).",
)(LicenceKind)


@strawberry.type(description="A licence that an institution issues and verifies by (许可证).")
class Licence:
    kind: LicenceKind = strawberry.field(description="What it allows (种类).")
    number: str = strawberry.field(description="Its number (编号).")
    valid_from: date = strawberry.field(description="The first day it holds (生效日).")
    valid_until: date | None = strawberry.field(
        description="The last day it holds; null: until it is taken back (失效日)."
    )


@strawberry.type(description="How an issuer keeps up with looking again (复核情况).")
class RecheckStatus:
    watched: int | None = strawberry.field(
        description="Credentials in force that are looked at again, at most 10 000 (复核中凭证数)."
    )
    overdue: int | None = strawberry.field(
        description="Those whose look is overdue, at most 10 000 (逾期数)."
    )
    next_due_at: datetime | None = strawberry.field(
        description="By when the first of them is due, or was; null for none (最早期限)."
    )


@entity("Institution", keys=("id", "uscc"))
class Institution(InstitutionFacts):
    roles: list[InstitutionRole] | None = strawberry.field(
        default=None, description="Its roles, several at once (机构角色)."
    )
    participation: Participation | None = strawberry.field(
        default=None, description="How far it takes part (参与状态)."
    )
    licences: list[Licence] | None = strawberry.field(
        default=None, description="Its licences, as the register has them (许可证)."
    )
    frozen_businesses: list[str] | None = strawberry.field(
        default=None,
        description="Those it has left for good: ASSET_PROOF, or names of rule sets (已冻结业务).",
    )

    @resolved("How it keeps up with looking again, as an issuer (复核情况).")
    async def rechecks(self, info: Info[Parts]) -> RecheckStatus | None:
        parts, own = info.context.parts, InstitutionId(self.id)
        if not policy.sees_rechecks(info.context.viewer, own):
            raise Forbidden
        if self.roles is None or InstitutionRole.ISSUER not in self.roles:
            return None
        found = await parts.store.rechecks(own, parts.clock())
        return RecheckStatus(
            watched=found.watched, overdue=found.overdue, next_due_at=found.next_due_at
        )

    @classmethod
    async def resolve_references(
        cls, info: Info[Parts], references: Sequence[Representation], /
    ) -> Sequence[Self | None]:
        ids = [InstitutionId(str(one["id"])) for one in references if "id" in one]
        codes = [str(one["uscc"]) for one in references if "id" not in one and "uscc" in one]
        register = info.context.parts.institutions
        by_id = await register.find(ids) if ids else {}
        by_code = await register.by_uscc(codes) if codes else {}
        rows = [
            by_id.get(InstitutionId(str(one.get("id")))) or by_code.get(str(one.get("uscc")))
            for one in references
        ]
        return [cls.of(row) if row else None for row in rows]

    @classmethod
    def of(cls, row: InstitutionRow) -> Self:
        roles = {role.value for role in InstitutionRole}
        parts = {one.value for one in Participation}
        return cls(
            id=strawberry.ID(row.id),
            **facts(row),
            roles=[InstitutionRole(role) for role in row.roles if role in roles],
            participation=Participation(row.participation) if row.participation in parts else None,
            licences=None if row.licences is None else [*map(_licence, row.licences)],
            frozen_businesses=sorted(row.frozen),
        )


def _licence(one: standing.Licence) -> Licence:
    return Licence(
        kind=LicenceKind(one.kind), number=one.number, valid_from=one.first, valid_until=one.last
    )


async def institution(info: Info[Parts], institution_id: InstitutionId) -> Institution:
    """An institution by id, batched over the request; unknown to the register it is a bare id."""
    loader = info.context.loaders.get("institutions")
    if loader is None:
        loader = info.context.loaders["institutions"] = _loader(info.context.parts)
    row: InstitutionRow | None = await loader.load(institution_id)
    return Institution.of(row) if row else Institution(id=strawberry.ID(institution_id))


def _loader(parts: Parts) -> DataLoader[InstitutionId, InstitutionRow | None]:
    async def load(ids: list[InstitutionId]) -> list[InstitutionRow | None]:
        found = await parts.institutions.find(ids)
        return [found.get(one) for one in ids]

    return DataLoader(load_fn=load)
