"""The double-count guard: does the same money stand in two of the proofs? Pure (domain.md §4.4).

Laws: what counts is what the proofs show together at one close, and a later proof reaches back to
that close with its seasoned balance only; a tagged position counts once; each signal names the
credentials and tags it rests on; without tag evidence or several independent signs nobody is told
DOUBLE_COUNT; showing one proof to several verifiers is lawful and never a signal by itself.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import combinations, permutations
from typing import Final

from subgraphs.rules.overlap import (
    NO_PROOF,
    LiveCount,
    OverlapVerdict,
    ShownProof,
    Signal,
    SignalKind,
    Verdict,
)
from subgraphs.vc.guard import Direction, TaggedFlow
from subgraphs.vc.money import NOTHING, Fen
from subgraphs.vc.tags import PositionTag

DOUBLE_COUNT_FROM: Final = 100
REVIEW_FROM: Final = 50
FRESH: Final = ((50, 60), (20, 45))  # so many per cent came in later: so much weight
LIVE_WINDOW: Final = timedelta(days=15)


def judge(
    proofs: Sequence[ShownProof], *, needed: Fen | None = None, live: LiveCount | None = None
) -> OverlapVerdict:
    """The verdict on proofs of one holder; `needed` is the amount that a rule asks for."""
    if not proofs:
        return NO_PROOF
    claimed = _claimed(proofs)
    proven, close = max((_proven_at(proofs, day), day) for day in {p.as_of for p in proofs})
    signals = tuple(_signals(proofs, live))
    score = sum(signal.weight for signal in signals)
    decisive = proven < claimed if needed is None else proven < needed <= claimed
    return OverlapVerdict(
        verdict=_verdict(score) if decisive else Verdict.CLEAR,
        score=score,
        claimed=claimed,
        proven=proven,
        close=close,
        decisive=decisive,
        signals=signals,
    )


def _verdict(score: int) -> Verdict:
    if score >= DOUBLE_COUNT_FROM:
        return Verdict.DOUBLE_COUNT
    return Verdict.REVIEW if score >= REVIEW_FROM else Verdict.CLEAR


def _claimed(proofs: Iterable[ShownProof]) -> Fen:
    largest: dict[str, int] = defaultdict(int)
    for proof in proofs:
        largest[proof.issuer] = max(largest[proof.issuer], proof.amount)
    return Fen(sum(largest.values()))


def _proven_at(proofs: Sequence[ShownProof], close: date) -> Fen:
    """What was certainly there at the close: each issuer's best statement, each tag once."""
    best: dict[str, tuple[int, ShownProof]] = {}
    for proof in sorted(proofs, key=lambda proof: (proof.credential, proof.as_of)):
        amount: int = _at(proof, close)
        if amount > best.get(proof.issuer, (0, proof))[0]:
            best[proof.issuer] = (amount, proof)
    counted: dict[PositionTag, int] = {}
    total = 0
    for amount, proof in sorted(best.values(), key=lambda one: (-one[0], one[1].issuer)):
        total += max(0, amount - _counted_before(_positions(proof, close), counted))
    return Fen(max(0, total - _on_its_way([proof for _, proof in best.values()], close)))


def _at(proof: ShownProof, close: date) -> Fen:
    if proof.as_of == close:
        return proof.amount
    seasoned = proof.seasoning
    if seasoned is not None and seasoned.since <= close < proof.as_of:
        return min(seasoned.least, proof.amount)
    return NOTHING


def _positions(proof: ShownProof, close: date) -> dict[PositionTag, int]:
    """What each tag may have come to at the close; a later proof only bounds it."""
    if proof.as_of != close and proof.seasoning is not None:
        tags = {line.tag for line in proof.lines} | set(proof.seasoning.held)
        return dict.fromkeys(sorted(tags), int(proof.seasoning.least))
    stated: dict[PositionTag, int] = defaultdict(int)
    for line in proof.lines:
        stated[line.tag] += line.amount
    return stated


def _counted_before(positions: dict[PositionTag, int], counted: dict[PositionTag, int]) -> int:
    twice = 0
    for tag, amount in positions.items():
        before = counted.get(tag, 0)
        twice += min(before, amount)
        counted[tag] = max(before, amount)
    return twice


def _on_its_way(proofs: Sequence[ShownProof], close: date) -> int:
    """Money credited at one end and not yet debited at the other, at the same close."""
    return sum(
        min(left.amount, arrived.amount)
        for source, target in permutations([p for p in proofs if p.as_of == close], 2)
        for left, arrived in _same_transfer(source, target)
        if left.settled is None
    )


def _signals(proofs: Sequence[ShownProof], live: LiveCount | None) -> Iterator[Signal]:
    yield from _same_books(proofs)
    yield from _position_tags(proofs)
    for source, target in permutations(proofs, 2):
        if source.issuer != target.issuer:
            yield from _transfers(source, target)
    yield from _skew(proofs)
    for proof in proofs:
        yield from _fresh_money(proof, proofs)
    if live is not None:
        yield from _hidden_proofs(proofs, live)
    for proof in proofs:
        if proof.reduced:
            yield _signal(
                SignalKind.REDUCED_AFTER_ACCEPT,
                60,
                (proof,),
                amount=proof.amount,
                text=f"{proof.credential} was endorsed as reduced after its close",
            )


