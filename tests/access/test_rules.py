"""Every rule of the four policy modules is changed, one at a time: at least one row of the matrix
must fail. What no row notices is a rule without a row, or a rule that decides nothing.

The subgraphs run in this process, over the databases of a played story.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from types import ModuleType
from typing import Any, Final, cast

import httpx
import pytest

import subgraphs.audit.app
import subgraphs.audit.policy
import subgraphs.issuer.app
import subgraphs.issuer.policy
import subgraphs.verifier.app
import subgraphs.verifier.policy
import subgraphs.wallet.app
import subgraphs.wallet.policy
from ledger_adapter.port import EntryIndex, Ledger, LoggedEvent
from ledger_adapter.verify import load_trust
from subgraphs.audit.store import INDEXES
from subgraphs.kit.base import open_base
from subgraphs.kit.ids import CredentialId, HolderId
from subgraphs.kit.main import load
from subgraphs.kit.passes import CasePass, CasePasses
from subgraphs.kit.serve import Open, Service
from subgraphs.kit.settings import Settings
from subgraphs.kit.viewer import ANONYMOUS, Role, Viewer
from tests.access.asking import Question, context_token, questions, subgraph_schema
from tests.access.matrix import changes
from tests.access.mutants import Mutant, mutants
from tests.access.world import ROLES, World, tell
from tests.e2e.conftest import started

pytestmark = [pytest.mark.whole, pytest.mark.asyncio(loop_scope="module")]

ROOMS: Final[Mapping[str, tuple[ModuleType, Open]]] = {
    "issuer": (subgraphs.issuer.policy, subgraphs.issuer.app.opened),
    "wallet": (subgraphs.wallet.policy, subgraphs.wallet.app.opened),
    "verifier": (subgraphs.verifier.policy, subgraphs.verifier.app.opened),
    "audit": (subgraphs.audit.policy, subgraphs.audit.app.opened),
}
_TRIES: Final = 400
STEP: Final = "recordExitStep"
LEADING: Final = ("verifier", "regulator")
NEVER: Final = (None, "ANALYST")
"""Roles that take no exit further, whoever's it is: they are told so, and no id is looked up."""
AT_WRITING: Final = {"viewers_of", "SHARED_WITH_ACCEPTING", "_PUBLIC"}
"""Rules of audit that are applied when an event is taken in, so that it takes in all again."""


