"""Disputes and their evidence as GraphQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import Annotated, Self, TypeAlias

import strawberry

from subgraphs.audit import policy
from subgraphs.audit.dispute.file import evidence_file, seal_of
from subgraphs.audit.kept import disputes as records
from subgraphs.audit.parts import Parts
from subgraphs.audit.schema.contributions import Credential, Presentation, Qualification
from subgraphs.audit.schema.institution import Institution, institution
from subgraphs.audit.schema.proofs import ChainProof, anchor_proof, chain_proof
from subgraphs.audit.states import DisputeState
from subgraphs.kit.context import Info
from subgraphs.kit.fields import resolved
from subgraphs.kit.ids import is_id
from subgraphs.kit.nodes import Representation, entity
from subgraphs.kit.reads import Read
from subgraphs.kit.scalars import JSON, Hash, Signature
from subgraphs.kit.types import (
    Forbidden,
    InvalidSignature,
    InvalidTransitionError,
    MutationInput,
    Node,
    NotFound,
    TryAgain,
    ValidationFailed,
    worded,
)


@worded(
    "Whether a package can be read (证据包状态).",
    SEALING="The log has not signed the seal yet (封存中).",
    READY="It can be read and checked (可下载).",
    GONE="The holder has left; copies read before still hold (已销毁).",
)
class EvidenceState(Enum):
    SEALING = "SEALING"
    READY = "READY"
    GONE = "GONE"


@strawberry.type(description="Who signed the head that a seal lies below (签名方).")
class EvidenceSignature:
    by: str = strawberry.field(description="The log, or a witness (签名方).")
    key_id: str = strawberry.field(description="Which key, eight hex digits (密钥标识).")


@strawberry.type(description="A part of the evidence as an institution gave it (证据材料).")
class EvidencePart:
    kind: str = strawberry.field(description="What it is (材料类型).")
    digest: Hash = strawberry.field(description="Digest of the document (摘要).")
    method: str = strawberry.field(description="The key that signed it, as a DID URL (密钥).")
    signature: Signature = strawberry.field(description="The institution's signature (签名).")
    given_at: datetime = strawberry.field(description="When it was given (提交时间).")


@strawberry.type(description="The sealed evidence of a dispute (证据包).")
class EvidencePackage:
    row: strawberry.Private[records.Package]

    id: strawberry.ID = strawberry.field(description="Its id (证据包标识).")
    manifest_hash: Hash = strawberry.field(description="What the seal on the log says (清单摘要).")
    sealed_at: datetime = strawberry.field(description="When (封存时间).")

    @resolved("Whether it can be read (状态).")
    async def state(self, info: Info[Parts]) -> EvidenceState:
        if not self.row.proofs:
            return EvidenceState.GONE
        ready = await seal_of(info.context.parts, self.row) is not None
        return EvidenceState.READY if ready else EvidenceState.SEALING

    @resolved("The file, read without a login by whoever has this address (下载地址).")
    def download_url(self, info: Info[Parts]) -> str:
        return f"{info.context.parts.public}/evidence/{self.row.token}.json"

    @resolved("The same as a page to read or print (阅读地址).")
    def page_url(self, info: Info[Parts]) -> str:
        return f"{info.context.parts.public}/evidence/{self.row.token}.html"

    @resolved("Bytes of the file; null while it is SEALING (大小).")
    async def size(self, info: Info[Parts]) -> int | None:
        seal = await seal_of(info.context.parts, self.row)
        return None if seal is None else len(evidence_file(self.row, seal))

    @resolved("Who signed the head above the seal; empty while it is SEALING (签名).")
    async def signatures(self, info: Info[Parts]) -> list[EvidenceSignature]:
        seal = await seal_of(info.context.parts, self.row)
        if seal is None or seal.checkpoint is None:
            return []
        return [
            EvidenceSignature(by=line.name, key_id=line.key_id)
            for line in seal.checkpoint.signatures
        ]

    @resolved("Proof of the seal (存证证明).")
    async def chain_proof(self, info: Info[Parts]) -> ChainProof | None:
        return await anchor_proof(info, "EVIDENCE_SEALED", self.row.id)

    @classmethod
    async def read(cls, info: Info[Parts], row: records.Package, dispute: records.Dispute) -> Self:
        """Once those concerned were told, where they have to be."""
        concerned, institutions = (dispute.id, row.holder), (dispute.institution,)
        read = Read(
            id=row.id, what="EVIDENCE_PACKAGE", concerned=concerned, institutions=institutions
        )
        await info.context.parts.reads.tell(info.context, [read])
        return cls(
            row=row,
            id=strawberry.ID(row.id),
            manifest_hash=Hash(row.manifest_hash),
            sealed_at=row.sealed_at,
        )


@entity("Dispute")
class Dispute(Node):
    row: strawberry.Private[records.Dispute | None] = None

    state: DisputeState | None = strawberry.field(default=None, description="State (状态).")
    ground: str | None = strawberry.field(default=None, description="What is denied (争议事由).")
    subject: strawberry.ID | None = strawberry.field(
        default=None, description="The application, consent, presentation or decision (对象)."
    )
    opened_at: datetime | None = strawberry.field(default=None, description="When (提出时间).")

    @resolved("The institution that answers: it told what is denied (相对方).")
    async def institution(self, info: Info[Parts]) -> Institution | None:
        return None if self.row is None else await institution(info, self.row.institution)

    @resolved("The credential, where one is denied (凭证).")
    def credential(self) -> Credential | None:
        return None if (id_ := self._subject("cred")) is None else Credential(id=id_)

    @resolved("The presentation, where one is denied (出示).")
    def presentation(self) -> Presentation | None:
        return None if (id_ := self._subject("pres")) is None else Presentation(id=id_)

    @resolved("The decision, where one is denied (认定).")
    def qualification(self) -> Qualification | None:
        return None if (id_ := self._subject("qual")) is None else Qualification(id=id_)

    @resolved("What the institution has given so far (证据材料).")
    async def parts(self, info: Info[Parts]) -> list[EvidencePart] | None:
        if self.row is None:
            return None
        return [
            EvidencePart(
                kind=one.kind,
                digest=Hash(one.digest),
                method=one.method,
                signature=Signature(one.signature),
                given_at=one.given_at,
            )
            for one in await info.context.parts.disputes.parts(self.row.id)
        ]

    @resolved("The sealed evidence; null before it is sealed (证据包).")
    async def evidence_package(self, info: Info[Parts]) -> EvidencePackage | None:
        if self.row is None or self.row.package is None:
            return None
        found = await info.context.parts.disputes.package(self.row.package)
        return None if found is None else await EvidencePackage.read(info, found, self.row)

    @resolved("Proof that it was opened (存证证明).")
    async def chain_proof(self, info: Info[Parts]) -> ChainProof | None:
        return None if self.row is None else await _opening(info, self.row.id)

    def _subject(self, prefix: str) -> strawberry.ID | None:
        if self.row is None or not is_id(self.row.subject, prefix):
            return None
        return strawberry.ID(self.row.subject)

    @classmethod
    async def resolve_references(
        cls, info: Info[Parts], references: Sequence[Representation], /
    ) -> Sequence[Self | None]:
        ids = [str(one.get("id")) for one in references]
        found = await info.context.parts.disputes.find(ids)
        viewer = info.context.viewer
        seen = [row for row in found.values() if policy.sees_dispute(viewer, row)]
        read = {row.id: shown for row, shown in zip(seen, await cls.read(info, seen), strict=True)}
        return [read.get(one) or cls(id=strawberry.ID(one)) for one in ids]

    @classmethod
    async def read(cls, info: Info[Parts], rows: Sequence[records.Dispute]) -> list[Self]:
        """Once those concerned were told, where they have to be."""
        reads = [
            Read(
                id=row.id,
                what="DISPUTE",
                concerned=(row.holder,),
                institutions=(row.institution,),
            )
            for row in rows
        ]
        await info.context.parts.reads.tell(info.context, reads)
        return [cls._of(row) for row in rows]

    @classmethod
    def _of(cls, row: records.Dispute) -> Self:
        return cls(
            id=strawberry.ID(row.id),
            row=row,
            state=row.state,
            ground=row.ground,
            subject=strawberry.ID(row.subject),
            opened_at=row.opened_at,
        )


async def _opening(info: Info[Parts], dispute: str) -> ChainProof | None:
    row = (await info.context.parts.store.anchoring("DISPUTE_OPENED", [dispute])).get(dispute)
    return None if row is None else await chain_proof(info, row)


@strawberry.input(description="What the holder denies (提出争议).")
class OpenDisputeInput(MutationInput):
    subject_id: strawberry.ID = strawberry.field(
        description="A credential, consent, presentation or qualification of hers (对象)."
    )
    ground: str = strawberry.field(
        description="APPLICATION_DENIED, USE_DENIED or CONTENT_DENIED, as fits it (争议事由)."
    )


@strawberry.input(description="An institution's part of the evidence (提交证据).")
class SubmitEvidenceInput(MutationInput):
    dispute_id: strawberry.ID = strawberry.field(description="The dispute (争议标识).")
    kind: str = strawberry.field(description="CREDENTIAL, PRESENTATION, CHECKS, ... (材料类型).")
    document: JSON = strawberry.field(description="The document itself (材料).")
    method: str = strawberry.field(description="The institution's key, as a DID URL (密钥).")
    signature: Signature = strawberry.field(
        description="Over the canonical part: dispute, kind, institution and digest (签名)."
    )


@strawberry.input(description="Seal the evidence as it is (封存证据).")
class ExportEvidenceInput(MutationInput):
    dispute_id: strawberry.ID = strawberry.field(description="The dispute (争议标识).")


@strawberry.input(description="End a dispute (了结争议).")
class CloseDisputeInput(MutationInput):
    dispute_id: strawberry.ID = strawberry.field(description="The dispute (争议标识).")
    state: str = strawberry.field(description="UPHELD, DISMISSED or WITHDRAWN (结果).")


@strawberry.type(description="The dispute is open (争议已提出).")
class OpenDisputeSuccess:
    dispute: Dispute = strawberry.field(description="It (争议).")


@strawberry.type(description="The part is kept (证据已提交).")
class SubmitEvidenceSuccess:
    dispute: Dispute = strawberry.field(description="Its dispute (争议).")


@strawberry.type(description="The evidence is sealed (证据已封存).")
class ExportEvidenceSuccess:
    dispute: Dispute = strawberry.field(description="Its dispute (争议).")


@strawberry.type(description="The dispute has ended (争议已了结).")
class CloseDisputeSuccess:
    dispute: Dispute = strawberry.field(description="It (争议).")


OpenDisputeResult: TypeAlias = Annotated[
    OpenDisputeSuccess | ValidationFailed | NotFound | Forbidden | TryAgain,
    strawberry.union("OpenDisputeResult", description="What denying led to (提出结果)."),
]
SubmitEvidenceResult: TypeAlias = Annotated[
    SubmitEvidenceSuccess
    | InvalidTransitionError
    | InvalidSignature
    | ValidationFailed
    | NotFound
    | Forbidden
    | TryAgain,
    strawberry.union("SubmitEvidenceResult", description="What giving led to (提交结果)."),
]
ExportEvidenceResult: TypeAlias = Annotated[
    ExportEvidenceSuccess
    | InvalidTransitionError
    | ValidationFailed
    | NotFound
    | Forbidden
    | TryAgain,
    strawberry.union("ExportEvidenceResult", description="What sealing led to (封存结果)."),
]
CloseDisputeResult: TypeAlias = Annotated[
    CloseDisputeSuccess
    | InvalidTransitionError
    | ValidationFailed
    | NotFound
    | Forbidden
    | TryAgain,
    strawberry.union("CloseDisputeResult", description="What closing led to (了结结果)."),
]
