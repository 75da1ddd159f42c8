"""The issuer's mutations: unpack the input, run the desk's step, show the row."""

from __future__ import annotations

from typing import Annotated, TypeVar

import strawberry

from subgraphs.issuer.desk.bind import bind_customer_account
from subgraphs.issuer.desk.bulk import endorse_many
from subgraphs.issuer.desk.countersign import countersign, prepare_countersignature
from subgraphs.issuer.desk.endorse import endorse
from subgraphs.issuer.desk.issue import compile_draft, issue, reject
from subgraphs.issuer.desk.request import prepare_request, submit_request, withdraw_request
from subgraphs.issuer.parts import Parts
from subgraphs.issuer.schema import inputs, results
from subgraphs.issuer.schema.participation import Participations
from subgraphs.issuer.schema.types import Credential, Endorsement, Holder
from subgraphs.kit.agreement_types import AgreementRequired
from subgraphs.kit.agreements import AgreementsMissing
from subgraphs.kit.context import Info
from subgraphs.kit.errors import NotFound
from subgraphs.kit.fields import mutation
from subgraphs.kit.ids import CredentialId, EndorsementId
from subgraphs.kit.prepared import PreparedRow
from subgraphs.kit.scalars import DID, json_value
from subgraphs.kit.signing import PreparedFields, to_sign
from subgraphs.kit.types import INPUT
from subgraphs.kit.vocabulary import EndorsementEffect

PreparedT = TypeVar("PreparedT", bound=PreparedFields)


