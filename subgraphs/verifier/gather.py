"""Read what a decision will stand on, from this subgraph's own rows and the presentation only."""

import asyncio
from datetime import date, datetime, timedelta
from typing import Final

from subgraphs.kit.ids import derived_id
from subgraphs.rules import RuleSet
from subgraphs.rules.calendar import SHANGHAI
from subgraphs.rules.freshness import fresh_within
from subgraphs.rules.overlap import ShownProof
from subgraphs.vc.consent import LIVE_COUNT, read_consent
from subgraphs.vc.errors import VcError
from subgraphs.vc.presentation import Presentation as Presented
from subgraphs.vc.presentation import read_presentation
from subgraphs.vc.strict_json import parse_object
from subgraphs.verifier.grounds import Ground
from subgraphs.verifier.listed import lists_of
from subgraphs.verifier.parts import Parts
from subgraphs.verifier.records import (
    Binding,
    ConsentOnLog,
    Presentation,
    Query,
    Request,
    VerificationId,
)
from subgraphs.verifier.states import CredentialStatus, VerificationResult
from subgraphs.verifier.trust import by_did

EARLIER: Final = timedelta(days=180)
"""How far back proofs that were accepted before can still stand for the same money."""
_MOST_EARLIER: Final = 64


async def gather(
    parts: Parts, shown: Presentation, request: Request, binding: Binding, rules: RuleSet
) -> Ground:
    """As of the position this process has applied, and now."""
    presented = read_presentation(parse_object(shown.document))
    dids = {str(item.credential.get("issuer")) for item in presented.shown}
    receipt = presented.receipt or {}
    ids, index, now = [item.credential for item in shown.shown], parts.follower.applied, _now(parts)
    day = now.astimezone(SHANGHAI).date()
    # each reads for itself: eight waits would be eight times the way to the database
    (register, credentials, places, consent), (lists, root, earlier, live) = await asyncio.gather(
        asyncio.gather(
            by_did(parts.institutions, dids | {str(receipt.get("issuer"))}),
            parts.store.credentials.find(ids),
            parts.statuses.places(ids),
            _consent(parts, shown),
        ),
        asyncio.gather(
            lists_of(parts.statuses, presented),
            parts.roots.newest(shown.holder),
            _earlier(parts, shown, now),
            _live(parts, shown, presented),
        ),
    )
    return Ground(
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
