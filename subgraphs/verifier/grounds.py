"""What a decision stood on, kept so that it can be made again: the verifier's own view of the log,
the register of that day, the rules and the time. Pure.

Laws: a case is made from its ground and the presentation alone, the first time and every time
after; a ground is written once, and its digest stands on the log with the decision.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from subgraphs.kit.ids import HolderId, InstitutionId
from subgraphs.kit.institutions import InstitutionRow
from subgraphs.kit.roots import RootOnLog
from subgraphs.kit.statuses import Place, list_name
from subgraphs.rules import RuleSet
from subgraphs.rules.overlap import LiveCount, ShownProof
from subgraphs.vc.did import Did, institution_did
from subgraphs.vc.encoding import Hash, sm3_hash
from subgraphs.vc.examination import Terms
from subgraphs.vc.examine import examine
from subgraphs.vc.presentation import Presentation as Presented
from subgraphs.vc.status_list import CheckedList, derived_list
from subgraphs.vc.strict_json import JsonValue, canonical
from subgraphs.verifier.checks import OnLog, judge
from subgraphs.verifier.codec import to_document
from subgraphs.verifier.decide import Case
from subgraphs.verifier.records import (
    ConsentOnLog,
    CredentialOnLog,
    Presentation,
    Query,
    Request,
    VerificationId,
)
from subgraphs.verifier.trust import ProjectedRegister


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptList:
    """The bits of one status list at the places that the presentation names: index and state."""

    uri: str
    states: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Everything but the presentation that one decision depended on. `recheck_within`: how many
    seconds ago an issuer may have looked last; what an older build did not ask is None."""

    id: VerificationId
    verifier: InstitutionId
    holder: HolderId
    presentation_digest: str
    customer: str
    nonce: str
    audience: str
    purpose: str
    rule_set: str
    rules_digest: str
    at: datetime
    index: int
    credentials: tuple[CredentialOnLog, ...]
    institutions: tuple[InstitutionRow, ...]
    consent: ConsentOnLog | None
    places: tuple[tuple[str, Place], ...]
    lists: tuple[KeptList, ...]
    root: RootOnLog | None
    earlier: tuple[ShownProof, ...] = ()
    live: tuple[date, ...] | None = None
    recheck_within: int | None = None
    query: Query | None = None


def digest_of(ground: Ground) -> Hash:
    """One name for all of it, as it stands on the log."""
    return digest_of_stored(to_document(ground))


def digest_of_stored(document: Mapping[str, Any]) -> Hash:
    """The same of what is kept: members that an older build did not know are not in it."""
    return sm3_hash(canonical(_json(document)))


def case_of(
    request: Request, shown: Presentation, presented: Presented, ground: Ground, rules: RuleSet
) -> Case:
    """The five checks on these grounds; what `decide` needs. `presented`: what `shown` holds."""
    by_did = {row.did: row for row in ground.institutions}
    shown = _issued(shown, presented, by_did)
    terms = Terms(
        nonce=ground.nonce,
        audience=Did(ground.audience),
        now=ground.at,
        customer=Did(ground.customer),
        purpose=ground.purpose,
    )
    examined = examine(presented, terms, ProjectedRegister(by_did))
    checks = judge(examined, on_log(ground), verifier=ground.verifier, holder=ground.holder)
    return Case(
        request=request,
        presentation=shown,
        examined=examined,
        checks=checks,
        at=ground.at,
        index=ground.index,
        rules=rules,
        evidence=digest_of(ground),
        reduced=frozenset(row.id for row in ground.credentials if row.reduced),
        earlier=ground.earlier,
        live=None if ground.live is None else LiveCount(closes=ground.live),
    )


def on_log(ground: Ground) -> OnLog:
    """The view of the log that the checks read."""
    return OnLog(
        index=ground.index,
        credentials={row.id: row for row in ground.credentials},
        institutions={row.did: row for row in ground.institutions},
        consent=ground.consent,
        places=dict(ground.places),
        lists={kept.uri: made for kept in ground.lists if (made := _made(kept, ground.at))},
        root=ground.root,
        query=ground.query,
        recheck_within=None
        if ground.recheck_within is None
        else timedelta(seconds=ground.recheck_within),
    )


def _made(kept: KeptList, at: datetime) -> CheckedList | None:
    name = list_name(kept.uri)
    if name is None:
        return None
    return derived_list(
        uri=kept.uri,
        issuer=institution_did(name.issuer),
        purpose=name.purpose,
        states=dict(kept.states),
        at=at,
    )


def _issued(
    shown: Presentation, presented: Presented, institutions: Mapping[str, InstitutionRow]
) -> Presentation:
    """An issuer may have joined the register since the presentation came in."""
    issuers = [institutions.get(str(item.credential.get("issuer"))) for item in presented.shown]
    items = zip(shown.shown, issuers, strict=True)
    return replace(
        shown,
        shown=tuple(replace(item, issuer=row.id if row else None) for item, row in items),
    )


def _json(value: Any) -> JsonValue:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    if isinstance(value, Mapping):
        return {str(name): _json(inner) for name, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_json(inner) for inner in value]
    plain: JsonValue = value
    return plain
