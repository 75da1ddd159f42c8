"""How the texts of a stage are shown, wherever a stage is opened."""

from __future__ import annotations

from datetime import date
from typing import Self

import strawberry
from strawberry import federation

from subgraphs.kit.agreements import AgreementKind, AgreementsMissing, AgreementStage, Template
from subgraphs.kit.scalars import Hash
from subgraphs.kit.types import DomainError


@federation.type(shareable=True, description="A text to agree to, in one version (协议文本).")
class AgreementTemplate:
    stage: AgreementStage = strawberry.field(description="Before which step (签署环节).")
    kind: AgreementKind = strawberry.field(description="What it is (协议类型).")
    version: int = strawberry.field(description="Its version; none ever changes (版本).")
    text: str = strawberry.field(description="The text itself (正文).")
    digest: Hash = strawberry.field(description="SM3 of the text in UTF-8 (摘要).")
    effective_from: date = strawberry.field(description="Asked for from that day on (生效日).")

    @classmethod
    def of(cls, one: Template) -> Self:
        return cls(
            stage=one.stage,
            kind=one.kind,
            version=one.version,
            text=one.text,
            digest=Hash(one.digest),
            effective_from=one.effective_from,
        )


@federation.type(shareable=True, description="Texts have to be agreed to first (须先签署协议).")
class AgreementRequired(DomainError):
    missing: list[AgreementTemplate] = strawberry.field(description="Which ones (待签协议).")

    @classmethod
    def of(cls, refusal: AgreementsMissing) -> Self:
        return cls(
            code=refusal.code,
            message=refusal.message,
            missing=[AgreementTemplate.of(one) for one in refusal.missing],
        )
