"""What a credential states so that the same money is not counted twice (schema version 2).

Below `/credentialSubject`, each a salted digest beside those of version 1:

    account     tag of the account that the statement is about
    positions   [{tag, amount}]: every position in the lines that somebody else may attest as well
    flows       [{tag, direction, amount, settled, otherEnd}]: large transfers of the last closes
    seasoning   {since, held, least, lowerBound}: the least balance from `since` to the close

Laws: `positions`, `flows` and `seasoning` are one disclosure each, so a holder shows a whole list
or none of it and can leave out no entry; an empty list is shown as one. Amounts inside open apart,
and the seasoned balance has a hash chain of its own: who proves a bound shows tags and no amount.
Tags are made under a key of the holder (tags.py) and say nothing to anybody without it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from ledger_adapter.crypto import sm3
from subgraphs.vc import lower_bound
from subgraphs.vc.disclosure import ClaimPath
from subgraphs.vc.errors import MalformedDocument
from subgraphs.vc.lower_bound import LowerBound
from subgraphs.vc.money import Fen, format_amount
from subgraphs.vc.shape import Shape
from subgraphs.vc.strict_json import JsonObject, JsonValue, pointer
from subgraphs.vc.tags import AccountTag, FlowTag, PositionTag, checked_tag

LARGE: Final = Fen(5_000_000)
"""Transfers from 50 000 yuan up carry a tag."""
WINDOW_CLOSES: Final = 20
"""So many closes back go flows and seasoning."""
MOST_POSITIONS: Final = 32
MOST_FLOWS: Final = 32
MOST_HELD: Final = 64

ACCOUNT: Final = ClaimPath("/credentialSubject/account")
POSITIONS: Final = ClaimPath("/credentialSubject/positions")
POSITION_AMOUNT: Final = ClaimPath("/credentialSubject/positions/*/amount")
FLOWS: Final = ClaimPath("/credentialSubject/flows")
FLOW_AMOUNT: Final = ClaimPath("/credentialSubject/flows/*/amount")
SEASONING: Final = ClaimPath("/credentialSubject/seasoning")
LEAST: Final = ClaimPath("/credentialSubject/seasoning/least")
WITHOUT_AMOUNTS: Final = (ACCOUNT, POSITIONS, FLOWS, SEASONING)
"""What the guard needs at least; together with a bound no balance shows."""
WITH_AMOUNTS: Final = (*WITHOUT_AMOUNTS, POSITION_AMOUNT, FLOW_AMOUNT, LEAST)


class Direction(StrEnum):
    """As seen from the issuer."""

    IN = "IN"
    OUT = "OUT"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaggedLine:
    """A position that several institutions can attest; the amount is part of the proof's."""

    tag: PositionTag
    amount: Fen


