"""What the mutations answer that are for a key lost, known to others, or changed."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import strawberry

from subgraphs.kit.signing import PreparedFields
from subgraphs.kit.types import (
    Forbidden,
    InvalidSignature,
    InvalidTransitionError,
    NotFound,
    TryAgain,
    ValidationFailed,
)
from subgraphs.wallet.schema.custody import CustodyObject
from subgraphs.wallet.schema.types import Holder


@strawberry.type(description="The version that stops the key, to sign (待签报告).")
class PrepareKeyCompromiseReportSuccess(PreparedFields):
    pass


@strawberry.type(description="The key signs nothing more (已停用密钥).")
class ReportKeyCompromiseSuccess:
    holder: Holder = strawberry.field(description="The holder with the root DID (持证方).")


@strawberry.type(description="The new key is on its way (恢复开始).")
class StartRecoverySuccess:
    holder: Holder = strawberry.field(description="The holder with the root DID (持证方).")


@strawberry.type(description="The new key is in force (恢复完成).")
class CompleteRecoverySuccess:
    holder: Holder = strawberry.field(description="The holder with the root DID (持证方).")


@strawberry.type(description="What takes the recovery back, to sign (待签取消).")
class PrepareRecoveryCancellationSuccess(PreparedFields):
    pass


@strawberry.type(description="The recovery is taken back (已取消恢复).")
class CancelRecoverySuccess:
    holder: Holder = strawberry.field(description="The holder with the root DID (持证方).")


@strawberry.type(description="The wrapped keys to sign for (待签封装).")
class PrepareCustodyKeysRewrapSuccess(PreparedFields):
    pass


@strawberry.type(description="The copies open with the key in force (已重新封装).")
class RewrapCustodyKeysSuccess:
    copies: list[CustodyObject] = strawberry.field(description="The copies (托管对象).")


PrepareKeyCompromiseReportResult: TypeAlias = Annotated[
    PrepareKeyCompromiseReportSuccess
    | ValidationFailed
    | Forbidden
    | InvalidTransitionError
    | InvalidSignature
    | TryAgain,
    strawberry.union(
        "PrepareKeyCompromiseReportResult", description="Outcome of the preparation (准备结果)."
    ),
]
ReportKeyCompromiseResult: TypeAlias = Annotated[
    ReportKeyCompromiseSuccess
    | ValidationFailed
    | NotFound
    | Forbidden
    | InvalidTransitionError
    | InvalidSignature
    | TryAgain,
    strawberry.union("ReportKeyCompromiseResult", description="Outcome of the report (报告结果)."),
]
StartRecoveryResult: TypeAlias = Annotated[
    StartRecoverySuccess
    | ValidationFailed
    | Forbidden
    | InvalidTransitionError
    | InvalidSignature
    | TryAgain,
    strawberry.union("StartRecoveryResult", description="Outcome of the start (恢复结果)."),
]
CompleteRecoveryResult: TypeAlias = Annotated[
    CompleteRecoverySuccess | ValidationFailed | Forbidden | InvalidTransitionError | TryAgain,
    strawberry.union("CompleteRecoveryResult", description="Outcome of the completion (完成结果)."),
]
PrepareRecoveryCancellationResult: TypeAlias = Annotated[
    PrepareRecoveryCancellationSuccess
    | ValidationFailed
    | Forbidden
    | InvalidTransitionError
    | TryAgain,
    strawberry.union(
        "PrepareRecoveryCancellationResult", description="Outcome of the preparation (准备结果)."
    ),
]
CancelRecoveryResult: TypeAlias = Annotated[
    CancelRecoverySuccess
    | ValidationFailed
    | NotFound
    | Forbidden
    | InvalidTransitionError
    | InvalidSignature
    | TryAgain,
    strawberry.union("CancelRecoveryResult", description="Outcome of the taking back (取消结果)."),
]
PrepareCustodyKeysRewrapResult: TypeAlias = Annotated[
    PrepareCustodyKeysRewrapSuccess
    | ValidationFailed
    | NotFound
    | Forbidden
    | InvalidTransitionError
    | TryAgain,
    strawberry.union(
        "PrepareCustodyKeysRewrapResult", description="Outcome of the preparation (准备结果)."
    ),
]
RewrapCustodyKeysResult: TypeAlias = Annotated[
    RewrapCustodyKeysSuccess
    | ValidationFailed
    | NotFound
    | Forbidden
    | InvalidTransitionError
    | InvalidSignature
    | TryAgain,
    strawberry.union("RewrapCustodyKeysResult", description="Outcome of the wrapping (封装结果)."),
]
