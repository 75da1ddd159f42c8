"""The wallet's mutations: unpack the input, run the step, show the row."""

from __future__ import annotations

from typing import Annotated

import strawberry

from subgraphs.kit.agreement_types import AgreementRequired
from subgraphs.kit.agreements import AgreementsMissing
from subgraphs.kit.context import Info
from subgraphs.kit.errors import NotFound
from subgraphs.kit.fields import mutation
from subgraphs.kit.scalars import DID, json_value
from subgraphs.kit.signing import to_sign
from subgraphs.kit.types import INPUT
from subgraphs.wallet.parts import Parts
from subgraphs.wallet.schema import inputs, results
from subgraphs.wallet.schema.agreements import SignedAgreement
from subgraphs.wallet.schema.custody import CustodyObject
from subgraphs.wallet.schema.given import asked_of, prepared
from subgraphs.wallet.schema.key_mutation import KeyMutation
from subgraphs.wallet.schema.lending import LendingMutation
from subgraphs.wallet.schema.types import (
    Cancellation,
    Consent,
    Credential,
    Holder,
    WalletClosure,
)
from subgraphs.wallet.steps import cancel, close
from subgraphs.wallet.steps.agree import (
    AGREE,
    prepare_agreements,
    sign_agreements,
)
from subgraphs.wallet.steps.consent import (
    grant_consent,
    prepare_consent,
    prepare_withdrawal,
    withdraw_consent,
)
from subgraphs.wallet.steps.deposit import WITHDRAW, deposit_to_custody, withdraw_from_custody
from subgraphs.wallet.steps.deposit import prepare_withdrawal as prepare_copy
from subgraphs.wallet.steps.register import AlreadyRegistered, register_root_did
from subgraphs.wallet.steps.rotate import (
    DEACTIVATION,
    ROTATION,
    change_root_did,
    prepare_deactivation,
    prepare_rotation,
)
from subgraphs.wallet.steps.signed import Submitted
from subgraphs.wallet.steps.terms import Wanted


