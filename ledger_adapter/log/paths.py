"""C2SP tlog-tiles paths: where a tile or an entry bundle of a public log lies.

    tile/<level>/<number>[.p/<width>]        tile/entries/<number>[.p/<width>]

Numbers are in groups of three digits, all but the last with an `x` before them: 1234067 is
`x001/x234/067`. A width is given for the unfinished tile at the right edge only.
"""

import re
from typing import Final, NamedTuple

from ledger_adapter.log.tiles import WIDTH

_PATH: Final = re.compile(
    r"tile/(?P<level>entries|[0-9]|[1-5][0-9]|6[0-3])/"
    r"(?P<number>(?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


class Place(NamedTuple):
    """What a path names; level None is an entry bundle."""

    level: int | None
    number: int
    width: int


def tile_path(level: int | None, number: int, width: int = WIDTH) -> str:
    """The path of a tile, or of an entry bundle."""
    groups = [f"{number % 1000:03d}"]
    while number := number // 1000:
        groups.insert(0, f"x{number % 1000:03d}")
    kind = "entries" if level is None else str(level)
    partial = "" if width == WIDTH else f".p/{width}"
    return f"tile/{kind}/{'/'.join(groups)}{partial}"


def parse_tile_path(path: str) -> Place | None:
    """The inverse, for canonical paths only."""
    found = _PATH.fullmatch(path)
    if found is None:
        return None
    number = int(found["number"].replace("x", "").replace("/", ""))
    level = None if found["level"] == "entries" else int(found["level"])
    place = Place(level, number, int(found["width"] or WIDTH))
    return place if tile_path(*place) == path else None


def pack_entries(entries: list[bytes]) -> bytes:
    """An entry bundle: each entry after its length in two bytes."""
    return b"".join(len(entry).to_bytes(2) + entry for entry in entries)
