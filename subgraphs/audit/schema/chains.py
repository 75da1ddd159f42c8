"""Chains as GraphQL: their nodes, the switches between them, and how far each head has come."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import strawberry

from ledger_adapter import port
from ledger_adapter.port import AnchorView
from subgraphs.audit.parts import Parts
from subgraphs.audit.schema.proofs import encoded
from subgraphs.audit.schema.words import AnchorState, ChainNodeHealth, ChainNodeRole
from subgraphs.kit.context import Info
from subgraphs.kit.scalars import Bytes


@strawberry.type(description="A node of a chain, as the ledger last saw it (链节点).")
class ChainNode:
    chain: str = strawberry.field(description="The chain's name in this deployment (链名称).")
    name: str = strawberry.field(description="The node's name (节点名称).")
    role: ChainNodeRole = strawberry.field(description="Whether it leads (主备角色).")
    health: ChainNodeHealth = strawberry.field(description="How it is (健康状态).")
    height: str | None = strawberry.field(description="Its highest block; null when DOWN (高度).")
    lag: int | None = strawberry.field(description="Blocks behind the highest node (落后区块数).")
    epoch: int = strawberry.field(description="The term it knows; the greatest one leads (任期).")
    seen_at: datetime | None = strawberry.field(description="When it last answered (最近应答).")


@strawberry.type(description="Another node took the primary's place (主备切换).")
class FailoverEvent:
    chain: str = strawberry.field(description="The chain's name in this deployment (链名称).")
    epoch: int = strawberry.field(description="The term that began (任期).")
    from_node: str = strawberry.field(description="Who led before (原主节点).")
    to_node: str = strawberry.field(description="Who leads now (新主节点).")
    reason: str = strawberry.field(description="Why (原因).")
    at: datetime = strawberry.field(description="When (时间).")


@strawberry.type(description="A head of the log on its way to a chain, or there (检查点锚定).")
class HeadAnchor:
    chain: str = strawberry.field(description="The chain's name in this deployment (链名称).")
    tree_size: str = strawberry.field(description="Size of the head (树大小).")
    root: Bytes = strawberry.field(description="Root of the head (根).")
    anchor_state: AnchorState = strawberry.field(description="How far it has come (存证状态).")
    tx_hash: Bytes = strawberry.field(description="The transaction (交易哈希).")
    block_number: str | None = strawberry.field(description="Its block, once it is in one (区块).")
    reason: str | None = strawberry.field(description="Why it FAILED (失败原因).")


@strawberry.type(description="The last look at what the ledger wrote on a chain (上链内容扫描).")
class ChainScan:
    chain: str = strawberry.field(description="The chain's name in this deployment (链名称).")
    clean: bool = strawberry.field(
        description="Whether nothing but log id, size, root, time and signatures is there (合规)."
    )
    payloads: int = strawberry.field(description="How many payloads were accounted for (条数).")
    total_bytes: str = strawberry.field(description="Their bytes, each accounted for (字节数).")
    height: str = strawberry.field(description="The highest block looked at (区块高度).")
    at: datetime = strawberry.field(description="When (时间).")
    finding: str | None = strawberry.field(description="What should not be there (发现).")


async def scans_of(info: Info[Parts]) -> list[ChainScan]:
    """One for each chain that was looked at."""
    return [
        ChainScan(
            chain=one.chain,
            clean=not one.finding,
            payloads=one.payloads,
            total_bytes=str(one.size),
            height=str(one.height),
            at=one.at,
            finding=one.finding or None,
        )
        for one in await info.context.parts.ledger.chain_scans()
    ]


def shown_nodes(rows: Iterable[port.ChainNode]) -> list[ChainNode]:
    """The primary of each chain first."""
    found = [
        ChainNode(
            chain=one.chain,
            name=one.node,
            role=ChainNodeRole(one.role),
            health=ChainNodeHealth(one.health),
            height=None if one.height is None else str(one.height),
            lag=one.lag,
            epoch=one.epoch,
            seen_at=one.seen_at,
        )
        for one in rows
    ]
    return sorted(found, key=lambda one: (one.chain, one.role.value, one.name))


async def nodes_of(info: Info[Parts]) -> list[ChainNode]:
    return shown_nodes(await info.context.parts.ledger.chain_nodes())


def shown_switch(row: port.NodeSwitch) -> FailoverEvent:
    return FailoverEvent(
        chain=row.chain,
        epoch=row.epoch,
        from_node=row.from_node,
        to_node=row.to_node,
        reason=row.reason,
        at=row.at,
    )


async def switches_of(info: Info[Parts], first: int) -> list[FailoverEvent]:
    """Newest first."""
    return [shown_switch(one) for one in await info.context.parts.ledger.failovers(first)]


def head_anchor(row: AnchorView) -> HeadAnchor:
    return HeadAnchor(
        chain=row.chain,
        tree_size=str(row.tree_size),
        root=encoded(row.root),
        anchor_state=AnchorState(row.state),
        tx_hash=encoded(row.transaction),
        block_number=None if row.block_number is None else str(row.block_number),
        reason=row.reason or None,
    )
