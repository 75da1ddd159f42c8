"""Inputs of the wallet's mutations. Amounts and codes come in as text: an ill one is refused as
data."""

from __future__ import annotations

from datetime import datetime

import strawberry

from subgraphs.kit.agreements import AgreementStage
from subgraphs.kit.scalars import Bytes, Signature
from subgraphs.kit.signing import FaceAssertionInput, HolderSignatureInput
from subgraphs.kit.types import MutationInput


@strawberry.input(description="A person's wish for a root DID, signed by its new key (申请根 DID).")
class RegisterRootDidInput(MutationInput):
    identity_document: str = strawberry.field(
        description="The identity document; passed to the identity provider, not kept (身份证件)."
    )
    public_key_multibase: str = strawberry.field(
        description="The new SM2 public key as Multikey text (公钥)."
    )
    payload: Bytes = strawberry.field(
        description="The registration document that the key signed (申请内容)."
    )
    proof_of_possession: Signature = strawberry.field(
        description="The new key's signature over the payload (持有证明)."
    )
    face_assertion: FaceAssertionInput = strawberry.field(
        description="The face check bound to the payload (人脸核验)."
    )


@strawberry.input(description="The next key of a root DID (更换密钥).")
class PrepareHolderKeyRotationInput(MutationInput):
    public_key_multibase: str = strawberry.field(
        description="The new SM2 public key as Multikey text (新公钥)."
    )
    proof_of_possession: Signature = strawberry.field(
        description="The new key's signature for this DID (持有证明)."
    )


@strawberry.input(description="Get the bytes to sign for giving a root DID up (准备停用).")
class PrepareRootDidDeactivationInput(MutationInput):
    pass


@strawberry.input(description="A prepared change of key and its signature (更换密钥).")
class RotateHolderKeyInput(MutationInput):
    prepared_id: strawberry.ID = strawberry.field(description="From the prepare step (待签编号).")
    holder_signature: HolderSignatureInput = strawberry.field(
        description="The signature of the key in force (当前密钥签名)."
    )


@strawberry.input(description="A prepared deactivation and its signature (停用根 DID).")
class DeactivateRootDidInput(MutationInput):
    prepared_id: strawberry.ID = strawberry.field(description="From the prepare step (待签编号).")
    holder_signature: HolderSignatureInput = strawberry.field(
        description="The signature of the key in force (当前密钥签名)."
    )


@strawberry.input(description="What a consent is to let be shown (授权范围).")
class ConsentScopeInput:
    claims: list[str] = strawberry.field(
        default_factory=list,
        description="Claim paths, such as `/credentialSubject/total` (可披露字段).",
    )
    total_at_least: str | None = strawberry.field(
        default=None,
        description="A total that may be proved without showing it, in CNY (下限金额).",
    )
    credentials: list[strawberry.ID] = strawberry.field(
        default_factory=list,
        description="The credentials meant; none means all of the holder's (凭证范围).",
    )


@strawberry.input(description="The terms of a consent (授权条款).")
class PrepareConsentInput(MutationInput):
    granted_to: strawberry.ID = strawberry.field(description="The verifier (被授权机构).")
    purpose: str = strawberry.field(description="What it is for, a code in capitals (目的).")
    scope: ConsentScopeInput = strawberry.field(description="What it lets be shown (范围).")
    valid_until: datetime = strawberry.field(description="Until when it may be used (有效期至).")
    monitoring_until: datetime | None = strawberry.field(
        default=None,
        description="How long accepted credentials may be watched; none: not at all (监测截止).",
    )
    uses: int | None = strawberry.field(
        default=None,
        description="How many presentations it is for, 1 to 100; none: any number (可用次数).",
    )


@strawberry.input(description="Get the texts of a stage to sign (准备签署协议).")
class PrepareAgreementsInput(MutationInput):
    stage: AgreementStage = strawberry.field(description="Before which step (签署环节).")


@strawberry.input(description="Prepared texts and the holder's signature over them (签署协议).")
class SignAgreementsInput(MutationInput):
    prepared_id: strawberry.ID = strawberry.field(description="From the prepare step (待签编号).")
    holder_signature: HolderSignatureInput = strawberry.field(
        description="The holder's signature (持证方签名)."
    )


@strawberry.input(description="A prepared consent and the holder's signature over it (签署授权).")
class GrantConsentInput(MutationInput):
    prepared_id: strawberry.ID = strawberry.field(description="From the prepare step (待签编号).")
    holder_signature: HolderSignatureInput = strawberry.field(
        description="The holder's signature (持证方签名)."
    )


@strawberry.input(description="Get the bytes to sign for taking a consent back (准备撤回).")
class PrepareConsentWithdrawalInput(MutationInput):
    consent_id: strawberry.ID = strawberry.field(description="The consent (授权).")


@strawberry.input(description="A prepared withdrawal and the holder's signature (撤回授权).")
class WithdrawConsentInput(MutationInput):
    prepared_id: strawberry.ID = strawberry.field(description="From the prepare step (待签编号).")
    holder_signature: HolderSignatureInput = strawberry.field(
        description="The holder's signature (持证方签名)."
    )


@strawberry.input(description="An encrypted copy to be kept in the cloud (云端托管).")
class DepositToCustodyInput(MutationInput):
    wallet_item_id: strawberry.ID = strawberry.field(description="What is copied (卡包条目).")
    ciphertext: Bytes = strawberry.field(
        description="The copy, encrypted by the holder, at most 1 MB (密文)."
    )
    key_id: str | None = strawberry.field(
        default=None, description="The holder's name for the key that opens it (密钥编号)."
    )
    wrapped_key: Bytes | None = strawberry.field(
        default=None,
        description="The data key as the holder's software wrapped it for herself (已封装密钥).",
    )


@strawberry.input(description="Get the bytes to sign for erasing a copy (准备删除托管).")
class PrepareCustodyWithdrawalInput(MutationInput):
    custody_id: strawberry.ID = strawberry.field(description="The copy (托管对象).")


@strawberry.input(description="A prepared wish and the holder's signature (删除托管).")
class WithdrawFromCustodyInput(MutationInput):
    prepared_id: strawberry.ID = strawberry.field(description="From the prepare step (待签编号).")
    holder_signature: HolderSignatureInput = strawberry.field(
        description="The holder's signature (持证方签名)."
    )


@strawberry.input(description="Get the bytes to sign for leaving (准备退出).")
class PrepareWalletClosureInput(MutationInput):
    pass


@strawberry.input(description="A prepared wish to leave and the holder's signature (退出).")
class CloseWalletInput(MutationInput):
    prepared_id: strawberry.ID = strawberry.field(description="From the prepare step (待签编号).")
    holder_signature: HolderSignatureInput = strawberry.field(
        description="The holder's signature (持证方签名)."
    )


@strawberry.input(description="Get the bytes to sign for ending a credential (准备取消).")
class PrepareCancellationInput(MutationInput):
    id: strawberry.ID = strawberry.field(description="The credential (凭证).")


@strawberry.input(description="The holder's own end of a credential (取消凭证).")
class CancelCredentialInput(MutationInput):
    id: strawberry.ID = strawberry.field(description="The credential (凭证).")
    signature: HolderSignatureInput = strawberry.field(
        description="Her signature over the cancellation of this credential (持证方签名)."
    )
