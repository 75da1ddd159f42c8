"""What the stores keep, as plain values: the sequencer and the reader share them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ledger_adapter.log.tiles import Tile
from ledger_adapter.port import LogRef

MAX_BATCH: Final = 1000
MAX_BATCH_BYTES: Final = (
    1_000_000  # a change event is the whole document; 16 MB is the server's end
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event in the queue: committed by its writer, without a position yet."""

    event_id: str
    kind: str
    envelope: bytes
    salt: bytes

    @property
    def weight(self) -> int:
        """Roughly the bytes it takes in a batch document."""
        return len(self.envelope) + 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One append: consecutive entries with what opens them, and the root after the last."""

    first: int
    entries: tuple[bytes, ...]
    envelopes: tuple[bytes, ...]
    salts: tuple[bytes, ...]
    root: bytes

    @property
    def end(self) -> int:
        """The index after the last entry."""
        return self.first + len(self.entries)


@dataclass(frozen=True, slots=True, kw_only=True)
class Append:
    """Everything one append transaction writes; `event_ids` leave the queue with it."""

    batch: Batch
    tiles: tuple[Tile, ...]
    event_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The log as its head row tells it."""

    log: LogRef
    public_key: bytes
    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to append, until somebody holds a greater term."""

    owner: str
    term: int


def within_weight(waiting: Sequence[Waiting]) -> Sequence[Waiting]:
    """The head of a list that fits one batch document; always at least one."""
    total = 0
    for count, item in enumerate(waiting):
        total += item.weight
        if total > MAX_BATCH_BYTES and count:
            return waiting[:count]
    return waiting
