"""Read what a decision will stand on, from this subgraph's own rows and the presentation only."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, TypeVar

from subgraphs.kit.ids import derived_id
from subgraphs.kit.together import Question, together
from subgraphs.rules import RuleSet, rule_set
from subgraphs.rules.calendar import day_of
from subgraphs.rules.freshness import fresh_within
from subgraphs.rules.overlap import ShownProof
from subgraphs.vc.consent import LIVE_COUNT, read_consent
from subgraphs.vc.errors import VcError
from subgraphs.vc.presentation import Presentation as Presented
from subgraphs.verifier.bind import binding_id
from subgraphs.verifier.grounds import Ground
from subgraphs.verifier.listed import Lists
from subgraphs.verifier.parts import Parts
from subgraphs.verifier.records import (
    Binding,
    Presentation,
    Query,
    Request,
    VerificationId,
)
from subgraphs.verifier.states import CredentialStatus, VerificationResult

T = TypeVar("T")
EARLIER: Final = timedelta(days=180)
"""How far back proofs that were accepted before can still stand for the same money."""
_MOST_EARLIER: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What one decision is made from; `presented` is what the row `shown` holds as text, `awaited`
    whether further proof was asked for."""

    request: Request
    rules: RuleSet
    shown: Presentation
    presented: Presented
    ground: Ground
    awaited: bool


class _Asks:
    """What is asked of the rows that are not sealed, in one command."""

    def __init__(
        self,
        parts: Parts,
        shown: Presentation,
        presented: Presented,
        dids: Sequence[str],
        now: datetime,
    ) -> None:
        store, ids = parts.store, [item.credential for item in shown.shown]
        self.own = parts.institutions.acting_of(shown.verifier, "VERIFIER", now)
        self.register = parts.institutions.of_dids(dids)
        self.request = store.requests.matching({"_id": shown.request})
        self.credentials = store.credentials.matching({"_id": {"$in": sorted(set(ids))}})
        consents = [] if shown.consent is None else [shown.consent]
        self.consent = store.consents.matching({"_id": {"$in": consents}})
        self.root = parts.roots.newest_of(shown.holder)
        self.lists = Lists(presented)
        self.places = self.lists.asked(parts.statuses, ids)
        self.awaited = store.awaits(shown.verifier, shown.holder)
        self.every: tuple[Question[Any], ...] = (
            *(self.own, self.register, self.request, self.credentials),
            *(self.consent, self.root, self.places, self.awaited),
        )


async def gather(parts: Parts, shown: Presentation, presented: Presented) -> Gathered:
    """As of the position this process has applied, and now. Forbidden for a verifier that does not
    stand in its role, or leaves this business."""
    dids = {str(item.credential.get("issuer")) for item in presented.shown}
    receipt = presented.receipt or {}
    index, now = parts.follower.applied, _now(parts)
    asks = _Asks(parts, shown, presented, [*dids, str(receipt.get("issuer"))], now)
    # one after the other would be as many times the way to the database
    found, binding, earlier, live = await asyncio.gather(
        together(*asks.every),
        _binding(parts, shown),
        _earlier(parts, shown, now),
        _live(parts, shown, presented),
    )
    places, known = found.to(asks.places)
    lists = await asks.lists.kept(parts.statuses, known)
    request = _only(found.to(asks.request))
    if request is None or binding is None:
        raise LookupError(f"{shown.id} answers a request that is gone")
    found.to(asks.own).begins(request.rule_set)
    rules = rule_set(request.rule_set, among=parts.terms.rule_sets)
    day = day_of(now)
    ground = Ground(
        id=VerificationId(derived_id("veri", shown.id)),
        verifier=shown.verifier,
        holder=shown.holder,
        presentation_digest=shown.digest,
        customer=binding.did,
        nonce=request.nonce,
        audience=request.audience,
        purpose=request.purpose,
        rule_set=rules.key,
        rules_digest=rules.digest,
        at=now,
        index=index,
        credentials=tuple(sorted(found.to(asks.credentials), key=lambda row: row.id)),
        institutions=tuple(row for _, row in sorted(found.to(asks.register).items())),
        consent=_only(found.to(asks.consent)),
        places=tuple(sorted(places.items())),
        lists=lists,
        root=found.to(asks.root),
        earlier=earlier,
        live=live,
        recheck_within=_seconds(fresh_within(rules.name, on=day, among=parts.terms.freshness)),
        query=Query(claims=request.claims, at_least=request.at_least),
    )
    return Gathered(
        request=request,
        rules=rules,
        shown=shown,
        presented=presented,
        ground=ground,
        awaited=bool(found.to(asks.awaited)),
    )


async def _binding(parts: Parts, shown: Presentation) -> Binding | None:
    """A verifier has one of each customer, and its name follows from the two."""
    return await parts.store.bindings.get(binding_id(shown.verifier, shown.holder))


def _only(found: Sequence[T]) -> T | None:
    return found[0] if found else None


def _seconds(within: timedelta | None) -> int | None:
    return None if within is None else int(within.total_seconds())


def _now(parts: Parts) -> datetime:
    """To the millisecond, as it is kept."""
    now = parts.clock()
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


async def _earlier(parts: Parts, shown: Presentation, now: datetime) -> tuple[ShownProof, ...]:
    where = {
        "verifier": shown.verifier,
        "holder": shown.holder,
        "result": {"$ne": VerificationResult.REJECTED.value},
        "checked_at": {"$gt": now - EARLIER},
    }
    newest = (("checked_at", -1), ("_id", -1))
    rows = await parts.store.verifications.where(where, sort=newest, limit=_MOST_EARLIER)
    latest: dict[str, ShownProof] = {}
    for proof in (proof for row in rows for proof in row.proofs):
        latest.setdefault(proof.credential, proof)
    return tuple(proof for _, proof in sorted(latest.items()))


async def _live(parts: Parts, shown: Presentation, presented: Presented) -> tuple[date, ...] | None:
    """The closes of her live proofs, when her consent lets them be counted; else not looked at."""
    if presented.consent is None:
        return None
    try:
        consent = read_consent(presented.consent)
    except VcError:
        return None  # the checks say why
    if not consent.covers(LIVE_COUNT):
        return None
    where = {"holder": shown.holder, "status": CredentialStatus.ACTIVE.value}
    rows = await parts.store.credentials.where(where)
    return tuple(sorted({row.as_of for row in rows if row.as_of is not None}))
