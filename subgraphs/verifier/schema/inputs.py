"""Inputs of the verifier's mutations."""

from __future__ import annotations

from datetime import date

import strawberry

from subgraphs.kit.errors import Invalid
from subgraphs.kit.scalars import DID, JSON, Decimal, Hash
from subgraphs.kit.types import MutationInput
from subgraphs.vc.encoding import HASH
from subgraphs.vc.errors import BadAmount
from subgraphs.vc.money import parse_amount
from subgraphs.verifier.records import PaperProof
from subgraphs.verifier.schema.words import PaperMetric, TransferModeChoice


@strawberry.input(description="Match an own real-name customer to her root DID (客户绑定).")
class BindCustomerInput(MutationInput):
    customer_no: str = strawberry.field(description="The verifier's own customer number (客户号).")
    did: DID = strawberry.field(description="The customer's root DID (根 DID).")


@strawberry.input(description="Whom to ask, under which rules, for what (出示请求).")
class CreatePresentationRequestInput(MutationInput):
    customer_no: str = strawberry.field(description="The verifier's own customer number (客户号).")
    rule_set: str = strawberry.field(
        description="`NAME` for the version in force, or `NAME@version` (规则)."
    )
    purpose: str = strawberry.field(
        description="A code in capitals, the same as in the holder's consent (目的)."
    )
    claims: list[str] | None = strawberry.field(
        default=None,
        description="The claim paths asked for; else what the rules need (声明).",
    )


@strawberry.input(description="A signed presentation and the request it answers (提交出示).")
class SubmitPresentationInput(MutationInput):
    request_id: strawberry.ID = strawberry.field(description="The request (请求标识).")
    presentation: JSON = strawberry.field(
        description="A W3C VerifiablePresentation, its file as a text, or by CUSTODY_LINK the "
        "envelope with the links; 256 kB (出示内容)."
    )
    transfer_mode: TransferModeChoice | None = strawberry.field(
        default=None, description="The way it takes, as the holder chose it (传递方式)."
    )


@strawberry.input(description="Which presentation to check (核验).")
class VerifyPresentationInput(MutationInput):
    presentation_id: strawberry.ID = strawberry.field(description="The presentation (出示标识).")


@strawberry.input(description="A person's decision on what waits for review (人工复核).")
class DecideReviewInput(MutationInput):
    qualification_id: strawberry.ID = strawberry.field(description="The decision (认定标识).")
    qualified: bool = strawberry.field(description="Whether she qualifies (是否合格).")
    reasons: list[str] = strawberry.field(description="Why, as codes in capitals (原因代码).")
    note: str | None = strawberry.field(
        default=None, description="For the verifier's own staff, 500 characters (备注)."
    )


@strawberry.input(description="A document on paper as staff read it (纸质材料).")
class PaperDocumentInput:
    kind: str = strawberry.field(description="What kind of document, as a code (材料类型).")
    document_digest: Hash = strawberry.field(description="The hash of its scan (材料摘要).")
    metric: PaperMetric = strawberry.field(description="What it shows (指标).")
    value: Decimal = strawberry.field(description="CNY to the fen, or whole months (数值).")
    as_of: date = strawberry.field(description="The day it speaks of (截止日).")

    def read(self, place: int) -> PaperProof:
        """As it is kept; raises Invalid for a value or a hash that is not one."""
        field = f"documents[{place}]"
        months = self.metric is PaperMetric.EXPERIENCE_MONTHS
        if HASH.fullmatch(self.document_digest) is None:
            raise Invalid("a hash is `sm3:` and 64 digits", field=f"{field}.documentDigest")
        try:
            value = int(parse_amount(self.value))
        except BadAmount as fault:
            raise Invalid(str(fault), field=f"{field}.value", code=fault.code) from fault
        if months and value % 100:
            raise Invalid("months are whole", field=f"{field}.value")
        return PaperProof(
            kind=self.kind,
            digest=self.document_digest,
            metric=self.metric.value,
            value=value // 100 if months else value,
            as_of=self.as_of,
        )


@strawberry.input(description="Take in paper where credentials are missing (纸质材料登记).")
class RecordPaperEvidenceInput(MutationInput):
    customer_no: str = strawberry.field(description="The verifier's own customer number (客户号).")
    rule_set: str = strawberry.field(
        description="`NAME` for the version in force, or `NAME@version` (规则)."
    )
    documents: list[PaperDocumentInput] = strawberry.field(description="The documents (材料).")
    beside_qualification_id: strawberry.ID | None = strawberry.field(
        default=None, description="A decision on credentials that the paper completes (已有认定)."
    )


@strawberry.input(description="What to permit, and on which decision (开通权限).")
class GrantPermissionInput(MutationInput):
    qualification_id: strawberry.ID = strawberry.field(description="The decision (认定标识).")
    product: str = strawberry.field(description="A code in capitals (产品代码).")
