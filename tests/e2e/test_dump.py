"""A dump of the whole database shows nothing that is known of a person.

What mongodump would write is read here by the driver as raw bytes: every collection of every
database, with options and indexes, and the oplog, through which each write has gone.
"""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Final

import pymongo
import pytest
import pytest_asyncio
from bson.raw_bson import RawBSONDocument

from subgraphs.demo.journey import THRESHOLD, Journey
from subgraphs.vc.money import Fen, format_amount
from subgraphs.vc.strict_json import JsonObject
from tests.e2e.callers import journey_of
from tests.e2e.conftest import started
from tests.kit.stack import Stack

pytestmark = pytest.mark.e2e
FEWEST_BYTES: Final = 100_000  # a dump this small was no dump
SHORTEST: Final = 6  # what is shorter stands anywhere by chance


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with started(tmp_path_factory.mktemp("dumped")) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def played(stack: Stack) -> AsyncIterator[Journey]:
    """A whole story: bound at two institutions, shown exactly and by a bound, relied on."""
    async with journey_of(stack.deployment) as journey:
        await journey.to_permission()
        await journey.endorse_reduction()
        yield journey


@pytest.mark.asyncio(loop_scope="module")
async def test_a_dump_shows_nothing_of_the_person(stack: Stack, played: Journey) -> None:
    with pymongo.MongoClient[Any](stack.deployment.uri) as client:
        dump = {place: b"".join(rows) for place, rows in dumped(client)}
    assert sum(map(len, dump.values())) > FEWEST_BYTES
    assert {"credgraph_issuer.credentials", "local.oplog.rs"} <= set(dump)
    # the dump is read rightly: what is not personal is there
    holder = played.person.holder_id.encode()
    assert holder in dump["credgraph_wallet.root_dids"]
    assert holder in dump["local.oplog.rs"]
    found = {
        (what, place)
        for what, text in known_of(played).items()
        for place, rows in dump.items()
        if text in rows
    }
    assert not found, sorted(found)
    numbers = {
        (fen, place)
        for fen in fen_of(played)
        for place, rows in dump.items()
        if re.search(rb"[\x10\x12][a-z_]+\x00" + re.escape(fen.to_bytes(4, "little")), rows)
    }
    assert not numbers, sorted(numbers)


def dumped(client: "pymongo.MongoClient[Any]") -> Iterator[tuple[str, list[bytes]]]:
    """Each collection's raw documents, and what describes it."""
    for name in client.list_database_names():
        database = client[name]
        for described in database.list_collections():
            collection = database[described["name"]].with_options(
                codec_options=database.codec_options.with_options(document_class=RawBSONDocument)
            )
            rows = [row.raw for row in collection.find({})]
            facts = [repr(described).encode()]
            if described["type"] == "collection" and name != "local":
                facts.append(repr(collection.index_information()).encode())
            yield f"{name}.{described['name']}", rows + facts


def known_of(journey: Journey) -> dict[str, bytes]:
    """Everything the institutions and her software know of her, under its name."""
    person, held = journey.person, journey.held
    assert held is not None
    known = {
        "name": person.name,
        "identity document": person.identity_document,
        "account number": person.account_no,
        "customer number": person.customer_no,
        "root DID": person.software.did,
        "her DID's unique part": person.software.did.rpartition(":")[2],
        "her public key": person.software.public_key_multibase,
        "label of her wallet": "资产证明",
        "what she consented to show": THRESHOLD,
    }
    known |= {f"amount of {fen} fen": format_amount(fen) for fen in fen_of(journey)}
    known |= {f"disclosure {n}": text for n, text in enumerate(held.disclosures)}
    known |= {f"signature {n}": text for n, text in enumerate(proof_values(journey.presentation))}
    return {what: text.encode() for what, text in known.items() if len(text) >= SHORTEST}


def fen_of(journey: Journey) -> set[Fen]:
    """Her amounts, each and in all, as her credential states them."""
    assert journey.held is not None
    amounts = [line.amount for line in journey.held.statement.lines]
    return {*amounts, Fen(sum(amounts))}


def proof_values(value: object) -> Iterator[str]:
    """The signatures anywhere in a document."""
    if isinstance(value, list):
        for one in value:
            yield from proof_values(one)
    elif isinstance(value, dict):
        document: JsonObject = value
        for name, inner in document.items():
            if name == "proofValue" and isinstance(inner, str):
                yield inner
            else:
                yield from proof_values(inner)


def test_files_of_the_deployment_hold_no_name(stack: Stack, played: Journey) -> None:
    """Logs of the processes and the files beside the database."""
    name = played.person.name.encode()
    shown = [
        path.relative_to(stack.deployment.data)
        for path in Path(stack.deployment.data).rglob("*")
        if path.is_file() and not re.search(r"/mongo(d|db)?/|\.sock", str(path))
        if name in path.read_bytes()
    ]
    assert not shown
