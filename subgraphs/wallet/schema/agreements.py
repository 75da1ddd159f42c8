"""What a holder agreed to, and how she was looked at."""

from __future__ import annotations

from datetime import datetime
from typing import Self

import strawberry

from subgraphs.kit.agreements import AgreementKind, AgreementStage
from subgraphs.kit.scalars import JSON, Hash, json_value
from subgraphs.kit.types import worded
from subgraphs.vc.proofing import Proofing, StepKind
from subgraphs.wallet import records

worded(
    "What is looked at before a root DID is given (身份核验步骤).",
    name="ProofingStepKind",
    DOCUMENT_CHECK="The identity document is real and hers (证件核验).",
    FACE_MATCH="The face is that of the document (人脸比对).",
    LIVENESS="A living person stood before the camera (活体检测).",
    OWN_WILL="She confirmed that it is her own will (自主意愿).",
)(StepKind)


@strawberry.type(description="A text the holder agreed to (已签协议).")
class SignedAgreement:
    stage: AgreementStage = strawberry.field(description="Before which step (签署环节).")
    kind: AgreementKind = strawberry.field(description="What it is (协议类型).")
    version: int = strawberry.field(description="Which version of it (版本).")
    digest: Hash = strawberry.field(description="SM3 of the text she agreed to (摘要).")
    signed_at: datetime = strawberry.field(description="When (时间).")
    document: JSON = strawberry.field(description="The document with her signature (签名文件).")

    @classmethod
    def of(cls, row: records.SignedAgreement) -> Self:
        return cls(
            stage=row.stage,
            kind=row.kind,
            version=row.version,
            digest=Hash(row.text_digest),
            signed_at=row.signed_at,
            document=json_value(row.document),
        )


@strawberry.type(description="One step of looking at a person (核验步骤).")
class ProofingStep:
    kind: StepKind = strawberry.field(description="Which one (步骤).")
    result: str = strawberry.field(description="PASSED, or why not (结果).")
    at: datetime = strawberry.field(description="When (时间).")
    evidence: Hash = strawberry.field(description="SM3 of what it stands on (依据摘要).")


@strawberry.type(description="How she was looked at before she got her root DID (身份核验).")
class IdentityProofing:
    complete: bool = strawberry.field(description="Whether every step was passed (是否完整).")
    steps: list[ProofingStep] = strawberry.field(description="Step by step (步骤).")
    document: JSON = strawberry.field(
        description="The whole with the provider's signature (签名文件)."
    )

    @classmethod
    def of(cls, found: Proofing) -> Self:
        return cls(
            complete=not found.missing,
            steps=[
                ProofingStep(
                    kind=StepKind(step.kind),
                    result=step.result,
                    at=step.at,
                    evidence=Hash(step.evidence),
                )
                for step in found.steps
                if step.kind in set(StepKind)
            ],
            document=json_value(found.raw),
        )
