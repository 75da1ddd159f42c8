"""The verifier's mutations: unpack the input, run the step once, show the row."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, TypeVar

import strawberry

from subgraphs.kit.context import Info
from subgraphs.kit.fields import mutation
from subgraphs.kit.idempotent import Call
from subgraphs.kit.mongo import Session
from subgraphs.kit.scalars import DID
from subgraphs.kit.types import INPUT
from subgraphs.kit.viewer import Role
from subgraphs.verifier import ask, bind, grant, review, submit, transfer, verify
from subgraphs.verifier.loaders import loaders
from subgraphs.verifier.parts import Parts
from subgraphs.verifier.records import (
    Binding,
    Permission,
    Presentation,
    Qualification,
    Request,
    Verification,
)
from subgraphs.verifier.schema import inputs, results
from subgraphs.verifier.schema.acceptance import BusinessPermission
from subgraphs.verifier.schema.contributions import Holder
from subgraphs.verifier.schema.decision import Qualification as QualificationNode
from subgraphs.verifier.schema.decision import Verification as VerificationNode
from subgraphs.verifier.schema.presentation import Presentation as PresentationNode
from subgraphs.verifier.schema.request import PresentationRequest
from subgraphs.verifier.states import TransferMode
from subgraphs.verifier.table import Table

R = TypeVar("R", Binding, Request, Presentation, Verification, Qualification, Permission)


async def _once(
    info: Info[Parts],
    client_id: str | None,
    arguments: Sequence[object],
    table: Table[R],
    work: Callable[[Session], Awaitable[R]],
) -> R:
    """The row a step made, now or when the same call was made before."""

    async def step(session: Session) -> dict[str, str]:
        return {"id": (await work(session)).id}

    call = Call.of(info.context.viewer, info.field_name, client_id, arguments)
    done = await info.context.parts.idempotent.once(call, step)
    return await _written(table, done["id"])


async def _verified(info: Info[Parts], client_id: str | None, presentation_id: str) -> Verification:
    """The decision, made now or before; of one that was written just now nothing is read back."""
    parts = info.context.parts
    verifier = info.context.viewer.require_institution(Role.VERIFIER)
    made: verify.Verified | None = None

    async def work(session: Session) -> dict[str, str]:
        nonlocal made
        made = await verify.verify(
            parts, verifier, presentation_id=presentation_id, session=session
        )
        return made.done

    call = Call.of(info.context.viewer, info.field_name, client_id, [presentation_id])
    done = await parts.idempotent.once(call, work, looks_first=False)
    if made is not None and done is made.done:  # else another call was first
        loaders(info.context).take(made.presentation, made.decision)
        return made.decision.verification
    return await _written(parts.store.verifications, done["id"])


async def _written(table: Table[R], id_: str) -> R:
    row = await table.get(id_)
    if row is None:
        raise LookupError(f"{id_} was written and is gone")
    return row


@strawberry.type
class Mutation:
    @mutation("Match an own real-name customer to her root DID (客户绑定).")
    async def bind_customer(
        self, info: Info[Parts], input_: Annotated[inputs.BindCustomerInput, INPUT]
    ) -> results.BindCustomerResult:
        parts = info.context.parts
        verifier = info.context.viewer.require_institution(Role.VERIFIER)

        async def work(session: Session) -> Binding:
            return await bind.bind_customer(
                parts,
                verifier,
                customer_no=input_.customer_no,
                did=input_.did,
                session=session,
            )

        arguments = [input_.customer_no, input_.did]
        row = await _once(info, input_.client_mutation_id, arguments, parts.store.bindings, work)
        return results.BindCustomerSuccess(
            holder=Holder(id=strawberry.ID(row.holder)),
            did=DID(row.did),
            matched_at=row.matched_at,
        )

    @mutation("Ask a bound customer for proofs: a nonce, an audience, an end (请求出示).")
    async def create_presentation_request(
        self, info: Info[Parts], input_: Annotated[inputs.CreatePresentationRequestInput, INPUT]
    ) -> results.CreatePresentationRequestResult:
        parts = info.context.parts
        verifier = info.context.viewer.require_institution(Role.VERIFIER)

        async def work(session: Session) -> Request:
            return await ask.create_request(
                parts,
                verifier,
                customer_no=input_.customer_no,
                rules=input_.rule_set,
                purpose=input_.purpose,
                claims=input_.claims,
                session=session,
            )

        arguments = [input_.customer_no, input_.rule_set, input_.purpose, input_.claims]
        row = await _once(info, input_.client_mutation_id, arguments, parts.store.requests, work)
        return results.CreatePresentationRequestSuccess(
            presentation_request=PresentationRequest.of(row)
        )

    @mutation("Show proofs to the verifier that asked (提交出示).")
    async def submit_presentation(
        self, info: Info[Parts], input_: Annotated[inputs.SubmitPresentationInput, INPUT]
    ) -> results.SubmitPresentationResult:
        parts, holder = info.context.parts, info.context.viewer.require_holder()
        mode = None if input_.transfer_mode is None else TransferMode(input_.transfer_mode.value)

        async def work(session: Session) -> Presentation:
            return await submit.submit(
                parts,
                holder,
                request_id=input_.request_id,
                value=came.value,
                mode=mode,
                session=session,
            )

        arguments = [input_.request_id, input_.presentation, mode]
        rows = parts.store.presentations
        try:
            came = await transfer.received(
                parts,
                holder,
                request_id=input_.request_id,
                value=input_.presentation,
                mode=mode,
            )
            row = await _once(info, input_.client_mutation_id, arguments, rows, work)
        except submit.PresentationRefused as refusal:
            if refusal.again is not None:
                await submit.tell_replay(parts, refusal.again)
            return results.PresentationRefused(code=refusal.code, message=refusal.message)
        await transfer.used_up(parts, came.claims)
        return results.SubmitPresentationSuccess(presentation=PresentationNode.of(row))

    @mutation("Make all five checks and decide (核验).")
    async def verify_presentation(
        self, info: Info[Parts], input_: Annotated[inputs.VerifyPresentationInput, INPUT]
    ) -> results.VerifyPresentationResult:
        row = await _verified(info, input_.client_mutation_id, input_.presentation_id)
        return results.VerifyPresentationSuccess(verification=VerificationNode.of(row))

    @mutation("Decide what waits for a person: a doubtful sum, or paper (人工复核).")
    async def decide_review(
        self, info: Info[Parts], input_: Annotated[inputs.DecideReviewInput, INPUT]
    ) -> results.DecideReviewResult:
        parts, viewer = info.context.parts, info.context.viewer
        said = review.Decided(
            qualified=input_.qualified, reasons=tuple(input_.reasons), note=input_.note
        )

        async def work(session: Session) -> Qualification:
            return await review.decide_review(
                parts,
                viewer,
                qualification_id=input_.qualification_id,
                said=said,
                session=session,
            )

        arguments = [input_.qualification_id, said.qualified, input_.reasons, said.note]
        rows = parts.store.qualifications
        row = await _once(info, input_.client_mutation_id, arguments, rows, work)
        return results.DecideReviewSuccess(qualification=QualificationNode.of(row))

    @mutation("Take in documents on paper; another person decides (纸质材料登记).")
    async def record_paper_evidence(
        self, info: Info[Parts], input_: Annotated[inputs.RecordPaperEvidenceInput, INPUT]
    ) -> results.RecordPaperEvidenceResult:
        parts, viewer = info.context.parts, info.context.viewer
        papers = [one.read(place) for place, one in enumerate(input_.documents)]
        beside = input_.beside_qualification_id

        async def work(session: Session) -> Qualification:
            return await review.record_paper(
                parts,
                viewer,
                asked=review.OnPaper(
                    customer_no=input_.customer_no,
                    rules=input_.rule_set,
                    papers=papers,
                    beside=None if beside is None else str(beside),
                ),
                session=session,
            )

        arguments = [input_.customer_no, input_.rule_set, beside, [repr(one) for one in papers]]
        rows = parts.store.qualifications
        row = await _once(info, input_.client_mutation_id, arguments, rows, work)
        return results.RecordPaperEvidenceSuccess(qualification=QualificationNode.of(row))

    @mutation("Grant a permission on a qualification, or give a suspended one back (开通权限).")
    async def grant_permission(
        self, info: Info[Parts], input_: Annotated[inputs.GrantPermissionInput, INPUT]
    ) -> results.GrantPermissionResult:
        parts = info.context.parts
        verifier = info.context.viewer.require_institution(Role.VERIFIER)

        async def work(session: Session) -> Permission:
            return await grant.grant(
                parts,
                verifier,
                qualification_id=input_.qualification_id,
                product=input_.product,
                session=session,
            )

        arguments = [input_.qualification_id, input_.product]
        row = await _once(info, input_.client_mutation_id, arguments, parts.store.permissions, work)
        return results.GrantPermissionSuccess(permission=BusinessPermission.of(row))
