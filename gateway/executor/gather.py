"""Entity fetches of several runs of one plan, sent together.

The events of a stream are completed beside each other, and each asks the same subgraph about its
own entities. What is asked in one breath leaves as one request; what is asked while enough of them
are on the way waits, and leaves together too. Each asker gets its own part of the answer, as if it
had asked alone.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from gateway.errors import SUBREQUEST_TOO_LARGE
from gateway.executor.ports import Fault, SubgraphReply
from gateway.plan.nodes import Fetch, Target

Outcome: TypeAlias = SubgraphReply | Fault
Transmit: TypeAlias = Callable[[Mapping[str, object], int], Awaitable[Outcome]]
"""Sends representations by variable, and says how many they are."""

MOST: Final = 50
"""Representations of one request."""
ABREAST: Final = 2
"""Requests of one fetch that are on the way at once."""


@dataclass(slots=True, eq=False)
class _Part:
    """What one asker adds to a request."""

    given: Mapping[str, object]
    count: int
    transmit: Transmit
    answer: asyncio.Future[Outcome]


@dataclass(slots=True, eq=False)
class _Line:
    """Askers of one fetch."""

    targets: Sequence[Target]
    waiting: deque[_Part] = field(default_factory=deque)
    flying: int = 0
    called: bool = False


class Gather:
    """For one plan, one caller, one set of variables. The latest asker's deadline counts."""

    def __init__(self) -> None:
        self._lines: dict[int, _Line] = {}
        self._sent: set[asyncio.Task[None]] = set()

    async def ask(
        self,
        fetch: Fetch,
        targets: Sequence[Target],
        given: Mapping[str, object],
        count: int,
        transmit: Transmit,
    ) -> Outcome:
        """The part of the answer that is about `given`."""
        line = self._lines.setdefault(id(fetch), _Line(targets))
        part = _Part(given, count, transmit, asyncio.get_running_loop().create_future())
        line.waiting.append(part)
        self._call(line)
        return await part.answer

    def _call(self, line: _Line) -> None:
        if not line.called and line.flying < ABREAST:
            line.called = True
            asyncio.get_running_loop().call_soon(self._depart, line)

    def _depart(self, line: _Line) -> None:
        line.called = False
        parts = _aboard(line.waiting)
        if not parts:
            return
        line.flying += 1
        task = asyncio.create_task(self._carry(line, parts))
        self._sent.add(task)
        task.add_done_callback(self._sent.discard)
        for part in parts:
            part.answer.add_done_callback(lambda _: _cancel_unwanted(task, parts))
        if line.waiting:
            self._call(line)

    async def _carry(self, line: _Line, parts: Sequence[_Part]) -> None:
        try:
            outcomes = await _answers(line.targets, parts)
        except Exception as bug:  # noqa: BLE001 - it belongs to everybody who waits for it
            for part in parts:
                if not part.answer.done():
                    part.answer.set_exception(bug)
        else:
            for part, outcome in zip(parts, outcomes, strict=True):
                if not part.answer.done():
                    part.answer.set_result(outcome)
        finally:
            line.flying -= 1
            if line.waiting:
                self._call(line)


def _aboard(waiting: deque[_Part]) -> list[_Part]:
    parts: list[_Part] = []
    room = MOST
    while waiting and (not parts or waiting[0].count <= room):
        part = waiting.popleft()
        if not part.answer.done():
            parts.append(part)
            room -= part.count
    return parts


def _cancel_unwanted(task: asyncio.Task[None], parts: Sequence[_Part]) -> None:
    if all(part.answer.cancelled() for part in parts):
        task.cancel()


async def _answers(targets: Sequence[Target], parts: Sequence[_Part]) -> list[Outcome]:
    last = parts[-1]
    if len(parts) == 1:
        return [await last.transmit(last.given, last.count)]
    together = {
        target.variable: [each for part in parts for each in _sent(part, target)]
        for target in targets
    }
    outcome = await last.transmit(together, sum(part.count for part in parts))
    if isinstance(outcome, SubgraphReply):
        return _shares(outcome, targets, parts)
    if outcome.code != SUBREQUEST_TOO_LARGE:
        return [outcome] * len(parts)
    return [await part.transmit(part.given, part.count) for part in parts]


def _sent(part: _Part, target: Target) -> Sequence[object]:
    found = part.given.get(target.variable)
    return found if isinstance(found, list) else ()


def _shares(
    reply: SubgraphReply, targets: Sequence[Target], parts: Sequence[_Part]
) -> list[Outcome]:
    whole = {
        target.response_key: sum(len(_sent(part, target)) for part in parts) for target in targets
    }
    starts = dict.fromkeys(whole, 0)
    shares: list[Outcome] = []
    for part in parts:
        ranges = {}
        for target in targets:
            key = target.response_key
            ranges[key] = range(starts[key], starts[key] + len(_sent(part, target)))
            starts[key] = ranges[key].stop
        shares.append(_share(reply, ranges, whole))
    return shares


def _share(
    reply: SubgraphReply, ranges: Mapping[str, range], whole: Mapping[str, int]
) -> SubgraphReply:
    data: object = reply.data
    if isinstance(data, dict):
        data = {key: _slice(data.get(key), at, whole[key]) for key, at in ranges.items()}
    told = [_own(error, ranges, everybodys=reply.data is None) for error in reply.errors]
    errors = tuple(error for error in told if error is not None)
    return SubgraphReply(data=data, errors=errors, extensions=reply.extensions, size=reply.size)


def _slice(entities: Any, at: range, whole: int) -> object:
    """None where the answer is not as long as the question: nobody knows whose is missing."""
    fits = isinstance(entities, list) and len(entities) == whole
    return entities[at.start : at.stop] if fits else None


def _own(
    error: Mapping[str, object], ranges: Mapping[str, range], *, everybodys: bool
) -> Mapping[str, object] | None:
    """An error as one asker is told it; None where it is about another's entity."""
    path = error.get("path")
    if not isinstance(path, list) or len(path) < 2 or path[0] not in ranges:
        return error
    at, index = ranges[path[0]], path[1]
    if isinstance(index, int) and index in at:
        return {**error, "path": [path[0], index - at.start, *path[2:]]}
    if everybodys:
        return {name: value for name, value in error.items() if name != "path"}
    return None
