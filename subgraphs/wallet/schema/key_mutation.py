"""The mutations for a key that is lost, known to others, or changed."""

from __future__ import annotations

from typing import Annotated

import strawberry

from subgraphs.kit.context import Info
from subgraphs.kit.fields import mutation
from subgraphs.kit.types import INPUT
from subgraphs.wallet.parts import Parts
from subgraphs.wallet.schema import key_inputs as inputs
from subgraphs.wallet.schema import key_results as results
from subgraphs.wallet.schema.custody import CustodyObject
from subgraphs.wallet.schema.given import asked_of, prepared
from subgraphs.wallet.schema.types import Holder
from subgraphs.wallet.steps import recover, rewrap
from subgraphs.wallet.steps.rotate import REPORT, change_root_did, prepare_report
from subgraphs.wallet.steps.signed import Submitted


@strawberry.type
class KeyMutation:
    @mutation("Get the version that stops the key from a stated time on, to sign (准备报告失密).")
    async def prepare_key_compromise_report(
        self, info: Info[Parts], input_: Annotated[inputs.PrepareKeyCompromiseReportInput, INPUT]
    ) -> results.PrepareKeyCompromiseReportResult:
        row = await prepare_report(info.context.parts, info.context.viewer, since=input_.since)
        return prepared(results.PrepareKeyCompromiseReportSuccess, row)

    @mutation("Report that the key may be in other hands: it signs nothing more (报告失密).")
    async def report_key_compromise(
        self, info: Info[Parts], input_: Annotated[inputs.ReportKeyCompromiseInput, INPUT]
    ) -> results.ReportKeyCompromiseResult:
        row = await change_root_did(
            info.context.parts,
            info.context.viewer,
            Submitted(input_.prepared_id, REPORT, input_.holder_signature),
            client_id=input_.client_mutation_id,
        )
        return results.ReportKeyCompromiseSuccess(holder=Holder.of(row.holder, row))

    @mutation("Begin to get a new key through the identity provider, looked at anew (申请恢复).")
    async def start_recovery(
        self, info: Info[Parts], input_: Annotated[inputs.StartRecoveryInput, INPUT]
    ) -> results.StartRecoveryResult:
        row = await recover.start_recovery(
            info.context.parts,
            info.context.viewer,
            asked_of(input_),
            client_id=input_.client_mutation_id,
        )
        return results.StartRecoverySuccess(holder=Holder.of(row.holder, row))

    @mutation("Put the new key in force, once the wait is over (完成恢复).")
    async def complete_recovery(
        self, info: Info[Parts], input_: Annotated[inputs.CompleteRecoveryInput, INPUT]
    ) -> results.CompleteRecoveryResult:
        row = await recover.complete_recovery(
            info.context.parts, info.context.viewer, client_id=input_.client_mutation_id
        )
        return results.CompleteRecoverySuccess(holder=Holder.of(row.holder, row))

    @mutation("Get what takes a recovery back, to sign with the key in force (准备取消恢复).")
    async def prepare_recovery_cancellation(
        self, info: Info[Parts], input_: Annotated[inputs.PrepareRecoveryCancellationInput, INPUT]
    ) -> results.PrepareRecoveryCancellationResult:
        del input_
        row = await recover.prepare_cancellation(info.context.parts, info.context.viewer)
        return prepared(results.PrepareRecoveryCancellationSuccess, row)

    @mutation("Take back a recovery that no report began: the key stays in force (取消恢复).")
    async def cancel_recovery(
        self, info: Info[Parts], input_: Annotated[inputs.CancelRecoveryInput, INPUT]
    ) -> results.CancelRecoveryResult:
        row = await recover.cancel_recovery(
            info.context.parts,
            info.context.viewer,
            Submitted(input_.prepared_id, recover.CANCEL, input_.holder_signature),
            client_id=input_.client_mutation_id,
        )
        return results.CancelRecoverySuccess(holder=Holder.of(row.holder, row))

    @mutation("Get newly wrapped data keys of copies in custody, to sign (准备重新封装).")
    async def prepare_custody_keys_rewrap(
        self, info: Info[Parts], input_: Annotated[inputs.PrepareCustodyKeysRewrapInput, INPUT]
    ) -> results.PrepareCustodyKeysRewrapResult:
        keys = [
            rewrap.Rewrapped(custody_id=one.custody_id, wrapped_key=one.wrapped_key)
            for one in input_.keys
        ]
        row = await rewrap.prepare_rewrap(info.context.parts, info.context.viewer, keys)
        return prepared(results.PrepareCustodyKeysRewrapSuccess, row)

    @mutation("Put the newly wrapped data keys in place, after a change of key (重新封装).")
    async def rewrap_custody_keys(
        self, info: Info[Parts], input_: Annotated[inputs.RewrapCustodyKeysInput, INPUT]
    ) -> results.RewrapCustodyKeysResult:
        parts = info.context.parts
        ids = await rewrap.rewrap(
            parts,
            info.context.viewer,
            Submitted(input_.prepared_id, rewrap.REWRAP, input_.holder_signature),
            client_id=input_.client_mutation_id,
        )
        rows = await parts.copies.custody(ids)
        copies = [CustodyObject.of(rows[one]) for one in ids if one in rows]
        return results.RewrapCustodyKeysSuccess(copies=copies)
