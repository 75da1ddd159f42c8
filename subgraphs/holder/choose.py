"""Choosing what to show: claims by path, or a lower bound spread over several credentials."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from subgraphs.holder.errors import NotEnough
from subgraphs.vc import disclosure, guard, lower_bound, model
from subgraphs.vc.asset_proof import AssetProof
from subgraphs.vc.lower_bound import Steps
from subgraphs.vc.model import CredentialUri
from subgraphs.vc.money import Fen
from subgraphs.vc.presentation import BoundReveal, Shown
from subgraphs.vc.strict_json import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCredential:
    """A secured credential with all that opens it. The disclosures are the holder's secret."""

    document: JsonObject
    disclosures: tuple[str, ...]

    @property
    def uri(self) -> CredentialUri:
        """The credential's own id."""
        return CredentialUri(str(self.document["id"]))

    @property
    def statement(self) -> AssetProof:
        """The whole statement, read anew."""
        return model.read_whole(self.document, self.disclosures)


def show(
    held: HeldCredential,
    *,
    claims: Sequence[str] = (),
    steps: Steps | None = None,
    seasoned: Steps | None = None,
) -> Shown:
    """A credential with the chosen claims (paths with numbers or `*`) and the chosen bounds."""
    if model.SEED in claims:
        raise NotEnough("the seed is never shown: it would show the total")
    offered = disclosure.read_disclosures(held.document, held.disclosures)
    chosen = disclosure.select(offered, claims)
    return Shown(
        credential=held.document,
        disclosures=tuple(item.encoded for item in chosen),
        bound=None if steps is None else _reveal(held, steps),
        seasoned=None if seasoned is None else _reveal_seasoned(held, seasoned),
    )


def spread(amount: Fen, capacities: Mapping[CredentialUri, Steps]) -> dict[CredentialUri, Steps]:
    """How many steps to show of which credential so that the sum proves an amount.

    The greatest first, so that the fewest institutions are named; the last shows only the rest.
    """
    missing = lower_bound.steps_for(amount)
    chosen: dict[CredentialUri, Steps] = {}
    for uri, capacity in sorted(capacities.items(), key=lambda item: (-item[1], item[0])):
        take = Steps(min(missing, capacity))
        if take > 0:
            chosen[uri] = take
            missing = Steps(missing - take)
    if missing > 0:
        raise NotEnough("the credentials at hand do not prove that much")
    return chosen


def evenly(amount: Fen, capacities: Mapping[CredentialUri, Steps]) -> dict[CredentialUri, Steps]:
    """As `spread`, but of each credential the same share: where there is more than enough, no
    bound is as high as its balance."""
    missing, there = lower_bound.steps_for(amount), sum(capacities.values())
    if missing > there:
        raise NotEnough("the credentials at hand do not prove that much")
    if missing == 0:
        return {}  # also where there is nothing at all to share
    chosen = {uri: Steps(missing * capacity // there) for uri, capacity in capacities.items()}
    rest = missing - sum(chosen.values())
    for uri in sorted(chosen, key=lambda one: (-capacities[one], one))[:rest]:
        chosen[uri] = Steps(chosen[uri] + 1)
    return {uri: steps for uri, steps in chosen.items() if steps > 0}


def show_at_least(held: Sequence[HeldCredential], amount: Fen) -> tuple[Shown, ...]:
    """The credentials that together prove `total >= amount`, nothing else shown of them."""
    capacities = {item.uri: lower_bound.steps_of(item.statement.total) for item in held}
    steps = spread(amount, capacities)
    return tuple(show(item, steps=steps[item.uri]) for item in held if item.uri in steps)


def _reveal(held: HeldCredential, steps: Steps) -> BoundReveal:
    length = lower_bound.steps_of(held.statement.total)
    return BoundReveal(steps=steps, link=lower_bound.reveal(_seed(held), length, steps))


def _reveal_seasoned(held: HeldCredential, steps: Steps) -> BoundReveal:
    facts = held.statement.guard
    if facts is None or facts.seasoning is None:
        raise NotEnough("the credential states no seasoned balance")
    seed = guard.seasoned_seed(_seed(held))
    length = lower_bound.steps_of(facts.seasoning.least)
    return BoundReveal(steps=steps, link=lower_bound.reveal(seed, length, steps))


def _seed(held: HeldCredential) -> bytes:
    seed = model.read_claims(held.document, held.disclosures).seed
    if seed is None:
        raise NotEnough("the chain's seed is missing")
    return seed
