"""What went on chain, looked at by an auditor: every anchor against its evidence and the log, and
every payload against the short list of what may stand there.

The scan does not use the encoders that wrote the payloads: it accounts for each byte of a payload
by values of the log (log id, size, root, time, key ids, signatures, and commitments where the mode
has them). A byte that is none of these is business data until shown otherwise.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, Protocol

from ledger_adapter.anchors.records import AnchorRow, AnchorSource, AnchorStore
from ledger_adapter.chains.port import Chain, Payload
from ledger_adapter.crypto import sm3
from ledger_adapter.errors import BadProof, ChainUnavailable, LogCorrupt
from ledger_adapter.evidence.anchors import check_evidence
from ledger_adapter.evidence.trust import Trust
from ledger_adapter.log.bundle import b64url
from ledger_adapter.log.checkpoint import COSIGNATURE_KIND, Checkpoint, body_digest, format_time
from ledger_adapter.log.commitment import decode_entry
from ledger_adapter.port import ChainScan
from ledger_adapter.records import Batch

logger = logging.getLogger("credgraph.ledger")

PAGE: Final = 100


class ScanSource(Protocol):
    """The part of a log that payloads are accounted for by."""

    async def checkpoints(self, after: int, limit: int, /) -> Sequence[Checkpoint]: ...
    async def batches(self, first: int, limit: int, /) -> Sequence[Batch]: ...


@dataclass(frozen=True, slots=True)
class ScanReport:
    """A scan that found nothing but what may be there, up to the block of `height`."""

    chain: str
    payloads: int
    bytes: int
    height: int


async def audit_anchors(
    rows: AnchorSource, source: ScanSource, *, log_id: bytes, trust: Trust
) -> int:
    """How many FINAL anchors hold; LogCorrupt names the first that does not."""
    count, after = 0, 0
    while found := await rows.anchor_rows(after, PAGE):
        for row in found:
            after = row.tree_size
            await _audit(row, source, log_id, trust)
            count += row.state == "FINAL"
    return count


async def _audit(row: AnchorRow, source: ScanSource, log_id: bytes, trust: Trust) -> None:
    what = f"the anchor of size {row.tree_size} on {row.chain}"
    checkpoint = await _checkpoint(source, row.tree_size)
    if checkpoint is None or checkpoint.root != row.root:
        raise LogCorrupt(f"{what} has a root that the log does not have at that size")
    if row.state != "FINAL":
        return
    captured = row.captured
    chain = trust.chain(captured.chain_id) if captured else None
    if captured is None or chain is None:
        raise LogCorrupt(f"{what} is final without evidence of a configured chain")
    try:
        head = check_evidence(captured.kind, captured.evidence, chain)
    except BadProof as fault:
        raise LogCorrupt(f"{what}: its evidence does not hold: {fault}") from None
    if (head.log_id, head.tree_size, head.root) != (log_id, row.tree_size, row.root):
        raise LogCorrupt(f"{what}: its evidence is of another head")


async def _checkpoint(source: ScanSource, size: int) -> Checkpoint | None:
    found = await source.checkpoints(size - 1, 1)
    return found[0] if found and found[0].tree_size == size else None


async def scan_chain(
    chain: Chain, rows: AnchorSource, source: ScanSource, *, log_id: bytes, above: int = 0
) -> ScanReport:
    """Every payload that this ledger's writers left above a block; LogCorrupt for a byte nothing
    accounts for."""
    count = size = 0
    async for payload in _payloads(chain, above + 1 if above else 0):
        row = await _row_of(payload, rows, chain.name)
        if row is None:
            raise LogCorrupt(f"block {payload.block.number} of {chain.name} holds an unknown head")
        checkpoint = await _checkpoint(source, row.tree_size)
        if checkpoint is None:
            raise LogCorrupt(f"block {payload.block.number} of {chain.name}: no such checkpoint")
        left = remainder(payload.raw, _known(log_id, checkpoint, ()))
        if left:
            known = _known(log_id, checkpoint, await _commitments(source, row))
            left = remainder(payload.raw, known)
        if left:
            raise LogCorrupt(
                f"block {payload.block.number} of {chain.name} holds {len(left)} bytes that are "
                f"no part of a head: {left[:32]!r}"
            )
        count, size, above = count + 1, size + len(payload.raw), payload.block.number
    return ScanReport(chain.name, count, size, above)


class Scanner:
    """The leader's job: each chain looked at again every `seconds`, from the block where the last
    look ended. What it finds is kept for people; a finding is looked at again and stays."""

    def __init__(
        self,
        chains: Sequence[Chain],
        rows: AnchorStore,
        source: ScanSource,
        *,
        log_id: bytes,
        seconds: float,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._chains, self._rows, self._source = tuple(chains), rows, source
        self._log_id, self._seconds, self._now = log_id, seconds, now

    async def run(self) -> None:
        """For ever; a chain that gives no answer is looked at the next time."""
        while True:
            await asyncio.sleep(self._seconds)
            for chain in self._chains:
                with contextlib.suppress(ChainUnavailable):
                    await self.look(chain)

    async def look(self, chain: Chain) -> ChainScan:
        """One look at what is new on one chain."""
        known = [one for one in await self._rows.scans() if one.chain == chain.name]
        at = self._now().replace(microsecond=0)
        seen = (
            known[0] if known else ChainScan(chain=chain.name, payloads=0, size=0, height=0, at=at)
        )
        try:
            found = await scan_chain(
                chain, self._rows, self._source, log_id=self._log_id, above=seen.height
            )
        except LogCorrupt as fault:
            logger.critical("%s", fault)
            scan = replace(seen, at=at, finding=str(fault))
        else:
            scan = ChainScan(
                chain=chain.name,
                payloads=seen.payloads + found.payloads,
                size=seen.size + found.bytes,
                height=found.height,
                at=at,
            )
        await self._rows.see_scan(scan)
        return scan


async def _payloads(chain: Chain, first: int) -> AsyncIterator[Payload]:
    while found := await chain.payloads(first, PAGE):
        for payload in found:
            yield payload
        first = found[-1].block.number + 1


async def _row_of(payload: Payload, rows: AnchorSource, chain: str) -> AnchorRow | None:
    after = 0
    while found := await rows.anchor_rows(after, PAGE):
        for row in found:
            after = row.tree_size
            if row.chain == chain and payload.transaction in {t.hash for t in row.tries}:
                return row
    return None


async def _commitments(source: ScanSource, row: AnchorRow) -> Sequence[bytes]:
    """The commitments that may go along, and the digest of the list since the last anchor."""
    entries = [
        decode_entry(entry).commit
        for batch in await source.batches(0, row.tree_size)
        for entry in batch.entries
    ][: row.tree_size]
    return [*entries, sm3.digest(b"".join(entries))]


def _known(log_id: bytes, checkpoint: Checkpoint, commitments: Sequence[bytes]) -> Sequence[bytes]:
    lines = [s for s in checkpoint.signatures if s.kind != COSIGNATURE_KIND]
    stamp = int(checkpoint.time.timestamp())
    values = [log_id, checkpoint.root, body_digest(checkpoint.body), *commitments]
    values += [line.value for line in lines]
    texts = [str(checkpoint.tree_size), format_time(checkpoint.time), str(stamp)]
    texts += [line.key_id for line in lines]
    return [
        *values,
        *(b64url(value).encode() for value in values),
        *(text.encode() for text in texts),
        checkpoint.tree_size.to_bytes(32),
        checkpoint.tree_size.to_bytes(8),
        stamp.to_bytes(8),
    ]


def remainder(raw: bytes, known: Sequence[bytes]) -> bytes:
    """What is left of a payload when everything known is taken out of it.

    A JSON payload is taken apart by its members, whose names must be those of a head; anything
    else is searched for the known values, longest first, beyond a function selector of 4 bytes.
    """
    try:
        document = json.loads(raw)
    except ValueError:
        return _without(raw[4:], known)
    return b"".join(_unknown(document, frozenset(known)))


_NAMES: Final = frozenset(
    {"logId", "treeSize", "root", "time", "signatures", "keyId", "value", "commitments"}
)


def _unknown(value: object, known: frozenset[bytes]) -> list[bytes]:
    match value:
        case Mapping():
            names = [name.encode() for name in value if name not in _NAMES]
            return names + [x for item in value.values() for x in _unknown(item, known)]
        case list():
            return [x for item in value for x in _unknown(item, known)]
        case _:
            text = str(value).encode()
            return [] if text in known else [text]


def _without(raw: bytes, known: Sequence[bytes]) -> bytes:
    for value in sorted({value for value in known if len(value) >= 8}, key=len, reverse=True):
        raw = raw.replace(value, b"")
    return raw.strip(b"\0")
