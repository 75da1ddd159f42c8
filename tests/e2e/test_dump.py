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

from subgraphs.demo.dump import traces
from subgraphs.demo.journey import Journey
from tests.e2e.callers import journey_of
from tests.e2e.conftest import started
from tests.kit.stack import Stack

pytestmark = pytest.mark.e2e
FEWEST_BYTES: Final = 100_000  # a dump this small was no dump


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
    assert traces(played, dump) == []


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
