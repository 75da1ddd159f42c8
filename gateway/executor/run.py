"""Runs a plan: one `match` over its nodes. Laws:

A fault is a value: it is noted, the tree stays as it was, and everything else goes on; only a bug
raises. Whoever cancels the run cancels every fetch it has open. No fetch starts after the deadline.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, assert_never

from gateway.errors import SUBREQUEST_TIMEOUT
from gateway.executor.blame import Asked, Blame
from gateway.executor.conditions import holds
from gateway.executor.contexts import Group, groups
from gateway.executor.failures import Failures
from gateway.executor.gather import Gather
from gateway.executor.intake import Intake
from gateway.executor.levels import Finds
from gateway.executor.paths import Tree
from gateway.executor.ports import (
    Appraise,
    Fault,
    FetchCost,
    SubgraphClient,
    SubgraphReply,
    SubgraphRequest,
    Tracer,
)
from gateway.executor.program import Program, TargetCode
from gateway.plan.nodes import (
    Condition,
    Defer,
    Fetch,
    Flatten,
    Parallel,
    PlanNode,
    Sequence,
    Subscribe,
    Target,
)
from gateway.plan.shape import ALWAYS, ObjectShape
from gateway.spec.message import message


@message(frozen=True, slots=True, kw_only=True)
class Call:
    """What one request brings to its plan. `variables` are coerced; `timeout` is in seconds."""

    client: SubgraphClient
    tracer: Tracer
    variables: Mapping[str, object]
    context: object
    timeout: float
    max_errors: int
    introspection: Mapping[str, object] = field(default_factory=dict)
    record: bool = False
    appraise: Appraise | None = None
    gather: Gather | None = None
    """Shared with other calls that ask the same of other events, to ask together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRecord:
    """How one fetch went; times in seconds of the running event loop."""

    fetch: Fetch
    started: float
    ended: float
    asked: int
    errors: int
    fault: str | None
    size: int = 0
    cost: FetchCost | None = None


@message(frozen=True, slots=True, kw_only=True)
class Answer:
    data: Tree | None
    errors: list[dict[str, Any]]
    fetches: list[FetchRecord]


async def execute(program: Program, call: Call) -> Answer:
    """Run a query or mutation to its end."""
    run = Run(program, call)
    if program.plan.node is not None:
        await run.node(program.plan.node)
    return run.answer()


