"""Read what a decision will stand on, from this subgraph's own rows and the presentation only."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from subgraphs.kit.ids import derived_id
from subgraphs.rules import RuleSet, rule_set
from subgraphs.rules.calendar import SHANGHAI
from subgraphs.rules.freshness import fresh_within
from subgraphs.rules.overlap import ShownProof
from subgraphs.vc.consent import LIVE_COUNT, read_consent
from subgraphs.vc.errors import VcError
from subgraphs.vc.presentation import Presentation as Presented
from subgraphs.verifier.grounds import Ground
from subgraphs.verifier.listed import places_and_lists
from subgraphs.verifier.parts import Parts
from subgraphs.verifier.records import (
    Binding,
    ConsentOnLog,
    Presentation,
    Query,
    Request,
    Supplement,
    VerificationId,
)
from subgraphs.verifier.states import CredentialStatus, VerificationResult

EARLIER: Final = timedelta(days=180)
"""How far back proofs that were accepted before can still stand for the same money."""
_MOST_EARLIER: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What one decision is made from; `presented` is what the row `shown` holds as text, `waiting`
    what further proof was asked for."""

    request: Request
    rules: RuleSet
    shown: Presentation
    presented: Presented
    ground: Ground
    waiting: Sequence[Supplement]


async def gather(parts: Parts, shown: Presentation, presented: Presented) -> Gathered:
    """As of the position this process has applied, and now. Forbidden for a verifier that does not
    stand in its role, or leaves this business."""
    dids = {str(item.credential.get("issuer")) for item in presented.shown}
    receipt = presented.receipt or {}
    ids, index, now = [item.credential for item in shown.shown], parts.follower.applied, _now(parts)
    # each reads for itself: one after the other would be as many times the way to the database
    (
        (own, (request, binding), register, credentials),
        ((places, lists), consent, root, (earlier, live), waiting),
    ) = await asyncio.gather(
        asyncio.gather(
            parts.institutions.acting(shown.verifier, "VERIFIER", now),
            _asked(parts, shown),
            parts.institutions.by_dids([*dids, str(receipt.get("issuer"))]),
            parts.store.credentials.find(ids),
        ),
        asyncio.gather(
            places_and_lists(parts.statuses, ids, presented),
            _consent(parts, shown),
            parts.roots.newest(shown.holder),
            asyncio.gather(_earlier(parts, shown, now), _live(parts, shown, presented)),
            parts.store.open_for(shown.verifier, shown.holder),
        ),
    )
    own.begins(request.rule_set)
    rules = rule_set(request.rule_set, among=parts.terms.rule_sets)
    day = now.astimezone(SHANGHAI).date()
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
        credentials=tuple(row for _, row in sorted(credentials.items())),
        institutions=tuple(row for _, row in sorted(register.items())),
        consent=consent,
        places=tuple(sorted(places.items())),
        lists=lists,
        root=root,
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
        waiting=waiting,
    )


async def _asked(parts: Parts, shown: Presentation) -> tuple[Request, Binding]:
    request = await parts.store.requests.get(shown.request)
    binding = None if request is None else await parts.store.bindings.get(request.binding)
    if request is None or binding is None:
        raise LookupError(f"{shown.id} answers a request that is gone")
    return request, binding


async def _consent(parts: Parts, shown: Presentation) -> ConsentOnLog | None:
    return None if shown.consent is None else await parts.store.consents.get(shown.consent)


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
