"""Chain proofs as GraphQL, for those who may see the event; every entry is on the public log."""

from __future__ import annotations

import json
from datetime import datetime
from typing import cast

import strawberry

from ledger_adapter.chains.evm.contract import registry
from ledger_adapter.errors import BadProof
from ledger_adapter.evidence.evm import TrustedEvm
from ledger_adapter.log.bundle import b64url
from ledger_adapter.log.checkpoint import Checkpoint as SignedHead
from ledger_adapter.port import Anchored
from ledger_adapter.port import ChainProof as LedgerProof
from ledger_adapter.verify import Trust, verify_bundle
from subgraphs.audit import loaders, policy
from subgraphs.audit.parts import Parts
from subgraphs.audit.records import EventRow
from subgraphs.audit.schema.words import AnchorState, TrustLevel
from subgraphs.kit.context import Info
from subgraphs.kit.fields import resolved
from subgraphs.kit.scalars import JSON, Bytes, json_value


@strawberry.type(description="Which log a proof speaks of (日志).")
class LogRef:
    id: Bytes = strawberry.field(description="Digest of its origin and first key (日志标识).")
    origin: str = strawberry.field(description="First line of its checkpoints (来源).")
    alg: str = strawberry.field(description="Hash algorithm of its tree (杂凑算法).")
    shard: str = strawberry.field(description="Shard, by year (分片).")


@strawberry.type(description="A signature below a checkpoint (检查点签名).")
class CheckpointSignature:
    key_id: str = strawberry.field(description="Which key signed, eight hex digits (密钥标识).")
    kind: str = strawberry.field(description="Algorithm (算法).")
    value: Bytes = strawberry.field(description="The signature (签名值).")


@strawberry.type(description="A signed head of the log (检查点).")
class Checkpoint:
    tree_size: str = strawberry.field(description="How many entries it covers (树大小).")
    root: Bytes = strawberry.field(description="Root hash (根).")
    time: datetime = strawberry.field(description="When the log says it was signed (时间).")
    bytes: Bytes = strawberry.field(description="The signed note, word for word (签名原文).")
    signatures: list[CheckpointSignature] = strawberry.field(description="Signatures (签名).")


@strawberry.type(description="The code of the contract that keeps a head (合约版本).")
class ContractVersion:
    code_hash: Bytes = strawberry.field(description="Keccak-256 of its code (代码哈希).")
    checked_by: list[str] = strawberry.field(description="What has checked that code (检查工具).")


@strawberry.type(description="A head's proof on a chain (链上锚定).")
class Anchor:
    kind: str = strawberry.field(description="Kind of evidence (证据类型).")
    chain: str = strawberry.field(description="The chain's name in this deployment (链名称).")
    chain_id: str = strawberry.field(description="Which chain, as trust files name it (链标识).")
    tree_size: str = strawberry.field(description="Size of the head that stands there (树大小).")
    root: Bytes = strawberry.field(description="Root of that head (根).")
    consistency: list[Bytes] = strawberry.field(
        description="What leads from that head to the proof's own (一致性路径)."
    )
    tx_hash: Bytes = strawberry.field(description="The transaction (交易哈希).")
    block_number: str = strawberry.field(description="Its block (区块高度).")
    block_hash: Bytes = strawberry.field(description="Hash of the block (区块哈希).")
    block_time: datetime = strawberry.field(description="Time in the block (区块时间).")
    evidence: JSON = strawberry.field(description="What an offline reader checks (离线证据).")
    finality: str = strawberry.field(description="How final it is (终局性).")
    captured_at: datetime = strawberry.field(
        description="When the evidence was captured and checked (取证时间)."
    )
    contract: ContractVersion | None = strawberry.field(
        default=None, description="The registry contract; null on a chain without one (合约版本)."
    )


def anchor(found: Anchored, trust: Trust) -> Anchor:
    return Anchor(
        kind=found.kind,
        chain=found.chain,
        chain_id=found.chain_id,
        tree_size=str(found.tree_size),
        root=encoded(found.root),
        consistency=[encoded(node) for node in found.consistency],
        tx_hash=encoded(found.transaction),
        block_number=str(found.block_number),
        block_hash=encoded(found.block_hash),
        block_time=found.block_time,
        evidence=json_value(dict(found.evidence)),
        finality="FINAL",
        captured_at=found.captured_at,
        contract=contract_of(trust.chain(found.chain_id)),
    )


