"""The verifier's root fields for reading."""

from __future__ import annotations

from typing import Annotated

import strawberry

from subgraphs.kit.context import Info
from subgraphs.kit.errors import NotFound
from subgraphs.kit.fields import listed, resolved
from subgraphs.kit.paging import After, Connection, First
from subgraphs.kit.viewer import Role
from subgraphs.verifier.loaders import loaders
from subgraphs.verifier.parts import Parts
from subgraphs.verifier.policy import own_rows
from subgraphs.verifier.schema import frames
from subgraphs.verifier.schema.acceptance import Acceptance
from subgraphs.verifier.schema.contributions import accepted
from subgraphs.verifier.schema.frames import AcceptedCredentialChange, TaskChange
from subgraphs.verifier.schema.presentation import Presentation
from subgraphs.verifier.schema.request import PresentationRequest
from subgraphs.verifier.schema.values import QualificationRuleSet, ServiceFunctionState
from subgraphs.verifier.service import service_state


def _id(what: str) -> object:
    return strawberry.argument(name="id", description=what)


@strawberry.type
class Query:
    @resolved("The published qualification rules, all versions (认定规则).")
    def rule_sets(self, info: Info[Parts]) -> list[QualificationRuleSet] | None:
        return [QualificationRuleSet.of(rules) for rules in info.context.parts.terms.rule_sets]

    @resolved("What of the verifier's service runs, and the way that stays open (服务状态).")
    async def verification_service_status(
        self, info: Info[Parts]
    ) -> list[ServiceFunctionState] | None:
        parts = info.context.parts
        found = await service_state(parts.follower, parts.gate)
        return [ServiceFunctionState.of(one) for one in found]

    @resolved("A request for proofs, for who asks and who is asked (出示请求).")
    async def presentation_request(
        self, info: Info[Parts], id_: Annotated[strawberry.ID, _id("Its id (请求标识).")]
    ) -> PresentationRequest | None:
        row = await loaders(info.context).requests.load(str(id_))
        if row is None:
            raise NotFound("presentation request")
        return PresentationRequest.of(row)

    @resolved("What a holder showed to one verifier (出示).")
    async def presentation(
        self, info: Info[Parts], id_: Annotated[strawberry.ID, _id("Its id (出示标识).")]
    ) -> Presentation | None:
        row = await loaders(info.context).presentations.load(str(id_))
        if row is None:
            raise NotFound("presentation")
        return Presentation.of(row)

    @listed("The accepted credentials this viewer may see, newest first (采信列表).")
    async def acceptances(
        self, info: Info[Parts], first: First = 20, after: After = None
    ) -> Connection[Acceptance] | None:
        return await accepted(info, own_rows(info.context.viewer), first, after)

    @resolved("`acceptedCredentialChanges` from storage, oldest first (侦听历史).")
    async def accepted_credential_change_events(
        self,
        info: Info[Parts],
        first: First = 20,
        after: After = None,
        credential_ids: frames.CredentialIds = None,
        kinds: frames.Kinds = None,
    ) -> list[AcceptedCredentialChange] | None:
        audience = info.context.viewer.require_institution(Role.VERIFIER)
        asked = frames.wanted(credential_ids, kinds)
        found = await frames.past(
            info, frames.CHANGES, audience, first=first, after=after, asked=asked
        )
        return [frames.changed(info, frame, asked) for frame in found]

    @resolved("`myTasks` from storage, oldest first (待办历史).")
    async def my_task_events(
        self, info: Info[Parts], first: First = 20, after: After = None
    ) -> list[TaskChange] | None:
        audience = info.context.viewer.require_holder()
        found = await frames.past(info, frames.TASKS, audience, first=first, after=after)
        return [frames.task(info, frame) for frame in found]
