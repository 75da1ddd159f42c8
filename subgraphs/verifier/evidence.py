"""What an examined presentation shows of the metrics that rule sets measure. Pure."""

from collections.abc import Iterator
from dataclasses import replace

from subgraphs.kit.ids import CredentialId, InstitutionId, is_id
from subgraphs.rules import AssetEvidence, Combined, Evidence, Fact, Metric, combine_assets
from subgraphs.rules.preview import months_between
from subgraphs.vc import lower_bound, model
from subgraphs.vc.consent import Consent, read_consent
from subgraphs.vc.errors import VcError
from subgraphs.vc.examination import Examination, ExaminedCredential
from subgraphs.vc.model import CredentialHead, ShownClaims
from subgraphs.vc.money import Fen
from subgraphs.vc.presentation import Presentation
from subgraphs.vc.presentation import Shown as Presented
from subgraphs.verifier.records import Shown, ShownLine


def heads_of(presentation: Presentation) -> list[CredentialHead]:
    """What stands in clear on each credential; a malformed one raises VcError with its place."""
    return [
        model.read_head(item.credential, f"/verifiableCredential/{place}")
        for place, item in enumerate(presentation.shown)
    ]


def shown_of(item: Presented, head: CredentialHead, issuer: InstitutionId | None) -> Shown:
    """The row of one credential as presented: claimed until verified."""
    claims = _claims(item)
    steps = None if item.bound is None else item.bound.steps
    return Shown(
        credential=CredentialId(head.credential_id),
        vc_hash=model.vc_hash(item.credential),
        issuer=issuer,
        lines=()
        if claims is None
        else tuple(ShownLine(category=line.category, amount=line.amount) for line in claims.lines),
        total=None if claims is None else claims.total,
        lower_bound=None if steps is None else lower_bound.amount_of(steps),
        as_of=head.as_of,
        valid_from=head.valid_from,
        valid_until=head.valid_until,
    )


def facts_of(examined: Examination, proven: Fen) -> tuple[tuple[Fact, ...], Combined | None]:
    """Facts for the rules, from examined claims only, and how the assets were combined.

    `proven` is what they come to together at one close by the double-count guard: that much is a
    fact, and where it is not the plain sum it is a lower bound.
    """
    assets = combine_assets([item for one in examined.credentials for item in _assets(one)])
    if assets is not None and assets.fact.value != proven:
        fact = replace(assets.fact, value=proven, evidence=Evidence.LOWER_BOUND)
        assets = replace(assets, fact=fact)
    facts = [fact for one in examined.credentials for fact in _experience(one)]
    return (tuple(facts if assets is None else [assets.fact, *facts]), assets)


def _claims(item: Presented) -> ShownClaims | None:
    try:
        return model.read_claims(item.credential, item.disclosures)
    except VcError:
        return None  # the INTEGRITY check says why; here it only means that nothing is shown


def amount_of(one: ExaminedCredential) -> tuple[Fen, Evidence] | None:
    """The total, or else the best bound that is shown of it; None when nothing is."""
    total = None if one.claims is None else one.claims.total
    if total is not None:
        return total, Evidence.EXACT
    bounds = [*_bound(one), *_lines(one)]
    return (max(bounds), Evidence.LOWER_BOUND) if bounds else None


def _assets(one: ExaminedCredential) -> Iterator[AssetEvidence]:
    found = amount_of(one)
    if one.head is None or found is None:
        return
    amount, kind = found
    yield AssetEvidence(
        credential=one.head.credential_id,
        issuer=one.head.issuer,
        as_of=one.head.as_of,
        amount=amount,
        evidence=kind,
    )


def _bound(one: ExaminedCredential) -> Iterator[Fen]:
    if one.bound is not None:
        yield lower_bound.amount_of(one.bound)


def _lines(one: ExaminedCredential) -> Iterator[Fen]:
    lines = () if one.claims is None else one.claims.lines
    shown = [line.amount for line in lines if line.amount is not None]
    if shown:
        yield Fen(sum(shown))


def _experience(one: ExaminedCredential) -> Iterator[Fact]:
    experience = None if one.claims is None else one.claims.trading_experience
    if one.head is not None and experience is not None:
        months = months_between(experience.first_trade_date, one.head.as_of)
        yield Fact(metric=Metric.EXPERIENCE_MONTHS, value=months, evidence=Evidence.EXACT)


def consent_of(presentation: Presentation) -> Consent | None:
    """The consent a presentation carries, unchecked; None when it carries none that can be read."""
    if presentation.consent is None:
        return None
    try:
        named = read_consent(presentation.consent)
    except VcError:
        return None
    return named if is_id(named.consent_id, "cons") else None
