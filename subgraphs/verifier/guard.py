"""The double-count guard's question, from what the holder disclosed, and what its answer does to
an outcome. Pure (domain.md §4.4).

Laws: the guard sees disclosed claims only; a verdict changes an outcome only where the proofs shown
now reach the threshold by mere addition and not by what they prove together.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from subgraphs.rules import Assessment, Metric, Outcome, Reason, ReasonCode, RuleSet
from subgraphs.rules.double_count import judge
from subgraphs.rules.model import thresholds
from subgraphs.rules.overlap import LiveCount, OverlapVerdict, ShownProof, Verdict
from subgraphs.vc import lower_bound
from subgraphs.vc.examination import Examination, ExaminedCredential
from subgraphs.vc.guard import Seasoning, ShownGuard, TaggedFlow, TaggedLine
from subgraphs.vc.money import NOTHING, Fen
from subgraphs.verifier.evidence import amount_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """`own` is the word on the proofs shown now, `whole` on them and the earlier ones."""

    proofs: tuple[ShownProof, ...]
    own: OverlapVerdict
    whole: OverlapVerdict


def guard(
    examined: Examination,
    rules: RuleSet,
    *,
    reduced: Collection[str] = (),
    earlier: Sequence[ShownProof] = (),
    live: LiveCount | None = None,
) -> Guarded:
    """The verdicts; a credential shown again counts as it is shown now."""
    proofs = tuple(_proofs(examined, reduced))
    shown = {proof.credential for proof in proofs}
    before = [proof for proof in earlier if proof.credential not in shown]
    needed = needed_by(rules)
    return Guarded(
        proofs=proofs,
        own=judge(proofs, needed=needed, live=live),
        whole=judge([*before, *proofs], needed=needed, live=live),
    )


def needed_by(rules: RuleSet) -> Fen | None:
    """The financial assets that a rule set asks for; None when it asks for none."""
    asked = [
        leaf.at_least
        for leaf in thresholds(rules.condition)
        if leaf.metric is Metric.FINANCIAL_ASSETS
    ]
    return Fen(min(asked)) if asked else None


def ruled(found: Assessment, guarded: Guarded) -> Assessment:
    """DOUBLE_COUNT blocks, REVIEW is for a person; both with a reason of their own."""
    match guarded.whole.verdict:
        case Verdict.DOUBLE_COUNT if guarded.own.decisive or found.outcome is Outcome.QUALIFIED:
            outcome, code = Outcome.NOT_QUALIFIED, ReasonCode.DOUBLE_COUNT
        case Verdict.REVIEW if guarded.own.decisive:
            outcome, code = Outcome.REVIEW, ReasonCode.MAY_COUNT_TWICE
        case _:
            return found
    assets = next(r for r in found.reasons if r.metric is Metric.FINANCIAL_ASSETS)
    return replace(found, outcome=outcome, reasons=(*found.reasons, _because(assets, code)))


def _because(assets: Reason, code: ReasonCode) -> Reason:
    return replace(assets, code=code)


def _proofs(examined: Examination, reduced: Collection[str]) -> Iterator[ShownProof]:
    for one in examined.credentials:
        amount = amount_of(one)
        if one.head is not None and amount is not None:
            yield _proof(one, amount[0], reduced)


def _proof(one: ExaminedCredential, amount: Fen, reduced: Collection[str]) -> ShownProof:
    """What a holder withholds is taken at its worst: an amount of a tag as the whole proof's."""
    if one.head is None:
        raise ValueError("a credential that was not read proves nothing")
    shown = ShownGuard() if one.claims is None else one.claims.guard
    return ShownProof(
        credential=one.head.credential_id,
        issuer=one.head.issuer,
        as_of=one.head.as_of,
        amount=amount,
        account=shown.account,
        lines=tuple(
            TaggedLine(tag=line.tag, amount=amount if line.amount is None else line.amount)
            for line in shown.positions or ()
        ),
        flows=tuple(
            TaggedFlow(
                tag=flow.tag,
                direction=flow.direction,
                amount=amount if flow.amount is None else flow.amount,
                settled=flow.settled,
                other_end=flow.other_end,
            )
            for flow in shown.flows or ()
        ),
        seasoning=_seasoning(one, shown),
        reduced=one.head.credential_id in reduced,
    )


def _seasoning(one: ExaminedCredential, shown: ShownGuard) -> Seasoning | None:
    told = shown.seasoning
    if told is None:
        return None
    bound = NOTHING if one.seasoned is None else lower_bound.amount_of(one.seasoned)
    least = bound if told.least is None else told.least
    return Seasoning(since=told.since, least=least, held=told.held)
