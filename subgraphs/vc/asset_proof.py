"""The asset proof (资产证明) as an issuer states it: lines and total, all of one closing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from subgraphs.vc.did import Did
from subgraphs.vc.errors import MalformedDocument, UnknownCategory, UnsupportedSuite
from subgraphs.vc.guard import GuardFacts
from subgraphs.vc.money import NOTHING, Fen
from subgraphs.vc.status_list import StatusEntry

SCHEMA_BASE: Final = "https://credgraph.example/schemas"
_CONTEXT_BASE: Final = "https://credgraph.example/contexts"
_SCHEMA_URI: Final = re.compile(r"https?://[^\s#?]{1,200}/schemas/([a-z-]{1,32})/([1-9][0-9]{0,3})")


class AssetCategory(StrEnum):
    """The nine categories of schema version 1."""

    BANK_DEPOSIT = "BANK_DEPOSIT"
    STOCK = "STOCK"
    BOND = "BOND"
    FUND_UNIT = "FUND_UNIT"
    ASSET_MGMT_PLAN = "ASSET_MGMT_PLAN"
    BANK_WEALTH_PRODUCT = "BANK_WEALTH_PRODUCT"
    TRUST_PLAN = "TRUST_PLAN"
    INSURANCE_PRODUCT = "INSURANCE_PRODUCT"
    FUTURES_EQUITY = "FUTURES_EQUITY"


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaVersion:
    """A version of the credential schema: later ones may know more categories, never fewer.

    Whoever reads this version reads those of `compatible_with` too: it has all that they have.
    `guarded`: it carries what the double-count guard asks for (guard.py).
    """

    name: str
    version: int
    categories: frozenset[AssetCategory]
    guarded: bool = False
    compatible_with: tuple[int, ...] = ()

    @property
    def uri(self) -> str:
        """Its name among schemas: the address it has where nothing else is set."""
        return self.at(SCHEMA_BASE)

    def at(self, base: str) -> str:
        """What `credentialSchema.id` says: where this issuer publishes the version."""
        return f"{base}/{self.name}/{self.version}"

    @property
    def context(self) -> str:
        """The JSON-LD context of its members."""
        return f"{_CONTEXT_BASE}/{self.name}/v{self.version}"


ASSET_PROOF_1: Final = SchemaVersion(
    name="asset-proof", version=1, categories=frozenset(AssetCategory)
)
ASSET_PROOF_2: Final = SchemaVersion(
    name="asset-proof",
    version=2,
    categories=frozenset(AssetCategory),
    guarded=True,
    compatible_with=(1,),
)
SCHEMAS: Final[Mapping[str, SchemaVersion]] = MappingProxyType(
    {version.uri: version for version in (ASSET_PROOF_1, ASSET_PROOF_2)}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetLine:
    """Settled positions of one category."""

    category: AssetCategory
    amount: Fen


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingExperience:
    """Since when the customer trades, and on which markets (交易经验)."""

    first_trade_date: date
    markets: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetProof:
    """What an issuer states. `in_transit` (在途) is listed apart and never part of the total."""

    credential_id: str
    credential_no: str
    issuer: Did
    subject: Did
    as_of: date
    valid_from: datetime
    valid_until: datetime
    lines: tuple[AssetLine, ...]
    in_transit: Fen = NOTHING
    trading_experience: TradingExperience | None = None
    guard: GuardFacts | None = None
    schema: SchemaVersion = ASSET_PROOF_1
    schema_base: str = SCHEMA_BASE
    status: tuple[StatusEntry, ...] = ()

    def __post_init__(self) -> None:
        if not self.valid_from < self.valid_until:
            raise MalformedDocument("validity ends before it begins", "/validUntil")
        if self.schema.guarded != (self.guard is not None):
            raise MalformedDocument("tags belong to the versions that have them", "/schema")
        if len({line.category for line in self.lines}) != len(self.lines):
            raise MalformedDocument("one category twice", "/credentialSubject/assetLines")
        if any(line.amount < 0 for line in self.lines) or self.in_transit < 0:
            raise MalformedDocument("an amount below zero", "/credentialSubject/assetLines")

    @property
    def total(self) -> Fen:
        """The sum of the lines."""
        return Fen(sum(line.amount for line in self.lines))


def parse_category(
    text: str, place: str = "", schema: SchemaVersion = ASSET_PROOF_1
) -> AssetCategory:
    """A category the declared schema version knows."""
    if text not in {category.value for category in schema.categories}:
        raise UnknownCategory("an asset category the schema version does not know", place)
    return AssetCategory(text)


def schema_of(uri: str, place: str = "") -> SchemaVersion:
    """The schema version that a credential declares.

    The name and version at the end of the address decide, whoever publishes it: what a version
    means stands in this code, and nothing is fetched.
    """
    parts = _SCHEMA_URI.fullmatch(uri)
    found = None if parts is None else schema_named(parts[1], parts[2])
    if found is None:
        raise UnsupportedSuite("a credential schema we do not speak", place)
    return found


def schema_named(name: str, version: str) -> SchemaVersion | None:
    """The version of a schema we speak."""
    return SCHEMAS.get(f"{SCHEMA_BASE}/{name}/{version}")
