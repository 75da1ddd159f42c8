"""What the wallet's mutations answer: one success type and one union each."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import strawberry

from subgraphs.kit.agreement_types import AgreementRequired
from subgraphs.kit.scalars import DID, JSON, Bytes
from subgraphs.kit.signing import PreparedFields
from subgraphs.kit.types import (
    DomainError,
    Forbidden,
    InvalidSignature,
    InvalidTransitionError,
    NotFound,
    TryAgain,
    ValidationFailed,
)
from subgraphs.wallet.schema.agreements import SignedAgreement
from subgraphs.wallet.schema.custody import CustodyObject
from subgraphs.wallet.schema.types import (
    Cancellation,
    Consent,
    Credential,
    Holder,
    WalletClosure,
)


@strawberry.type(description="The root DID is registered (注册成功).")
class RegisterRootDidSuccess:
    holder: Holder = strawberry.field(description="The holder with the root DID (持证方).")
    # nullable like RootDidAlreadyExists.receipt, or clients could not ask both members for it
    receipt: JSON | None = strawberry.field(
        default=None, description="The provider's signed receipt (注册回执)."
    )


@strawberry.type(description="The person has a root DID; there is never a second (已有根 DID).")
class RootDidAlreadyExists(DomainError):
    did: DID = strawberry.field(description="The existing root DID (已有根 DID).")
    receipt: JSON | None = strawberry.field(
        default=None, description="Its receipt, where it is this account's own (注册回执)."
    )


@strawberry.type(description="The next version of the root DID to sign (待签变更).")
class PrepareHolderKeyRotationSuccess(PreparedFields):
    pass


@strawberry.type(description="The key is changed (更换成功).")
class RotateHolderKeySuccess:
    holder: Holder = strawberry.field(description="The holder with the root DID (持证方).")


@strawberry.type(description="The last version of the root DID to sign (待签停用).")
class PrepareRootDidDeactivationSuccess(PreparedFields):
    pass


@strawberry.type(description="The root DID is given up (停用成功).")
class DeactivateRootDidSuccess:
    holder: Holder = strawberry.field(description="The holder with the root DID (持证方).")


@strawberry.type(description="The texts to sign, by their digests (待签协议).")
class PrepareAgreementsSuccess(PreparedFields):
    pass


@strawberry.type(description="She agreed to them (签署成功).")
class SignAgreementsSuccess:
    agreements: list[SignedAgreement] = strawberry.field(
        description="All that she agreed to so far, newest first (已签协议)."
    )


@strawberry.type(description="The consent to sign (待签授权).")
class PrepareConsentSuccess(PreparedFields):
    pass


@strawberry.type(description="The consent is granted (授权成功).")
class GrantConsentSuccess:
    consent: Consent = strawberry.field(description="The consent, signed (授权).")


@strawberry.type(description="The withdrawal to sign (待签撤回).")
class PrepareConsentWithdrawalSuccess(PreparedFields):
    pass


@strawberry.type(description="The consent is taken back (撤回成功).")
class WithdrawConsentSuccess:
    consent: Consent = strawberry.field(description="The consent, withdrawn (授权).")


@strawberry.type(description="The copy is kept (托管成功).")
class DepositToCustodySuccess:
    custody: CustodyObject = strawberry.field(description="The copy in custody (托管对象).")


@strawberry.type(description="The wish to have a copy erased, to sign (待签删除).")
class PrepareCustodyWithdrawalSuccess(PreparedFields):
    pass


@strawberry.type(description="The copy is on its way out, or gone (删除成功).")
class WithdrawFromCustodySuccess:
    custody: CustodyObject = strawberry.field(description="The copy in custody (托管对象).")


@strawberry.type(
    description="The cancellation to sign; the same for as long as the key (待签取消)."
)
class PrepareCancellationSuccess:
    payload: JSON = strawberry.field(description="What is being signed, in full (待签内容).")
    payload_to_sign: Bytes = strawberry.field(description="The bytes to sign (待签字节).")


@strawberry.type(description="The credential is cancelled (取消成功).")
class CancelCredentialSuccess:
    credential: Credential = strawberry.field(
        description="The credential; its issuer's state follows the log (凭证)."
    )
    cancellation: Cancellation = strawberry.field(description="What the wallet keeps (取消).")


@strawberry.type(description="The wish to leave, to sign (待签退出).")
class PrepareWalletClosureSuccess(PreparedFields):
    pass


@strawberry.type(description="The wallet is closed (退出成功).")
class CloseWalletSuccess:
    holder: Holder = strawberry.field(description="The holder, who can still read (持证方).")
    closure: WalletClosure = strawberry.field(description="What ended with it (退出记录).")


RegisterRootDidResult: TypeAlias = Annotated[
    RegisterRootDidSuccess
    | RootDidAlreadyExists
    | AgreementRequired
    | ValidationFailed
    | Forbidden
    | InvalidSignature
    | TryAgain,
    strawberry.union(
        "RegisterRootDidResult", description="Outcome of the registration (注册结果)."
    ),
]
PrepareHolderKeyRotationResult: TypeAlias = Annotated[
    PrepareHolderKeyRotationSuccess
    | ValidationFailed
    | Forbidden
    | InvalidTransitionError
    | InvalidSignature
    | TryAgain,
    strawberry.union(
        "PrepareHolderKeyRotationResult", description="Outcome of the preparation (准备结果)."
    ),
]
RotateHolderKeyResult: TypeAlias = Annotated[
    RotateHolderKeySuccess
    | ValidationFailed
    | NotFound
    | Forbidden
    | InvalidTransitionError
    | InvalidSignature
    | TryAgain,
    strawberry.union("RotateHolderKeyResult", description="Outcome of the change (更换结果)."),
]
PrepareRootDidDeactivationResult: TypeAlias = Annotated[
    PrepareRootDidDeactivationSuccess
    | ValidationFailed
    | Forbidden
    | InvalidTransitionError
    | InvalidSignature
    | TryAgain,
    strawberry.union(
        "PrepareRootDidDeactivationResult", description="Outcome of the preparation (准备结果)."
    ),
]
DeactivateRootDidResult: TypeAlias = Annotated[
    DeactivateRootDidSuccess
    | ValidationFailed
    | NotFound
    | Forbidden
    | InvalidTransitionError
    | InvalidSignature
    | TryAgain,
    strawberry.union(
        "DeactivateRootDidResult", description="Outcome of the deactivation (停用结果)."
    ),
]
PrepareConsentResult: TypeAlias = Annotated[
    PrepareConsentSuccess | AgreementRequired | ValidationFailed | NotFound | Forbidden | TryAgain,
    strawberry.union("PrepareConsentResult", description="Outcome of the preparation (准备结果)."),
]
GrantConsentResult: TypeAlias = Annotated[
    GrantConsentSuccess | ValidationFailed | NotFound | Forbidden | InvalidSignature | TryAgain,
    strawberry.union("GrantConsentResult", description="Outcome of the grant (授权结果)."),
]
PrepareConsentWithdrawalResult: TypeAlias = Annotated[
    PrepareConsentWithdrawalSuccess
    | ValidationFailed
    | NotFound
    | Forbidden
    | InvalidTransitionError
    | TryAgain,
    strawberry.union(
        "PrepareConsentWithdrawalResult", description="Outcome of the preparation (准备结果)."
    ),
]
WithdrawConsentResult: TypeAlias = Annotated[
    WithdrawConsentSuccess
    | ValidationFailed
    | NotFound
    | Forbidden
    | InvalidTransitionError
    | InvalidSignature
    | TryAgain,
    strawberry.union("WithdrawConsentResult", description="Outcome of the withdrawal (撤回结果)."),
]
DepositToCustodyResult: TypeAlias = Annotated[
    DepositToCustodySuccess
    | AgreementRequired
    | ValidationFailed
    | NotFound
    | Forbidden
    | InvalidTransitionError
    | TryAgain,
    strawberry.union("DepositToCustodyResult", description="Outcome of the deposit (托管结果)."),
]
PrepareCustodyWithdrawalResult: TypeAlias = Annotated[
    PrepareCustodyWithdrawalSuccess
    | ValidationFailed
    | NotFound
    | Forbidden
    | InvalidTransitionError
    | TryAgain,
    strawberry.union(
        "PrepareCustodyWithdrawalResult", description="Outcome of the preparation (准备结果)."
    ),
]
WithdrawFromCustodyResult: TypeAlias = Annotated[
    WithdrawFromCustodySuccess
    | ValidationFailed
    | NotFound
    | Forbidden
    | InvalidTransitionError
    | InvalidSignature
    | TryAgain,
    strawberry.union("WithdrawFromCustodyResult", description="Outcome of the wish (删除结果)."),
]
PrepareCancellationResult: TypeAlias = Annotated[
    PrepareCancellationSuccess
    | ValidationFailed
    | NotFound
    | Forbidden
    | InvalidTransitionError
    | TryAgain,
    strawberry.union(
        "PrepareCancellationResult", description="Outcome of the preparation (准备结果)."
    ),
]
CancelCredentialResult: TypeAlias = Annotated[
    CancelCredentialSuccess
    | ValidationFailed
    | NotFound
    | Forbidden
    | InvalidTransitionError
    | InvalidSignature
    | TryAgain,
    strawberry.union("CancelCredentialResult", description="Outcome of the end (取消结果)."),
]
PrepareWalletClosureResult: TypeAlias = Annotated[
    PrepareWalletClosureSuccess | ValidationFailed | Forbidden | TryAgain,
    strawberry.union(
        "PrepareWalletClosureResult", description="Outcome of the preparation (准备结果)."
    ),
]
CloseWalletResult: TypeAlias = Annotated[
    CloseWalletSuccess
    | ValidationFailed
    | NotFound
    | Forbidden
    | InvalidTransitionError
    | InvalidSignature
    | TryAgain,
    strawberry.union("CloseWalletResult", description="Outcome of the wish (退出结果)."),
]
PrepareAgreementsResult: TypeAlias = Annotated[
    PrepareAgreementsSuccess | ValidationFailed | Forbidden | TryAgain,
    strawberry.union(
        "PrepareAgreementsResult", description="Outcome of the preparation (准备结果)."
    ),
]
SignAgreementsResult: TypeAlias = Annotated[
    SignAgreementsSuccess
    | ValidationFailed
    | NotFound
    | Forbidden
    | InvalidTransitionError
    | InvalidSignature
    | TryAgain,
    strawberry.union("SignAgreementsResult", description="Outcome of the signature (签署结果)."),
]
