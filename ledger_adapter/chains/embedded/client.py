"""The embedded chain as the ledger sees it: two nodes, whichever leads; every block checked."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal, TypeAlias, TypeVar, cast, overload

import httpx

from ledger_adapter.chains.port import (
    Account,
    AnchorHead,
    BlockRef,
    Captured,
    Evidence,
    Failover,
    NodeHealth,
    NodeReport,
    Payload,
    SignedTransaction,
    TransactionStatus,
)
from ledger_adapter.errors import AnchorConflict, BadProof, ChainUnavailable
from ledger_adapter.evidence.block import (
    EVIDENCE_KIND,
    Block,
    HeadRecord,
    TrustedBlocks,
    Vote,
    check_block,
    check_votes,
    evidence_json,
    head_json,
    head_record,
    parse_block,
    parse_votes,
    transaction_hash,
)
from ledger_adapter.log.bundle import b64url, from_b64url
from ledger_adapter.log.checkpoint import parse_time
from ledger_adapter.log.commitment import canonical

DEADLINE: Final = 2.0
_PATIENCE: Final = 0.5
_NOT_NODES: Final = (
    TimeoutError,
    httpx.HTTPError,
    ValueError,
    KeyError,
    TypeError,
)
T = TypeVar("T")
Read: TypeAlias = Callable[[dict[str, Any]], T]
logger = logging.getLogger("credgraph.ledger")


@dataclass(frozen=True, slots=True)
class NodePlace:
    """A node: its name among the chain's voters, and where it answers."""

    name: str
    url: str


