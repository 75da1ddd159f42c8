"""The embedded database: it heals after kill -9, moves with its folder, and fails in sentences."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pymongo
import pytest

from subgraphs.kit.mongod import (
    EmbeddedMongod,
    MongodError,
    cache_gigabytes,
    check_external,
    check_runs,
    embedded_uri,
    filled,
    memory,
    socket_path,
)


def write_and_count(uri: str) -> int:
    client: pymongo.MongoClient[dict[str, object]] = pymongo.MongoClient(uri)
    with client, client.start_session() as session, session.start_transaction():
        client["t"]["a"].insert_one({}, session=session)
        return client["t"]["a"].count_documents({}, session=session)


def test_data_survives_kill_and_a_moved_folder(tmp_path: Path) -> None:
    first = EmbeddedMongod(tmp_path / "one")
    first.start()
    assert write_and_count(first.uri) == 1
    os.kill(first.pid, signal.SIGKILL)
    first.stop()

    (tmp_path / "one").rename(tmp_path / "two")
    moved = EmbeddedMongod(tmp_path / "two")
    moved.start()
    try:
        assert write_and_count(moved.uri) == 2
    finally:
        moved.stop()
    assert not socket_path(tmp_path / "two").exists()


def test_a_killed_launcher_takes_its_mongod_along(tmp_path: Path) -> None:
    environment = os.environ | {"CREDGRAPH_DATA": str(tmp_path), "MONGODB_URI": ""}
    command = [sys.executable, "-m", "subgraphs.kit.mongod"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as launcher:
        assert launcher.stdout is not None
        assert b"ready" in launcher.stdout.readline()
        launcher.kill()
    again = EmbeddedMongod(tmp_path)
    again.start()
    again.stop()


@pytest.mark.parametrize(("gibibytes", "cache"), [(0.5, 0.25), (4, 1.0), (24, 6.0), (256, 8.0)])
def test_its_cache_follows_the_memory_within_bounds(gibibytes: float, cache: float) -> None:
    assert cache_gigabytes(int(gibibytes * 2**30)) == cache


def test_the_memory_it_counts_on_is_no_more_than_the_machine_has() -> None:
    assert 0 < memory() <= os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def history_of(uri: str) -> object:
    name = "minSnapshotHistoryWindowInSeconds"
    client: pymongo.MongoClient[dict[str, object]] = pymongo.MongoClient(uri)
    with client:
        return client.admin.command({"getParameter": 1, name: 1})[name]


def test_what_a_large_load_asks_of_it_ends_with_the_load_even_if_that_fails(
    tmp_path: Path,
) -> None:
    mongod = EmbeddedMongod(tmp_path)
    mongod.start()
    try:
        before = history_of(mongod.uri)
        with contextlib.suppress(KeyboardInterrupt), filled(mongod.uri):
            assert history_of(mongod.uri) == 3
            raise KeyboardInterrupt
        assert history_of(mongod.uri) == before == 300
    finally:
        mongod.stop()


def test_a_long_folder_name_still_gets_a_socket(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120)
    assert len(os.fsencode(socket_path(deep))) <= 100
    assert embedded_uri(deep) != embedded_uri(tmp_path)


def test_a_missing_library_is_named(tmp_path: Path) -> None:
    program = tmp_path / "mongod"
    program.write_text(
        "#!/bin/sh\n"
        "echo 'mongod: error while loading shared libraries: libcurl.so.4: not found' >&2\n"
        "exit 127\n"
    )
    program.chmod(0o755)
    with pytest.raises(MongodError, match=r"libcurl\.so\.4.*MONGODB_URI"):
        check_runs(program)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(MongodError, match="can't be written"):
        EmbeddedMongod(tmp_path / "file").start()


def test_an_unreachable_database_is_named_without_its_password() -> None:
    start = time.monotonic()
    with pytest.raises(MongodError, match=r"127\.0\.0\.1") as caught:
        check_external("mongodb://user:hunter2@127.0.0.1:9/")
    assert "hunter2" not in str(caught.value)
    assert time.monotonic() - start < 10
