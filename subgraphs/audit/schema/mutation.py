"""Audit's mutations: unpack the input, run the step once, show the row."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, TypeVar

import strawberry

from subgraphs.audit.complaint import steps as complaint_steps
from subgraphs.audit.dispute import steps
from subgraphs.audit.parts import Parts
from subgraphs.audit.schema import complaint as complaints
from subgraphs.audit.schema import dispute as disputes
from subgraphs.audit.states import ComplaintState, DisputeState
from subgraphs.kit.context import Info
from subgraphs.kit.errors import Invalid
from subgraphs.kit.fields import mutation
from subgraphs.kit.idempotent import Call
from subgraphs.kit.ids import InstitutionId
from subgraphs.kit.mongo import Session
from subgraphs.kit.types import INPUT
from subgraphs.kit.viewer import Role
from subgraphs.kit.vocabulary import member

RowT = TypeVar("RowT")
_ENDS = ("UPHELD", "DISMISSED", "WITHDRAWN")


async def once(
    info: Info[Parts],
    client_id: str | None,
    arguments: Sequence[object],
    work: Callable[[Session], Awaitable[str]],
) -> str:
    """The id of the row a step made or changed, now or when the same call was made before."""

    async def step(session: Session) -> dict[str, str]:
        return {"id": await work(session)}

    call = Call.of(info.context.viewer, info.field_name, client_id, arguments)
    return str((await info.context.parts.idempotent.once(call, step))["id"])


def written(row: RowT | None, id_: str) -> RowT:
    """The row that a step has written; LookupError where it is gone."""
    if row is None:
        raise LookupError(f"{id_} was written and is gone")
    return row


async def _dispute(info: Info[Parts], id_: str) -> disputes.Dispute:
    row = written(await info.context.parts.disputes.get(id_), id_)
    (read,) = await disputes.Dispute.read(info, [row])
    return read


async def _complaint(info: Info[Parts], id_: str) -> complaints.Complaint:
    row = written(await info.context.parts.complaints.get(id_), id_)
    (read,) = await complaints.Complaint.read(info, [row])
    return read


def _institution(info: Info[Parts]) -> InstitutionId:
    viewer = info.context.viewer
    role = Role.VERIFIER if viewer.role is Role.VERIFIER else Role.ISSUER
    return viewer.require_institution(role)


@strawberry.type
class Mutation:
    @mutation("Deny an application, a use or a content; login is enough, no key (提出争议).")
    async def open_dispute(
        self, info: Info[Parts], input_: Annotated[disputes.OpenDisputeInput, INPUT]
    ) -> disputes.OpenDisputeResult:
        parts, holder = info.context.parts, info.context.viewer.require_holder()

        async def work(session: Session) -> str:
            row = await steps.open_dispute(
                parts, holder, subject=input_.subject_id, ground=input_.ground, session=session
            )
            return row.id

        arguments = [input_.subject_id, input_.ground]
        made = await once(info, input_.client_mutation_id, arguments, work)
        return disputes.OpenDisputeSuccess(dispute=await _dispute(info, made))

    @mutation("Complain to an institution, by one of its channels (提出投诉).")
    async def file_complaint(
        self, info: Info[Parts], input_: Annotated[complaints.FileComplaintInput, INPUT]
    ) -> complaints.FileComplaintResult:
        parts, holder = info.context.parts, info.context.viewer.require_holder()

        async def work(session: Session) -> str:
            row = await complaint_steps.file_complaint(
                parts,
                holder,
                lead=input_.institution_id,
                channel=input_.channel,
                text=input_.text,
                session=session,
            )
            return row.id

        arguments = [input_.institution_id, input_.channel, input_.text]
        made = await once(info, input_.client_mutation_id, arguments, work)
        return complaints.FileComplaintSuccess(complaint=await _complaint(info, made))

    @mutation("Take a complaint a step further, as the institution that leads (处理投诉).")
    async def handle_complaint(
        self, info: Info[Parts], input_: Annotated[complaints.HandleComplaintInput, INPUT]
    ) -> complaints.HandleComplaintResult:
        parts, lead = info.context.parts, _institution(info)
        state = input_.state and member(
            ComplaintState, input_.state, field="state", code="STATE_UNKNOWN"
        )

        async def work(session: Session) -> str:
            row = await complaint_steps.handle(
                parts,
                lead,
                complaint_id=input_.complaint_id,
                state=state or None,
                note=input_.note,
                co_handlers=input_.co_handler_ids,
                session=session,
            )
            return row.id

        arguments = [input_.complaint_id, input_.state, input_.note, input_.co_handler_ids]
        made = await once(info, input_.client_mutation_id, arguments, work)
        return complaints.HandleComplaintSuccess(complaint=await _complaint(info, made))

    @mutation("Name all channels by which people may complain to the institution (设置渠道).")
    async def name_complaint_channels(
        self, info: Info[Parts], input_: Annotated[complaints.NameComplaintChannelsInput, INPUT]
    ) -> complaints.NameComplaintChannelsResult:
        parts, institution = info.context.parts, _institution(info)
        named = [(one.kind, one.address) for one in input_.channels]

        async def work(session: Session) -> str:
            await complaint_steps.name_channels(parts, institution, named, session)
            return institution

        await once(info, input_.client_mutation_id, [named], work)
        found = await parts.complaints.channels(institution)
        return complaints.NameComplaintChannelsSuccess(
            channels=[
                complaints.ComplaintChannel(kind=kind, address=at)
                for kind, at in sorted(found.items())
            ]
        )

    @mutation("Give a signed part of the evidence, as the institution that answers (提交证据).")
    async def submit_evidence(
        self, info: Info[Parts], input_: Annotated[disputes.SubmitEvidenceInput, INPUT]
    ) -> disputes.SubmitEvidenceResult:
        parts, institution = info.context.parts, _institution(info)

        async def work(session: Session) -> str:
            row = await steps.submit_part(
                parts,
                institution,
                dispute_id=input_.dispute_id,
                kind=input_.kind,
                document=input_.document,
                method=input_.method,
                signature=input_.signature,
                session=session,
            )
            return row.dispute

        arguments = [input_.dispute_id, input_.kind, input_.document, input_.signature]
        made = await once(info, input_.client_mutation_id, arguments, work)
        return disputes.SubmitEvidenceSuccess(dispute=await _dispute(info, made))

    @mutation("Seal the evidence of a dispute into one file that anybody can check (封存证据).")
    async def export_evidence(
        self, info: Info[Parts], input_: Annotated[disputes.ExportEvidenceInput, INPUT]
    ) -> disputes.ExportEvidenceResult:
        parts, viewer = info.context.parts, info.context.viewer

        async def work(session: Session) -> str:
            row = await steps.seal(parts, viewer, dispute_id=input_.dispute_id, session=session)
            return row.id

        made = await once(info, input_.client_mutation_id, [input_.dispute_id], work)
        return disputes.ExportEvidenceSuccess(dispute=await _dispute(info, made))

    @mutation("Decide a dispute, as the regulator; or withdraw it, as its holder (了结争议).")
    async def close_dispute(
        self, info: Info[Parts], input_: Annotated[disputes.CloseDisputeInput, INPUT]
    ) -> disputes.CloseDisputeResult:
        parts, viewer = info.context.parts, info.context.viewer
        if input_.state not in _ENDS:
            raise Invalid(f"known are {', '.join(_ENDS)}", field="state", code="STATE_UNKNOWN")

        async def work(session: Session) -> str:
            row = await steps.close(
                parts,
                input_.dispute_id,
                viewer=viewer,
                state=DisputeState(input_.state),
                session=session,
            )
            return row.id

        arguments = [input_.dispute_id, input_.state]
        made = await once(info, input_.client_mutation_id, arguments, work)
        return disputes.CloseDisputeSuccess(dispute=await _dispute(info, made))
