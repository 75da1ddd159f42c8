"""A real mongod for the tests, one for each test session, in a folder of its own.

In tests its files lie in memory where there is room, and its journal is put away at once: a
majority write waits for that, each dropped database for a tenth of a second, and those waits were
most of what tests over a database took. A process killed with -9 loses nothing by it.
"""

import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psutil

from subgraphs.kit.mongod import HISTORY, EmbeddedMongod, check_external, set_parameters

MEMORY: Final = Path("/dev/shm")  # a file system, no file of a guessed name
ROOM: Final = 4 * 1024**3  # bytes: several times what the databases of a run hold at once
JOURNAL_MS: Final = 5  # where a disk needs no sparing; the server's own is 100


def in_memory() -> Path | None:
    """A folder whose files are in memory; None where there is none, or little memory."""
    roomy = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ROOM
    return MEMORY if roomy and psutil.virtual_memory().available >= ROOM else None


def keep_in_memory(data: Path, owner: object) -> bool:
    """The files of a database that is not yet made below `data`, until `owner` is gone; whether
    there is room."""
    memory = in_memory()
    if memory is None:
        return False
    folder = tempfile.mkdtemp(prefix="cg-test-", dir=memory)
    weakref.finalize(owner, shutil.rmtree, folder, ignore_errors=True)
    (data / "mongod").mkdir(parents=True, exist_ok=True)
    (data / "mongod" / "db").symlink_to(folder)
    return True


def journal_at_once(uri: str) -> None:
    """For a database in memory, until it ends."""
    set_parameters(uri, {"journalCommitInterval": JOURNAL_MS})


def forget_soon(uri: str) -> None:
    """Files of a dropped database stay open until its history is over and a checkpoint has been
    made: minutes, in which thousands of tests would need more files than a process may open."""
    set_parameters(uri, {HISTORY: 5, "syncdelay": 5})


@contextmanager
def running_mongod(*, quick: bool = False) -> Iterator[str]:
    """Connection string of an empty replica set, `quick` when nothing is measured over it;
    TEST_MONGODB_URI names another one to use."""
    given = os.environ.get("TEST_MONGODB_URI")
    if given:
        check_external(given)
        yield given
        return
    memory = in_memory() if quick else None
    with tempfile.TemporaryDirectory(prefix="cg-test-", dir=memory) as folder:
        mongod = EmbeddedMongod(Path(folder))
        mongod.start()
        try:
            if memory is not None:
                journal_at_once(mongod.uri)
            if quick:
                forget_soon(mongod.uri)
            yield mongod.uri
        finally:
            mongod.stop()