class Run:
    """One tree, from empty to answered."""

    def __init__(self, program: Program, call: Call) -> None:
        self._program = program
        self._call = call
        self._time = asyncio.get_running_loop().time
        self._deadline = self._time() + call.timeout
        self._records: list[FetchRecord] = []
        self.intake = Intake(Finds(dict(call.introspection)), shared=program.shared)

    def beside(self) -> "Run":
        """Another run that fills the same tree before the same deadline, with its own troubles."""
        other = Run(self._program, self._call)
        other._deadline, other._records = self._deadline, self._records
        other.intake = Intake(self.intake.finds, shared=self._program.shared)
        return other

    def answer(self) -> Answer:
        tree, variables = self.intake.tree, self._call.variables
        failures = self.failures(self._program.plan.shape)
        data = self._program.projection.project(tree, variables, failures)
        return Answer(data=data, errors=failures.entries, fetches=self._records)

    def failures(self, shape: ObjectShape) -> Failures:
        """What went wrong so far, told by a shape from the root of the response."""
        tree, variables = self.intake.tree, self._call.variables
        failures = Failures(self._call.max_errors)
        blame = Blame(shape=shape, tree=tree, variables=variables, failures=failures)
        for trouble in self.intake.troubles:
            blame.report(trouble)
        return failures

    async def node(self, node: PlanNode) -> None:
        match node:
            case Fetch():
                self.intake.take_root(node, await self._send(node, {}, 0))
            case Flatten():
                await self._flatten(node)
            case Sequence(nodes=nodes):
                await self._sequence(nodes)
            case Parallel(nodes=nodes):
                await self._parallel(nodes)
            case Condition():
                await self._condition(node)
            case Subscribe() | Defer():
                raise TypeError("a stream stands only at the top of a plan")
            case _:
                assert_never(node)

    async def _sequence(self, nodes: tuple[PlanNode, ...]) -> None:
        for step in nodes:
            await self.node(step)

    async def _condition(self, node: Condition) -> None:
        if holds(node.when, self._call.variables):
            await self.node(node.node)

    async def _parallel(self, nodes: tuple[PlanNode, ...]) -> None:
        """As a task group, at half its price: there is one on nearly every way to an answer."""
        create = asyncio.get_running_loop().create_task
        tasks = [create(self.node(step)) for step in nodes[1:]]
        try:
            await self.node(nodes[0])
            for task in tasks:
                await task
        finally:
            await _ended(tasks)

    async def _flatten(self, node: Flatten) -> None:
        codes = self._program.targets[id(node)]
        if codes[0].grouped:
            await self._in_groups(node, codes[0].target)
            return
        given: dict[str, object] = {}
        asked = [Asked(code.target, self._found(code, given), code.level) for code in codes]
        count = sum(len(ask.holders) for ask in asked)
        if count > 0:
            if self._call.gather is None:
                outcome = await self._send(node.fetch, given, count)
            else:
                outcome = await self._ask(node, codes, given, count)
            self.intake.take_entities(node.fetch, asked, outcome)

    async def _ask(
        self,
        node: Flatten,
        codes: tuple[TargetCode, ...],
        given: Mapping[str, object],
        count: int,
    ) -> SubgraphReply | Fault:
        gather, fetch = self._call.gather, node.fetch
        if gather is None or self._call.record or any(code.collect is None for code in codes):
            return await self._send(fetch, given, count)
        targets = [code.target for code in codes]
        return await gather.ask(fetch, targets, given, count, partial(self._send, fetch))

    def _found(self, code: TargetCode, given: dict[str, object]) -> list[list[Tree]]:
        """Who is asked about; their representations go to `given`."""
        target, finds = code.target, self.intake.finds
        if code.collect is None:
            return [found] if (found := finds.at(code.level)) else []
        sent: list[Tree] = []
        holders: list[list[Tree]] = []
        if target.when == ALWAYS or holds(target.when, self._call.variables):
            sent, holders = code.collect(finds)
        given[target.variable] = sent
        return holders

    async def _in_groups(self, node: Flatten, target: Target) -> None:
        async with asyncio.TaskGroup() as tasks:
            for group in groups(target, self.intake.tree):
                tasks.create_task(self._group(node.fetch, target, group))

    async def _group(self, fetch: Fetch, target: Target, group: Group) -> None:
        given = {**group.given, target.variable: group.sent}
        outcome = await self._send(fetch, given, len(group.sent))
        self.intake.take_entities(fetch, [Asked(target, group.holders)], outcome)

    async def _send(
        self, fetch: Fetch, given: Mapping[str, object], count: int
    ) -> SubgraphReply | Fault:
        call, started = self._call, self._time()
        if started >= self._deadline:
            return _too_late(fetch, call.timeout)
        request = subrequest(fetch, call, self._deadline, given)
        outcome = await call.client.fetch(request)
        ended = self._time()
        call.tracer.fetched(request, outcome, started)
        if call.record:
            cost = call.appraise(request, outcome) if call.appraise else None
            self._records.append(_record(fetch, outcome, (started, ended), count, cost))
        return outcome


async def _ended(tasks: list[asyncio.Task[None]]) -> None:
    """Nothing of them goes on after this; it has to do only after a bug, or when cancelled."""
    unfinished = [task for task in tasks if not task.done()]
    for task in unfinished:
        task.cancel()
    if unfinished:
        await asyncio.wait(unfinished)


def subrequest(
    fetch: Fetch, call: Call, deadline: float, given: Mapping[str, object]
) -> SubgraphRequest:
    """The request of one fetch; `given` are the variables that do not come from the client."""
    variables = {name: call.variables[name] for name in fetch.variables if name in call.variables}
    variables.update(given)
    return SubgraphRequest(
        subgraph=fetch.subgraph,
        document=fetch.document,
        operation_name=fetch.operation_name,
        variables=variables,
        kind=fetch.kind,
        context=call.context,
        deadline=deadline,
    )


def _record(
    fetch: Fetch,
    outcome: SubgraphReply | Fault,
    times: tuple[float, float],
    asked: int,
    cost: FetchCost | None,
) -> FetchRecord:
    fault = outcome.code if isinstance(outcome, Fault) else None
    errors = len(outcome.errors) if isinstance(outcome, SubgraphReply) else 1
    return FetchRecord(
        fetch=fetch,
        started=times[0],
        ended=times[1],
        asked=asked,
        errors=errors,
        fault=fault,
        size=0 if isinstance(outcome, Fault) else outcome.size,
        cost=cost,
    )


def _too_late(fetch: Fetch, seconds: float) -> Fault:
    return Fault(
        code=SUBREQUEST_TIMEOUT,
        message=f"the {seconds:g} s of the operation were over before {fetch.subgraph!r} was asked",
        subgraph=fetch.subgraph,
    )
