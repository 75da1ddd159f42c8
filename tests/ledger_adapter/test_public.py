"""The public log: what anybody may read, and that it is enough to check a log's history."""

import dataclasses
from collections import defaultdict
from pathlib import Path

import httpx
import pytest

from ledger_adapter.errors import BadProof
from ledger_adapter.log.checkpoint import Checkpoint, parse_note
from ledger_adapter.log.hashing import SM3
from ledger_adapter.log.paths import Place, parse_tile_path, tile_path
from ledger_adapter.port import EntryIndex
from ledger_adapter.public import BURST, PublicLog
from ledger_adapter.since import check_since
from tests.ledger_adapter.kit import KEY, Room, memory_room, trust_in


class Clock:
    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


def served(room: Room, clock: Clock | None = None) -> httpx.AsyncClient:
    app = PublicLog(room.reader, now=clock or Clock())
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://log")


def entries_of(raw: bytes) -> list[bytes]:
    found = []
    while raw:
        length = int.from_bytes(raw[:2])
        found.append(raw[2 : 2 + length])
        raw = raw[2 + length :]
    return found


@pytest.mark.parametrize(
    ("path", "place"),
    [
        pytest.param("tile/0/000", Place(0, 0, 256), id="first"),
        pytest.param("tile/3/x001/x234/067", Place(3, 1234067, 256), id="groups of three"),
        pytest.param("tile/entries/001.p/44", Place(None, 1, 44), id="part of the entries"),
        pytest.param("tile/0/000.p/256", None, id="full tile as a part"),
        pytest.param("tile/0/x000/001", None, id="leading zeros"),
        pytest.param("tile/0/1", None, id="one digit"),
        pytest.param("tile/64/000", None, id="level too high"),
        pytest.param("tile/0/../keys", None, id="way out"),
        pytest.param("tile/0/000.p/0", None, id="nothing of it"),
    ],
)
def test_paths_have_one_form(path: str, place: Place | None) -> None:
    assert parse_tile_path(path) == place
    if place is not None:
        assert tile_path(*place) == path


async def test_a_stranger_rebuilds_the_tree_from_what_is_public(room: Room) -> None:
    await room.write(300, batch=70)
    async with served(room) as http:
        head = parse_note((await http.get("/checkpoint")).content)
        full, rest = await http.get("/tile/0/000"), await http.get("/tile/0/001.p/44")
        entries = entries_of((await http.get("/tile/entries/000")).content)
        entries += entries_of((await http.get("/tile/entries/001.p/44")).content)
    assert head.tree_size == len(entries) == 300
    assert b"".join(map(SM3.leaf, entries)) == full.content + rest.content
    assert "immutable" in full.headers["cache-control"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("GET", "/tile/0/001.p/45", 404, id="wider than signed"),
        pytest.param("GET", "/tile/0/002", 404, id="beyond the tree"),
        pytest.param("GET", "/tile/1/000.p/2", 404, id="unfinished above"),
        pytest.param("GET", "/tile/entries/009", 404, id="entries beyond"),
        pytest.param("GET", "/", 404, id="nothing there"),
        pytest.param("POST", "/checkpoint", 405, id="writing"),
        pytest.param("HEAD", "/checkpoint", 200, id="head"),
    ],
)
async def test_what_is_not_there(method: str, path: str, status: int) -> None:
    room = memory_room()
    await room.write(300)
    async with served(room) as http:
        assert (await http.request(method, path)).status_code == status


async def test_an_entry_that_no_signed_head_covers_is_not_public_yet() -> None:
    room = memory_room()
    async with served(room) as http:
        assert (await http.get("/checkpoint")).status_code == 404
        assert (await http.get("/tile/entries/000.p/1")).status_code == 404


async def test_one_client_has_its_share_and_no_more() -> None:
    room, clock = memory_room(), Clock()
    await room.write(1)
    async with served(room, clock) as http:
        for _ in range(int(BURST)):
            assert (await http.get("/checkpoint")).status_code == 200
        refused = await http.get("/checkpoint")
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        clock.time = 1.0
        assert (await http.get("/checkpoint")).status_code == 200


async def heads(room: Room, *sizes: int) -> list[Checkpoint]:
    made, size = [], 0
    for wanted in sizes:
        await room.write(wanted - size, first=size)
        latest = await room.reader.latest_checkpoint()
        assert latest is not None
        made.append(latest)
        size = wanted
    return made


async def tiles(room: Room, size: int) -> dict[str, bytes]:
    """Every tile of the signed tree by its path."""
    found, level = {}, 0
    async with served(room) as http:
        while count := size >> 8 * level:
            for number in range(-(-count // 256)):
                path = tile_path(level, number, min(256, count - 256 * number))
                found[path] = (await http.get(f"/{path}")).content
            level += 1
    return found


async def test_a_head_kept_long_ago_is_the_beginning_of_the_log(tmp_path: Path) -> None:
    room, trust = memory_room(), trust_in(KEY, tmp_path)
    old, new = await heads(room, 77, 700)
    found = await tiles(room, 700)
    assert check_since(old, new, trust=trust, fetch=found.__getitem__) == (old, new)
    assert check_since(new, old, trust=trust, fetch=found.__getitem__) == (old, new)
    assert check_since(new, new, trust=trust, fetch=found.__getitem__) == (new, new)


async def test_a_log_that_was_rewritten_is_found_out(tmp_path: Path) -> None:
    trust, room, other = trust_in(KEY, tmp_path), memory_room(), memory_room()
    (old,) = await heads(room, 77)
    (new,) = await heads(other, 700)  # salts differ, so everything does
    for source in (room, other):
        found = defaultdict(lambda: b"x" * 8192, await tiles(source, 77 if source is room else 700))
        with pytest.raises(BadProof):
            check_since(old, new, trust=trust, fetch=found.__getitem__)
    with pytest.raises(BadProof, match="no signature"):
        check_since(
            dataclasses.replace(old, signatures=()), old, trust=trust, fetch=lambda path: b""
        )


async def test_the_index_of_the_port_is_the_index_of_the_tiles(room: Room) -> None:
    await room.write(5)
    (event,) = await room.reader.read(EntryIndex(3), 1)
    async with served(room) as http:
        entries = entries_of((await http.get("/tile/entries/000.p/5")).content)
    assert entries[3] == event.entry
