"""Inputs of the issuer's mutations. Codes come in as text: an ill one is refused as data."""

from __future__ import annotations

import strawberry

from subgraphs.kit.scalars import DID, JSON
from subgraphs.kit.signing import HolderSignatureInput
from subgraphs.kit.types import MutationInput


@strawberry.input(description="Match a customer account to its root DID (客户绑定).")
class BindCustomerAccountInput(MutationInput):
    account_no: str = strawberry.field(description="The issuer's own account number (账户号).")
    did: DID = strawberry.field(description="The customer's root DID (根 DID).")


@strawberry.input(description="What a holder wants proved, and by whom (申请内容).")
class PrepareCredentialRequestInput(MutationInput):
    issuer_id: strawberry.ID = strawberry.field(description="The issuing institution (发证方).")
    categories: list[str] = strawberry.field(
        description="Asset categories by their codes, at least one (资产类别)."
    )
    purpose: str = strawberry.field(description="What it is wanted for (用途).")
    did_versions: list[JSON] | None = strawberry.field(
        default=None,
        description="Later versions of the root DID, after a change of key (根 DID 后续版本).",
    )


@strawberry.input(description="A prepared payload and the holder's signature over it (签署).")
class RequestCredentialInput(MutationInput):
    prepared_id: strawberry.ID = strawberry.field(description="From the prepare step (待签编号).")
    holder_signature: HolderSignatureInput = strawberry.field(
        description="The holder's signature (持证方签名)."
    )


@strawberry.input(description="Compile a draft from the institution's own records (编制).")
class CompileCredentialDraftInput(MutationInput):
    credential_id: strawberry.ID = strawberry.field(description="The requested credential (凭证).")


@strawberry.input(description="Sign a draft and offer it to the holder (签发).")
class IssueCredentialInput(MutationInput):
    credential_id: strawberry.ID = strawberry.field(description="The drafted credential (凭证).")


@strawberry.input(description="Refuse a request (拒绝).")
class RejectCredentialRequestInput(MutationInput):
    credential_id: strawberry.ID = strawberry.field(description="The requested credential (凭证).")
    reason_code: str = strawberry.field(description="Why, a code in capitals (原因代码).")


@strawberry.input(description="Get the offer's bytes to sign (待签).")
class PrepareCountersignatureInput(MutationInput):
    credential_id: strawberry.ID = strawberry.field(description="The offered credential (凭证).")
    did_versions: list[JSON] | None = strawberry.field(
        default=None,
        description="Later versions of the root DID, after a change of key (根 DID 后续版本).",
    )


@strawberry.input(description="Countersign an offer (持证方签署).")
class CountersignCredentialInput(MutationInput):
    prepared_id: strawberry.ID = strawberry.field(description="From the prepare step (待签编号).")
    holder_signature: HolderSignatureInput = strawberry.field(
        description="The holder's signature (持证方签名)."
    )


@strawberry.input(description="Step back before the credential is in force (撤回申请).")
class WithdrawCredentialRequestInput(MutationInput):
    credential_id: strawberry.ID = strawberry.field(description="The own credential (凭证).")


@strawberry.input(description="Endorse a change on a credential in force (变更签注).")
class EndorseCredentialInput(MutationInput):
    credential_id: strawberry.ID = strawberry.field(description="The credential (凭证).")
    effect: str = strawberry.field(
        description="NOTE, REDUCED, RESTORED, SUSPEND or REVOKE (签注效力)."
    )
    reason_code: str = strawberry.field(description="Why, a code in capitals (原因代码).")
    new_total_band: str | None = strawberry.field(
        default=None,
        description="`LOW..HIGH` in steps of 10 000 yuan, HIGH may be left out (变更后区间).",
    )


@strawberry.input(description="Endorse one change on many credentials (批量签注).")
class EndorseCredentialsInput(MutationInput):
    credential_ids: list[strawberry.ID] = strawberry.field(
        description="Own credentials in force, 1 to 500 (凭证)."
    )
    effect: str = strawberry.field(
        description="NOTE, REDUCED, RESTORED, SUSPEND or REVOKE (签注效力)."
    )
    reason_code: str = strawberry.field(description="Why, a code in capitals (原因代码).")
    new_total_band: str | None = strawberry.field(
        default=None,
        description="`LOW..HIGH` in steps of 10 000 yuan, HIGH may be left out (变更后区间).",
    )


@strawberry.input(description="Revoke a credential in force for good (注销).")
class RevokeCredentialInput(MutationInput):
    credential_id: strawberry.ID = strawberry.field(description="The credential (凭证).")
    reason_code: str = strawberry.field(description="Why, a code in capitals (原因代码).")
