"""What the issuer's steps work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin

from subgraphs.issuer.agreed import Agreed
from subgraphs.issuer.ports import CoreSystem
from subgraphs.issuer.recheck import POLICY, RecheckPolicy
from subgraphs.issuer.records import Update
from subgraphs.issuer.store import Store
from subgraphs.kit.cursor import CursorSealer
from subgraphs.kit.feed import Feed
from subgraphs.kit.idempotent import Idempotent
from subgraphs.kit.identity import IdentityProvider
from subgraphs.kit.institutions import Institutions
from subgraphs.kit.keystore import Signer
from subgraphs.kit.outbox import Outbox
from subgraphs.kit.passes import CasePasses
from subgraphs.kit.prepared import Prepared
from subgraphs.kit.reads import PrivilegedReads
from subgraphs.kit.roots import Roots
from subgraphs.kit.statuses import Statuses
from subgraphs.rules.scenarios import PILOT, Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Wired in `app`; `log_id` names the log that cursors of feeds are bound to."""

    store: Store
    institutions: Institutions
    roots: Roots
    statuses: Statuses
    agreed: Agreed
    prepared: Prepared
    idempotent: Idempotent
    outbox: Outbox
    reads: PrivilegedReads
    passes: CasePasses
    identity: IdentityProvider
    core_system: CoreSystem
    keys: Signer
    status_base: str
    sealer: CursorSealer
    feed: Feed[Update]
    log_id: str
    clock: Callable[[], datetime]
    recheck: RecheckPolicy = POLICY
    scenario: Scenario = PILOT

    @property
    def schema_base(self) -> str:
        """Credential schemas are published beside the status lists."""
        return urljoin(self.status_base, "schemas")
