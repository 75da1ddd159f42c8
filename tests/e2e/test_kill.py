"""kill -9 of any process in the middle of the journey: after a new start nothing is lost."""

import asyncio
import contextlib
import subprocess
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import cast

import pytest

from subgraphs.demo.answers import items, text
from subgraphs.demo.cast import actors_of
from subgraphs.demo.client import Json
from subgraphs.demo.deployment import ROOT, DemoError
from subgraphs.demo.journey import Journey, Person
from subgraphs.demo.listening import Listener
from subgraphs.demo.operations import operation
from tests.kit.stack import Stack

pytestmark = pytest.mark.e2e

Step = Callable[[], Awaitable[Json]]
KINDS = {
    "CREDENTIAL_REQUESTED": 1,
    "CREDENTIAL_DRAFTED": 1,
    "CREDENTIAL_OFFERED": 1,
    "CREDENTIAL_ACTIVATED": 1,
    "PRESENTATION_SUBMITTED": 1,
    "PRESENTATION_VERIFIED": 1,
    "CREDENTIAL_ACCEPTED": 1,
    "CREDENTIAL_ENDORSED": 2,
}


def steps_of(journey: Journey) -> list[Step]:
    return [
        journey.bind_account,
        journey.request_credential,
        journey.compile_draft,
        journey.issue,
        journey.countersign,
        journey.bind_verifier_customer,
        journey.ask_presentation,
        journey.consent,
        journey.submit,
        journey.verify,
        journey.grant_permission,
        journey.endorse_reduction,
        journey.revoke,
    ]


VICTIMS = {
    "identity": 0,
    "issuer": 4,
    "wallet": 7,
    "verifier": 9,
    "audit": 3,
    "ledger": 9,
    "witness_one": 6,
    "chain": 8,
    "mongod": 4,
    "gateway": 11,
}


SHORT = {"mongod"}  # `make chaos` kills the others as well


@pytest.mark.parametrize(
    ("victim", "place"),
    [
        pytest.param(name, place, id=name, marks=[] if name in SHORT else pytest.mark.chaos)
        for name, place in VICTIMS.items()
    ],
)
async def test_nothing_is_lost_when(victim: str, place: int, breakable: Stack) -> None:
    person = Person()
    async with actors_of(breakable.deployment, person) as actors:
        journey = Journey(actors, person)
        await journey.register_root_did()
        async with Listener.listening(actors.verifier) as listener:
            cursor = listener.cursor
        for number, step in enumerate(steps_of(journey)):
            if number == place:
                await killed_during(step, breakable, victim)
            await step()
        await heard_all(journey, cursor)
        await logged_once(journey)
    replayed = await asyncio.to_thread(replay, breakable)
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr


def replay(stack: Stack) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "ledger_adapter", "replay"],
        cwd=ROOT,
        env=stack.deployment.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


async def killed_during(step: Step, stack: Stack, victim: str) -> None:
    """The step is under way when the process dies; then everything is started again."""
    under_way = asyncio.ensure_future(step())
    await asyncio.sleep(0.01)
    stack.kill(victim)
    with contextlib.suppress(DemoError):
        await under_way
    await asyncio.to_thread(stack.stop)
    await asyncio.to_thread(stack.start)
    await asyncio.to_thread(stack.wait_ready)


async def heard_all(journey: Journey, cursor: str) -> None:
    """Resumed from a cursor of before the crash, the feed has each change once and in order."""
    async with Listener.listening(journey.actors.verifier, after=cursor) as listener:
        frames = await listener.until(journey.credential_id, "PERMISSION_SUSPENDED")
    positions = [cast("int", frame["sequence"]) for frame in frames]
    assert positions == sorted(set(positions))
    effects = [frame["effect"] for frame in frames if frame["kind"] == "CREDENTIAL_ENDORSED"]
    assert effects == ["REDUCED", "REVOKE"]
    assert [frame["kind"] for frame in frames].count("SUPPLEMENT_REQUESTED") == 1


async def logged_once(journey: Journey) -> None:
    """Each fact of the journey stands on the log exactly as often as it happened."""
    wanted = Counter(KINDS)
    found: Counter[str] = Counter()
    for _ in range(100):
        data = await journey.actors.holder.ask(
            operation("audit-timeline"), {"id": journey.credential_id}
        )
        edges = items(data, "node", "timeline", "edges")
        found = Counter(kind for edge in edges if (kind := text(edge, "node", "kind")) in wanted)
        if found == wanted:
            return
        await asyncio.sleep(0.1)
    assert found == wanted
