"""What the issuer's mutations answer: one success type and one union each."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias

import strawberry

from subgraphs.issuer.schema.types import Credential, Endorsement, Holder
from subgraphs.kit.agreement_types import AgreementRequired
from subgraphs.kit.scalars import DID
from subgraphs.kit.signing import PreparedFields
from subgraphs.kit.types import (
    Forbidden,
    InvalidSignature,
    InvalidTransitionError,
    NotFound,
    TryAgain,
    ValidationFailed,
)


@strawberry.type(description="The account is matched (绑定成功).")
class BindCustomerAccountSuccess:
    holder: Holder = strawberry.field(description="The customer as a holder (持证方).")
    did: DID = strawberry.field(description="The root DID it is bound to (根 DID).")
    matched_at: datetime = strawberry.field(description="When it was matched (绑定时间).")


@strawberry.type(description="What to sign for a request (待签申请).")
class PrepareCredentialRequestSuccess(PreparedFields):
    pass


@strawberry.type(description="The request is kept (申请成功).")
class RequestCredentialSuccess:
    credential: Credential = strawberry.field(description="The requested credential (凭证).")


@strawberry.type(description="The draft is compiled (编制成功).")
class CompileCredentialDraftSuccess:
    credential: Credential = strawberry.field(description="The drafted credential (凭证).")


@strawberry.type(description="The credential is offered (签发成功).")
class IssueCredentialSuccess:
    credential: Credential = strawberry.field(description="The offered credential (凭证).")


@strawberry.type(description="The request is refused (已拒绝).")
class RejectCredentialRequestSuccess:
    credential: Credential = strawberry.field(description="The refused credential (凭证).")


@strawberry.type(description="What to sign for a countersignature (待签凭证).")
class PrepareCountersignatureSuccess(PreparedFields):
    pass


@strawberry.type(description="The credential is in force (签署成功).")
class CountersignCredentialSuccess:
    credential: Credential = strawberry.field(description="The credential in force (凭证).")


@strawberry.type(description="The request is withdrawn (已撤回).")
class WithdrawCredentialRequestSuccess:
    credential: Credential = strawberry.field(description="The withdrawn credential (凭证).")


@strawberry.type(description="The change is endorsed (签注成功).")
class EndorseCredentialSuccess:
    credential: Credential = strawberry.field(description="The credential after it (凭证).")
    endorsement: Endorsement = strawberry.field(description="The endorsement (变更签注).")


@strawberry.type(description="A credential the change was not endorsed on (未签注).")
class EndorsementError:
    credential_id: strawberry.ID = strawberry.field(description="The credential (凭证).")
    code: str = strawberry.field(description="Why not (原因).")


@strawberry.type(description="The change is endorsed on all but the refused ones (批量签注结果).")
class EndorseCredentialsSuccess:
    endorsed: int = strawberry.field(description="On how many (签注数量).")
    refused: list[EndorsementError] = strawberry.field(description="On which not (未签注).")


@strawberry.type(description="The credential is revoked (注销成功).")
class RevokeCredentialSuccess:
    credential: Credential = strawberry.field(description="The revoked credential (凭证).")
    endorsement: Endorsement = strawberry.field(description="The endorsement (变更签注).")


BindCustomerAccountResult: TypeAlias = Annotated[
    BindCustomerAccountSuccess | ValidationFailed | NotFound | Forbidden | TryAgain,
    strawberry.union("BindCustomerAccountResult", description="Outcome of the match (绑定结果)."),
]
PrepareCredentialRequestResult: TypeAlias = Annotated[
    PrepareCredentialRequestSuccess
    | AgreementRequired
    | ValidationFailed
    | NotFound
    | Forbidden
    | TryAgain,
    strawberry.union(
        "PrepareCredentialRequestResult", description="Outcome of the preparation (准备结果)."
    ),
]
RequestCredentialResult: TypeAlias = Annotated[
    RequestCredentialSuccess
    | ValidationFailed
    | NotFound
    | Forbidden
    | InvalidSignature
    | TryAgain,
    strawberry.union("RequestCredentialResult", description="Outcome of the request (申请结果)."),
]
CompileCredentialDraftResult: TypeAlias = Annotated[
    CompileCredentialDraftSuccess
    | ValidationFailed
    | NotFound
    | Forbidden
    | InvalidTransitionError
    | TryAgain,
    strawberry.union(
        "CompileCredentialDraftResult", description="Outcome of the draft (编制结果)."
    ),
]
IssueCredentialResult: TypeAlias = Annotated[
    IssueCredentialSuccess
    | ValidationFailed
    | NotFound
    | Forbidden
    | InvalidTransitionError
    | TryAgain,
    strawberry.union("IssueCredentialResult", description="Outcome of the issue (签发结果)."),
]
RejectCredentialRequestResult: TypeAlias = Annotated[
    RejectCredentialRequestSuccess
    | ValidationFailed
    | NotFound
    | Forbidden
    | InvalidTransitionError
    | TryAgain,
    strawberry.union(
        "RejectCredentialRequestResult", description="Outcome of the refusal (拒绝结果)."
    ),
]
PrepareCountersignatureResult: TypeAlias = Annotated[
    PrepareCountersignatureSuccess
    | ValidationFailed
    | NotFound
    | Forbidden
    | InvalidTransitionError
    | TryAgain,
    strawberry.union(
        "PrepareCountersignatureResult", description="Outcome of the preparation (准备结果)."
    ),
]
CountersignCredentialResult: TypeAlias = Annotated[
    CountersignCredentialSuccess
    | ValidationFailed
    | NotFound
    | Forbidden
    | InvalidTransitionError
    | InvalidSignature
    | TryAgain,
    strawberry.union(
        "CountersignCredentialResult", description="Outcome of the countersignature (签署结果)."
    ),
]
WithdrawCredentialRequestResult: TypeAlias = Annotated[
    WithdrawCredentialRequestSuccess
    | ValidationFailed
    | NotFound
    | Forbidden
    | InvalidTransitionError
    | TryAgain,
    strawberry.union(
        "WithdrawCredentialRequestResult", description="Outcome of the withdrawal (撤回结果)."
    ),
]
EndorseCredentialResult: TypeAlias = Annotated[
    EndorseCredentialSuccess
    | ValidationFailed
    | NotFound
    | Forbidden
    | InvalidTransitionError
    | TryAgain,
    strawberry.union("EndorseCredentialResult", description="Outcome of the change (签注结果)."),
]
EndorseCredentialsResult: TypeAlias = Annotated[
    EndorseCredentialsSuccess | ValidationFailed | NotFound | Forbidden | TryAgain,
    strawberry.union("EndorseCredentialsResult", description="Outcome of the change (签注结果)."),
]
RevokeCredentialResult: TypeAlias = Annotated[
    RevokeCredentialSuccess
    | ValidationFailed
    | NotFound
    | Forbidden
    | InvalidTransitionError
    | TryAgain,
    strawberry.union("RevokeCredentialResult", description="Outcome of the revocation (注销结果)."),
]
