"""A cache of operations that never holds more bytes than it was given."""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Generic, TypeVar

from gateway.access import Grants

Item = TypeVar("Item")
Key = tuple[str, str | None, Grants]
"""Text, name, and what of the caller's grants matters."""


class BoundedCache(Generic[Item]):
    """Least recently used items leave first; an item larger than the whole is not kept."""

    __slots__ = ("_bound", "_items", "_used")

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._used = 0
        self._items: OrderedDict[Key, tuple[Item, int]] = OrderedDict()

    def get(self, key: Key) -> Item | None:
        found = self._items.get(key)
        if found is None:
            return None
        self._items.move_to_end(key)
        return found[0]

    def put(self, key: Key, item: Item, size: int) -> None:
        if size > self._bound:
            return
        previous = self._items.pop(key, None)
        self._used += size - (previous[1] if previous else 0)
        self._items[key] = (item, size)
        while self._used > self._bound:
            _, (_, freed) = self._items.popitem(last=False)
            self._used -= freed

    @property
    def used(self) -> int:
        """Bytes held, as they were told on `put`."""
        return self._used

    def __len__(self) -> int:
        return len(self._items)

    def recent(self) -> Iterator[Key]:
        """The keys, most recently used first."""
        return reversed(self._items)
