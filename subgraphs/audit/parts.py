"""What audit's resolvers work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ledger_adapter.port import Ledger, Shard
from ledger_adapter.verify import Trust
from subgraphs.audit.chains import ChainsSeen
from subgraphs.audit.denials import Denied
from subgraphs.audit.flows import Flows
from subgraphs.audit.kept.allow_lists import AllowLists
from subgraphs.audit.kept.complaint_store import Complaints
from subgraphs.audit.kept.dispute_store import Disputes
from subgraphs.audit.kept.exit_store import Exits
from subgraphs.audit.kept.operation_store import Operation
from subgraphs.audit.records import EventRow
from subgraphs.audit.store import Store
from subgraphs.audit.tallies import Tallies
from subgraphs.kit.board import Board
from subgraphs.kit.cursor import CursorSealer
from subgraphs.kit.feed import Feed
from subgraphs.kit.holder_keys import HolderKeys
from subgraphs.kit.idempotent import Idempotent
from subgraphs.kit.institutions import Institutions
from subgraphs.kit.outbox import Outbox
from subgraphs.kit.passes import CasePasses
from subgraphs.kit.reads import PrivilegedReads


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Wired in `app`; `trust` is what this deployment itself believes, for `verified`; `public` is
    where its files are read without a login."""

    store: Store
    tallies: Tallies
    disputes: Disputes
    complaints: Complaints
    exits: Exits
    operation: Operation
    flows: Flows
    holder_keys: HolderKeys
    idempotent: Idempotent
    outbox: Outbox
    reads: PrivilegedReads
    public: str
    denied: Denied
    allow_lists: AllowLists
    institutions: Institutions
    ledger: Ledger
    trust: Trust
    shard: Shard
    sealer: CursorSealer
    passes: CasePasses
    feed: Feed[EventRow]
    chains: Board[ChainsSeen]
    log_id: str
    clock: Callable[[], datetime]
