"""What a frame means to a client that stands somewhere; and where positions are kept."""

import json
from pathlib import Path

import pytest

from gateway.client import FileStore, Gap, Incomplete, Position
from gateway.client.http import read_events, read_parts
from gateway.client.position import Tracker
from tests.client.frames import body, chunks


def standing_at(sequence: int | None) -> Tracker:
    position = None if sequence is None else Position(cursor=f"c{sequence}", sequence=sequence)
    return Tracker(position=position)


@pytest.mark.parametrize(
    ("last", "sequence", "previous"),
    [
        pytest.param(None, 7, None, id="the first frame of all"),
        pytest.param(None, 7, 6, id="the first frame here"),
        pytest.param(6, 7, 6, id="the next one"),
        pytest.param(6, 7, 3, id="a feed that was resumed before the own position"),
        pytest.param(6, 7, None, id="nothing before it that this client may see"),
        pytest.param(-1, 0, None, id="the first entry of an empty log"),
    ],
)
def test_a_frame_that_is_new_moves_the_position(
    last: int | None, sequence: int, previous: int | None
) -> None:
    tracker = standing_at(last)
    event = tracker.take(body(sequence, previous))
    assert event is not None
    assert tracker.position == event.position == Position(cursor=f"c{sequence}", sequence=sequence)


@pytest.mark.parametrize("sequence", [3, 6])
def test_a_frame_at_or_before_the_position_is_a_repeat(sequence: int) -> None:
    tracker = standing_at(6)
    assert tracker.take(body(sequence, 2)) is None
    assert tracker.position == Position(cursor="c6", sequence=6)


def test_a_frame_after_one_that_was_never_here_is_a_gap_and_moves_nothing() -> None:
    tracker = standing_at(6)
    with pytest.raises(Gap) as gap:
        tracker.take(body(9, 8))
    assert (gap.value.last, gap.value.previous, gap.value.sequence) == (6, 8, 9)
    assert tracker.position == Position(cursor="c6", sequence=6)


def test_a_heartbeat_moves_the_position_like_an_event() -> None:
    tracker = standing_at(6)
    beat = tracker.take(body(9, 6, heartbeat=True))
    assert beat is not None
    assert beat.heartbeat
    event = tracker.take(body(10, 9))
    assert event is not None


@pytest.mark.parametrize("missing", ["cursor", "sequence", "prevSequence"])
def test_an_operation_that_does_not_select_what_positions_need_is_told_so(missing: str) -> None:
    frame = body(1, 0)
    del frame["data"]["feed"][missing]
    with pytest.raises(Incomplete, match=missing):
        standing_at(0).take(frame)


async def test_a_file_keeps_the_position_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "position.json"
    store = FileStore(path)
    assert await store.load() is None
    for sequence in (1, 2):
        await store.save(Position(cursor=f"c{sequence}", sequence=sequence))
    assert await FileStore(path).load() == Position(cursor="c2", sequence=2)
    assert json.loads(path.read_text()) == {"cursor": "c2", "sequence": 2}
    assert not path.with_name("position.json.new").exists()


@pytest.mark.parametrize("size", [1, 7, 1000])
async def test_events_are_read_however_they_are_cut_into_pieces(size: int) -> None:
    text = b':\n\nid: c1\nevent: next\ndata: {"data":1}\n\nevent: complete\ndata:\n\n'
    assert [each async for each in read_events(chunks(text, size))] == [{"data": 1}]


@pytest.mark.parametrize("size", [1, 7, 1000])
async def test_parts_are_read_however_they_are_cut_into_pieces(size: int) -> None:
    head = b"\r\ncontent-type: application/json\r\n\r\n"
    text = b"\r\n--graphql" + head + b"{}" + b"\r\n--graphql"
    text += head + b'{"payload":{"data":1}}' + b"\r\n--graphql--\r\n"
    assert [each async for each in read_parts(chunks(text, size))] == [{"data": 1}]
