"""No operation of the journey makes the database read a whole collection.

MongoDB's own profiler says so: on every database of a running system it writes down each command
with the plan that was used, while a whole journey is played, watched and read by everybody.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, Final

import pymongo
import pytest
from pymongo.database import Database

from bench.domain_lists import LISTS
from subgraphs.demo.client import Client
from subgraphs.demo.journey import Journey
from subgraphs.demo.listening import Listener
from subgraphs.demo.operations import EXAMPLES
from subgraphs.demo.seed import variables_of
from tests.e2e.callers import journey_of, token_of, token_of_holder
from tests.e2e.wide import lists_of, wide_node, wide_roots
from tests.kit.stack import Stack

pytestmark = pytest.mark.e2e

Row = dict[str, Any]
OF_HOLDER: Final = {
    "27-status-at": '"statusAt": {"state": "REVOKED"',
    "28-resolve-did": '"kind": "ROOT_DID_REGISTERED"',
}  # what they say to the holder herself
READERS: Final = ("holder", "issuer", "verifier", "regulator")
PAGE: Final = 50  # of every list there
FEW: Final = 2 * PAGE
LISTED: Final = {
    *("credentials", "acceptances", "wallet_items", "consents", "qualifications", "permissions"),
    *("events", "institutions"),
}
LISTED_FOR_FEW: Final = {
    *("complaints", "disputes", "exits", "incidents", "drills", "denials", "supplements"),
}
PROFILE: Final = "system.profile"
ROOM: Final = 32 * 1024 * 1024  # bytes; the default of 1 MB forgets the journey's beginning


class Profiler:
    """The plans of every command on every database of ours since it was switched on."""

    def __init__(self, databases: list[Database[Row]]) -> None:
        self._databases = databases

    def switch_on(self) -> None:
        for database in self._databases:
            database.command("profile", 0)
            database.drop_collection(PROFILE)
            database.create_collection(PROFILE, capped=True, size=ROOM)
            database.command("profile", 2)

    def switch_off(self) -> None:
        for database in self._databases:
            database.command("profile", 0)

    def rows(self) -> list[Row]:
        """What was planned: commands with a plan, without the profile's own."""
        return [
            row
            for database in self._databases
            for row in database[PROFILE].find({"planSummary": {"$exists": True}})
            if not row["ns"].endswith(PROFILE)
        ]

    def scans(self) -> dict[str, Row]:
        """Scanned collections, each with one command that scanned it.

        A change stream is no scan of a collection: it tails the server's oplog from a known
        place. The ledger's queue is read in its natural order and holds only what waits, so
        that reading it is no scan either as long as nothing is read that is not returned.
        """
        return {
            f"{row['op']} {row['ns']}": row.get("command", {})
            for row in self.rows()
            if "COLLSCAN" in row["planSummary"]
            and not is_change_stream(row)
            and not is_whole_queue(row)
        }


def is_change_stream(row: Row) -> bool:
    command = row.get("originatingCommand") or row.get("command", {})
    pipeline = command.get("pipeline") or [{}]
    return "$changeStream" in pipeline[0]


def is_whole_queue(row: Row) -> bool:
    return bool(row["ns"].endswith(".ledger_queue") and row["docsExamined"] == row["nreturned"])


@pytest.fixture(scope="module")
def profiler(stack: Stack) -> Iterator[Profiler]:
    client: pymongo.MongoClient[Row] = pymongo.MongoClient(stack.deployment.uri)
    with client:
        names = [name for name in client.list_database_names() if name.startswith("credgraph_")]
        assert len(names) >= 6, names
        profiler = Profiler([client[name] for name in names])
        yield profiler
        profiler.switch_off()


@asynccontextmanager
async def profiled_journey(stack: Stack, profiler: Profiler) -> AsyncIterator[Journey]:
    """A journey played to its end and heard by its verifier, under the profiler."""
    profiler.switch_on()
    async with journey_of(stack.deployment) as journey:
        async with Listener.listening(journey.actors.verifier) as listener:
            await journey.to_permission()
            await journey.endorse_reduction()
            await listener.next_change(journey.credential_id, "SUPPLEMENT_REQUESTED")
            cursor = listener.cursor
            await journey.revoke()
            await listener.next_change(journey.credential_id, "PERMISSION_SUSPENDED")
        async with Listener.listening(journey.actors.verifier, after=cursor) as resumed:
            await resumed.next_change(journey.credential_id, "PERMISSION_SUSPENDED")
        yield journey


async def test_no_operation_of_the_journey_scans(stack: Stack, profiler: Profiler) -> None:
    async with profiled_journey(stack, profiler) as journey:
        await read_everything(stack, journey)
        await asyncio.sleep(1.2)  # a checkpoint is signed meanwhile
    seen = {row["ns"].partition(".")[0] for row in profiler.rows()}
    assert len(seen) >= 6, f"only {seen} were profiled"
    assert profiler.scans() == {}, json.dumps(profiler.scans(), default=str, indent=1)


