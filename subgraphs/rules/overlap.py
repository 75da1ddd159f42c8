"""What the double-count guard reads and says. Data only."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from subgraphs.vc.guard import Seasoning, TaggedFlow, TaggedLine
from subgraphs.vc.money import NOTHING, Fen
from subgraphs.vc.tags import AccountTag


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownProof:
    """What one credential discloses to the guard. `seasoning` None: it was not disclosed.
    `reduced`: the issuer endorsed a fall after the close."""

    credential: str
    issuer: str
    as_of: date
    amount: Fen
    account: AccountTag | None = None
    lines: tuple[TaggedLine, ...] = ()
    flows: tuple[TaggedFlow, ...] = ()
    seasoning: Seasoning | None = None
    reduced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveCount:
    """The holder's live proofs by close, as her blinded counter tells: no amounts, no names."""

    closes: tuple[date, ...]


class SignalKind(StrEnum):
    """Why money may stand in two proofs (domain.md §4.4)."""

    SAME_BOOKS = "SAME_BOOKS"
    POSITION_TAG = "POSITION_TAG"
    FLOW_TAG = "FLOW_TAG"
    ASOF_SKEW = "ASOF_SKEW"
    SEASONING = "SEASONING"
    LIVE_COUNT = "LIVE_COUNT"
    REDUCED_AFTER_ACCEPT = "REDUCED_AFTER_ACCEPT"


class Verdict(StrEnum):
    """CLEAR: count what is proven. REVIEW: a person looks. DOUBLE_COUNT: shown by evidence."""

    CLEAR = "CLEAR"
    REVIEW = "REVIEW"
    DOUBLE_COUNT = "DOUBLE_COUNT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One finding: its weight, the credentials and tags it rests on, the money it touches."""

    kind: SignalKind
    weight: int
    credentials: tuple[str, ...]
    tags: tuple[str, ...]
    amount: Fen
    explanation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlapVerdict:
    """`claimed` is what the proofs come to if simply added; `proven` what they prove together at
    one close, each tagged position once. `decisive`: the verdict changes what the customer may do,
    because the threshold lies between the two (always, when no threshold was given)."""

    verdict: Verdict
    score: int
    claimed: Fen
    proven: Fen
    close: date | None
    decisive: bool
    signals: tuple[Signal, ...]

    @property
    def excess(self) -> Fen:
        """What may be the same money twice."""
        return Fen(self.claimed - self.proven)


NO_PROOF = OverlapVerdict(
    verdict=Verdict.CLEAR,
    score=0,
    claimed=NOTHING,
    proven=NOTHING,
    close=None,
    decisive=False,
    signals=(),
)
