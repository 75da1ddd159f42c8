"""An operation of any kind as a stream of responses, for the doors that stream."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

from gateway.engine import GatewayResponse
from gateway.server.admission import Admission, Admitted, Told
from gateway.server.ports import GraphQLEngine

Item = TypeVar("Item")


async def run_operation(
    engine: GraphQLEngine, admitted: Admitted
) -> AsyncIterator[GatewayResponse]:
    """One response for a query or mutation, one per event for a subscription; a request error is
    the only item. Closing the iterator frees the upstream at once."""
    if admitted.refusal is not None:
        yield admitted.refusal
    elif admitted.kind == "subscription":
        async with closing(engine.subscribe(admitted.request)) as events:
            async for event in events:
                yield event
    else:
        yield await engine.execute(admitted.request)


async def as_told(
    admission: Admission, admitted: Admitted, responses: AsyncIterator[GatewayResponse]
) -> AsyncIterator[Told]:
    """Their bodies as the caller sees them."""
    async with closing(responses):
        async for response in responses:
            yield admission.tell(admitted, response)


@asynccontextmanager
async def closing(items: AsyncIterator[Item]) -> AsyncIterator[AsyncIterator[Item]]:
    """Like contextlib.aclosing, for iterators that may have nothing to close."""
    try:
        yield items
    finally:
        close = getattr(items, "aclose", None)
        if close is not None:
            await close()