@strawberry.type
class Mutation(Participations):
    @mutation("Match a customer account to its root DID (客户绑定).")
    async def bind_customer_account(
        self, info: Info[Parts], input_: Annotated[inputs.BindCustomerAccountInput, INPUT]
    ) -> results.BindCustomerAccountResult:
        binding = await bind_customer_account(
            info.context.parts,
            info.context.viewer,
            account_no=input_.account_no,
            did=input_.did,
            client_id=input_.client_mutation_id,
        )
        return results.BindCustomerAccountSuccess(
            holder=Holder(id=strawberry.ID(binding.holder)),
            did=DID(binding.did),
            matched_at=binding.matched_at,
        )

    @mutation("Get the bytes to sign for a credential request (准备申请).")
    async def prepare_credential_request(
        self, info: Info[Parts], input_: Annotated[inputs.PrepareCredentialRequestInput, INPUT]
    ) -> results.PrepareCredentialRequestResult:
        try:
            row = await prepare_request(
                info.context.parts,
                info.context.viewer,
                issuer=input_.issuer_id,
                categories=input_.categories,
                purpose=input_.purpose,
                did_versions=input_.did_versions,
            )
        except AgreementsMissing as asked:
            return AgreementRequired.of(asked)
        return _prepared(results.PrepareCredentialRequestSuccess, row)

    @mutation("Ask an issuer for an asset proof (申请凭证).")
    async def request_credential(
        self, info: Info[Parts], input_: Annotated[inputs.RequestCredentialInput, INPUT]
    ) -> results.RequestCredentialResult:
        done = await submit_request(
            info.context.parts,
            info.context.viewer,
            prepared=input_.prepared_id,
            signature=input_.holder_signature,
            client_id=input_.client_mutation_id,
        )
        return results.RequestCredentialSuccess(credential=await _credential(info, done))

    @mutation("Compile a requested credential from the institution's own records (编制凭证).")
    async def compile_credential_draft(
        self, info: Info[Parts], input_: Annotated[inputs.CompileCredentialDraftInput, INPUT]
    ) -> results.CompileCredentialDraftResult:
        done = await compile_draft(
            info.context.parts,
            info.context.viewer,
            credential=input_.credential_id,
            client_id=input_.client_mutation_id,
        )
        return results.CompileCredentialDraftSuccess(credential=await _credential(info, done))

    @mutation("Sign a draft and offer it to its holder (签发凭证).")
    async def issue_credential(
        self, info: Info[Parts], input_: Annotated[inputs.IssueCredentialInput, INPUT]
    ) -> results.IssueCredentialResult:
        done = await issue(
            info.context.parts,
            info.context.viewer,
            credential=input_.credential_id,
            client_id=input_.client_mutation_id,
        )
        return results.IssueCredentialSuccess(credential=await _credential(info, done))

    @mutation("Refuse a credential request (拒绝申请).")
    async def reject_credential_request(
        self, info: Info[Parts], input_: Annotated[inputs.RejectCredentialRequestInput, INPUT]
    ) -> results.RejectCredentialRequestResult:
        done = await reject(
            info.context.parts,
            info.context.viewer,
            credential=input_.credential_id,
            reason_code=input_.reason_code,
            client_id=input_.client_mutation_id,
        )
        return results.RejectCredentialRequestSuccess(credential=await _credential(info, done))

    @mutation("Get the offered document and the bytes to countersign (准备签署).")
    async def prepare_countersignature(
        self, info: Info[Parts], input_: Annotated[inputs.PrepareCountersignatureInput, INPUT]
    ) -> results.PrepareCountersignatureResult:
        row = await prepare_countersignature(
            info.context.parts,
            info.context.viewer,
            credential=input_.credential_id,
            did_versions=input_.did_versions,
        )
        return _prepared(results.PrepareCountersignatureSuccess, row)

    @mutation("Countersign an offered credential: it is in force from then on (签署凭证).")
    async def countersign_credential(
        self, info: Info[Parts], input_: Annotated[inputs.CountersignCredentialInput, INPUT]
    ) -> results.CountersignCredentialResult:
        done = await countersign(
            info.context.parts,
            info.context.viewer,
            prepared=input_.prepared_id,
            signature=input_.holder_signature,
            client_id=input_.client_mutation_id,
        )
        return results.CountersignCredentialSuccess(credential=await _credential(info, done))

    @mutation("Withdraw the own request before it is countersigned (撤回申请).")
    async def withdraw_credential_request(
        self, info: Info[Parts], input_: Annotated[inputs.WithdrawCredentialRequestInput, INPUT]
    ) -> results.WithdrawCredentialRequestResult:
        done = await withdraw_request(
            info.context.parts,
            info.context.viewer,
            credential=input_.credential_id,
            client_id=input_.client_mutation_id,
        )
        return results.WithdrawCredentialRequestSuccess(credential=await _credential(info, done))

    @mutation("Endorse a change on a credential in force (变更签注).")
    async def endorse_credential(
        self, info: Info[Parts], input_: Annotated[inputs.EndorseCredentialInput, INPUT]
    ) -> results.EndorseCredentialResult:
        done = await endorse(
            info.context.parts,
            info.context.viewer,
            credential=input_.credential_id,
            effect=input_.effect,
            reason_code=input_.reason_code,
            new_total_band=input_.new_total_band,
            client_id=input_.client_mutation_id,
        )
        endorsement = await _endorsement(info, done)
        credential = await _credential(info, CredentialId(input_.credential_id))
        return results.EndorseCredentialSuccess(credential=credential, endorsement=endorsement)

    @mutation("Endorse one change on many credentials, each with its own event (批量签注).")
    async def endorse_credentials(
        self, info: Info[Parts], input_: Annotated[inputs.EndorseCredentialsInput, INPUT]
    ) -> results.EndorseCredentialsResult:
        done = await endorse_many(
            info.context.parts,
            info.context.viewer,
            credentials=input_.credential_ids,
            effect=input_.effect,
            reason_code=input_.reason_code,
            new_total_band=input_.new_total_band,
            client_id=input_.client_mutation_id,
        )
        return results.EndorseCredentialsSuccess(
            endorsed=done.endorsed,
            refused=[
                results.EndorsementError(credential_id=strawberry.ID(id_), code=code)
                for id_, code in done.refused.items()
            ],
        )

    @mutation("Revoke a credential in force for good (注销凭证).")
    async def revoke_credential(
        self, info: Info[Parts], input_: Annotated[inputs.RevokeCredentialInput, INPUT]
    ) -> results.RevokeCredentialResult:
        done = await endorse(
            info.context.parts,
            info.context.viewer,
            credential=input_.credential_id,
            effect=EndorsementEffect.REVOKE.value,
            reason_code=input_.reason_code,
            new_total_band=None,
            client_id=input_.client_mutation_id,
        )
        endorsement = await _endorsement(info, done)
        credential = await _credential(info, CredentialId(input_.credential_id))
        return results.RevokeCredentialSuccess(credential=credential, endorsement=endorsement)


async def _credential(info: Info[Parts], credential: CredentialId) -> Credential:
    (found,) = await Credential.resolve_references(info, [{"id": credential}])
    if found is None:
        raise NotFound("credential", field="credentialId")
    return found


async def _endorsement(info: Info[Parts], endorsement: EndorsementId) -> Endorsement:
    (found,) = await Endorsement.resolve_references(info, [{"id": endorsement}])
    if found is None:
        raise NotFound("endorsement")
    return found


def _prepared(shape: type[PreparedT], row: PreparedRow) -> PreparedT:
    return shape(
        prepared_id=strawberry.ID(row.id),
        payload=json_value(dict(row.payload)),
        payload_to_sign=to_sign(row.to_sign),
        expires_at=row.expires_at,
    )
