"""An operation of any kind as a stream of responses, for the doors that stream."""

from collections.abc import AsyncIterator
from typing import Generic, TypeVar

from gateway.engine import GatewayResponse
from gateway.server.admission import Admission, Admitted, Told
from gateway.server.parts import Whole, told_part
from gateway.server.ports import GraphQLEngine

Item = TypeVar("Item")


async def run_operation(
    engine: GraphQLEngine, admitted: Admitted, *, in_parts: bool = False
) -> AsyncIterator[GatewayResponse]:
    """One response for a query or mutation, one per event for a subscription; a request error is
    the only item. Where `in_parts`, a deferred answer is several bodies that say `hasNext`.
    Closing the iterator frees the upstream at once."""
    if admitted.refusal is not None:
        yield admitted.refusal
    elif admitted.kind == "subscription" or (in_parts and _is_incremental(engine, admitted)):
        start = engine.subscribe if admitted.kind == "subscription" else engine.deliver
        async with closing(start(admitted.request)) as responses:
            async for response in responses:
                yield response
    else:
        yield await engine.execute(admitted.request)


def _is_incremental(engine: GraphQLEngine, admitted: Admitted) -> bool:
    request = admitted.request
    return engine.is_incremental(request.query, request.operation_name, request.grants)


async def as_told(
    admission: Admission, admitted: Admitted, responses: AsyncIterator[GatewayResponse]
) -> AsyncIterator[Told]:
    """Their bodies as the caller sees them."""
    whole = Whole() if "cost" in admitted.caller.wants else None
    async with closing(responses):
        async for response in responses:
            yield told(admission, admitted, response, whole)


def told(
    admission: Admission,
    admitted: Admitted,
    response: GatewayResponse,
    whole: Whole | None = None,
) -> Told:
    """One body as the caller sees it, be it an answer, an event or a part."""
    if "hasNext" in response.body:
        return told_part(admission, admitted, response, whole)
    return admission.tell(admitted, response)


class closing(Generic[Item]):  # noqa: N801 - named and used like contextlib.aclosing
    """Like contextlib.aclosing, for iterators that may have nothing to close. No generator, since
    every open stream holds some of them."""

    __slots__ = ("_items",)

    def __init__(self, items: AsyncIterator[Item]) -> None:
        self._items = items

    async def __aenter__(self) -> AsyncIterator[Item]:
        return self._items

    async def __aexit__(self, *_: object) -> None:
        close = getattr(self._items, "aclose", None)
        if close is not None:
            await close()
