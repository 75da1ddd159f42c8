"""Relay connections: forward by keyset, bounded, with sealed cursors.

`first` is 1..100 (20 when left out), anything else is refused. `totalCount` is computed only when
asked for, and never counts beyond 10 000.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Generic, TypeAlias, TypeVar

import strawberry
from strawberry import federation
from strawberry.federation.schema_directives import ListSize

from subgraphs.kit.cursor import CursorInvalid, CursorPart, CursorScope, CursorSealer
from subgraphs.kit.errors import Invalid
from subgraphs.kit.mongo import Collection, Document
from subgraphs.kit.scalars import Cursor

T = TypeVar("T")

MOST: Final = 100
DEFAULT: Final = 20
COUNT_CAP: Final = 10_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

First: TypeAlias = Annotated[int, strawberry.argument(description="How many, 1 to 100 (数量).")]
After: TypeAlias = Annotated[
    Cursor | None, strawberry.argument(description="Begin after this cursor (起始游标).")
]

LIST_SIZE: Final = ListSize(
    assumed_size=DEFAULT,
    slicing_arguments=["first"],
    sized_fields=["edges"],
    require_one_slicing_argument=False,
)


@federation.type(shareable=True, description="Where a page lies in its list (分页信息).")
class PageInfo:
    has_next_page: bool = strawberry.field(description="More follow (有下一页).")
    has_previous_page: bool = strawberry.field(description="Something lies before (有上一页).")
    start_cursor: Cursor | None = strawberry.field(
        default=None, description="Cursor of the first edge (首游标)."
    )
    end_cursor: Cursor | None = strawberry.field(
        default=None, description="Cursor of the last edge (末游标)."
    )


@federation.type(shareable=True, description="An item and its place in the list (列表项).")
class Edge(Generic[T]):
    cursor: Cursor = strawberry.field(description="Place in the list (游标).")
    node: T | None = strawberry.field(default=None, description="The item (对象).")


Counter = Callable[[], Awaitable[int | None]]


async def _total_count(root: strawberry.Parent[Any]) -> int | None:
    return await root.counter() if root.counter else None


@federation.type(shareable=True, description="One page of a list (分页列表).")
class Connection(Generic[T]):
    edges: list[Edge[T]] = strawberry.field(description="The items of this page (列表项).")
    page_info: PageInfo = strawberry.field(description="Where this page lies (分页信息).")
    counter: strawberry.Private[Counter | None] = None

    total_count: int | None = strawberry.field(
        resolver=_total_count,
        description="How many in all, at most 10 000; null where not told (总数).",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A total order of a collection: its fields, newest first or not; the last one is unique."""

    fields: tuple[str, ...]
    descending: bool = True

    @property
    def sort(self) -> list[tuple[str, int]]:
        return [(name, -1 if self.descending else 1) for name in self.fields]

    def beyond(self, values: Sequence[object]) -> dict[str, Any]:
        """The filter of what comes after these values in this order."""
        step = "$lt" if self.descending else "$gt"
        steps: list[dict[str, Any]] = []
        for depth, name in enumerate(self.fields):
            equal = dict(zip(self.fields[:depth], values[:depth], strict=True))
            steps.append({**equal, name: {step: values[depth]}})
        return steps[0] if len(steps) == 1 else {"$or": steps}


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What a client asked for, checked."""

    first: int
    after: tuple[object, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A page of stored rows, and whether more follow."""

    rows: list[Document]
    more: bool


def window(first: int, after: str | None, sealer: CursorSealer, scope: CursorScope) -> Window:
    """Check the arguments of a list; raises Invalid or CursorInvalid."""
    if not 1 <= first <= MOST:
        raise Invalid(f"first is 1 to {MOST}", field="first", code="FIRST_OUT_OF_RANGE")
    values = tuple(_read(part) for part in sealer.open(after, scope)) if after else None
    return Window(first=first, after=values)


async def fetch(
    collection: Collection, where: Mapping[str, Any], order: Order, asked: Window
) -> Rows:
    """One page: one indexed find, one row more than asked to know whether more follow."""
    if asked.after is not None and len(asked.after) != len(order.fields):
        raise CursorInvalid
    clauses = [dict(where)] + ([order.beyond(asked.after)] if asked.after else [])
    query = clauses[0] if len(clauses) == 1 else {"$and": clauses}
    rows = await collection.find(query).sort(order.sort).limit(asked.first + 1).to_list(None)
    return Rows(rows=rows[: asked.first], more=len(rows) > asked.first)


def connection(
    page: Rows,
    nodes: Sequence[T | None],
    *,
    order: Order,
    asked: Window,
    sealer: CursorSealer,
    scope: CursorScope,
    counter: Counter | None = None,
) -> Connection[T]:
    """Join rows (for the cursors) and nodes of the same length to a connection."""
    cursors = [
        sealer.seal(tuple(_write(row[name]) for name in order.fields), scope) for row in page.rows
    ]
    edges = [Edge[T](cursor=cursor, node=node) for cursor, node in zip(cursors, nodes, strict=True)]
    info = PageInfo(
        has_next_page=page.more,
        has_previous_page=asked.after is not None,
        start_cursor=cursors[0] if cursors else None,
        end_cursor=cursors[-1] if cursors else None,
    )
    return Connection[T](edges=edges, page_info=info, counter=counter)


def capped_count(collection: Collection, where: Mapping[str, Any]) -> Counter:
    async def count() -> int:
        return await collection.count_documents(dict(where), limit=COUNT_CAP)

    return count


def _write(value: object) -> CursorPart:
    if isinstance(value, datetime):
        return f"t{(value - _EPOCH) // timedelta(milliseconds=1)}"
    if isinstance(value, str):
        return f"s{value}"
    if isinstance(value, int):
        return value
    raise TypeError(f"a cursor cannot carry {type(value).__name__}")


def _read(part: CursorPart) -> object:
    match part:
        case int():
            return part
        case str() if part[:1] == "t":
            return _EPOCH + timedelta(milliseconds=int(part[1:]))
        case str() if part[:1] == "s":
            return part[1:]
    raise CursorInvalid