@strawberry.type
class Mutation(KeyMutation, LendingMutation):
    @mutation("Register the holder's root DID with the identity provider (注册根 DID).")
    async def register_root_did(
        self, info: Info[Parts], input_: Annotated[inputs.RegisterRootDidInput, INPUT]
    ) -> results.RegisterRootDidResult:
        try:
            row = await register_root_did(
                info.context.parts,
                info.context.viewer,
                asked_of(input_),
                client_id=input_.client_mutation_id,
            )
        except AlreadyRegistered as there:
            return results.RootDidAlreadyExists(
                code=there.code,
                message=there.message,
                did=DID(there.did),
                receipt=None if there.receipt is None else json_value(there.receipt),
            )
        except AgreementsMissing as asked:
            return AgreementRequired.of(asked)
        return results.RegisterRootDidSuccess(
            holder=Holder.of(row.holder, row), receipt=json_value(row.receipt)
        )

    @mutation("Get the root DID's next version, with another key, to sign (准备更换密钥).")
    async def prepare_holder_key_rotation(
        self, info: Info[Parts], input_: Annotated[inputs.PrepareHolderKeyRotationInput, INPUT]
    ) -> results.PrepareHolderKeyRotationResult:
        row = await prepare_rotation(
            info.context.parts,
            info.context.viewer,
            public_key_multibase=input_.public_key_multibase,
            proof_of_possession=input_.proof_of_possession,
        )
        return prepared(results.PrepareHolderKeyRotationSuccess, row)

    @mutation("Get the version that gives the root DID up, to sign (准备停用).")
    async def prepare_root_did_deactivation(
        self, info: Info[Parts], input_: Annotated[inputs.PrepareRootDidDeactivationInput, INPUT]
    ) -> results.PrepareRootDidDeactivationResult:
        del input_
        row = await prepare_deactivation(info.context.parts, info.context.viewer)
        return prepared(results.PrepareRootDidDeactivationSuccess, row)

    @mutation("Put the holder's next key in force; the one before signs nothing more (更换密钥).")
    async def rotate_holder_key(
        self, info: Info[Parts], input_: Annotated[inputs.RotateHolderKeyInput, INPUT]
    ) -> results.RotateHolderKeyResult:
        row = await change_root_did(
            info.context.parts,
            info.context.viewer,
            Submitted(input_.prepared_id, ROTATION, input_.holder_signature),
            client_id=input_.client_mutation_id,
        )
        return results.RotateHolderKeySuccess(holder=Holder.of(row.holder, row))

    @mutation("Give the root DID up for good (停用根 DID).")
    async def deactivate_root_did(
        self, info: Info[Parts], input_: Annotated[inputs.DeactivateRootDidInput, INPUT]
    ) -> results.DeactivateRootDidResult:
        row = await change_root_did(
            info.context.parts,
            info.context.viewer,
            Submitted(input_.prepared_id, DEACTIVATION, input_.holder_signature),
            client_id=input_.client_mutation_id,
        )
        return results.DeactivateRootDidSuccess(holder=Holder.of(row.holder, row))

    @mutation("Get the texts that a stage still asks for, to sign (准备签署协议).")
    async def prepare_agreements(
        self, info: Info[Parts], input_: Annotated[inputs.PrepareAgreementsInput, INPUT]
    ) -> results.PrepareAgreementsResult:
        row = await prepare_agreements(info.context.parts, info.context.viewer, input_.stage)
        return prepared(results.PrepareAgreementsSuccess, row)

    @mutation("Agree to the prepared texts with the holder's signature (签署协议).")
    async def sign_agreements(
        self, info: Info[Parts], input_: Annotated[inputs.SignAgreementsInput, INPUT]
    ) -> results.SignAgreementsResult:
        rows = await sign_agreements(
            info.context.parts,
            info.context.viewer,
            Submitted(input_.prepared_id, AGREE, input_.holder_signature),
            client_id=input_.client_mutation_id,
        )
        return results.SignAgreementsSuccess(agreements=[SignedAgreement.of(row) for row in rows])

    @mutation("Get the consent and the bytes to sign (准备授权).")
    async def prepare_consent(
        self, info: Info[Parts], input_: Annotated[inputs.PrepareConsentInput, INPUT]
    ) -> results.PrepareConsentResult:
        wanted = Wanted(
            granted_to=input_.granted_to,
            purpose=input_.purpose,
            claims=input_.scope.claims,
            total_at_least=input_.scope.total_at_least,
            credentials=input_.scope.credentials,
            monitoring_until=input_.monitoring_until,
            valid_until=input_.valid_until,
            uses=input_.uses,
        )
        try:
            row = await prepare_consent(info.context.parts, info.context.viewer, wanted)
        except AgreementsMissing as asked:
            return AgreementRequired.of(asked)
        return prepared(results.PrepareConsentSuccess, row)

    @mutation("Grant a prepared consent with the holder's signature (授权).")
    async def grant_consent(
        self, info: Info[Parts], input_: Annotated[inputs.GrantConsentInput, INPUT]
    ) -> results.GrantConsentResult:
        done = await grant_consent(
            info.context.parts,
            info.context.viewer,
            input_.prepared_id,
            input_.holder_signature,
            client_id=input_.client_mutation_id,
        )
        return results.GrantConsentSuccess(consent=await _consent(info, done))

    @mutation("Get the bytes to sign for taking a consent back (准备撤回授权).")
    async def prepare_consent_withdrawal(
        self, info: Info[Parts], input_: Annotated[inputs.PrepareConsentWithdrawalInput, INPUT]
    ) -> results.PrepareConsentWithdrawalResult:
        row = await prepare_withdrawal(info.context.parts, info.context.viewer, input_.consent_id)
        return prepared(results.PrepareConsentWithdrawalSuccess, row)

    @mutation("Take a consent back: what rests on it ends (撤回授权).")
    async def withdraw_consent(
        self, info: Info[Parts], input_: Annotated[inputs.WithdrawConsentInput, INPUT]
    ) -> results.WithdrawConsentResult:
        done = await withdraw_consent(
            info.context.parts,
            info.context.viewer,
            input_.prepared_id,
            input_.holder_signature,
            client_id=input_.client_mutation_id,
        )
        return results.WithdrawConsentSuccess(consent=await _consent(info, done))

    @mutation("Put an encrypted copy of a wallet item into cloud custody (云端托管).")
    async def deposit_to_custody(
        self, info: Info[Parts], input_: Annotated[inputs.DepositToCustodyInput, INPUT]
    ) -> results.DepositToCustodyResult:
        try:
            done = await deposit_to_custody(
                info.context.parts,
                info.context.viewer,
                item_id=input_.wallet_item_id,
                ciphertext=input_.ciphertext,
                key_id=input_.key_id,
                wrapped_key=input_.wrapped_key,
                client_id=input_.client_mutation_id,
            )
        except AgreementsMissing as asked:
            return AgreementRequired.of(asked)
        return results.DepositToCustodySuccess(custody=await _custody(info, done))

    @mutation("Get the wish to have a copy erased, to sign (准备删除托管).")
    async def prepare_custody_withdrawal(
        self, info: Info[Parts], input_: Annotated[inputs.PrepareCustodyWithdrawalInput, INPUT]
    ) -> results.PrepareCustodyWithdrawalResult:
        row = await prepare_copy(info.context.parts, info.context.viewer, input_.custody_id)
        return prepared(results.PrepareCustodyWithdrawalSuccess, row)

    @mutation("Take a copy out of custody: key destroyed, replicas erased (删除托管).")
    async def withdraw_from_custody(
        self, info: Info[Parts], input_: Annotated[inputs.WithdrawFromCustodyInput, INPUT]
    ) -> results.WithdrawFromCustodyResult:
        done = await withdraw_from_custody(
            info.context.parts,
            info.context.viewer,
            Submitted(input_.prepared_id, WITHDRAW, input_.holder_signature),
            client_id=input_.client_mutation_id,
        )
        return results.WithdrawFromCustodySuccess(custody=await _custody(info, done))

    @mutation("Get the wish to leave, to sign (准备退出).")
    async def prepare_wallet_closure(
        self, info: Info[Parts], input_: Annotated[inputs.PrepareWalletClosureInput, INPUT]
    ) -> results.PrepareWalletClosureResult:
        del input_
        row = await close.prepare_closure(info.context.parts, info.context.viewer)
        return prepared(results.PrepareWalletClosureSuccess, row)

    @mutation("Leave: every consent ends, every copy is erased (用户退出).")
    async def close_wallet(
        self, info: Info[Parts], input_: Annotated[inputs.CloseWalletInput, INPUT]
    ) -> results.CloseWalletResult:
        row = await close.close_wallet(
            info.context.parts,
            info.context.viewer,
            Submitted(input_.prepared_id, close.CLOSE, input_.holder_signature),
            client_id=input_.client_mutation_id,
        )
        root = await info.context.parts.store.root_did(row.holder)
        return results.CloseWalletSuccess(
            holder=Holder.of(row.holder, root), closure=WalletClosure.of(row)
        )

    @mutation("Get the bytes to sign for ending a credential (准备取消凭证).")
    async def prepare_cancellation(
        self, info: Info[Parts], input_: Annotated[inputs.PrepareCancellationInput, INPUT]
    ) -> results.PrepareCancellationResult:
        document, ready = await cancel.prepare(info.context.parts, info.context.viewer, input_.id)
        return results.PrepareCancellationSuccess(
            payload=json_value({"document": document, "proofConfig": ready.config}),
            payload_to_sign=to_sign(ready.payload),
        )

    @mutation("End a credential at any time, its issuer there or not (取消凭证).")
    async def cancel_credential(
        self, info: Info[Parts], input_: Annotated[inputs.CancelCredentialInput, INPUT]
    ) -> results.CancelCredentialResult:
        row = await cancel.cancel_credential(
            info.context.parts,
            info.context.viewer,
            input_.id,
            input_.signature,
            client_id=input_.client_mutation_id,
        )
        return results.CancelCredentialSuccess(
            credential=Credential(id=strawberry.ID(row.credential)),
            cancellation=Cancellation.of(row),
        )


async def _consent(info: Info[Parts], id_: str) -> Consent:
    (found,) = await Consent.resolve_references(info, [{"id": id_}])
    if found is None:
        raise NotFound("consent")
    return found


async def _custody(info: Info[Parts], id_: str) -> CustodyObject:
    (found,) = await CustodyObject.resolve_references(info, [{"id": id_}])
    if found is None:
        raise NotFound("custody object")
    return found
