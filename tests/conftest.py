"""Fixtures that every room's tests may use."""

import secrets
from collections import defaultdict
from collections.abc import Iterator

import pymongo
import pytest

from tests.kit.mongo import running_mongod


@pytest.fixture(scope="session")
def mongo_uri() -> Iterator[str]:
    """A real replica set, started once for the test session."""
    with running_mongod(quick=True) as uri:
        yield uri


@pytest.fixture
def mongo_database(mongo_uri: str) -> Iterator[str]:
    """A database name of the test's own; every database that begins with it is dropped after."""
    name = f"t{secrets.token_hex(5)}"
    yield name
    client: pymongo.MongoClient[dict[str, object]] = pymongo.MongoClient(mongo_uri)
    with client:
        for database in client.list_database_names():
            if database.startswith(name):
                client.drop_database(database)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints the time of each area (folder below tests/), so that one that grows is seen."""
    spent: dict[str, float] = defaultdict(float)
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                folders = report.nodeid.split("::")[0].split("/")[1:-1]
                spent["/".join(folders) or "tests"] += report.duration
    terminalreporter.section("time of each area")
    for area, seconds in sorted(spent.items(), key=lambda item: -item[1]):
        terminalreporter.write_line(f"{seconds:8.1f} s  {area}")
