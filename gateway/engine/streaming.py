"""Resumable subscriptions of one engine: whose they are, what they share, how they end."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

import orjson

from gateway.engine.messages import GatewayRequest, GatewayResponse
from gateway.engine.positions import Following
from gateway.engine.prepare import Prepared
from gateway.errors import SUBSCRIPTION_GRANT_ENDED, SUBSCRIPTION_INVALIDATED, CursorConflict
from gateway.executor.gather import Gather
from gateway.executor.ports import SubgraphReply
from gateway.executor.run import Answer, Call
from gateway.executor.stream import complete, opening, stream
from gateway.plan.nodes import Subscribe
from gateway.subscriptions.encoded import Encoded
from gateway.subscriptions.follow import Follower, Hubs
from gateway.subscriptions.hub import HubLimits
from gateway.subscriptions.place import Place
from gateway.subscriptions.topic import Delivery, Means, Topic

Ready: TypeAlias = tuple[Prepared, Call]
Again: TypeAlias = Callable[[], Ready | GatewayResponse]
Finish: TypeAlias = Callable[[Prepared, Call, Answer], GatewayResponse]


_CHANGED: Final = "what you may see has changed; subscribe again from where you are"


_NOT_RESUMABLE: Final = GatewayResponse(
    body={"errors": [{"message": "the field is not resumable any more"}]}, request_error=True
)


_COPIES: Final = 3
"""Of an event's bytes that may be kept with it: the JSON, and a frame of each protocol by HTTP."""


class _Invalidated(Exception):
    """The present graph refuses the operation; `response` says why."""

    def __init__(self, response: GatewayResponse) -> None:
        super().__init__()
        self.response = response


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subscription:
    """One client's, on one graph."""

    request: GatewayRequest
    prepared: Prepared
    following: Following
    call: Call
    finish: Finish


class Streaming:
    """`finish` makes a response of an answer."""

    def __init__(self, means: Means, limits: HubLimits, finish: Finish) -> None:
        self.hubs: Hubs[GatewayResponse] = Hubs(means, limits)
        self._finish = finish

    def events(
        self, request: GatewayRequest, ready: Ready, again: Again
    ) -> AsyncGenerator[GatewayResponse, None]:
        """The events in order; how the stream ended is the last item. `again` prepares the
        request on the graph of the moment."""
        following = ready[0].following
        if following is None:
            return self._plain(request, ready, again)
        try:
            after = _start(request, following, ready[1].variables)
        except CursorConflict as fault:
            return _refusing(fault)
        return self._follow(request, ready, following, after, again)

    async def _plain(
        self, request: GatewayRequest, ready: Ready, again: Again
    ) -> AsyncGenerator[GatewayResponse, None]:
        """One that can't be resumed keeps its upstream, and its plan, to its end."""
        generation = self.hubs.generation
        async with aclosing(stream(ready[0].program, ready[1])) as answers:
            async for answer in answers:
                if not request.still_granted():
                    yield _ended(SUBSCRIPTION_GRANT_ENDED, _CHANGED, None)
                    return
                if generation != self.hubs.generation:
                    generation = self.hubs.generation
                    found = again()
                    if isinstance(found, GatewayResponse):
                        yield _invalidated(found, None)
                        return
                yield self._finish(*ready, answer)

    async def _follow(
        self,
        request: GatewayRequest,
        ready: Ready,
        following: Following,
        after: str | None,
        again: Again,
    ) -> AsyncGenerator[GatewayResponse, None]:
        present = self._subscription(request, ready, following)

        def topic() -> Topic[GatewayResponse]:
            nonlocal present
            present = self._again(request, again())
            return _topic(present)

        follower = Follower(self.hubs, _topic(present), topic, after, _direct(request))
        try:
            async with aclosing(follower):
                async for delivery in follower:
                    if not request.still_granted():
                        await follower.aclose("not_granted")
                        yield _ended(SUBSCRIPTION_GRANT_ENDED, _CHANGED, follower.before)
                        return
                    response = delivery.item or await _farewell(present, delivery, follower.cursor)
                    if response is not None:
                        yield response
        except _Invalidated as reason:
            await follower.aclose("invalidated")
            yield _invalidated(reason.response, follower.cursor)

    def _again(self, request: GatewayRequest, found: Ready | GatewayResponse) -> _Subscription:
        if isinstance(found, GatewayResponse):
            raise _Invalidated(found)
        following = found[0].following
        if following is None:
            raise _Invalidated(_NOT_RESUMABLE)
        return self._subscription(request, found, following)

    def _subscription(
        self, request: GatewayRequest, ready: Ready, following: Following
    ) -> _Subscription:
        prepared, call = ready
        if request.audience is not None:
            call = replace(call, context=request.audience.context)
        return _Subscription(
            request=request,
            prepared=prepared,
            following=following,
            call=call,
            finish=self._finish,
        )


