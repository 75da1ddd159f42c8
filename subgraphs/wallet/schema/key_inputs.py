"""Inputs of what is done when a key is lost, known to others, or changed."""

from __future__ import annotations

from datetime import datetime

import strawberry

from subgraphs.kit.scalars import Bytes, Signature
from subgraphs.kit.signing import FaceAssertionInput, HolderSignatureInput
from subgraphs.kit.types import MutationInput


@strawberry.input(description="Get the bytes to sign for reporting the key (准备报告失密).")
class PrepareKeyCompromiseReportInput(MutationInput):
    since: datetime = strawberry.field(
        description="From when on it may be in other hands, at most 30 days ago (失密时间)."
    )


@strawberry.input(description="A prepared report and the signature of that key (报告失密).")
class ReportKeyCompromiseInput(MutationInput):
    prepared_id: strawberry.ID = strawberry.field(description="From the prepare step (待签编号).")
    holder_signature: HolderSignatureInput = strawberry.field(
        description="The signature of the key in force (当前密钥签名)."
    )


@strawberry.input(description="The wish for a new key, signed by it (申请恢复).")
class StartRecoveryInput(MutationInput):
    identity_document: str = strawberry.field(
        description="The identity document; passed to the identity provider, not kept (身份证件)."
    )
    public_key_multibase: str = strawberry.field(
        description="The new SM2 public key as Multikey text (新公钥)."
    )
    payload: Bytes = strawberry.field(
        description="The recovery document that the new key signed; it names the DID, and since"
        " when others may have the old key (申请内容)."
    )
    proof_of_possession: Signature = strawberry.field(
        description="The new key's signature over the payload (持有证明)."
    )
    face_assertion: FaceAssertionInput = strawberry.field(
        description="The face check bound to the payload (人脸核验)."
    )


@strawberry.input(description="Put the new key in force after the wait (完成恢复).")
class CompleteRecoveryInput(MutationInput):
    pass


@strawberry.input(description="Get the bytes to sign for taking a recovery back (准备取消恢复).")
class PrepareRecoveryCancellationInput(MutationInput):
    pass


@strawberry.input(description="A prepared taking back and its signature (取消恢复).")
class CancelRecoveryInput(MutationInput):
    prepared_id: strawberry.ID = strawberry.field(description="From the prepare step (待签编号).")
    holder_signature: HolderSignatureInput = strawberry.field(
        description="The signature of the key in force (当前密钥签名)."
    )


@strawberry.input(description="The data key of one copy, wrapped anew (重新封装的密钥).")
class RewrappedKeyInput:
    custody_id: strawberry.ID = strawberry.field(description="The copy (托管对象).")
    wrapped_key: Bytes = strawberry.field(
        description="Its data key as the holder's software wrapped it for the key in force"
        " (已封装密钥)."
    )


@strawberry.input(description="Get the bytes to sign for newly wrapped keys (准备重新封装).")
class PrepareCustodyKeysRewrapInput(MutationInput):
    keys: list[RewrappedKeyInput] = strawberry.field(description="At most 100 (密钥).")


@strawberry.input(description="Prepared wrapped keys and the holder's signature (重新封装).")
class RewrapCustodyKeysInput(MutationInput):
    prepared_id: strawberry.ID = strawberry.field(description="From the prepare step (待签编号).")
    holder_signature: HolderSignatureInput = strawberry.field(
        description="The signature of the key in force (当前密钥签名)."
    )
