"""The adversarial corpus against the code it is aimed at."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from ledger_adapter.port import Envelope
from subgraphs.demo.population.adversarial import AMOUNTS, SKEWS, deliveries, flipped
from subgraphs.holder.choose import show
from subgraphs.kit.events import event
from subgraphs.rules import Evidence, Fact, Metric, Outcome, assess, rule_set
from subgraphs.vc import model
from subgraphs.vc.errors import BadAmount, VcError
from subgraphs.vc.examination import Terms
from subgraphs.vc.examine import examine
from subgraphs.vc.money import Fen, parse_amount
from subgraphs.vc.presentation import read_presentation
from subgraphs.vc.strict_json import JsonObject
from subgraphs.verifier.projection import credential_after
from subgraphs.verifier.records import CredentialOnLog
from subgraphs.verifier.states import CredentialStatus
from tests.kit.credentials import VERIFIER, World
from tests.lifecycles.machines import CREDENTIAL, HASH, HOLDER, ISSUER

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.mark.parametrize(("text", "worth"), AMOUNTS, ids=repr)
def test_an_amount_has_one_spelling_or_two(text: str, worth: Fen | None) -> None:
    if worth is None:
        with pytest.raises(BadAmount):
            parse_amount(text)
        return
    fact = Fact(metric=Metric.FINANCIAL_ASSETS, value=parse_amount(text), evidence=Evidence.EXACT)
    assert fact.value == worth
    met = assess([fact], rule_set("PRIVATE_FUND@1")).outcome is Outcome.QUALIFIED
    assert met is (worth >= 300_000_000)


def presented(world: World) -> JsonObject:
    return world.anna.present(
        [show(world.credential(world.anna), claims=[model.TOTAL])],
        grant=world.grant(world.anna),
        receipt=world.receipt(world.anna),
        nonce="nonce-1",
        audience=VERIFIER,
    )


def against(world: World, document: JsonObject, *, skew: timedelta = timedelta()) -> set[str]:
    """What is found against it; a document that cannot be read is one finding."""
    terms = Terms(
        nonce="nonce-1",
        audience=VERIFIER,
        now=world.now + skew,
        customer=world.anna.did,
        purpose="PRIVATE_FUND",
    )
    try:
        findings = examine(read_presentation(document), terms, world.register).against()
    except VcError as fault:
        return {fault.code}
    return {f"{finding.check} {finding.reason}" for finding in findings}


def test_one_bit_turned_anywhere_is_noticed() -> None:
    world = World()
    honest = presented(world)
    assert against(world, honest) == set()
    damaged = list(flipped(honest))
    assert len(damaged) > 50
    assert len({one.place for one in damaged}) == len(damaged)
    assert [one.place for one in damaged if not against(world, one.document)] == []


def test_a_clock_ten_minutes_off_is_told_as_a_matter_of_time() -> None:
    world = World()
    honest = presented(world)
    slow, *near, fast = (against(world, honest, skew=skew) for skew in SKEWS)
    assert near == [set()] * 3
    assert fast == {"TIMELINESS EXPIRED"}
    assert slow == {"HOLDER_AUTHORISATION CLOCK_SKEW", "TIMELINESS CLOCK_SKEW"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Arriving:
    index: int
    envelope: Envelope


def arriving(index: int, effect: str, state: str) -> Arriving:
    return Arriving(
        index=index,
        envelope=event(
            "CREDENTIAL_ENDORSED",
            entity=CREDENTIAL,
            version=index,
            subjects=[CREDENTIAL, HOLDER],
            institutions=[ISSUER],
            at=AT + timedelta(minutes=index),
            body={
                "issuer": ISSUER,
                "vcHash": HASH,
                "effect": effect,
                "reasonCode": "MATERIAL_DECREASE",
                "state": state,
            },
        ),
    )


STORY = (
    arriving(4, "SUSPEND", "SUSPENDED"),
    arriving(5, "RESTORED", "ACTIVE"),
    arriving(6, "REVOKE", "REVOKED"),
)


@pytest.mark.parametrize(
    ("name", "events"), list(deliveries(STORY)), ids=[name for name, _ in deliveries(STORY)]
)
def test_no_delivery_brings_a_revoked_credential_back(
    name: str, events: tuple[Arriving, ...]
) -> None:
    row: CredentialOnLog | None = CredentialOnLog(
        id=CREDENTIAL,
        vc_hash=HASH,
        issuer=ISSUER,
        holder=HOLDER,
        status=CredentialStatus.ACTIVE,
        valid_until=AT + timedelta(days=1),
        at_index=3,
    )
    applied = 3
    for one in events:
        if one.index > applied:  # the follower's rule; the projection itself trusts the order
            row = credential_after(row, one.envelope, one.index)
            applied = one.index
    assert row is not None
    revoked = STORY[-1] in events
    assert (row.status is CredentialStatus.REVOKED) is revoked, name
