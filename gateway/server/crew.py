"""Several processes behind one port: what each knows of itself, and what they share on disk."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_SWEEP: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """One worker's place: its `number` from 1 to `size`, and a folder only this crew can read."""

    number: int
    size: int
    folder: Path

    def door(self, number: int) -> Path:
        """The unix socket at which a worker answers its siblings."""
        return self.folder / f"{number}.sock"

    @property
    def others(self) -> list[int]:
        """The numbers of the siblings."""
        return [number for number in range(1, self.size + 1) if number != self.number]


class UsedTogether:
    """The ids of tokens that are good once, kept for a whole crew: a file that can be made only
    once for each. It outlives a worker. Like `Used`, it forgets nothing too soon: without room
    nothing more is taken; the room is counted by each worker, and anew once a minute."""

    def __init__(
        self, folder: Path, room: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._folder, self._room, self._clock = folder, room, clock
        self._kept, self._swept = 0, clock()
        folder.mkdir(mode=0o700, exist_ok=True)

    def take(self, token_id: str, until: float, now: float) -> bool:
        """Whether this is its first use by any worker; from here on it is used."""
        if self._clock() - self._swept > _SWEEP or self._kept >= self._room:
            self._sweep(now)
        if self._kept >= self._room:
            return False
        name = hashlib.sha256(token_id.encode("utf-8", "surrogatepass")).hexdigest()
        try:
            # the end is part of the name: a token has one, and a sweep never reads half a file
            (self._folder / f"{name}-{until:.0f}").touch(mode=0o600, exist_ok=False)
        except OSError:
            return False
        self._kept += 1
        return True

    def _sweep(self, now: float) -> None:
        kept = 0
        for file in self._folder.iterdir():
            if float(file.name.partition("-")[2]) < now:
                file.unlink(missing_ok=True)
            else:
                kept += 1
        self._kept, self._swept = kept, self._clock()
