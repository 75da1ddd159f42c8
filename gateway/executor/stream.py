"""Runs the plan of a subscription: opened once, completed for each event, in order."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

from gateway.executor.ahead import WIDTH, ahead
from gateway.executor.gather import Gather
from gateway.executor.ports import Fault, SubgraphReply, SubgraphRequest
from gateway.executor.program import Program
from gateway.executor.run import Answer, Call, Run, subrequest
from gateway.plan.nodes import Subscribe


def opening(program: Program, call: Call) -> SubgraphRequest:
    """The request that opens the stream."""
    deadline = asyncio.get_running_loop().time() + call.timeout
    return subrequest(_node(program).fetch, call, deadline, {})


async def complete(program: Program, call: Call, event: SubgraphReply | Fault) -> Answer:
    """The answer that one event of the stream makes; its data is merged into in place."""
    node, run = _node(program), Run(program, call)
    run.intake.take_root(node.fetch, event)
    if node.rest is not None and isinstance(event, SubgraphReply):
        await run.node(node.rest)
    return run.answer()


async def stream(program: Program, call: Call) -> AsyncGenerator[Answer, None]:
    """One answer for each event, in order; some events are completed ahead of the reader."""
    beside = replace(call, gather=Gather())

    async def completed(event: SubgraphReply | Fault) -> Answer:
        return await complete(program, beside, event)

    answers = ahead(call.client.subscribe(opening(program, call)), completed, WIDTH)
    try:
        async for answer in answers:
            yield answer
    finally:
        await answers.aclose()  # frees the upstream now, not when the garbage collector comes by


def _node(program: Program) -> Subscribe:
    node = program.plan.node
    if not isinstance(node, Subscribe):
        raise TypeError("the plan of a subscription starts with its stream")
    return node
