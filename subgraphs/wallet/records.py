"""The rows of the wallet's database, frozen: a change is a new record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from subgraphs.kit.agreements import AgreementKind, AgreementStage
from subgraphs.kit.ids import CredentialId, HolderId, InstitutionId
from subgraphs.kit.vocabulary import CredentialState
from subgraphs.vc.deletion import DeletionReceipt, parse_deletion
from subgraphs.vc.did_versions import DidHistory, kept_history
from subgraphs.vc.presentation import SaltedVersion
from subgraphs.vc.recovery import RecoveryNotice, parse_notice
from subgraphs.vc.strict_json import JsonObject
from subgraphs.wallet.states import (
    ConsentState,
    CustodyState,
    RootDidState,
)

ConsentId = NewType("ConsentId", str)
WalletItemId = NewType("WalletItemId", str)
CustodyId = NewType("CustodyId", str)
DeletionId = NewType("DeletionId", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """A recovery under way: the provider's signed notice, and how she was looked at for it."""

    document: JsonObject
    proofing: JsonObject

    @property
    def notice(self) -> RecoveryNotice:
        """The notice, read; it was checked before it was kept."""
        return parse_notice(self.document)


@dataclass(frozen=True, slots=True, kw_only=True)
class RootDid:
    """A holder's root DID; the receipt is the identity provider's signed word for it."""

    holder: HolderId
    did: str
    state: RootDidState
    receipt: JsonObject
    registered_at: datetime
    version: int = 1
    later: tuple[SaltedVersion, ...] = ()
    proofing: JsonObject | None = None
    recovery: Recovery | None = None

    @property
    def history(self) -> DidHistory:
        """The DID's versions; each was checked when it was made."""
        return kept_history(self.receipt, self.versions)

    @property
    def versions(self) -> list[JsonObject]:
        """The signed versions after the first."""
        return [one.version for one in self.later]


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """A consent as granted; `document` carries the holder's signature.

    `credentials` is empty where the consent is for all of the holder's. `uses`: how many
    presentations it is for; None: any number. `used` counts those of a consent that has a number,
    up to the one at `last_use` on the log.
    """

    id: ConsentId
    holder: HolderId
    granted_to: InstitutionId
    purpose: str
    claims: tuple[str, ...]
    total_at_least: str | None
    credentials: tuple[CredentialId, ...]
    monitoring_until: datetime | None
    valid_from: datetime
    valid_until: datetime
    state: ConsentState
    document: JsonObject
    digest: str
    granted_at: datetime
    uses: int | None = None
    used: int = 0
    last_use: int | None = None
    withdrawn_at: datetime | None = None
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedAgreement:
    """One text in one version, and the document with her signature that names its digest."""

    holder: HolderId
    stage: AgreementStage
    kind: AgreementKind
    version: int
    text_digest: str
    document: JsonObject
    signed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletItem:
    """A credential in its holder's wallet, as the log has told up to `index`."""

    id: WalletItemId
    holder: HolderId
    credential: CredentialId
    issuer: InstitutionId
    vc_hash: str
    label: str
    state: CredentialState
    added_at: datetime
    index: int
    custody: CustodyId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What the log says of an item's credential at `index`, by naming who issued it."""

    id: WalletItemId
    issuer: InstitutionId
    state: CredentialState
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CustodyObject:
    """An encrypted copy at the custodian. `wrapped_key`: the holder's data key as her own software
    wrapped it, so that any device with her key can open the copy. `retry_at`: when an erasure that
    did not come to its end is tried again."""

    id: CustodyId
    holder: HolderId
    item: WalletItemId
    ciphertext_hash: str
    key_id: str
    replicas: int
    state: CustodyState
    deposited_at: datetime
    version: int = 1
    wrapped_key: str | None = None
    retry_at: datetime | None = None
    failures: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """The custodian's signed receipt for one custody object."""

    id: DeletionId
    holder: HolderId
    custody: CustodyId
    custodian: InstitutionId
    document: JsonObject
    received_at: datetime

    @property
    def receipt(self) -> DeletionReceipt:
        """The receipt, read; it was checked before it was kept."""
        return parse_deletion(self.document)


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """A holder's signed end of her wallet, and how much ended with it."""

    holder: HolderId
    document: JsonObject
    consents: int
    copies: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """The holder's signed word that ends a credential."""

    credential: CredentialId
    holder: HolderId
    issuer: InstitutionId
    vc_hash: str
    document: JsonObject
    at: datetime
