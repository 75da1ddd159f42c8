"""A few seconds of `make fuzz-doors`, with the same damage each time."""

from tests.fuzz_doors import close_codes, run
from tests.wire.raw import CLOSE, PONG, TEXT, frame

SEED = 6


async def test_damaged_bytes_find_nothing() -> None:
    assert await run(minutes=0.05, seed=SEED) == 0


def test_only_a_close_frame_closes() -> None:
    said = [frame(b"x" * 300, TEXT, masked=False), frame(b"a\x11\x94", PONG, masked=False)]
    assert close_codes(b"".join(said)) == []
    said.append(frame(b"\x11\x94why", CLOSE, masked=False))
    assert close_codes(b"".join(said)) == [4500]
