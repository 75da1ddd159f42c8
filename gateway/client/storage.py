"""Where a position outlives its process."""

import asyncio
import json
import os
from pathlib import Path
from typing import Protocol

from gateway.client.position import Position


class PositionStore(Protocol):
    """Keeps one position. To act exactly once, keep it in the transaction of your own effects
    (`event.position`) and let `save` do nothing."""

    async def load(self) -> Position | None:
        """The position kept last, None where there is none."""
        ...

    async def save(self, position: Position, /) -> None:
        """Called when the event at this position has been dealt with."""
        ...


class MemoryStore:
    """Survives connections, not the process."""

    def __init__(self, position: Position | None = None) -> None:
        self.position = position

    async def load(self) -> Position | None:
        """The position kept last."""
        return self.position

    async def save(self, position: Position, /) -> None:
        """Kept in memory."""
        self.position = position


class FileStore:
    """One small file, replaced as a whole and synced: after kill -9 or a power cut it holds the
    position before or the one after, never half of one."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def load(self) -> Position | None:
        """The position in the file, None where there is no file."""
        return await asyncio.to_thread(self._read)

    async def save(self, position: Position, /) -> None:
        """On the disk when this returns."""
        await asyncio.to_thread(self._write, position)

    def _read(self) -> Position | None:
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return Position(cursor=kept["cursor"], sequence=kept["sequence"])

    def _write(self, position: Position) -> None:
        beside = self._path.with_name(f"{self._path.name}.new")
        with beside.open("w", encoding="utf-8") as file:
            json.dump({"cursor": position.cursor, "sequence": position.sequence}, file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)
