"""Ask one bound customer for proofs: a nonce, an audience, a rule set, and an end."""

import secrets
from collections.abc import Sequence
from typing import Final

from subgraphs.kit.errors import Invalid
from subgraphs.kit.ids import InstitutionId, new_id
from subgraphs.kit.mongo import Session
from subgraphs.rules import RuleSet, RuleSetStatus, UnknownRuleSet, current, rule_set
from subgraphs.rules.calendar import day_of
from subgraphs.rules.model import thresholds
from subgraphs.vc.consent import CODE
from subgraphs.vc.guard import WITH_AMOUNTS
from subgraphs.vc.model import EXPERIENCE, IN_TRANSIT, LINE_AMOUNT, LINE_CATEGORY, LINES, TOTAL
from subgraphs.verifier.bind import customer_digest
from subgraphs.verifier.guard import needed_by
from subgraphs.verifier.parts import Parts
from subgraphs.verifier.records import Binding, Request, RequestId
from subgraphs.verifier.states import RequestState

CLAIMS: Final = frozenset(
    {TOTAL, IN_TRANSIT, EXPERIENCE, LINES, LINE_CATEGORY, LINE_AMOUNT, *WITH_AMOUNTS}
)
"""The claim paths that may be asked for; never the seed."""
_NONCE_BYTES: Final = 24


async def create_request(
    parts: Parts,
    verifier: InstitutionId,
    *,
    customer_no: str,
    rules: str,
    purpose: str,
    claims: Sequence[str] | None,
    session: Session,
) -> Request:
    """A fresh request each time; an unanswered one just expires. Without `claims` a bound is enough
    where the rules ask for assets only."""
    if CODE.fullmatch(purpose) is None:
        raise Invalid("a purpose is a code in capitals", field="purpose")
    now = parts.clock()
    asked = offered(rules, parts)
    register = await parts.institutions.acting(verifier, "VERIFIER", now)
    register.begins(asked.key)
    binding = await bound_customer(parts, verifier, customer_no)
    request = Request(
        id=RequestId(new_id("preq")),
        verifier=verifier,
        holder=binding.holder,
        binding=binding.id,
        rule_set=asked.key,
        purpose=purpose,
        nonce=secrets.token_urlsafe(_NONCE_BYTES),
        audience=register.did,
        created_at=now,
        expires_at=now + parts.terms.request_lives,
        state=RequestState.OPEN,
        claims=_claims(claims, asked),
        at_least=needed_by(asked),
    )
    await parts.store.requests.insert(request, session=session)
    return request


def _claims(named: Sequence[str] | None, rules: RuleSet) -> tuple[str, ...]:
    """What the rules need, or what was named of the claims that there are."""
    if named is None:
        months = any(not leaf.metric.is_money for leaf in thresholds(rules.condition))
        return (EXPERIENCE,) if months else ()
    if len(named) > len(CLAIMS) or not set(named) <= CLAIMS:
        raise Invalid("not claims of an asset proof", field="claims", code="CLAIM_UNKNOWN")
    return tuple(sorted(set(named)))


async def bound_customer(parts: Parts, verifier: InstitutionId, customer_no: str) -> Binding:
    """An own customer who was matched to her root DID."""
    binding = await parts.store.bindings.one(
        {"verifier": verifier, "customer_digest": customer_digest(verifier, customer_no)}
    )
    if binding is None:
        raise Invalid(
            "bind the customer to her root DID first",
            field="customerNo",
            code="CUSTOMER_NOT_BOUND",
        )
    return binding


def offered(rules: str, parts: Parts) -> RuleSet:
    """The rule set that may be asked for, by name or `NAME@version`."""
    try:
        among, today = parts.terms.rule_sets, day_of(parts.clock())
        exact = "@" in rules
        found = rule_set(rules, among=among) if exact else current(rules, on=today, among=among)
    except UnknownRuleSet as fault:
        raise Invalid(str(fault), field="ruleSet", code=fault.code) from fault
    if found.status is not RuleSetStatus.OFFERED:
        raise Invalid(
            "evidence for this rule set is not collected yet",
            field="ruleSet",
            code="RULE_SET_NOT_OFFERED",
        )
    return found