_PARTIES: Final = "viewer, holder=holder, granted_to=granted_to"
SECOND_LOCKS: Final[Mapping[tuple[str, str], str]] = {
    (
        "wallet",
        "may_see_artefact without `may_see_consent(viewer, holder=holder, granted_to=granted_to)`",
    ): "asked of consents that may be seen",
    ("wallet", "consents_scope without `NOBODY`"): "no consent is without a holder",
    ("verifier", "may_see without `viewer.holder is not None`"): "nor is a row of the story",
    (
        "verifier",
        "may_see_content without `may_see(viewer, verifier=verifier, holder=holder)`",
    ): "asked of what may be seen",
    ("audit", "names_of without `viewer.holder`"): "no event names nobody",
    ("audit", "names_of without `viewer.institution`"): "no event names nobody",
}
"""What no row can notice, since something else decides the same: each with that. The list is
exact: a rule that comes to matter leaves it, one that stops to matter must be entered."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with started(tmp_path_factory.mktemp("rules")) as stack:
        yield asyncio.run(tell(stack, with_stranger=True))


def callers(world: World, room: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    """The roles, and who looks a little like one of them: each with the column that holds."""
    claims = world.claims
    holder, issuer, verifier = (claims[role] for role in ("holder", "issuer", "verifier"))
    yield from ((role, claims[role]) for role in ROLES)
    yield "analyst", {**holder, **issuer, "role": "ANALYST"}
    yield "analyst", {**holder, **verifier, "role": "ANALYST"}
    yield "nobody", {"role": "ISSUER"}
    yield "nobody", {"role": "VERIFIER"}
    yield "nobody", {"role": "HOLDER"}
    yield "other_holder", {**claims["other_holder"], **issuer, "role": "HOLDER"}
    if room != "audit":  # events are a house's in every role
        yield "other_issuer", {**holder, **verifier, "role": "ISSUER"}
        yield "other_verifier", {**holder, **issuer, "role": "VERIFIER"}


async def judged(service: Service, world: World, room: str, asked: list[Question]) -> list[str]:
    """The rows that fail, of the first caller for whom any does."""
    transport = httpx.ASGITransport(app=service.app)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{room}") as http:
        for role, claims in callers(world, room):
            headers = {"authorization": f"Bearer {context_token(world, room, claims)}"}
            for question in asked:
                sent: Any = {"query": question.text, "variables": question.variables}
                body = (await http.post("/graphql", json=sent, headers=headers)).json()
                found = question.wrong(role, body)
                if _is_at_home(world, claims) and "rechecks" in question.text:
                    found = _the_other_way(found)
                if wrong := [*found, *_fallen_over(body)]:
                    return [f"{role} {claims}: {each}" for each in wrong]
            if room == "audit" and (fault := await _exits(http, headers, world, role, claims)):
                return [f"{role} {claims}: {fault}"]
            if room == "issuer" and (fault := await _amounts(http, headers, world, role, claims)):
                return [f"{role} {claims}: {fault}"]
    return []


def _is_at_home(world: World, claims: Mapping[str, object]) -> bool:
    """A house in another role than in the story is a stranger to it, but not to itself."""
    named = (claims.get("role"), claims.get("institution"))
    return named == ("ISSUER", world.ids["Institution"])


def _the_other_way(found: list[str]) -> list[str]:
    """What it sees of itself has to be seen."""
    own = [each for each in found if "Institution.rechecks" in each]
    return [each for each in found if each not in own] if own else ["its own rechecks are hidden"]


async def _exits(
    http: httpx.AsyncClient,
    headers: Mapping[str, str],
    world: World,
    role: str,
    claims: Mapping[str, object],
) -> str | None:
    """Who sees the verifier's exit that nobody was told of, and who takes which exit further: none
    is ever taken with the state that it is tried with."""

    async def told(text: str, given: Mapping[str, object]) -> Any:
        sent = {"query": text, "variables": given}
        return (await http.post("/graphql", json=sent, headers=headers)).json()["data"]

    node = "query($id: ID!) { node(id: $id) { ... on ExitCase { state } } }"
    shown = (await told(node, {"id": world.leaving}))["node"]["state"]
    if (shown is not None) is not (role in {"verifier", "regulator"}):
        return f"ExitCase.state: {shown}"
    for exit_, leading in ((world.ids["ExitCase"], ("holder",)), (world.leaving, LEADING)):
        asked = changes(subgraph_schema("audit"), [STEP], {**world.ids, "ExitCase": exit_})
        kind = (await told(*asked))[STEP]["__typename"]
        wanted = "Forbidden" if claims.get("role") in NEVER else "NotFound"
        if (kind == "ValidationFailed") if role in leading else (kind == wanted):
            continue
        return f"{STEP}: {kind}"
    return None


async def _amounts(
    http: httpx.AsyncClient,
    headers: Mapping[str, str],
    world: World,
    role: str,
    claims: Mapping[str, object],
) -> str | None:
    """What a credential states on a case, by a pass that is the caller's own: no row leads there,
    since cases begin in audit."""
    key = (world.stack.deployment.data / "keys" / "cursor.key").read_text(encoding="ascii")
    person, credential = HolderId(world.ids["Holder"]), CredentialId(world.ids["Credential"])
    passes = CasePasses(bytes.fromhex(key), clock=lambda: datetime.now(UTC))
    named = Viewer(role=Role(claims["role"]), subject="somebody") if claims else ANONYMOUS
    given = CasePass(case=person, person=person, credentials=(credential,))
    text = """query($r: [_Any!]!) {
      _entities(representations: $r) { ... on Case { amounts { asOf } } } }"""
    sent = {"r": [{"__typename": "Case", "pass": passes.seal(given, named)}]}
    body = {"query": text, "variables": sent}
    (case,) = (await http.post("/graphql", json=body, headers=headers)).json()["data"]["_entities"]
    shown = bool(case and case["amounts"][0]["asOf"])
    return f"Case.amounts: {shown}" if shown is not (role == "regulator") else None


def _fallen_over(body: Any) -> list[str]:
    """Errors that nobody meant."""
    errors = body.get("errors", [])
    unmeant = {None, "INTERNAL"}
    return [e["message"] for e in errors if e.get("extensions", {}).get("code") in unmeant]


class OneByOne:
    """A log whose readers get each event by itself, as they come in life."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    async def follow(self, after: EntryIndex | None, /) -> AsyncIterator[Sequence[LoggedEvent]]:
        async for batch in self._ledger.follow(after):
            for event in batch:
                yield [event]


@asynccontextmanager
async def audit_from_the_start(settings: Settings) -> AsyncIterator[Service]:
    """Audit once it has taken in the whole log."""
    async with open_base("audit", settings, INDEXES) as base:
        ledger = cast("Ledger", OneByOne(base.ledger))
        trust = load_trust(settings.data / "trust.json")
        service = subgraphs.audit.app.service(replace(base, ledger=ledger), trust)
        job = asyncio.ensure_future(service.jobs[0]())
        try:
            await _caught_up(service)
            yield service
        finally:
            job.cancel()


async def _caught_up(service: Service) -> None:
    transport = httpx.ASGITransport(app=service.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://audit") as http:
        for _ in range(_TRIES):
            told = (await http.get("/health")).json()
            if told["position"] > 0 and not told["lag"]:
                return
            await asyncio.sleep(0.05)
    raise AssertionError("the log was not taken in")


@pytest.mark.parametrize("room", ROOMS)
async def test_a_changed_rule_makes_a_row_fail(world: World, room: str) -> None:
    policy, opened = ROOMS[room]
    settings = load(world.stack.deployment.environment())
    asked = questions(world, subgraph_schema(room))
    unnoticed: set[str] = set()
    async with opened(settings) as service:
        assert await judged(service, world, room, asked) == [], "unchanged"
        for number, mutant in enumerate(mutants(policy)):
            fresh = replace(settings, database_prefix=f"changed{number}_")
            async with _changed(mutant, fresh, service) as changed:
                if not await judged(changed, world, room, asked):
                    unnoticed.add(f"{mutant.target} {mutant.what}")
    assert unnoticed == {name for at, name in SECOND_LOCKS if at == room}


@asynccontextmanager
async def _changed(mutant: Mutant, fresh: Settings, service: Service) -> AsyncIterator[Service]:
    with mutant.at_work():
        if mutant.target not in AT_WRITING:
            yield service
            return
        async with audit_from_the_start(fresh) as again:
            yield again
