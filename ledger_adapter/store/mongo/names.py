"""Collections of a ledger database and the shape of their ids.

    ledger_queue        {_id: event id, shard, kind, envelope, salt, at}
    ledger_head         {_id: shard, origin, hash, logId, publicKey, size, root, announced, term}
    ledger_lease        {_id: shard, owner, term, until, length, session}
    ledger_batches      {_id: shard/first, shard, first, entries, envelopes, salts, root}
    ledger_tiles        {_id: shard/level/number, hashes}
    ledger_checkpoints  {_id: shard/size, shard, size, body, signatures}

    ledger_anchors      {_id: shard/size/chain, state, tries, block, captured, version, ...}
    ledger_nonces       {_id: chain/account/nonce, row}
    ledger_chain_nodes  {_id: chain/node, role, health, height, lag, epoch, seenAt}
    ledger_chain_scans  {_id: shard/chain, chain, payloads, size, height, at, finding}
    ledger_backups      {_id: time/digest, digest, size, documents, taken_at, verified_at}
    ledger_failovers    {_id: chain/epoch, from, to, reason, at}

Numbers in ids have 16 digits, so that the order of ids is the order of numbers and `_id` is the
only index. Batches are insert-only; `_id` = first index also keeps two leaders from one place.
"""

from datetime import UTC, datetime
from typing import Final

QUEUE: Final = "ledger_queue"
HEAD: Final = "ledger_head"
LEASE: Final = "ledger_lease"
BATCHES: Final = "ledger_batches"
TILES: Final = "ledger_tiles"
CHECKPOINTS: Final = "ledger_checkpoints"
ANCHORS: Final = "ledger_anchors"
NONCES: Final = "ledger_nonces"
NODES: Final = "ledger_chain_nodes"
SCANS: Final = "ledger_chain_scans"
BACKUPS: Final = "ledger_backups"
FAILOVERS: Final = "ledger_failovers"


def numbered(shard: str, number: int) -> str:
    """Id of a batch (by first index) or a checkpoint (by size)."""
    return f"{shard}/{number:016d}"


def tile(shard: str, level: int, number: int) -> str:
    """Id of a tile."""
    return f"{shard}/{level}/{number:016d}"


def backup(taken_at: datetime, digest: str) -> str:
    """Id of a backup: the order of ids is the order of times."""
    return f"{taken_at.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}/{digest}"


def all_of(shard: str) -> dict[str, str]:
    """A range of `_id` that holds every numbered id of a shard."""
    return {"$gte": f"{shard}/", "$lt": f"{shard}0"}  # '0' follows '/' in ASCII
