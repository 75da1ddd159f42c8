"""Frozen rows of the issuer's database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from subgraphs.kit.ids import CredentialId, EndorsementId, HolderId, InstitutionId
from subgraphs.kit.statuses import Place
from subgraphs.kit.vocabulary import CredentialState, EndorsementEffect
from subgraphs.vc.asset_proof import (
    ASSET_PROOF_1,
    ASSET_PROOF_2,
    AssetLine,
    SchemaVersion,
    TradingExperience,
)
from subgraphs.vc.did_versions import DidHistory, kept_history
from subgraphs.vc.guard import GuardFacts
from subgraphs.vc.money import Fen
from subgraphs.vc.tags import TagKey

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The snapshot of the institution's own records that a credential states."""

    system: str
    snapshot_at: datetime
    as_of: date
    lines: tuple[AssetLine, ...]
    in_transit: Fen
    trading_experience: TradingExperience | None
    guard: GuardFacts | None = None

    @property
    def schema(self) -> SchemaVersion:
        """The version that can say all of it."""
        return ASSET_PROOF_1 if self.guard is None else ASSET_PROOF_2

    @property
    def total(self) -> Fen:
        return Fen(sum(line.amount for line in self.lines))


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What the issuer signed; `document` gains the holder's proof when she signs too."""

    credential_no: str
    valid_from: datetime
    valid_until: datetime
    offered_until: datetime
    issued_at: datetime
    vc_hash: str
    document: Json
    disclosures: tuple[str, ...]
    issuer_signature: str
    holder_signature: str | None = None
    place: Place | None = None

    def seconds_since(self, request: datetime) -> int:
        """How long the holder waited for it; its own time is whole seconds, so never below 0."""
        return max(0, int((self.issued_at - request).total_seconds()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A credential from the holder's signed `request` on; `version` counts its changes.

    `told_total` is the amount behind the last endorsement of a re-check; None: the stated one.
    """

    id: CredentialId
    version: int
    state: CredentialState
    issuer: InstitutionId
    holder: HolderId
    did: str
    account_no: str
    categories: tuple[str, ...]
    purpose: str
    request: Json
    requested_at: datetime
    draft: Draft | None = None
    offer: Offer | None = None
    reason_code: str | None = None
    rechecked_at: datetime | None = None
    recheck_due: datetime | None = None
    told_total: Fen | None = None
    supersedes: CredentialId | None = None
    superseded_by: CredentialId | None = None

    @property
    def vc_hash(self) -> str:
        """The name of what was signed; only rows with an offer have one."""
        if self.offer is None:
            raise TypeError(f"{self.id} in {self.state.value} carries no offer")
        return self.offer.vc_hash


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """A credential without its content: as much as an endorsement needs."""

    id: CredentialId
    version: int
    state: CredentialState
    issuer: InstitutionId
    holder: HolderId
    vc_hash: str
    valid_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Endorsement:
    """A change endorsement, signed by the issuer's key."""

    id: EndorsementId
    credential: CredentialId
    issuer: InstitutionId
    holder: HolderId
    effect: EndorsementEffect
    reason_code: str
    new_total_band: str | None
    state: CredentialState
    at: datetime
    signature: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """One customer account matched to one root DID; `receipt` carries the holder's key. `tag_key`
    comes from the identity provider, when the first credential needs it."""

    id: str
    institution: InstitutionId
    account_no: str
    holder: HolderId
    did: str
    receipt: Json
    matched_at: datetime
    later: tuple[Json, ...] = ()
    tag_key: TagKey | None = None

    @property
    def history(self) -> DidHistory:
        """The customer's DID as far as she has shown it here; `later` was checked when it came."""
        return kept_history(self.receipt, self.later)


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """One step of a credential as the log ordered it; `position` is its place there."""

    position: int
    credential: CredentialId
    issuer: InstitutionId
    holder: HolderId
    kind: str
    state: CredentialState
    at: datetime