@dataclass(frozen=True, slots=True, kw_only=True)
class TaggedFlow:
    """A large transfer up to the close. `settled` None: ordered, not settled at the close, so an
    outgoing one still stands in the amount. `other_end` is the account at the other end."""

    tag: FlowTag
    direction: Direction
    amount: Fen
    settled: date | None
    other_end: AccountTag | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seasoning:
    """The least balance from `since` to the close, both included: so much was always there.
    `held`: the positions that were part of it on any of those days, sold since or not."""

    since: date
    least: Fen
    held: tuple[PositionTag, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardFacts:
    """All of it, as the issuer's books have it. `seasoning` None: the books go not back so far."""

    account: AccountTag
    positions: tuple[TaggedLine, ...] = ()
    flows: tuple[TaggedFlow, ...] = ()
    seasoning: Seasoning | None = None

    def __post_init__(self) -> None:
        if len(self.positions) > MOST_POSITIONS or len(self.flows) > MOST_FLOWS:
            raise MalformedDocument("more tags than a credential takes", "/credentialSubject")
        if len({line.tag for line in self.positions}) != len(self.positions):
            raise MalformedDocument("one position twice", POSITIONS)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPosition:
    """A position; `amount` None is withheld."""

    tag: PositionTag
    amount: Fen | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFlow:
    """A transfer; `amount` None is withheld, `settled` None is not settled at the close."""

    tag: FlowTag
    direction: Direction
    amount: Fen | None
    settled: date | None
    other_end: AccountTag | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSeasoning:
    """`least` None is withheld; `bound` is what a link for the seasoned balance is held against."""

    since: date
    held: tuple[PositionTag, ...]
    least: Fen | None
    bound: LowerBound


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownGuard:
    """What was shown of it. None is withheld (or the schema version has none); `()` is shown, and
    there is none."""

    account: AccountTag | None = None
    positions: tuple[ShownPosition, ...] | None = None
    flows: tuple[ShownFlow, ...] | None = None
    seasoning: ShownSeasoning | None = None

    @property
    def complete(self) -> bool:
        """Whether the guard can judge by tags; seasoning may be missing for young accounts."""
        return None not in (self.account, self.positions, self.flows)


def seasoned_seed(seed: bytes) -> bytes:
    """The seed of the second chain follows from that of the first: one secret a credential."""
    return sm3.hkdf(seed, lower_bound.SEED_BYTES, info=b"credgraph seasoned balance")


def members(facts: GuardFacts, seed: bytes) -> JsonObject:
    """The subject's members, in the clear; the caller conceals `hidden`."""
    found: JsonObject = {
        "account": facts.account,
        "positions": [
            {"tag": line.tag, "amount": format_amount(line.amount)} for line in facts.positions
        ],
        "flows": [_flow(flow) for flow in facts.flows],
    }
    seasoning = facts.seasoning
    if seasoning is not None:
        found["seasoning"] = {
            "since": seasoning.since.isoformat(),
            "held": list[JsonValue](seasoning.held),
            "least": format_amount(seasoning.least),
            "lowerBound": lower_bound.as_json(seasoned_seed(seed), seasoning.least),
        }
    return found


def hidden(facts: GuardFacts) -> Iterator[ClaimPath]:
    """The claims to conceal: all of them."""
    yield from (ACCOUNT, POSITIONS, FLOWS)
    if facts.positions:
        yield POSITION_AMOUNT
    if facts.flows:
        yield FLOW_AMOUNT
    if facts.seasoning is not None:
        yield from (SEASONING, LEAST)


def read_guard(subject: Shape) -> ShownGuard:
    """What was shown, read strictly."""
    known = subject.members
    account = subject.text("account") if "account" in known else None
    return ShownGuard(
        account=None
        if account is None
        else AccountTag(checked_tag(account, pointer(subject.place, "account"))),
        positions=_positions(subject) if "positions" in known else None,
        flows=_flows(subject) if "flows" in known else None,
        seasoning=_seasoning(subject.inner("seasoning")) if "seasoning" in known else None,
    )


def whole(shown: ShownGuard, *, total: Fen, seed: bytes) -> GuardFacts:
    """The facts with nothing withheld, and consistent with total and seed; for the holder."""
    if shown.account is None or shown.positions is None or shown.flows is None:
        raise MalformedDocument("a tag is withheld from the holder", "/disclosures")
    facts = GuardFacts(
        account=shown.account,
        positions=tuple(
            TaggedLine(tag=one.tag, amount=_there(one.amount)) for one in shown.positions
        ),
        flows=tuple(
            TaggedFlow(
                tag=one.tag,
                direction=one.direction,
                amount=_there(one.amount),
                settled=one.settled,
                other_end=one.other_end,
            )
            for one in shown.flows
        ),
        seasoning=None if shown.seasoning is None else _whole_seasoning(shown.seasoning, seed),
    )
    if sum(line.amount for line in facts.positions) > total:
        raise MalformedDocument("positions come to more than the lines", POSITIONS)
    if facts.seasoning is not None and facts.seasoning.least > total:
        raise MalformedDocument("more was always there than is there", LEAST)
    return facts


def _whole_seasoning(shown: ShownSeasoning, seed: bytes) -> Seasoning:
    least = _there(shown.least)
    chain = lower_bound.commit(seasoned_seed(seed), lower_bound.steps_of(least))
    if chain != shown.bound.commitment:
        raise MalformedDocument("seasoned balance and lower bound do not agree", LEAST)
    return Seasoning(since=shown.since, least=least, held=shown.held)


def _there(amount: Fen | None) -> Fen:
    if amount is None:
        raise MalformedDocument("an amount is withheld from the holder", "/disclosures")
    return amount


def _flow(flow: TaggedFlow) -> JsonObject:
    found: JsonObject = {
        "tag": flow.tag,
        "direction": flow.direction.value,
        "amount": format_amount(flow.amount),
    }
    if flow.settled is not None:
        found["settled"] = flow.settled.isoformat()
    if flow.other_end is not None:
        found["otherEnd"] = flow.other_end
    return found


def _positions(subject: Shape) -> tuple[ShownPosition, ...]:
    shown = tuple(
        ShownPosition(tag=PositionTag(_tag(one, "tag")), amount=one.amount("amount"))
        for one in subject.inners("positions", most=MOST_POSITIONS)
    )
    if len({one.tag for one in shown}) != len(shown):
        raise MalformedDocument("one position twice", pointer(subject.place, "positions"))
    return shown


def _flows(subject: Shape) -> tuple[ShownFlow, ...]:
    return tuple(_shown_flow(one) for one in subject.inners("flows", most=MOST_FLOWS))


def _shown_flow(one: Shape) -> ShownFlow:
    direction = one.text("direction")
    if direction not in {known.value for known in Direction}:
        raise MalformedDocument("a direction is IN or OUT", pointer(one.place, "direction"))
    other = AccountTag(_tag(one, "otherEnd")) if "otherEnd" in one.members else None
    return ShownFlow(
        tag=FlowTag(_tag(one, "tag")),
        direction=Direction(direction),
        amount=one.amount("amount"),
        settled=one.date("settled") if "settled" in one.members else None,
        other_end=other,
    )


def _seasoning(shape: Shape) -> ShownSeasoning:
    held = shape.texts("held", most=MOST_HELD)
    place = pointer(shape.place, "held")
    return ShownSeasoning(
        since=shape.date("since"),
        held=tuple(PositionTag(checked_tag(tag, place)) for tag in held),
        least=shape.amount("least"),
        bound=lower_bound.read(shape.inner("lowerBound")),
    )


def _tag(shape: Shape, name: str) -> str:
    return checked_tag(shape.text(name), pointer(shape.place, name))
