"""Exits as GraphQL: the plan, the steps, who may do what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import Annotated, Self, TypeAlias

import strawberry

from subgraphs.audit import policy
from subgraphs.audit.exit import steps
from subgraphs.audit.kept import exits as records
from subgraphs.audit.kept.exit_store import BY_ID
from subgraphs.audit.parts import Parts
from subgraphs.audit.schema.institution import Institution, institution
from subgraphs.audit.schema.mutation import once, written
from subgraphs.audit.schema.proofs import ChainProof, anchor_proof
from subgraphs.audit.states import ExitScope, ExitState, ExitTrigger
from subgraphs.kit.context import Info
from subgraphs.kit.cursor import CursorScope
from subgraphs.kit.fields import listed, mutation, resolved
from subgraphs.kit.ids import is_id
from subgraphs.kit.mongo import Session
from subgraphs.kit.nodes import Representation, entity
from subgraphs.kit.paging import After, Connection, First, connection, window
from subgraphs.kit.scalars import Hash
from subgraphs.kit.types import (
    INPUT,
    Forbidden,
    InvalidTransitionError,
    MutationInput,
    Node,
    NotFound,
    TryAgain,
    ValidationFailed,
    worded,
)


@worded(
    "What who leaves, or is left, can do instead (替代方式).",
    EXPORT_MY_DATA="Take along all that the wallet holds, with its proofs (导出数据).",
    PAPER_PROOF="Show assets on paper, to any institution (纸质证明).",
    COMPLAINT="Complain, by each institution's channels (投诉).",
)
class ExitAlternative(Enum):
    EXPORT_MY_DATA = "EXPORT_MY_DATA"
    PAPER_PROOF = "PAPER_PROOF"
    COMPLAINT = "COMPLAINT"


@strawberry.type(description="A step of the plan of an exit (退出步骤).")
class ExitStep:
    state: ExitState = strawberry.field(description="The state it leads to (步骤).")
    due_at: datetime = strawberry.field(description="By when (期限).")
    done_at: datetime | None = strawberry.field(description="When it was taken (完成时间).")
    evidence: Hash | None = strawberry.field(description="Digest of what shows it (证据摘要).")
    sequence: int | None = strawberry.field(description="Where the log shows it (序号).")


@entity("ExitCase")
class ExitCase(Node):
    row: strawberry.Private[records.ExitCase | None] = None

    state: ExitState | None = strawberry.field(
        default=None, description="How far it has come (状态)."
    )
    scope: ExitScope | None = strawberry.field(default=None, description="Who leaves (范围).")
    trigger: ExitTrigger | None = strawberry.field(default=None, description="Why (原因).")
    business: str | None = strawberry.field(
        default=None, description="What an institution leaves, where it is not all (退出业务)."
    )
    opened_at: datetime | None = strawberry.field(
        default=None, description="When it began (发起时间)."
    )
    steps: list[ExitStep] | None = strawberry.field(
        default=None, description="The plan, every step with its date (计划)."
    )
    alternatives: list[ExitAlternative] | None = strawberry.field(
        default=None, description="What can be done instead (替代方式)."
    )

    @resolved("Whether its next step is late (是否逾期).")
    def overdue(self, info: Info[Parts]) -> bool | None:
        if self.row is None:
            return None
        now = info.context.parts.clock()
        return any(one.done_at is None and now >= one.due_at for one in self.row.steps)

    @resolved("The institution that leaves; null where it is none (退出机构).")
    async def institution(self, info: Info[Parts]) -> Institution | None:
        if self.row is None or not is_id(self.row.owner, "inst"):
            return None
        return await institution(info, self.row.owner)

    @resolved("Proof of its last step on the log (存证证明).")
    async def chain_proof(self, info: Info[Parts]) -> ChainProof | None:
        return None if self.row is None else await anchor_proof(info, "EXIT_MOVED", self.row.id)

    @classmethod
    async def resolve_references(
        cls, info: Info[Parts], references: Sequence[Representation], /
    ) -> Sequence[Self | None]:
        ids = [str(one.get("id")) for one in references]
        found = await info.context.parts.exits.find(ids)
        viewer = info.context.viewer
        return [
            cls.of(found[one])
            if one in found and policy.sees_exit(viewer, found[one])
            else cls(id=strawberry.ID(one))
            for one in ids
        ]

    @classmethod
    def of(cls, row: records.ExitCase) -> Self:
        return cls(
            id=strawberry.ID(row.id),
            row=row,
            state=row.state,
            scope=row.scope,
            trigger=row.trigger,
            business=row.business,
            opened_at=row.opened_at,
            steps=[
                ExitStep(
                    state=one.state,
                    due_at=one.due_at,
                    done_at=one.done_at,
                    evidence=None if one.evidence is None else Hash(one.evidence),
                    sequence=one.sequence,
                )
                for one in row.steps
            ],
            alternatives=list(ExitAlternative),
        )


@strawberry.input(description="The holder wants to leave (申请退出).")
class RequestUserExitInput(MutationInput):
    pass


@strawberry.input(description="An institution leaves, or the pilot ends (发起退出).")
class StartExitInput(MutationInput):
    scope: str = strawberry.field(description="PARTICIPANT, BUSINESS or PROJECT (范围).")
    trigger: str = strawberry.field(
        description="POLICY, AGREEMENT, MAJOR_RISK or, unless it is the PROJECT, WISH (原因)."
    )
    institution_id: strawberry.ID | None = strawberry.field(
        default=None, description="Which one; left out, the institution that asks (机构标识)."
    )
    business: str | None = strawberry.field(
        default=None,
        description="With BUSINESS: ASSET_PROOF, or the name of a rule set it decides by (业务).",
    )


@strawberry.input(description="An exit goes a step further (退出步骤).")
class RecordExitStepInput(MutationInput):
    exit_id: strawberry.ID = strawberry.field(description="The exit (退出标识).")
    state: str = strawberry.field(description="The state it leads to, of ExitState (步骤).")
    evidence: Hash | None = strawberry.field(
        default=None,
        description="SM3 of the copy, of what was read back, of the record (证据摘要).",
    )


@strawberry.type(description="The exit has begun (退出已发起).")
class RequestUserExitSuccess:
    exit: ExitCase = strawberry.field(description="It (退出).")


@strawberry.type(description="The exit has begun (退出已发起).")
class StartExitSuccess:
    exit: ExitCase = strawberry.field(description="It (退出).")


@strawberry.type(description="The exit is a step further (退出已推进).")
class RecordExitStepSuccess:
    exit: ExitCase = strawberry.field(description="It (退出).")


RequestUserExitResult: TypeAlias = Annotated[
    RequestUserExitSuccess | ValidationFailed | Forbidden | TryAgain,
    strawberry.union("RequestUserExitResult", description="What wanting to leave led to (结果)."),
]
StartExitResult: TypeAlias = Annotated[
    StartExitSuccess | ValidationFailed | NotFound | Forbidden | TryAgain,
    strawberry.union("StartExitResult", description="What beginning led to (结果)."),
]
RecordExitStepResult: TypeAlias = Annotated[
    RecordExitStepSuccess
    | InvalidTransitionError
    | ValidationFailed
    | NotFound
    | Forbidden
    | TryAgain,
    strawberry.union("RecordExitStepResult", description="What the step led to (结果)."),
]


@strawberry.type
class Leaving:
    @mutation("Leave the pilot as a user; the answer is the notice (用户退出).")
    async def request_user_exit(
        self, info: Info[Parts], input_: Annotated[RequestUserExitInput, INPUT]
    ) -> RequestUserExitResult:
        parts, holder = info.context.parts, info.context.viewer.require_holder()

        async def work(session: Session) -> str:
            return (await steps.request_user_exit(parts, holder, session)).id

        made = await once(info, input_.client_mutation_id, [], work)
        return RequestUserExitSuccess(exit=await _exit(info, made))

    @mutation("Begin the exit of an institution or, as the regulator, of the pilot (发起退出).")
    async def start_exit(
        self, info: Info[Parts], input_: Annotated[StartExitInput, INPUT]
    ) -> StartExitResult:
        parts, viewer = info.context.parts, info.context.viewer

        async def work(session: Session) -> str:
            row = await steps.start_exit(
                parts,
                viewer,
                leaves=input_.scope,
                why=input_.trigger,
                institution=input_.institution_id,
                business=input_.business,
                session=session,
            )
            return row.id

        arguments = [input_.scope, input_.trigger, input_.institution_id, input_.business]
        made = await once(info, input_.client_mutation_id, arguments, work)
        return StartExitSuccess(exit=await _exit(info, made))

    @mutation("Take an exit a step further, with what shows it (推进退出).")
    async def record_exit_step(
        self, info: Info[Parts], input_: Annotated[RecordExitStepInput, INPUT]
    ) -> RecordExitStepResult:
        parts, viewer = info.context.parts, info.context.viewer

        async def work(session: Session) -> str:
            row = await steps.record_step(
                parts,
                viewer,
                exit_id=input_.exit_id,
                target=input_.state,
                evidence=input_.evidence,
                session=session,
            )
            return row.id

        arguments = [input_.exit_id, input_.state, input_.evidence]
        made = await once(info, input_.client_mutation_id, arguments, work)
        return RecordExitStepSuccess(exit=await _exit(info, made))


@strawberry.type
class Exits:
    @listed("Exits that concern the viewer (退出列表).")
    async def exits(
        self, info: Info[Parts], first: First = 20, after: After = None
    ) -> Connection[ExitCase] | None:
        parts, viewer = info.context.parts, info.context.viewer
        scope = CursorScope(source="exits", scope_key=viewer.scope_key)
        asked = window(first, after, parts.sealer, scope)
        page, rows = await parts.exits.page(policy.own_exits(viewer), asked)
        nodes = [ExitCase.of(row) for row in rows]
        return connection(page, nodes, order=BY_ID, asked=asked, sealer=parts.sealer, scope=scope)


async def _exit(info: Info[Parts], id_: str) -> ExitCase:
    return ExitCase.of(written(await info.context.parts.exits.get(id_), id_))
