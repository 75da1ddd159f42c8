"""From the books behind a statement to the tags a credential carries; pure.

Laws: only the categories that are asked for count; a tag is made of what two institutions know of
the same thing, so both make the same one; more positions or transfers than a credential takes leave
the smallest out.
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter
from typing import TypeVar

from subgraphs.issuer.ports import Books, Close, Movement
from subgraphs.kit.ids import InstitutionId
from subgraphs.vc.asset_proof import AssetCategory
from subgraphs.vc.guard import (
    LARGE,
    MOST_FLOWS,
    MOST_HELD,
    MOST_POSITIONS,
    GuardFacts,
    Seasoning,
    TaggedFlow,
    TaggedLine,
)
from subgraphs.vc.money import Fen
from subgraphs.vc.tags import PositionTag, TagKey, account_tag, flow_tag, position_tag

Tagged = TypeVar("Tagged", TaggedLine, TaggedFlow)


def tagged(
    books: Books,
    categories: frozenset[AssetCategory],
    *,
    key: TagKey,
    issuer: InstitutionId,
    account_no: str,
) -> GuardFacts:
    """What one account's credential states for the double-count guard."""
    held: dict[PositionTag, int] = {}
    for one in books.holdings:
        if one.category in categories:
            tag = position_tag(key, registrar_account=one.registrar_account, product=one.product)
            held[tag] = held.get(tag, 0) + one.amount
    lines = [TaggedLine(tag=tag, amount=Fen(amount)) for tag, amount in held.items() if amount]
    large = [one for one in books.movements if one.amount >= LARGE]
    return GuardFacts(
        account=account_tag(key, institution=issuer, account=account_no),
        positions=_largest(lines, MOST_POSITIONS),
        flows=_largest([_flow(key, one) for one in large], MOST_FLOWS),
        seasoning=_seasoning(books.closes, categories, tuple(sorted(held)[:MOST_HELD])),
    )


def _largest(found: Iterable[Tagged], most: int) -> tuple[Tagged, ...]:
    ranked = sorted(found, key=attrgetter("amount"), reverse=True)[:most]
    return tuple(sorted(ranked, key=attrgetter("tag")))


def _flow(key: TagKey, one: Movement) -> TaggedFlow:
    return TaggedFlow(
        tag=flow_tag(key, one.reference),
        direction=one.direction,
        amount=one.amount,
        settled=one.settled,
        other_end=account_tag(key, institution=one.institution, account=one.account_no),
    )


def _seasoning(
    closes: tuple[Close, ...], categories: frozenset[AssetCategory], held: tuple[PositionTag, ...]
) -> Seasoning | None:
    if not closes:
        return None
    return Seasoning(
        since=min(close.day for close in closes),
        least=min(_settled(close, categories) for close in closes),
        held=held,
    )


def _settled(close: Close, categories: frozenset[AssetCategory]) -> Fen:
    return Fen(sum(line.amount for line in close.lines if line.category in categories))
