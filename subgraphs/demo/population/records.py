"""What the population consists of: frozen records, amounts in fen, days as trading days."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from subgraphs.vc.asset_proof import AssetCategory
from subgraphs.vc.money import Fen


class Label(StrEnum):
    """What a story is; for measuring only, never served."""

    HONEST = "HONEST"
    NEAR_THRESHOLD = "NEAR_THRESHOLD"
    ROUND_TRIP = "ROUND_TRIP"
    DROP_AFTER_ACCEPT = "DROP_AFTER_ACCEPT"
    HOLDER_CANCEL = "HOLDER_CANCEL"
    KEY_LOST = "KEY_LOST"
    DENIAL_DISPUTE = "DENIAL_DISPUTE"
    FORGED_OR_TAMPERED = "FORGED_OR_TAMPERED"


class Scheme(StrEnum):
    """How a round trip is done: straight from account to account; while the first institution
    still counts it; through a bank that shows no proof; in pieces too small for a tag; or one
    position attested twice."""

    DIRECT = "DIRECT"
    PENDING = "PENDING"
    VIA_BANK = "VIA_BANK"
    SPLIT = "SPLIT"
    TWICE_ATTESTED = "TWICE_ATTESTED"


class Archetype(StrEnum):
    """Where somebody keeps her money."""

    CASH = "CASH"
    FUND = "FUND"
    EQUITY = "EQUITY"
    FUTURES = "FUTURES"
    MIXED = "MIXED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """An institution that attests; `synthetic` ones exist nowhere else."""

    uscc: str
    name: str
    kind: str
    categories: tuple[AssetCategory, ...]
    synthetic: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Nobody: a number, a document that cannot pass for one, an age band."""

    holder: str
    display_name: str
    identity_document: str
    archetype: Archetype
    born: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A position at the last close of the population."""

    category: AssetCategory
    product: str
    registrar_account: str
    amount: Fen


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A customer's account; `volatility` in basis points a day, `salary` once a month."""

    institution: str
    account_no: str
    holdings: tuple[Holding, ...]
    volatility: int
    salary: Fen

    @property
    def total(self) -> Fen:
        """Settled, at the last close of the population."""
        return Fen(sum(holding.amount for holding in self.holdings))


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """Money on its way; an end is an account number of the dossier or of somebody outside.
    `left` and `arrived` are the closes at which each end has booked it."""

    reference: str
    amount: Fen
    source: str
    target: str
    ordered: date
    left: date
    arrived: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A credential the holder asked for and shows: of which account, of which close."""

    institution: str
    account_no: str
    as_of: date
    seasoned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing somebody does, on a day."""

    kind: str
    on: date
    institution: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """All that may be served of one holder."""

    index: int
    person: Person
    accounts: tuple[Account, ...]
    transfers: tuple[Transfer, ...]
    asked: tuple[Asked, ...]
    live_closes: tuple[date, ...]
    script: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A dossier with the truth about it."""

    label: Label
    scheme: Scheme | None
    dossier: Dossier
