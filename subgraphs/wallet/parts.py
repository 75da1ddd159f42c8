"""What the wallet's steps work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from subgraphs.kit.agreements import CATALOGUE, Template
from subgraphs.kit.cursor import CursorSealer
from subgraphs.kit.idempotent import Idempotent
from subgraphs.kit.identity import IdentityProvider
from subgraphs.kit.ids import InstitutionId, institution_id
from subgraphs.kit.institutions import Institutions
from subgraphs.kit.keystore import Signer
from subgraphs.kit.outbox import Outbox
from subgraphs.kit.prepared import Prepared
from subgraphs.kit.reads import PrivilegedReads
from subgraphs.wallet.custody_store import CustodyStore
from subgraphs.wallet.ports import Custodian
from subgraphs.wallet.store import Store

CLOUD: Final = institution_id("91990000MAXYN9001P")
"""上证云, whose service the wallet is in the pilot; it seals what a holder takes along."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Bounds the wallet sets, and who provides it; data, not law (domain.md §1.9)."""

    longest_consent: timedelta = timedelta(days=366)
    largest_ciphertext: int = 1_000_000
    shortest_cooling: timedelta = timedelta(days=1)
    longest_link: timedelta = timedelta(minutes=15)
    provider_waits: timedelta = timedelta(seconds=10)
    agreements: tuple[Template, ...] = CATALOGUE
    provider: InstitutionId = CLOUD


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
    keys: Signer
    terms: Terms
    shard: str
