"""A decision made again on another day, when the rules, the register and the log have moved on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
import pytest_asyncio

from subgraphs.demo.pilot import GUOTAI_JUNAN
from subgraphs.kit.events import event
from subgraphs.kit.ids import institution_id
from subgraphs.rules import RULE_SETS, Metric, Threshold
from subgraphs.vc.did import institution_did
from tests.subgraphs.verifier.counter import (
    EDGE,
    OTHER,
    OWN,
    REGULATOR,
    Counter,
    counter_of,
    present,
    served,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

AGAIN = """query($id: ID!) { node(id: $id) { ... on Verification { result
  reproduce { sameResult differences { check then now } } } } }"""
SAME = {"sameResult": True, "differences": []}


async def again(counter: Counter, verification: dict[str, Any]) -> dict[str, Any]:
    answer = await counter.ask(AGAIN, {"id": verification["id"]}, who=OWN)
    found: dict[str, Any] = answer.only("node")["reproduce"]
    return found


async def registered_anew(counter: Counter, **changed: object) -> None:
    """The register tells of the issuer again."""
    one = GUOTAI_JUNAN
    institution = institution_id(one.uscc)
    body: dict[str, Any] = {
        "uscc": one.uscc,
        "name": one.name,
        "kind": one.kind,
        "roles": list(one.roles),
        "did": institution_did(institution),
        "publicKeyMultibase": counter.world.public_key(one),
        "participation": "ACTIVE",
        **changed,
    }
    told = event(
        "INSTITUTION_REGISTERED",
        entity=institution,
        version=2,
        subjects=[institution],
        institutions=[],
        at=datetime.now(UTC),
        body=body,
    )
    await counter.world.tell(told)
    await counter.settle()


@pytest_asyncio.fixture(loop_scope="module")
async def alone(tmp_path: Path, mongo_uri: str, mongo_database: str) -> AsyncIterator[Counter]:
    """A verifier whose register a test may change."""
    async with counter_of(tmp_path, mongo_uri, mongo_database) as opened:
        yield opened


async def test_the_same_day_gives_the_same_decision(shared_counter: Counter) -> None:
    person = await shared_counter.customer("ann")
    _, rich = await shared_counter.accepted(person)
    _, short = await shared_counter.accepted(person, EDGE)
    assert [await again(shared_counter, one) for one in (rich, short)] == [SAME, SAME]


async def test_after_everything_the_log_said_of_it_has_changed(shared_counter: Counter) -> None:
    counter = shared_counter
    person = await counter.customer("bea")
    paper, grant = await counter.paper(person), await counter.grant(person)
    await counter.settle()
    verification = await counter.shown(person, paper, grant)
    await counter.endorse(person, paper, "REVOKE", "REVOKED")
    await counter.consent_event(person, grant, "CONSENT_WITHDRAWN")
    await counter.accepted(person)
    assert await again(counter, verification) == SAME
    request = await counter.request(person)
    late = await counter.submit(person, request, present(person, request, [paper], grant))
    refused = (await counter.verify(late))["verification"]
    assert refused["result"] == "REJECTED"
    await counter.settle()
    assert await again(counter, refused) == SAME


async def test_after_a_new_version_of_the_rules(shared_counter: Counter) -> None:
    counter = shared_counter
    person = await counter.customer("cleo")
    _, verification = await counter.accepted(person)
    first = next(rules for rules in RULE_SETS if rules.key == "PRIVATE_FUND@1")
    stricter = replace(
        first,
        version=2,
        effective_from=date(2026, 1, 1),
        condition=Threshold(metric=Metric.FINANCIAL_ASSETS, at_least=1_000_000_000),
    )
    terms = replace(counter.parts.terms, rule_sets=(*RULE_SETS, stricter))
    later = replace(counter, parts=replace(counter.parts, terms=terms))
    today_app = counter.world.gateway.app
    counter.world.gateway.app = served(counter.world, later.parts)
    try:
        assert await again(counter, verification) == SAME
        _, today = await later.accepted(person)
        assert today["qualification"]["outcome"] == "NOT_QUALIFIED"
        assert await again(counter, today) == SAME
    finally:
        counter.world.gateway.app = today_app
    # a deployment that knows the version no more, or has edited it, says so
    (lost,) = (await again(counter, today))["differences"]
    assert (lost["check"], lost["now"]) == ("RULE_SET", "NONE")


async def test_after_the_issuer_was_removed(alone: Counter) -> None:
    person = await alone.customer("dora")
    issued_before = await alone.paper(person)
    _, verification = await alone.accepted(person)
    await asyncio.sleep(1.1)  # an entry of the log has its time to the second
    await registered_anew(alone, roles=["VERIFIER"], participation="EXITED")
    assert await again(alone, verification) == SAME

    # issued by a member: it stays one, as of the time of issue
    grant = await alone.grant(person)
    await alone.settle()
    after = await alone.shown(person, issued_before, grant)
    assert after["result"] == "ACCEPTED", after["checks"]

    # signed by who is none any more, and the same dated back: the log knows better
    late = await alone.paper(person)
    dated_back = await alone.paper(person, created=-timedelta(hours=1))
    grant = await alone.grant(person)
    await alone.settle()
    for paper in (late, dated_back):
        refused = await alone.shown(person, paper, grant)
        reasons = {check["kind"]: check["reasonCode"] for check in refused["checks"]}
        assert reasons["TRUSTED_ISSUER"] == "ISSUER_NOT_TRUSTED", reasons
        assert await again(alone, refused) == SAME


@pytest.mark.parametrize(
    ("table", "change", "found"),
    [
        pytest.param(
            "verifications",
            {"checks.0.outcome": "FAILED", "checks.0.reason": "NOT_OUR_CUSTOMER"},
            {"HOLDER_BINDING": ("NOT_OUR_CUSTOMER", "PASSED")},
            id="an answer changed afterwards",
        ),
        pytest.param(
            "verifications",
            {"outcome": "NOT_QUALIFIED"},
            {"QUALIFICATION": ("NOT_QUALIFIED", "QUALIFIED")},
            id="an outcome changed afterwards",
        ),
        pytest.param(
            "grounds",
            {"credentials.0.status": "REVOKED"},
            {
                "EVIDENCE": None,
                "TIMELINESS": ("PASSED", "NOT_ACTIVE"),
                "RESULT": ("ACCEPTED", "REJECTED"),
                "QUALIFICATION": ("QUALIFIED", "NONE"),
                "DOUBLE_COUNT": ("CLEAR", "NONE"),
            },
            id="what the log had said changed afterwards",
        ),
        pytest.param(
            "grounds",
            {"rules_digest": "sm3:" + "0" * 64},
            {"EVIDENCE": None, "RULE_SET": None},
            id="a rule that was edited",
        ),
        pytest.param(
            "presentations",
            {"document": "{}"},
            {"PRESENTATION": None, "RESULT": ("ACCEPTED", "UNREADABLE MalformedDocument")},
            id="the presentation lost",
        ),
    ],
)
async def test_what_was_tampered_with_is_named(
    shared_counter: Counter,
    table: str,
    change: dict[str, object],
    found: dict[str, tuple[str, str] | None],
) -> None:
    counter = shared_counter
    person = await counter.customer(f"eve-{token_hex(4)}")
    _, verification = await counter.accepted(person)
    sealed = counter.parts.store.database
    plain = counter.world.base.mongo.database(sealed.name)
    rows = (sealed if table == "presentations" else plain)[table]
    id_ = verification["presentation"]["id"] if table == "presentations" else verification["id"]
    assert (await rows.update_one({"_id": id_}, {"$set": change})).modified_count == 1
    told = await again(counter, verification)
    differences = {one["check"]: (one["then"], one["now"]) for one in told["differences"]}
    assert set(differences) == set(found)
    assert told["sameResult"] is False
    assert {check: differences[check] for check, what in found.items() if what} == {
        check: what for check, what in found.items() if what
    }


async def test_without_its_evidence_nothing_is_claimed(shared_counter: Counter) -> None:
    counter = shared_counter
    person = await counter.customer("faye")
    _, verification = await counter.accepted(person)
    await counter.parts.store.database["grounds"].delete_one({"_id": verification["id"]})
    answer = await counter.ask(AGAIN, {"id": verification["id"]}, who=OWN)
    assert answer.only("node")["reproduce"] is None


async def test_only_those_who_may_see_a_decision_make_it_again(shared_counter: Counter) -> None:
    counter = shared_counter
    person = await counter.customer("gina")
    _, verification = await counter.accepted(person)
    for who, seen in ((person.who, SAME), (REGULATOR, SAME), (OTHER, None)):
        answer = await counter.ask(AGAIN, {"id": verification["id"]}, who=who)
        assert answer.only("node")["reproduce"] == seen
