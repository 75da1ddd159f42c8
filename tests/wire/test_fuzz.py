"""A few seconds of `make fuzz-doors`, with the same damage each time."""

from tests.fuzz_doors import run

SEED = 6


async def test_damaged_bytes_find_nothing() -> None:
    assert await run(minutes=0.05, seed=SEED) == 0
