"""What the wallet's steps work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from subgraphs.kit.cursor import CursorSealer
from subgraphs.kit.idempotent import Idempotent
from subgraphs.kit.identity import IdentityProvider
from subgraphs.kit.institutions import Institutions
from subgraphs.kit.outbox import Outbox
from subgraphs.kit.prepared import Prepared
from subgraphs.kit.reads import PrivilegedReads
from subgraphs.wallet.agreements import CATALOGUE, Template
from subgraphs.wallet.custody_store import CustodyStore
from subgraphs.wallet.ports import Custodian
from subgraphs.wallet.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Bounds the wallet sets; data, not law (domain.md §1.9)."""

    longest_consent: timedelta = timedelta(days=366)
    largest_ciphertext: int = 1_000_000
    shortest_cooling: timedelta = timedelta(days=1)
    agreements: tuple[Template, ...] = CATALOGUE


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Wired in `app`."""

    store: Store
    copies: CustodyStore
    institutions: Institutions
    prepared: Prepared
    idempotent: Idempotent
    outbox: Outbox
    reads: PrivilegedReads
    identity: IdentityProvider
    custodian: Custodian
    sealer: CursorSealer
    clock: Callable[[], datetime]
    terms: Terms
    shard: str
