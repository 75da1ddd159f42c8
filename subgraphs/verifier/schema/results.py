"""What the verifier's mutations answer: one success type and one union each."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias

import strawberry

from subgraphs.kit.scalars import DID
from subgraphs.kit.types import (
    DomainError,
    Forbidden,
    InvalidTransitionError,
    NotFound,
    TryAgain,
    ValidationFailed,
)
from subgraphs.verifier.schema.acceptance import BusinessPermission
from subgraphs.verifier.schema.contributions import Holder
from subgraphs.verifier.schema.decision import Qualification, Verification
from subgraphs.verifier.schema.presentation import Presentation
from subgraphs.verifier.schema.request import PresentationRequest


@strawberry.type(description="The customer is matched (绑定成功).")
class BindCustomerSuccess:
    holder: Holder = strawberry.field(description="The customer as a holder (持证方).")
    did: DID = strawberry.field(description="The root DID she is bound to (根 DID).")
    matched_at: datetime = strawberry.field(description="When she was matched (绑定时间).")


@strawberry.type(description="The request waits for the holder (请求成功).")
class CreatePresentationRequestSuccess:
    presentation_request: PresentationRequest = strawberry.field(description="It (出示请求).")


@strawberry.type(description="The presentation is kept and waits for the checks (提交成功).")
class SubmitPresentationSuccess:
    presentation: Presentation = strawberry.field(description="It (出示).")


@strawberry.type(description="All five checks were made (核验完成).")
class VerifyPresentationSuccess:
    verification: Verification = strawberry.field(description="Their answers (核验).")


@strawberry.type(description="The permission is in force (开通成功).")
class GrantPermissionSuccess:
    permission: BusinessPermission = strawberry.field(description="It (业务权限).")


@strawberry.type(description="A person has decided (复核完成).")
class DecideReviewSuccess:
    qualification: Qualification = strawberry.field(description="The decision (认定).")


@strawberry.type(description="The paper is taken in; another person decides (登记成功).")
class RecordPaperEvidenceSuccess:
    qualification: Qualification = strawberry.field(description="What waits for review (认定).")


@strawberry.type(
    description="Not for this request: replayed, addressed elsewhere, unasked or late (出示被拒)."
)
class PresentationRefused(DomainError):
    pass


BindCustomerResult: TypeAlias = Annotated[
    BindCustomerSuccess | ValidationFailed | NotFound | Forbidden | TryAgain,
    strawberry.union("BindCustomerResult", description="What binding led to (绑定结果)."),
]
CreatePresentationRequestResult: TypeAlias = Annotated[
    CreatePresentationRequestSuccess | ValidationFailed | Forbidden | TryAgain,
    strawberry.union(
        "CreatePresentationRequestResult", description="What asking led to (请求结果)."
    ),
]
SubmitPresentationResult: TypeAlias = Annotated[
    SubmitPresentationSuccess
    | PresentationRefused
    | ValidationFailed
    | NotFound
    | Forbidden
    | TryAgain,
    strawberry.union("SubmitPresentationResult", description="What submitting led to (提交结果)."),
]
VerifyPresentationResult: TypeAlias = Annotated[
    VerifyPresentationSuccess
    | InvalidTransitionError
    | ValidationFailed
    | NotFound
    | Forbidden
    | TryAgain,
    strawberry.union("VerifyPresentationResult", description="What checking led to (核验结果)."),
]
GrantPermissionResult: TypeAlias = Annotated[
    GrantPermissionSuccess
    | InvalidTransitionError
    | ValidationFailed
    | NotFound
    | Forbidden
    | TryAgain,
    strawberry.union("GrantPermissionResult", description="What granting led to (开通结果)."),
]
DecideReviewResult: TypeAlias = Annotated[
    DecideReviewSuccess
    | InvalidTransitionError
    | ValidationFailed
    | NotFound
    | Forbidden
    | TryAgain,
    strawberry.union("DecideReviewResult", description="What a review led to (复核结果)."),
]
RecordPaperEvidenceResult: TypeAlias = Annotated[
    RecordPaperEvidenceSuccess | ValidationFailed | NotFound | Forbidden | TryAgain,
    strawberry.union("RecordPaperEvidenceResult", description="What it led to (登记结果)."),
]