class EmbeddedChain:
    """A `Chain`. The first node of the list is the primary by intent; who leads is asked."""

    def __init__(
        self,
        name: str,
        *,
        chain: TrustedBlocks,
        nodes: Sequence[NodePlace],
        writer: str,
        http: httpx.AsyncClient,
    ) -> None:
        self.name, self._chain, self._nodes, self._http = name, chain, tuple(nodes), http
        self._writer = writer
        self._leader = self._nodes[0]
        self._seen: dict[str, datetime] = {}

    @property
    def chain_id(self) -> str:
        return self._chain.chain_id

    async def account(self) -> Account:
        """Heads are signed by their log; there is nothing to count."""
        return Account(self._writer, 0, counted=False)

    async def prepare(
        self,
        head: AnchorHead,
        account: Account,
        /,
        *,
        attempt: int = 0,  # noqa: ARG002
    ) -> SignedTransaction:
        """The head as it will stand on chain, and the text that its log signed."""
        record = _record(head)
        told = {"chain": self.chain_id, "head": head_json(record), "body": head.body.decode()}
        return SignedTransaction(
            account=account.address,
            nonce=account.nonce,
            raw=canonical(told),
            hash=transaction_hash(self.chain_id, record),
        )

    async def submit(self, transaction: SignedTransaction, /) -> None:
        """To the node that leads; to whichever does, when that one is gone."""
        for node in await self._in_order():
            try:
                answer = await self._post(node, transaction.raw)
            except _NOT_NODES:
                continue
            if answer.status_code != 503:
                self._leader = node
                return
        raise ChainUnavailable(f"no node of chain {self.name} takes transactions")

    async def status(self, transaction: SignedTransaction, /) -> TransactionStatus:
        """FINAL only with a block whose votes hold; otherwise what the leader says."""
        return await self._told(
            f"/transactions/{b64url(transaction.hash)}",
            lambda told: self._status(told, transaction),
        )

    def _status(self, told: dict[str, Any], transaction: SignedTransaction) -> TransactionStatus:
        progress = told.get("progress")
        if progress == "FINAL":
            block, _ = self._checked(told)
            if transaction_hash(block.chain, block.head) != transaction.hash:
                raise BadProof("anchor", "another transaction")
            return TransactionStatus(progress="FINAL", block=_ref(block))
        if progress in ("PENDING", "REJECTED", "UNKNOWN"):
            reason = str(told.get("reason", ""))[:200]
            return TransactionStatus(progress=cast("Any", progress), reason=reason)
        raise BadProof("anchor", "no such progress")

    async def find(self, head: AnchorHead, /) -> SignedTransaction | None:
        """By log and size; AnchorConflict when another root stands there."""
        path = f"/heads/{b64url(head.log_id)}/{head.tree_size}"
        found = await self._told(path, _place, may_lack=True)
        if found is None:
            return None
        root, name = found
        if root != head.root:
            raise AnchorConflict(f"chain {self.name} holds another root of size {head.tree_size}")
        return SignedTransaction(account=self._writer, nonce=0, raw=b"", hash=name)

    async def capture(self, transaction: SignedTransaction, head: AnchorHead, /) -> Captured:
        """The block and a quorum of votes, checked as an offline reader will."""
        path = f"/transactions/{b64url(transaction.hash)}"
        block, votes = await self._told(path, self._checked)
        evidence = evidence_json(block, votes, self._chain.quorum)
        proved = check_block(evidence, self._chain)
        if (proved.log_id, proved.tree_size, proved.root) != (
            head.log_id, head.tree_size, head.root,
        ):  # fmt: skip
            raise BadProof("anchor", "the block holds another head")
        return Captured(
            kind=EVIDENCE_KIND,
            chain_id=self.chain_id,
            evidence=cast("Evidence", evidence),
            block=_ref(block),
        )

    async def nodes(self) -> Sequence[NodeReport]:
        """Each node as it answers now; the greatest epoch leads, a lesser one that claims to is
        fenced."""
        healths = await asyncio.gather(*(self._health(node) for node in self._nodes))
        top = max((int(h["height"]) for h in healths if h), default=0)
        leading = max((int(h["epoch"]) for h in healths if h and h["role"] == "PRIMARY"), default=0)
        reports = [
            self._report(node, health, top, leading)
            for node, health in zip(self._nodes, healths, strict=True)
        ]
        return sorted(reports, key=lambda report: report.role != "PRIMARY")

    async def failovers(self, after: int, /) -> Sequence[Failover]:
        """What the nodes that answer remember, each switch once."""
        healths = await asyncio.gather(*(self._health(node) for node in self._nodes))
        found: dict[int, Failover] = {}
        for health in healths:
            for row in health["switches"] if health else ():
                with contextlib.suppress(BadProof, ValueError, KeyError, TypeError):
                    one = self._failover(row)
                    found[one.epoch] = one
        return [found[epoch] for epoch in sorted(found) if epoch > after]

    async def payloads(self, first: int, limit: int, /) -> Sequence[Payload]:
        """The blocks from a height on, word for word; each is one head."""
        found: list[Payload] = []
        for height in range(max(1, first), max(1, first) + limit):
            told = await self._told(f"/blocks/{height}", self._checked, may_lack=True)
            if told is None:
                break
            block, _ = told
            name = transaction_hash(block.chain, block.head)
            raw = canonical(head_json(block.head))
            found.append(Payload(block=_ref(block), transaction=name, raw=raw))
        return found

    def _checked(self, told: dict[str, Any]) -> tuple[Block, tuple[Vote, ...]]:
        """A final block of this chain; BadProof for anything else."""
        block, votes = parse_block(told.get("block")), parse_votes(told.get("votes"))
        check_votes(self._chain, block.hash, votes)
        if block.chain != self.chain_id:
            raise BadProof("anchor", "another chain")
        return block, votes

    @overload
    async def _told(self, path: str, read: Read[T]) -> T: ...
    @overload
    async def _told(self, path: str, read: Read[T], *, may_lack: Literal[True]) -> T | None: ...
    async def _told(self, path: str, read: Read[T], *, may_lack: bool = False) -> T | None:
        """What the node that leads says, once it holds; None for a 404 that may be.

        Several may claim to lead. Whose answer does not hold is named in the log and passed over.
        """
        for node in await self._in_order(leading=True):
            try:
                async with asyncio.timeout(DEADLINE):
                    answer = await self._http.get(f"{node.url}{path}")
                if answer.status_code == 404 and may_lack:
                    return None
                if answer.status_code == 200:
                    return read(_object(answer.json()))
            except BadProof as fault:
                logger.warning("%s of chain %s is not believed: %s", node.name, self.name, fault)
            except _NOT_NODES:
                continue
        raise ChainUnavailable(f"no node of chain {self.name} leads and answers what holds")

    async def _in_order(self, *, leading: bool = False) -> Sequence[NodePlace]:
        """Who leads first. For reading only those that claim to: a standby may be behind."""
        healths = await asyncio.gather(*(self._health(node) for node in self._nodes))
        claims = {
            node: int(health["epoch"])
            for node, health in zip(self._nodes, healths, strict=True)
            if health and health["role"] == "PRIMARY"
        }
        leaders = sorted(claims, key=lambda node: -claims[node])
        if leading:
            return leaders
        return [*leaders, *(node for node in self._nodes if node not in claims)]

    async def _health(self, node: NodePlace) -> dict[str, Any] | None:
        try:
            async with asyncio.timeout(_PATIENCE):
                found = (await self._http.get(f"{node.url}/health")).json()
            good = found["chain"] == self.chain_id and found["node"] == node.name
            int(found["epoch"]), int(found["height"]), str(found["role"]), list(found["switches"])
        except _NOT_NODES:
            return None
        if good:
            self._seen[node.name] = datetime.now(UTC).replace(microsecond=0)
        return cast("dict[str, Any]", found) if good else None

    def _report(
        self, node: NodePlace, health: dict[str, Any] | None, top: int, leading: int
    ) -> NodeReport:
        leads = bool(health and health["role"] == "PRIMARY" and int(health["epoch"]) == leading)
        height = int(health["height"]) if health else None
        return NodeReport(
            node=node.name,
            role="PRIMARY" if leads else "STANDBY",
            health=_health_of(health, leads, top),
            height=height,
            lag=None if height is None else top - height,
            epoch=int(health["epoch"]) if health else 0,
            seen_at=self._seen.get(node.name),
        )

    def _failover(self, row: dict[str, Any]) -> Failover:
        return Failover(
            chain=self.name,
            epoch=int(row["epoch"]),
            from_node=str(row["from"]),
            to_node=str(row["to"]),
            reason=str(row["reason"])[:200],
            at=parse_time(row["at"]),
        )

    async def _post(self, node: NodePlace, raw: bytes) -> httpx.Response:
        async with asyncio.timeout(DEADLINE):
            return await self._http.post(f"{node.url}/transactions", content=raw)


def _health_of(health: dict[str, Any] | None, leads: bool, top: int) -> NodeHealth:
    if health is None:
        return "DOWN"
    if health["role"] == "PRIMARY" and not leads:
        return "FENCED"
    return "LAGGING" if int(health["height"]) + 1 < top else "UP"


def _object(told: object) -> dict[str, Any]:
    if not isinstance(told, dict):
        raise BadProof("anchor", "no JSON object")
    return told


def _place(told: dict[str, Any]) -> tuple[bytes, bytes]:
    """Root and transaction of a head."""
    return from_b64url(told.get("root"), "anchor"), from_b64url(told.get("hash"), "anchor")


def _record(head: AnchorHead) -> HeadRecord:
    return head_record(
        log_id=head.log_id,
        tree_size=head.tree_size,
        root=head.root,
        time=head.time,
        signatures=head.signatures,
        commitments=head.commitments,
    )


def _ref(block: Block) -> BlockRef:
    return BlockRef(number=block.height, hash=block.hash, time=block.time)