async def _refusing(fault: CursorConflict) -> AsyncGenerator[GatewayResponse, None]:
    yield GatewayResponse(body={"errors": [fault.as_graphql()]}, request_error=True)


def _start(
    request: GatewayRequest, following: Following, variables: Mapping[str, object]
) -> str | None:
    """Where the client stands, by the argument or beside the document."""
    argument, after = following.argument(variables), request.extensions.get("after")
    if not isinstance(after, str) or not after:
        return argument
    if argument is not None and argument != after:
        raise CursorConflict("the argument and extensions.after name different places")
    return after


def _topic(present: _Subscription) -> Topic[GatewayResponse]:
    node = present.prepared.program.plan.node
    if not isinstance(node, Subscribe):
        raise TypeError("the plan of a subscription starts with its stream")
    program, following = present.prepared.program, present.following
    asks = node.rest is not None
    call = replace(present.call, gather=Gather()) if asks else present.call

    def open_(after: str | None) -> Any:
        given = {} if after is None else {following.variable: after}
        return call.client.subscribe(
            opening(program, replace(call, variables={**call.variables, **given}))
        )

    async def completed(reply: SubgraphReply, place: Place) -> GatewayResponse:
        answer = await complete(program, call, reply)
        body = present.finish(present.prepared, call, answer).body
        return _placed(Encoded, body, place.cursor)

    return Topic(
        key=_key(present),
        subgraph=node.fetch.subgraph,
        open=open_,
        marks=following.marks,
        complete=completed,
        size=_size,
        plain=not asks,
    )


def _direct(request: GatewayRequest) -> Callable[[GatewayResponse], bool] | None:
    """Who may not see an event any more is told so by whoever reads the stream."""
    push, still_granted = request.push, request.still_granted
    return None if push is None else lambda response: still_granted() and push(response)


def _key(present: _Subscription) -> object:
    """What must be equal for two to get the same; a caller without audience is alone with it."""
    request, following = present.request, present.following
    variables = {name: present.call.variables.get(name) for name in following.used}
    return (
        following.identity,
        orjson.dumps(variables, option=orjson.OPT_SORT_KEYS, default=str).decode(),
        id(request) if request.audience is None else request.audience.key,
        present.prepared.refused,
        request.want_plan,
    )


def _size(response: GatewayResponse) -> int:
    body = response.body
    return _COPIES * len(body.json) if isinstance(body, Encoded) else 0


def _placed(
    kind: Callable[[dict[str, object]], dict[str, object]],
    body: dict[str, object],
    cursor: str | None,
) -> GatewayResponse:
    extensions = body.get("extensions")
    known = extensions if isinstance(extensions, dict) else {}
    told = {**body, "extensions": {**known, "cursor": cursor}} if cursor else body
    return GatewayResponse(body=kind(told), request_error=False)


async def _farewell(
    present: _Subscription, end: Delivery[GatewayResponse], cursor: str | None
) -> GatewayResponse | None:
    """What a client is told of the end; nothing where the stream is simply over."""
    outcome = end.outcome
    if outcome is None:
        return None
    answer = await complete(present.prepared.program, present.call, outcome)
    response = present.finish(present.prepared, present.call, answer)
    errors = response.body.get("errors")
    told = [_with_cursor(each, cursor) for each in errors] if isinstance(errors, list) else []
    return _placed(dict, {**response.body, "data": None, "errors": told}, cursor)


def _with_cursor(error: Any, cursor: str | None) -> dict[str, object]:
    known = error.get("extensions") or {}
    return {**error, "extensions": {**known, "cursor": cursor}} if cursor else error


def _ended(code: str, message: str, cursor: str | None, **facts: object) -> GatewayResponse:
    error = {"message": message, "extensions": {"code": code, **facts}}
    body: dict[str, object] = {"data": None, "errors": [_with_cursor(error, cursor)]}
    return _placed(dict, body, cursor)


def _invalidated(refused: GatewayResponse, cursor: str | None) -> GatewayResponse:
    errors = refused.body.get("errors")
    reasons = [str(each.get("message")) for each in errors] if isinstance(errors, list) else []
    message = "the graph was reloaded, and the subscription does not fit it"
    return _ended(SUBSCRIPTION_INVALIDATED, message, cursor, reasons=reasons)
