"""`SubgraphClient` over the network: requests by HTTP, subscriptions by WebSocket."""

from collections.abc import AsyncIterator, Coroutine, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

from gateway.errors import SUBREQUEST_INVALID
from gateway.executor.ports import Fault, SubgraphReply, SubgraphRequest
from gateway.spec.names import SubgraphName
from gateway.transport.breaker import State
from gateway.transport.endpoint import Endpoint, tls_of
from gateway.transport.http import HeaderSource, HttpTransport, TrafficSource, same_for_all
from gateway.transport.pool import PoolLimits
from gateway.transport.ws import SocketLimits, UpstreamSubscription


class NetworkClient:
    """What the engine is given in a real process. `use` replaces the subgraphs at a reload."""

    def __init__(
        self,
        endpoints: Mapping[SubgraphName, Endpoint],
        headers: HeaderSource,
        limits: PoolLimits,
        traffic: TrafficSource = same_for_all,
    ) -> None:
        self._endpoints = dict(endpoints)
        self._headers = headers
        self._http = HttpTransport(endpoints, headers, limits, traffic)
        self._sockets = SocketLimits(
            answer_bytes=limits.answer_bytes, connect_seconds=limits.connect_seconds
        )

    @property
    def subgraphs(self) -> tuple[SubgraphName, ...]:
        """The names served now."""
        return tuple(self._endpoints)

    @property
    def shared(self) -> int:
        """Requests so far that an equal one under way has answered as well."""
        return self._http.shared

    def breakers(self) -> Mapping[SubgraphName, State]:
        """What each subgraph's breaker is doing."""
        return self._http.breakers()

    def use(self, endpoints: Mapping[SubgraphName, Endpoint]) -> None:
        """Serve these subgraphs from now on. Subscriptions under way go on as they are."""
        self._endpoints = dict(endpoints)
        self._http.use(endpoints)

    def fetch(self, request: SubgraphRequest, /) -> Coroutine[Any, Any, SubgraphReply | Fault]:
        """See `SubgraphClient.fetch`."""
        return self._http.fetch(request)

    def subscribe(self, request: SubgraphRequest, /) -> AsyncIterator[SubgraphReply | Fault]:
        """See `SubgraphClient.subscribe`."""
        endpoint = self._endpoints.get(request.subgraph)
        if endpoint is None:
            return _Unknown(request.subgraph)
        secure = endpoint.subscription_url.startswith("wss:")
        return UpstreamSubscription(
            endpoint.subscription_url,
            partial(self._headers, request),
            request,
            self._sockets,
            tls_of(endpoint.origin.trust) if secure else None,
        )

    def close(self) -> None:
        """Drop every connection."""
        self._http.close()


@dataclass(slots=True)
class _Unknown(AsyncIterator[SubgraphReply | Fault]):
    """A subscription at a subgraph that is not there: one fault, then the end."""

    subgraph: SubgraphName
    told: bool = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SubgraphReply | Fault:
        if self.told:
            raise StopAsyncIteration
        self.told = True
        return Fault(
            code=SUBREQUEST_INVALID, message="the subgraph is not known", subgraph=self.subgraph
        )

    async def aclose(self) -> None:
        """Nothing to free."""
        self.told = True
