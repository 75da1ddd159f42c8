"""Anchors, chain nodes and failovers on MongoDB. Rows change by compare-and-set on `version`."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, cast

from bson import Binary
from pymongo.errors import DuplicateKeyError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from ledger_adapter.anchors.records import AnchorRow
from ledger_adapter.chains.port import (
    BlockRef,
    Captured,
    Failover,
    NodeReport,
    SignedTransaction,
)
from ledger_adapter.port import BackupRecord, ChainScan, Shard
from ledger_adapter.store.mongo import names
from ledger_adapter.store.mongo.seam import (
    Database,
    Document,
    Session,
    faults,
    open_session,
    settle,
    transact,
)


class MongoAnchors:
    """An `AnchorStore` for one shard."""

    def __init__(self, database: Database, shard: Shard) -> None:
        self._database, self._shard = database, shard
        durable = {
            "read_concern": ReadConcern("majority"),
            "write_concern": WriteConcern("majority"),
        }
        self._anchors = database.get_collection(names.ANCHORS, **durable)
        self._claims = database.get_collection(names.NONCES, **durable)
        self._nodes = database.get_collection(names.NODES, **durable)
        self._backups = database.get_collection(names.BACKUPS, **durable)
        self._scans = database.get_collection(names.SCANS, **durable)
        self._failovers = database.get_collection(names.FAILOVERS, **durable)

    async def open_anchor(self, row: AnchorRow, /) -> bool:
        """The row and its claim of a nonce, in one transaction."""
        document = anchor_document(self._shard, row)

        async def work(session: Session) -> None:
            if row.claims:
                claim = {"_id": _claim(row), "chain": row.chain, "row": document["_id"]}
                claim |= {"account": row.transaction.account, "nonce": row.transaction.nonce}
                await self._claims.insert_one(claim, session=session)
            await self._anchors.insert_one(document, session=session)

        session = await open_session(self._database)
        try:
            await transact(session, work)
        except DuplicateKeyError:
            return False
        finally:
            await settle(session.end_session())
        return True

    async def save_anchor(self, row: AnchorRow, /) -> bool:
        """By version; a row that is over gives its claim back, whether its nonce was used or not:
        what the chain counts tells which."""
        document = anchor_document(self._shard, row)
        document["version"] = row.version + 1
        async with faults():
            done = await self._anchors.replace_one(
                {"_id": document["_id"], "version": row.version}, document
            )
            if done.matched_count == 1 and row.over and row.claims:
                await self._claims.delete_many({"row": document["_id"]})
        return bool(done.matched_count == 1)

    async def newest_anchors(self, limit: int, /) -> Sequence[AnchorRow]:
        async with faults():
            found = self._anchors.find({"_id": names.all_of(self._shard)}).sort("_id", -1)
            return [anchor_of(row) for row in await found.limit(limit).to_list(None)]

    async def anchor_rows(self, after: int, limit: int, /) -> Sequence[AnchorRow]:
        above = {**names.all_of(self._shard), "$gt": names.numbered(self._shard, after) + "0"}
        async with faults():
            found = self._anchors.find({"_id": above}).sort("_id", 1).limit(limit)
            return [anchor_of(row) for row in await found.to_list(None)]

    async def claimed_nonces(self, chain: str, account: str, /) -> Sequence[int]:
        async with faults():
            rows = await self._claims.find({"chain": chain, "account": account}).to_list(None)
        return [row["nonce"] for row in rows]

    async def see_nodes(
        self, chain: str, nodes: Sequence[NodeReport], switches: Sequence[Failover], /
    ) -> None:
        async with faults():
            for node in nodes:
                row = node_document(chain, node)
                await self._nodes.replace_one({"_id": row["_id"]}, row, upsert=True)
            for switch in switches:
                row = failover_document(switch)
                await self._failovers.update_one(
                    {"_id": row["_id"]}, {"$setOnInsert": row}, upsert=True
                )

    async def see_scan(self, scan: ChainScan, /) -> None:
        row = {"_id": f"{self._shard}/{scan.chain}", **asdict(scan)}
        async with faults():
            await self._scans.replace_one({"_id": row["_id"]}, row, upsert=True)

    async def scans(self) -> Sequence[ChainScan]:
        async with faults():
            found = self._scans.find({"_id": names.all_of(self._shard)}, {"_id": 0})
            rows = await found.sort("_id", 1).to_list(None)
        return [ChainScan(**(row | {"at": _utc(row["at"])})) for row in rows]

    async def see_backup(self, taken: BackupRecord, /) -> None:
        """Taken, or verified; a second look at the same one does not forget the first."""
        row = {"digest": taken.digest, "size": taken.size, "documents": taken.documents}
        row |= {"taken_at": taken.taken_at}
        if taken.verified_at is not None:
            row["verified_at"] = taken.verified_at
        id_ = names.backup(taken.taken_at, taken.digest)
        async with faults():
            await self._backups.update_one({"_id": id_}, {"$set": row}, upsert=True)

    async def backups(self, limit: int, /) -> Sequence[BackupRecord]:
        async with faults():
            found = self._backups.find({}).sort("_id", -1).limit(limit)
            rows = await found.to_list(None)
        return [
            BackupRecord(
                digest=row["digest"],
                size=row["size"],
                documents=row["documents"],
                taken_at=row["taken_at"].replace(tzinfo=UTC),
                verified_at=_utc(row.get("verified_at")),
            )
            for row in rows
        ]

    async def chain_nodes(self) -> Sequence[tuple[str, NodeReport]]:
        async with faults():
            rows = await self._nodes.find({}).sort("_id", 1).to_list(None)
        return [(row["chain"], node_of(row)) for row in rows]

    async def failovers(self, chain: str | None, limit: int, /) -> Sequence[Failover]:
        wanted = {} if chain is None else {"_id": names.all_of(chain)}
        async with faults():
            found = self._failovers.find(wanted).sort("_id", -1).limit(limit)
            return [failover_of(row) for row in await found.to_list(None)]


def _claim(row: AnchorRow) -> str:
    return f"{row.chain}/{row.transaction.account}/{row.transaction.nonce:016d}"


def anchor_document(shard: str, row: AnchorRow) -> Document:
    captured = row.captured
    return {
        "_id": f"{names.numbered(shard, row.tree_size)}/{row.chain}",
        "shard": shard,
        "chain": row.chain,
        "size": row.tree_size,
        "root": Binary(row.root),
        "state": row.state,
        "over": row.over,
        "tries": [
            {"account": t.account, "nonce": t.nonce, "raw": Binary(t.raw), "hash": Binary(t.hash)}
            for t in row.tries
        ],
        "claims": row.claims,
        "block": None if row.block is None else _block_document(row.block),
        "captured": None
        if captured is None
        else {
            "kind": captured.kind,
            "chainId": captured.chain_id,
            "evidence": json.dumps(captured.evidence, separators=(",", ":")),
        },
        "capturedAt": row.captured_at,
        "reason": row.reason,
        "createdAt": row.created_at,
        "version": row.version,
    }


def anchor_of(row: Document) -> AnchorRow:
    block = _block_of(row["block"])
    captured = row["captured"]
    return AnchorRow(
        chain=row["chain"],
        tree_size=row["size"],
        root=bytes(row["root"]),
        state=row["state"],
        tries=tuple(
            SignedTransaction(
                account=t["account"], nonce=t["nonce"], raw=bytes(t["raw"]), hash=bytes(t["hash"])
            )
            for t in row["tries"]
        ),
        claims=row["claims"],
        block=block,
        captured=None if captured is None or block is None else _captured_of(captured, block),
        captured_at=_utc(row["capturedAt"]),
        reason=row["reason"],
        created_at=_utc(row["createdAt"]) or datetime.fromtimestamp(0, UTC),
        version=row["version"],
    )


def _captured_of(row: Document, block: BlockRef) -> Captured:
    return Captured(
        kind=row["kind"], chain_id=row["chainId"], evidence=json.loads(row["evidence"]), block=block
    )


def _block_document(block: BlockRef) -> Document:
    return {"number": block.number, "hash": Binary(block.hash), "time": block.time}


def _block_of(row: Document | None) -> BlockRef | None:
    if row is None:
        return None
    time = cast("datetime", _utc(row["time"]))
    return BlockRef(number=row["number"], hash=bytes(row["hash"]), time=time)


def node_document(chain: str, node: NodeReport) -> Document:
    return {
        "_id": f"{chain}/{node.node}",
        "chain": chain,
        "node": node.node,
        "role": node.role,
        "health": node.health,
        "height": node.height,
        "lag": node.lag,
        "epoch": node.epoch,
        "seenAt": node.seen_at,
    }


def node_of(row: Document) -> NodeReport:
    return NodeReport(
        node=row["node"],
        role=row["role"],
        health=row["health"],
        height=row["height"],
        lag=row["lag"],
        epoch=row["epoch"],
        seen_at=_utc(row["seenAt"]),
    )


def failover_document(switch: Failover) -> Document:
    return {
        "_id": names.numbered(switch.chain, switch.epoch),
        "chain": switch.chain,
        "epoch": switch.epoch,
        "from": switch.from_node,
        "to": switch.to_node,
        "reason": switch.reason,
        "at": switch.at,
    }


def failover_of(row: Document) -> Failover:
    return Failover(
        chain=row["chain"],
        epoch=row["epoch"],
        from_node=row["from"],
        to_node=row["to"],
        reason=row["reason"],
        at=cast("datetime", _utc(row["at"])),
    )


def _utc(value: Any) -> datetime | None:
    if not isinstance(value, datetime):
        return None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