def _signal(
    kind: SignalKind,
    weight: int,
    proofs: Iterable[ShownProof],
    *,
    amount: int,
    text: str,
    tags: Iterable[str] = (),
) -> Signal:
    return Signal(
        kind=kind,
        weight=weight,
        credentials=tuple(proof.credential for proof in proofs),
        tags=tuple(tags),
        amount=Fen(amount),
        explanation=text,
    )


def _same_books(proofs: Sequence[ShownProof]) -> Iterator[Signal]:
    for one, other in combinations(proofs, 2):
        if one.issuer == other.issuer and one.credential != other.credential:
            text = f"{one.credential} and {other.credential} state one issuer's books: counted once"
            amount = min(one.amount, other.amount)
            yield _signal(SignalKind.SAME_BOOKS, 0, (one, other), amount=amount, text=text)


def _position_tags(proofs: Sequence[ShownProof]) -> Iterator[Signal]:
    holders: dict[PositionTag, dict[str, tuple[ShownProof, int]]] = defaultdict(dict)
    for proof in proofs:
        for line in proof.lines:
            holders[line.tag][proof.issuer] = (proof, line.amount)
    for tag, by_issuer in sorted(holders.items()):
        if len(by_issuer) < 2:
            continue
        amounts = [amount for _, amount in by_issuer.values()]
        stated = [proof for proof, _ in by_issuer.values()]
        yield _signal(
            SignalKind.POSITION_TAG,
            100,
            stated,
            amount=sum(amounts) - max(amounts),
            text=f"one position is stated by {len(stated)} issuers and counts once",
            tags=(tag,),
        )


def _same_transfer(
    source: ShownProof, target: ShownProof
) -> Iterator[tuple[TaggedFlow, TaggedFlow]]:
    arrived = {f.tag: f for f in target.flows if f.direction is Direction.IN and f.settled}
    for left in source.flows:
        if left.direction is Direction.OUT and left.tag in arrived:
            yield left, arrived[left.tag]


def _transfers(source: ShownProof, target: ShownProof) -> Iterator[Signal]:
    both = (source, target)
    told = set()
    for left, arrived in _same_transfer(source, target):
        told.add(arrived.tag)
        still_there = left.settled is None
        text = (
            f"{target.credential} holds a transfer that {source.credential} still counts"
            if still_there
            else f"a transfer to {target.credential} had left {source.credential} by its close"
        )
        weight = 100 if still_there else 0
        tags = (arrived.tag,)
        yield _signal(
            SignalKind.FLOW_TAG, weight, both, amount=arrived.amount, text=text, tags=tags
        )
    for flow in target.flows:
        if flow.tag not in told and _came_later(source, flow):
            text = (
                f"money in {target.credential} came from the account of {source.credential} "
                f"after the close that {source.credential} states"
            )
            found = (flow.tag, str(source.account))
            yield _signal(SignalKind.FLOW_TAG, 100, both, amount=flow.amount, text=text, tags=found)


def _came_later(source: ShownProof, flow: TaggedFlow) -> bool:
    return (
        flow.direction is Direction.IN
        and source.account is not None
        and flow.other_end == source.account
        and flow.settled is not None
        and flow.settled > source.as_of
    )


def _skew(proofs: Sequence[ShownProof]) -> Iterator[Signal]:
    closes = sorted({proof.as_of for proof in proofs})
    if len(closes) > 1:
        days = f"{closes[0]} to {closes[-1]}"
        text = f"the proofs state {len(closes)} closes, {days}: they do not add up"
        yield _signal(SignalKind.ASOF_SKEW, 10, proofs, amount=0, text=text)


def _fresh_money(proof: ShownProof, proofs: Sequence[ShownProof]) -> Iterator[Signal]:
    earlier = [
        other.as_of
        for other in proofs
        if other.issuer != proof.issuer and other.as_of < proof.as_of
    ]
    if not earlier:
        return
    fresh = proof.amount - _at(proof, min(earlier))
    weight = next((weight for share, weight in FRESH if fresh * 100 >= proof.amount * share), 0)
    if not weight:
        return
    why = "shows no seasoning" if proof.seasoning is None else "holds money that came in"
    text = f"{proof.credential} {why} since the close of {min(earlier)} that another proof states"
    yield _signal(SignalKind.SEASONING, weight, (proof,), amount=fresh, text=text)


def _hidden_proofs(proofs: Sequence[ShownProof], live: LiveCount) -> Iterator[Signal]:
    shown = {proof.as_of for proof in proofs}
    latest = max(shown)
    hidden = sorted({day for day in live.closes if latest - LIVE_WINDOW <= day <= latest} - shown)
    if hidden:
        days = ", ".join(str(day) for day in hidden)
        text = f"live proofs of other closes were not shown: {days}"
        yield _signal(
            SignalKind.LIVE_COUNT, 15 if len(hidden) == 1 else 30, (), amount=0, text=text
        )
