"""Bounded lists of this subgraph's rows, newest first, as connections."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from subgraphs.kit.context import Info
from subgraphs.kit.cursor import CursorScope
from subgraphs.kit.paging import Connection, Order, capped_count, connection, fetch, window
from subgraphs.verifier.parts import Parts
from subgraphs.verifier.table import Table

R = TypeVar("R")
T = TypeVar("T")

SUBMITTED: Final = Order(fields=("submitted_at", "_id"))
ACCEPTED: Final = Order(fields=("accepted_at", "_id"))
DECIDED: Final = Order(fields=("decided_at", "_id"))
CHANGED: Final = Order(fields=("changed_at", "_id"))
REQUESTED: Final = Order(fields=("requested_at", "_id"))
TOLD: Final = Order(fields=("index", "_id"))


def each(node: Callable[[R], T]) -> Callable[[Sequence[R]], Awaitable[Sequence[T | None]]]:
    """Nodes that need nothing but their row."""

    async def nodes(rows: Sequence[R]) -> Sequence[T | None]:
        return [node(row) for row in rows]

    return nodes


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed(Generic[R, T]):
    """One list: its name in cursors, its order, and how a page of rows becomes nodes."""

    source: str
    table: Table[R]
    order: Order
    nodes: Callable[[Sequence[R]], Awaitable[Sequence[T | None]]]

    async def page(
        self,
        info: Info[Parts],
        where: Mapping[str, Any],
        first: int,
        after: str | None,
    ) -> Connection[T]:
        """One page of what `where` leaves; cursors are bound to the list and the filter."""
        context = info.context
        scope = CursorScope(
            source=f"verifier.{self.source}",
            filter=repr(sorted(where.items())),
            scope_key=context.viewer.scope_key,
        )
        sealer = context.parts.sealer
        asked = window(first, after, sealer, scope)
        found = await fetch(self.table.rows, where, self.order, asked)
        return connection(
            found,
            await self.nodes([self.table.read(row) for row in found.rows]),
            order=self.order,
            asked=asked,
            sealer=sealer,
            scope=scope,
            # everybody's rows are not counted: that would be a walk, and nobody's question
            counter=capped_count(self.table.rows, where) if where else None,
        )
