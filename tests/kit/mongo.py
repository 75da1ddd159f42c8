"""A real mongod for the tests, one for each test session, in a folder of its own."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from subgraphs.kit.mongod import EmbeddedMongod, check_external


@contextmanager
def running_mongod() -> Iterator[str]:
    """Connection string of an empty replica set; TEST_MONGODB_URI names another one to use."""
    given = os.environ.get("TEST_MONGODB_URI")
    if given:
        check_external(given)
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="cg-test-") as folder:
        mongod = EmbeddedMongod(Path(folder))
        mongod.start()
        try:
            yield mongod.uri
        finally:
            mongod.stop()
