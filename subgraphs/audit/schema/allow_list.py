"""Allow-lists: the regulator sets them, the institution reads its own, gateways read all."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self, TypeAlias

import strawberry
from strawberry import federation

from subgraphs.audit import policy
from subgraphs.audit.allow_list import read_networks, set_allow_list
from subgraphs.audit.kept import allow_lists as records
from subgraphs.audit.parts import Parts
from subgraphs.audit.schema.mutation import once, written
from subgraphs.kit.context import Info
from subgraphs.kit.fields import mutation, resolved, unlisted_field
from subgraphs.kit.mongo import Session
from subgraphs.kit.types import (
    INPUT,
    Forbidden,
    MutationInput,
    NotFound,
    TryAgain,
    ValidationFailed,
)


@strawberry.type(description="A network from which an institution comes (网段).")
class AllowedNetwork:
    network: str = strawberry.field(description="In CIDR notation (网段).")
    bastion: bool = strawberry.field(description="Whether staff come from here (堡垒机).")


@strawberry.type(description="The networks from which an institution may come (访问白名单).")
class AllowList:
    version: int | None = strawberry.field(description="How often it was changed (版本).")
    changed_at: datetime | None = strawberry.field(description="When last (变更时间).")
    networks: list[AllowedNetwork] | None = strawberry.field(description="They (网段列表).")

    @classmethod
    def of(cls, row: records.AllowList) -> Self:
        return cls(version=row.version, changed_at=row.changed_at, networks=_shown(row))


@federation.type(
    inaccessible=True, description="An institution's allow-list, as gateways keep it (白名单)."
)
class PerimeterEntry:
    institution_id: strawberry.ID = strawberry.field(description="Whose it is (机构标识).")
    networks: list[AllowedNetwork] = strawberry.field(description="Its networks (网段列表).")


@strawberry.input(description="A network of an allow-list (网段).")
class AllowedNetworkInput:
    network: str = strawberry.field(description="Like 10.1.0.0/16 or 2001:db8::/32 (网段).")
    bastion: bool = strawberry.field(
        default=False, description="Whether staff come from here (堡垒机)."
    )


@strawberry.input(description="An institution's networks, all of them (设置白名单).")
class SetAllowListInput(MutationInput):
    institution_id: strawberry.ID = strawberry.field(description="Whose (机构标识).")
    expected_version: int = strawberry.field(
        description="The version it takes the place of; 0 where there is none (原版本)."
    )
    networks: list[AllowedNetworkInput] = strawberry.field(
        description="From where it may come; none: from nowhere (网段列表)."
    )


@strawberry.type(description="The list holds; gateways follow within seconds (白名单已变更).")
class SetAllowListSuccess:
    allow_list: AllowList = strawberry.field(description="It (白名单).")


SetAllowListResult: TypeAlias = Annotated[
    SetAllowListSuccess | ValidationFailed | NotFound | Forbidden | TryAgain,
    strawberry.union("SetAllowListResult", description="What setting it led to (结果)."),
]


@strawberry.type
class Gatekeeping:
    @mutation("Say from which networks an institution may come, stepped up to (设置白名单).")
    async def set_allow_list(
        self, info: Info[Parts], input_: Annotated[SetAllowListInput, INPUT]
    ) -> SetAllowListResult:
        parts, viewer = info.context.parts, info.context.viewer
        policy.require_role(viewer, *policy.GATEKEEPERS)
        networks = read_networks([(one.network, one.bastion) for one in input_.networks])

        async def work(session: Session) -> str:
            row = await set_allow_list(
                parts,
                viewer,
                institution=input_.institution_id,
                version=input_.expected_version,
                networks=networks,
                session=session,
            )
            return row.institution

        arguments = [input_.institution_id, input_.expected_version, repr(networks)]
        made = await once(info, input_.client_mutation_id, arguments, work)
        row = written(await parts.allow_lists.get(made), made)
        return SetAllowListSuccess(allow_list=AllowList.of(row))


@strawberry.type
class Perimeter:
    @resolved("From where an institution may come, for itself and the regulator (访问白名单).")
    async def allow_list(
        self,
        info: Info[Parts],
        institution_id: Annotated[
            strawberry.ID, strawberry.argument(description="The institution (机构标识).")
        ],
    ) -> AllowList | None:
        if not policy.sees_allow_list(info.context.viewer, institution_id):
            return None
        row = await info.context.parts.allow_lists.get(institution_id)
        return None if row is None else AllowList.of(row)

    @unlisted_field("Every allow-list; for gateways only (全部白名单).")
    async def perimeter(self, info: Info[Parts]) -> list[PerimeterEntry] | None:
        info.context.viewer.require_gateway()
        return [
            PerimeterEntry(institution_id=strawberry.ID(row.institution), networks=_shown(row))
            for row in await info.context.parts.allow_lists.all()
        ]


def _shown(row: records.AllowList) -> list[AllowedNetwork]:
    return [AllowedNetwork(network=one.network, bastion=one.bastion) for one in row.networks]