async def read_everything(stack: Stack, journey: Journey) -> None:
    """Every example that reads, every root field and every field of the credential, by all."""
    beside = {path.stem: json.loads(path.read_bytes()) for path in EXAMPLES.glob("*.json")}
    given = beside | variables_of(journey)
    files = {path.stem: path.read_text(encoding="utf-8") for path in EXAMPLES.glob("*.graphql")}
    reads = {name: text for name, text in files.items() if "\nquery " in text}
    reads |= wide_roots(1)
    reads |= {name: wide_node(name, 1) for name in ("Credential", "Holder")}
    tokens = {name: token_of(stack.deployment, name) for name in READERS}
    tokens["holder"] = token_of_holder(stack.deployment, journey.person)
    for role, token in tokens.items():
        async with Client(stack.url, token) as client:
            for name, query in reads.items():
                id_ = journey.person.holder_id if "WideHolder" in query else journey.credential_id
                variables = given.get(name, {"id": id_} if "$id" in query else {})
                answer = await client.raw(query, variables)
                assert "data" in answer, answer
                if role == "holder" and name in OF_HOLDER:
                    assert OF_HOLDER[name] in json.dumps(answer), answer


async def test_a_list_reads_what_it_shows_and_one_row_more(
    stack: Stack, profiler: Profiler
) -> None:
    """However much there is: along an index in the list's own order, to the end of the page."""
    async with journey_of(stack.deployment) as journey:
        await journey.to_permission()
        tokens = {name: token_of(stack.deployment, name) for name in READERS}
        tokens["holder"] = token_of_holder(stack.deployment, journey.person)
        profiler.switch_on()
        for role, fields in LISTS.items():
            async with Client(stack.url, tokens[role]) as client:
                for field in fields:
                    await client.ask(f"query List {{ {field} }}")
    pages = [row for row in profiler.rows() if row["command"].get("limit") == PAGE + 1]
    assert {row["ns"].partition(".")[2] for row in pages} >= LISTED
    assert [row for row in pages if row["docsExamined"] > row["nreturned"]] == []
    assert [row for row in pages if row.get("hasSortStage")] == []


async def test_every_list_of_the_schema_is_in_its_order_along_an_index(
    stack: Stack, profiler: Profiler
) -> None:
    """Each as everybody asks for it, whole and filtered: no page is scanned for, or sorted. Only
    where an index finds few rows in all does MongoDB fetch them at once and sort those."""
    async with journey_of(stack.deployment) as journey:
        await journey.to_credential()
        tokens = {name: token_of(stack.deployment, name) for name in READERS}
        tokens["holder"] = token_of_holder(stack.deployment, journey.person)
        asked = {name: name for name in lists_of("Query")}
        asked |= {f"me.{name}": f"me {{ {name}" for name in lists_of("Holder")}
        asked |= filtered(journey)
        profiler.switch_on()
        answered = {
            name for token in tokens.values() for name in await answered_to(stack, token, asked)
        }
    assert answered == set(asked)
    pages = [row for row in profiler.rows() if row["command"].get("limit") == PAGE + 1]
    assert {row["ns"].partition(".")[2] for row in pages} >= LISTED | LISTED_FOR_FEW
    sorted_ = [row for row in pages if row.get("hasSortStage") and row["docsExamined"] > FEW]
    assert sorted_ == [], json.dumps(sorted_, default=str, indent=1)
    assert profiler.scans() == {}, json.dumps(profiler.scans(), default=str, indent=1)


def filtered(journey: Journey) -> Row:
    """Lists by each filter that they have."""
    house = journey.house.institution
    wanted = {
        "auditEvents": (
            f'filter: {{subject: "{journey.credential_id}"}}',
            f'filter: {{institution: "{house}"}}',
            f'filter: {{institution: "{house}", kinds: ["CREDENTIAL_OFFERED"]}}',
            'filter: {kinds: ["CREDENTIAL_OFFERED", "CREDENTIAL_ACTIVATED"]}',
            'filter: {since: "2026-01-01T00:00:00Z"}',
        ),
        "signals": ("kinds: [FORGED]", "kinds: [DENIED, REPLAYED]", f'institutionId: "{house}"'),
        "issuedCredentials": ("state: ACTIVE",),
    }
    return {f"{name}({by})": f"{name}({by}" for name, some in wanted.items() for by in some}


async def answered_to(stack: Stack, token: str, asked: Row) -> set[str]:
    """The lists that are not denied to this caller."""
    answered = set()
    async with Client(stack.url, token) as client:
        for name, field in asked.items():
            page = f"{field}, first" if "(" in field else f"{field}(first"
            ends = "}" * (1 + field.count("me {"))
            answer = await client.raw(
                f"query List {{ {page}: {PAGE}) {{ edges {{ cursor }} }} {ends}"
            )
            found: Any = answer["data"]
            for step in name.partition("(")[0].split("."):
                found = found and found[step]
            answered |= {name} if found is not None else set()
    return answered


def test_a_scan_would_be_seen(stack: Stack, profiler: Profiler) -> None:
    """The profiler is on and its plans are read rightly: a scan made on purpose is found."""
    profiler.switch_on()
    client: pymongo.MongoClient[Row] = pymongo.MongoClient(stack.deployment.uri)
    with client:
        list(client["credgraph_audit"]["events"].find({"no such field": 1}))
    assert "query credgraph_audit.events" in profiler.scans()