def contract_of(chain: object) -> ContractVersion | None:
    """By the code hash that this deployment trusts; who checked it is known of our own build."""
    if not isinstance(chain, TrustedEvm):
        return None
    ours = registry().version
    return ContractVersion(
        code_hash=encoded(chain.code_hash),
        checked_by=list(ours.checked_by) if ours.code_hash == chain.code_hash else [],
    )


@strawberry.type(description="What ties an event to a signed head of the log (存证证明).")
class ChainProof:
    proof: strawberry.Private[LedgerProof]
    visible: strawberry.Private[bool]

    anchor_state: AnchorState = strawberry.field(description="How far it is anchored (存证状态).")
    trust: TrustLevel = strawberry.field(description="Whom it asks to trust (信任级别).")
    log: LogRef = strawberry.field(description="Which log (日志).")
    entry: Bytes = strawberry.field(description="The entry: kind and salted digest (条目).")
    leaf_hash: Bytes = strawberry.field(description="Hash of the entry in the tree (叶哈希).")
    leaf_index: str = strawberry.field(description="Place in the log (叶序号).")
    tree_size: str | None = strawberry.field(
        default=None, description="Size of the tree proved against; null before CHECKPOINTED."
    )
    path: list[Bytes] | None = strawberry.field(
        default=None, description="Sibling hashes, lowest first; null before CHECKPOINTED (路径)."
    )
    checkpoint: Checkpoint | None = strawberry.field(
        default=None, description="The signed head; null before CHECKPOINTED (检查点)."
    )
    anchors: list[Anchor] = strawberry.field(
        default_factory=list, description="Proofs of the head on chains (链上锚定)."
    )

    @resolved("Envelope and salt, null unless the viewer may see the event (打开承诺).")
    def opening(self) -> JSON | None:
        if not self.visible:
            return None
        opening = self.proof.opening
        return json_value({"envelope": json.loads(opening.envelope), "salt": b64url(opening.salt)})

    @resolved("This server's own check of all steps; null before CHECKPOINTED (服务端核验).")
    def verified(self, info: Info[Parts]) -> bool | None:
        if self.proof.checkpoint is None:
            return None
        try:
            verify_bundle(self.proof.bundle(opening=True), info.context.parts.trust)
        except BadProof:
            return False
        return True

    @resolved("The proof as one file to keep; null before CHECKPOINTED (证明文件).")
    def bundle(self) -> str | None:
        if self.proof.checkpoint is None:
            return None
        return self.proof.bundle(opening=self.visible).decode()


async def chain_proof(info: Info[Parts], row: EventRow) -> ChainProof:
    """The proof of an event; opened for those who may see it."""
    proof = await loaders.proof(info, row)
    return ChainProof(
        proof=proof,
        visible=policy.sees(info.context.viewer, row),
        anchor_state=AnchorState(proof.anchor_state),
        trust=TrustLevel(proof.trust),
        log=LogRef(
            id=encoded(proof.log.id),
            origin=proof.log.origin,
            alg=proof.log.hash,
            shard=proof.log.shard,
        ),
        entry=encoded(proof.entry),
        leaf_hash=encoded(proof.leaf_hash),
        leaf_index=str(proof.leaf_index),
        tree_size=str(proof.tree_size) if proof.checkpoint else None,
        path=[encoded(node) for node in proof.path] if proof.checkpoint else None,
        checkpoint=checkpoint(proof.checkpoint) if proof.checkpoint else None,
        anchors=[anchor(found, info.context.parts.trust) for found in proof.anchors],
    )


async def anchor_proof(info: Info[Parts], kind: str, subject: str) -> ChainProof | None:
    """The proof of the event that put a subject's hash on the log; null while there is none, and
    for those who may not learn that there is one."""
    row = await loaders.anchoring(info, kind, subject)
    if row is None or not policy.learns_place(info.context.viewer, row):
        return None
    return await chain_proof(info, row)


def checkpoint(head: SignedHead) -> Checkpoint:
    return Checkpoint(
        tree_size=str(head.tree_size),
        root=encoded(head.root),
        time=head.time,
        bytes=encoded(head.note()),
        signatures=[
            CheckpointSignature(key_id=s.key_id, kind=s.kind, value=encoded(s.value))
            for s in head.signatures
        ],
    )


def encoded(raw: bytes) -> Bytes:
    return cast("Bytes", b64url(raw))
