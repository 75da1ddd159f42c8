"""How the lead institution decides who takes part: inputs, answers and mutations."""

from __future__ import annotations

from datetime import date
from typing import Annotated, TypeAlias

import strawberry

from subgraphs.issuer.desk import participation
from subgraphs.issuer.parts import Parts
from subgraphs.issuer.schema.institution import Institution
from subgraphs.kit.context import Info
from subgraphs.kit.fields import mutation
from subgraphs.kit.ids import USCC, InstitutionId
from subgraphs.kit.standing import Licence
from subgraphs.kit.types import (
    INPUT,
    Forbidden,
    InvalidTransitionError,
    MutationInput,
    NotFound,
    TryAgain,
    ValidationFailed,
)


@strawberry.input(description="Put an applicant on the trust register (登记申请机构).")
class RegisterInstitutionInput(MutationInput):
    uscc: USCC = strawberry.field(description="Unified social credit code (统一社会信用代码).")
    name: str = strawberry.field(description="Registered name (机构名称).")
    kind: str = strawberry.field(description="What kind of institution it is (机构类型).")
    roles: list[str] = strawberry.field(description="ISSUER, VERIFIER or both (角色).")
    public_key_multibase: str = strawberry.field(description="The key it signs with (公钥).")


@strawberry.input(description="One step of an institution's participation (参与状态变更).")
class MoveInstitutionInput(MutationInput):
    institution_id: strawberry.ID = strawberry.field(description="The institution (机构).")
    state: str = strawberry.field(
        description="ADMITTED, ACTIVE, SUSPENDED, EXITING or EXITED (目标状态)."
    )
    reason_code: str = strawberry.field(description="Why, a code in capitals (原因代码).")


@strawberry.input(description="A licence as the institution has shown it (许可证).")
class LicenceInput:
    kind: str = strawberry.field(description="SECURITIES_AND_FUTURES, BANKING or INSURANCE (种类).")
    number: str = strawberry.field(description="Its number (编号).")
    valid_from: date = strawberry.field(description="The first day it holds (生效日).")
    valid_until: date | None = strawberry.field(
        default=None, description="The last day it holds; none: until it is taken back (失效日)."
    )


@strawberry.input(description="All licences an institution has from now on (许可证登记).")
class LicenseInstitutionInput(MutationInput):
    institution_id: strawberry.ID = strawberry.field(description="The institution (机构).")
    licences: list[LicenceInput] = strawberry.field(
        description="At most eight; one that is left out is taken back (许可证)."
    )


@strawberry.type(description="The applicant is on its way to the register (已登记).")
class RegisterInstitutionSuccess:
    institution: Institution = strawberry.field(description="The institution (机构).")


@strawberry.type(description="The step is on its way to the log (已变更).")
class MoveInstitutionSuccess:
    institution: Institution = strawberry.field(
        description="The institution, as the log has it so far (机构)."
    )


@strawberry.type(description="The licences are on their way to the log (已登记).")
class LicenseInstitutionSuccess:
    institution: Institution = strawberry.field(
        description="The institution, as the log has it so far (机构)."
    )


RegisterInstitutionResult: TypeAlias = Annotated[
    RegisterInstitutionSuccess | ValidationFailed | Forbidden | TryAgain,
    strawberry.union("RegisterInstitutionResult", description="Outcome of the entry (登记结果)."),
]
MoveInstitutionResult: TypeAlias = Annotated[
    MoveInstitutionSuccess
    | ValidationFailed
    | NotFound
    | Forbidden
    | InvalidTransitionError
    | TryAgain,
    strawberry.union("MoveInstitutionResult", description="Outcome of the step (变更结果)."),
]
LicenseInstitutionResult: TypeAlias = Annotated[
    LicenseInstitutionSuccess | ValidationFailed | NotFound | Forbidden | TryAgain,
    strawberry.union("LicenseInstitutionResult", description="Outcome of the entry (登记结果)."),
]


@strawberry.type
class Participations:
    """The mutations of the lead institution; `Mutation` inherits them."""

    @mutation("Put an applicant on the trust register, as the lead institution (登记机构).")
    async def register_institution(
        self, info: Info[Parts], input_: Annotated[RegisterInstitutionInput, INPUT]
    ) -> RegisterInstitutionResult:
        done = await participation.register_candidate(
            info.context.parts,
            info.context.viewer,
            candidate=participation.Candidate(
                uscc=input_.uscc,
                name=input_.name,
                kind=input_.kind,
                roles=tuple(input_.roles),
                public_key=input_.public_key_multibase,
            ),
            client_id=input_.client_mutation_id,
        )
        return RegisterInstitutionSuccess(institution=await _institution(info, done))

    @mutation("Admit, activate, suspend or let go, as the lead institution (参与状态变更).")
    async def move_institution(
        self, info: Info[Parts], input_: Annotated[MoveInstitutionInput, INPUT]
    ) -> MoveInstitutionResult:
        done = await participation.move_institution(
            info.context.parts,
            info.context.viewer,
            institution=input_.institution_id,
            state=input_.state,
            reason_code=input_.reason_code,
            client_id=input_.client_mutation_id,
        )
        return MoveInstitutionSuccess(institution=await _institution(info, done))

    @mutation("Tell all licences an institution has, as the lead institution (许可证登记).")
    async def license_institution(
        self, info: Info[Parts], input_: Annotated[LicenseInstitutionInput, INPUT]
    ) -> LicenseInstitutionResult:
        licences = [
            Licence(kind=one.kind, number=one.number, first=one.valid_from, last=one.valid_until)
            for one in input_.licences
        ]
        done = await participation.license_institution(
            info.context.parts,
            info.context.viewer,
            institution=input_.institution_id,
            licences=licences,
            client_id=input_.client_mutation_id,
        )
        return LicenseInstitutionSuccess(institution=await _institution(info, done))


async def _institution(info: Info[Parts], id_: InstitutionId) -> Institution:
    row = await info.context.parts.institutions.get(id_)
    return Institution.of(row) if row else Institution(id=strawberry.ID(id_))
