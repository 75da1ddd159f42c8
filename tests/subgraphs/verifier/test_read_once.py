"""What one decision asks its database: everything once; and what was just written is not asked."""

from __future__ import annotations

import json
from collections import Counter as Tally
from typing import Any

import pytest

from subgraphs.demo.operations import operation
from subgraphs.demo.pilot import GUOTAI_JUNAN, GUOTAI_JUNAN_FUTURES, HUAAN_FUND
from tests.subgraphs.verifier.counter import EDGE, OWN, Counter, present
from tests.subgraphs.verifier.test_plans import profiled

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOUSES = (GUOTAI_JUNAN, HUAAN_FUND, GUOTAI_JUNAN_FUTURES)
ANSWER = """id result checkedAt checkedAtIndex checks { kind outcome reasonCode evidence }
  doubleCount { verdict decisive claimed { amount } proven { amount } signals { explanation } }
  qualification { id outcome basis asOf decidedAt validUntil
    reasons { code metric required shown shortBy } verification { id } }
  acceptances { id state acceptedAt monitoringUntil credential { id } verification { result }
    presentedCredential { vcHash asOf validUntil total { amount } issuer { name } } }
  presentation { id state receivedAt items { vcHash total { amount } state }
    verification { id } }"""


SEALED = ("bindings", "verifications")
TOGETHER = [
    *("institutions", "institutions", "requests", "log_credentials", "log_consents"),
    *("roots", "statuses", "supplements"),
]


def _first(row: dict[str, Any]) -> str:
    return str(row["command"]["aggregate"])


def _others(row: dict[str, Any]) -> list[str]:
    stages = row["command"]["pipeline"]
    return [stage["$unionWith"]["coll"] for stage in stages if "$unionWith" in stage]


async def submitted(counter: Counter, name: str) -> str:
    """A presentation of three credentials of as many issuers that waits for its checks."""
    person = await counter.customer(name)
    papers = [await counter.paper(person, EDGE, issuer=one) for one in HOUSES]
    grant = await counter.grant(person)
    await counter.settle()
    request = await counter.request(person)
    done = await counter.submit(person, request, present(person, request, papers, grant))
    await counter.settle()
    return str(done["presentation"]["id"])


async def test_the_grounds_of_a_decision_are_read_once(shared_counter: Counter) -> None:
    counter = shared_counter
    asked = {"presentationId": await submitted(counter, "grounds")}
    async with profiled(counter) as found:
        answer = await counter.ask(operation("verify-presentation"), {"input": asked}, who=OWN)
    assert answer.only("verifyPresentation")["verification"]["result"] == "ACCEPTED"
    reads = Tally(row["ns"].split(".", 1)[1] for row in found if row["op"] == "query")
    tries = reads["presentations"]  # one, but for a transaction that the server has made again
    assert {name: reads[name] for name in SEALED} == dict.fromkeys(SEALED, tries)
    # what is not sealed in one command: the verifier and all who have signed, six status lists
    # and three places, and so on
    joined = [[_first(row), *_others(row)] for row in found if "pipeline" in row["command"]]
    assert joined == [TOGETHER] * tries
    assert not reads.keys() & {*TOGETHER} - {"log_credentials", "supplements"}  # the follower's
    assert reads["qualifications"] == 0  # it was written by this very call


async def test_what_is_answered_at_once_is_what_is_kept(shared_counter: Counter) -> None:
    counter = shared_counter
    asked = {"presentationId": await submitted(counter, "kept"), "clientMutationId": "kept"}
    made = await counter.do("verifyPresentation", OWN, f"verification {{ {ANSWER} }}", **asked)
    again = await counter.do("verifyPresentation", OWN, f"verification {{ {ANSWER} }}", **asked)
    document = f"query($id: ID!) {{ node(id: $id) {{ ... on Verification {{ {ANSWER} }} }} }}"
    read = await counter.ask(document, {"id": made["verification"]["id"]}, who=OWN)
    assert made["verification"]["acceptances"][0]["presentedCredential"]["issuer"]["name"]
    assert json.dumps(made["verification"]) == json.dumps(again["verification"])
    assert json.dumps(made["verification"]) == json.dumps(read.only("node"))
