"""An answer in parts: the first as soon as it is whole, then each deferred part when it is ready.

Laws: a part goes out after those it is within. An object that the client has not got, because it
is null or its own part came to nothing, gets no payload. What goes wrong for a part is told with
the part. Whoever stops listening cancels every fetch still open.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.executor.conditions import holds
from gateway.executor.failures import Failures, ResponsePath
from gateway.executor.paths import Tree
from gateway.executor.program import Program
from gateway.executor.project import visible_fields
from gateway.executor.run import Answer, Call, Run
from gateway.plan.nodes import Defer, DeferredPart
from gateway.plan.shape import ObjectShape


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """What a deferred fragment adds to the object at `path`; None where null took all of it."""

    path: ResponsePath
    label: str | None
    data: Tree | None
    errors: list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Payloads that are ready at once; `more` says whether others will follow."""

    payloads: tuple[Payload, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class _Place:
    """An object of the tree, and everything the client has got of it so far."""

    path: ResponsePath
    shape: ObjectShape
    tree: Tree
    got: tuple[Tree, ...]


async def deliver(program: Program, call: Call) -> AsyncGenerator[Answer | Delivery, None]:
    """First an answer without the deferred parts, then deliveries, if any part is asked for."""
    node = program.plan.node
    if not isinstance(node, Defer):
        raise TypeError("the plan has no deferred parts")
    run = Run(program, call)
    if node.first is not None:
        await run.node(node.first)
    first = run.answer()
    yield first
    if first.data is not None and any(holds(part.when, call.variables) for part in node.parts):
        parts = _Parts(program, call, run, node.parts, first.data)
        deliveries = parts.deliveries()
        try:
            async for delivery in deliveries:
                yield delivery
        finally:
            await deliveries.aclose()


def is_deferring(program: Program, variables: Mapping[str, object]) -> bool:
    """Whether with these variables some part may come later."""
    node = program.plan.node
    return isinstance(node, Defer) and any(holds(part.when, variables) for part in node.parts)


class _Parts:
    """The deferred parts of one request on their way."""

    def __init__(
        self,
        program: Program,
        call: Call,
        run: Run,
        parts: Sequence[DeferredPart],
        first: Tree,
    ) -> None:
        self._program, self._call, self._parts = program, call, parts
        self._runs = [run.beside() for _ in parts]
        self._got: dict[ResponsePath, list[Tree]] = {(): [first]}
        self._tasks: list[asyncio.Task[None]] = []

    async def deliveries(self) -> AsyncGenerator[Delivery, None]:
        self._tasks += [asyncio.create_task(self._fill(n)) for n in range(len(self._parts))]
        try:
            pending = set(self._tasks)
            while pending:
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                ready = [number for number, task in enumerate(self._tasks) if task in done]
                payloads = tuple(each for number in ready for each in self._payloads(number))
                if payloads or not pending:
                    yield Delivery(payloads=payloads, more=bool(pending))
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _fill(self, number: int) -> None:
        part = self._parts[number]
        if part.after:
            await asyncio.wait([self._tasks[each] for each in part.after])
        if part.node is not None:
            await self._runs[number].node(part.node)

    def _payloads(self, number: int) -> list[Payload]:
        self._tasks[number].result()  # a bug is not to be swallowed
        part, run = self._parts[number], self._runs[number]
        failures = run.failures(part.shape)
        untold = list(failures.entries)
        payloads = []
        for place in self._places(part, run.intake.tree):
            known = len(failures.entries)
            data = self._projected(place, failures)
            if data == {}:
                continue
            if data is not None:
                self._got.setdefault(place.path, []).append(data)
            own = failures.entries[known:]
            payloads.append(Payload(path=place.path, label=part.label, data=data, errors=own))
        if payloads:
            _tell(untold, payloads)
        return payloads

    def _projected(self, place: _Place, failures: Failures) -> Tree | None:
        projection = self._program.payloads[id(place.shape)]
        return projection.project(place.tree, self._call.variables, failures, above=place.path)

    def _places(self, part: DeferredPart, tree: Tree) -> list[_Place]:
        """The objects a part is about that the client has got."""
        found = [_Place((), part.shape, tree, tuple(self._got[()]))]
        for _ in range(part.depth):
            found = [below for place in found for below in self._below(place)]
        return found

    def _below(self, place: _Place) -> Iterator[_Place]:
        type_name = place.tree.get("__typename")
        for each in visible_fields(place.shape, type_name, self._call.variables):
            if isinstance(each.content, ObjectShape):
                path = (*place.path, each.response_key)
                got = [known.get(each.response_key) for known in place.got]
                levels = len(each.non_null) - 1
                for where, tree, known in _objects(place.tree.get(each.key), got, levels, path):
                    more = self._got.get(where, ())
                    yield _Place(where, each.content, tree, (*known, *more))


def _tell(entries: Sequence[dict[str, Any]], payloads: Sequence[Payload]) -> None:
    """Put each error with the payload it is about, else with the first."""
    for entry in entries:
        path = tuple(entry.get("path", ()))
        about = [each for each in payloads if path[: len(each.path)] == each.path]
        (about or payloads)[0].errors.append(entry)


def _objects(
    value: object, got: Sequence[Any], levels: int, path: ResponsePath
) -> Iterator[tuple[ResponsePath, Tree, list[Tree]]]:
    """The objects of a value that are somewhere in what the client has got."""
    got = [each for each in got if each is not None]
    if not got:
        return
    if levels and isinstance(value, list):
        for index, item in enumerate(value):
            below = [each[index] for each in got if index < len(each)]
            yield from _objects(item, below, levels - 1, (*path, index))
    elif not levels and isinstance(value, dict):
        yield path, value, list(got)
