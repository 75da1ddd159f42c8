"""Make a decision again from what was kept of it, and say where the two differ (R76).

Laws: nothing of today enters: rules, register, DID versions, statuses and the time are those of the
ground; what was kept is held against the digests on the log first, so a ground that was changed
later shows as a difference and not as another decision.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ledger_adapter.port import EntryIndex
from subgraphs.kit.offload import offload
from subgraphs.rules import RuleSet, UnknownRuleSet, rule_set
from subgraphs.vc.encoding import Hash, sm3_hash
from subgraphs.vc.errors import VcError
from subgraphs.vc.presentation import parse_presentation
from subgraphs.vc.strict_json import canonical, parse_object
from subgraphs.verifier.decide import Decision, decide
from subgraphs.verifier.grounds import Ground, case_of, digest_of_stored
from subgraphs.verifier.parts import Parts
from subgraphs.verifier.records import Presentation, Request, Verification

NOTHING: Final = "NONE"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    request: Request
    shown: Presentation
    ground: Ground
    digest: Hash
    rules: RuleSet
    told: str | None


@dataclass(frozen=True, slots=True)
class Difference:
    """One point on which the decision made again is not the one that was made."""

    check: str
    then: str
    now: str


async def reproduce(parts: Parts, row: Verification) -> tuple[Difference, ...] | None:
    """Where it differs; None when the evidence was not kept."""
    stored = await parts.store.grounds.stored(row.id)
    shown = await parts.store.presentations.get(row.presentation)
    request = None if shown is None else await parts.store.requests.get(shown.request)
    if stored is None or shown is None or request is None:
        return None
    ground = parts.store.grounds.read(stored)
    told = await _told(parts, row)
    try:
        rules = rule_set(ground.rule_set, among=parts.terms.rule_sets)
    except UnknownRuleSet:
        return (Difference("RULE_SET", ground.rules_digest, NOTHING),)
    kept = _Kept(
        request=request,
        shown=shown,
        ground=ground,
        digest=digest_of_stored(stored),
        rules=rules,
        told=told,
    )
    return await offload(_compare, row, kept)


async def _told(parts: Parts, row: Verification) -> str | None:
    """The digest that stands on the log with the decision; None until it does."""
    place = await parts.store.decided.get(row.id)
    if place is None:
        return None
    (entry,) = await parts.ledger.read(EntryIndex(place.at_index), 1)
    told = entry.envelope.body.get("evidenceDigest") if row.id in entry.envelope.subjects else None
    return told if isinstance(told, str) else NOTHING


def _compare(row: Verification, kept: _Kept) -> tuple[Difference, ...]:
    ground, told = kept.ground, row.evidence if kept.told is None else kept.told
    points = [
        ("EVIDENCE", told, kept.digest),
        ("PRESENTATION", ground.presentation_digest, _digest(kept.shown)),
        ("RULE_SET", ground.rules_digest, kept.rules.digest),
    ]
    try:
        presented = parse_presentation(kept.shown.document)
        again = decide(case_of(kept.request, kept.shown, presented, ground, kept.rules))
    except (VcError, ValueError) as fault:
        points.append(("RESULT", row.result.value, f"UNREADABLE {type(fault).__name__}"))
    else:
        points += _decided(row, again)
    return tuple(
        Difference(check, then or NOTHING, now) for check, then, now in points if then != now
    )


def _digest(shown: Presentation) -> str:
    try:
        return sm3_hash(canonical(parse_object(shown.document)))
    except VcError:
        return NOTHING


def _decided(row: Verification, again: Decision) -> Iterator[tuple[str, str | None, str]]:
    made = again.verification
    checks = {check.kind: check for check in row.checks}
    for check in made.checks:
        then = checks.get(check.kind)
        was = None if then is None else then.reason or then.outcome.value
        yield check.kind.value, was, check.reason or check.outcome.value
    yield "RESULT", row.result.value, made.result.value
    yield "QUALIFICATION", _text(row.outcome), _text(made.outcome)
    verdict = row.double_count and row.double_count.verdict
    yield "DOUBLE_COUNT", _text(verdict), _text(made.double_count and made.double_count.verdict)


def _text(value: object) -> str:
    return NOTHING if value is None else str(value)
