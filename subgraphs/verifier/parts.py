"""What the schema and the use cases are given; wired once in `app`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ledger_adapter.port import Ledger
from subgraphs.kit.board import Board
from subgraphs.kit.cursor import CursorSealer
from subgraphs.kit.feed import Feed
from subgraphs.kit.follow import Follower
from subgraphs.kit.holder_keys import HolderKeys
from subgraphs.kit.idempotent import Idempotent
from subgraphs.kit.identity import IdentityProvider
from subgraphs.kit.institutions import Institutions
from subgraphs.kit.outbox import Outbox
from subgraphs.kit.paused import Gate
from subgraphs.kit.roots import Roots
from subgraphs.kit.statuses import Statuses
from subgraphs.rules import RULE_SETS, RuleSet
from subgraphs.rules.calendar import CHINA, CalendarUnknown
from subgraphs.rules.freshness import FRESHNESS, Freshness
from subgraphs.verifier.ports import CustomerRegister, LentCopies
from subgraphs.verifier.records import Change
from subgraphs.verifier.service import FunctionState
from subgraphs.verifier.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Periods and bounds the verifier sets; data, not law (domain 1.9)."""

    request_lives: timedelta = timedelta(minutes=10)
    supplement_working_days: int = 7
    supplement_otherwise: timedelta = timedelta(days=10)
    overdue_every: timedelta = timedelta(seconds=5)
    freshness_wait: timedelta = timedelta(seconds=2)
    heartbeat: timedelta = timedelta(seconds=15)
    paper_lives: timedelta = timedelta(days=90)
    custodian_waits: timedelta = timedelta(seconds=10)
    largest_copy: int = 1_000_000
    rule_sets: tuple[RuleSet, ...] = RULE_SETS
    freshness: tuple[Freshness, ...] = FRESHNESS

    def due(self, asked: datetime) -> datetime:
        """By when further proof has to be there: the end of a working day; in a year whose
        holidays are not known yet, plain days."""
        try:
            return CHINA.due(asked, self.supplement_working_days).astimezone(UTC)
        except CalendarUnknown:
            return asked + self.supplement_otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The running subgraph."""

    store: Store
    institutions: Institutions
    roots: Roots
    statuses: Statuses
    idempotent: Idempotent
    outbox: Outbox
    ledger: Ledger
    follower: Follower[Change]
    feed: Feed[Change]
    gate: Gate
    board: Board[tuple[FunctionState, ...]]
    identity: IdentityProvider
    customers: CustomerRegister
    copies: LentCopies
    holder_keys: HolderKeys
    sealer: CursorSealer
    log_id: str
    clock: Callable[[], datetime]
    terms: Terms
