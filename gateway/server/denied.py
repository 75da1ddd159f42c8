"""Denials leave by a mutation of a subgraph, a batch at a time, beside the answers and never in
their way: a sink that is slow, ill or gone costs memory up to `room` and nothing else."""

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.access.denials import AccessSink, Denial, Denials
from gateway.auth.context import CallContext
from gateway.config.parts import AccessSinkSettings
from gateway.executor.ports import SubgraphClient, SubgraphReply, SubgraphRequest
from gateway.spec.names import SubgraphName

_LOG = logging.getLogger("credgraph.denied")
_BATCH = 200
_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MutationSink:
    """Sends denials as the variable `denials`, under a context token that names the gateway
    itself. A batch whose answer is lost is sent again and counted twice."""

    client: SubgraphClient
    subgraph: SubgraphName
    document: str

    async def write(self, denials: Sequence[Denial], /) -> bool:
        told = [
            {
                "client": each.client,
                "field": each.field,
                "code": each.code,
                "minute": each.minute,
                "count": each.count,
            }
            for each in denials
        ]
        reply = await self.client.fetch(
            SubgraphRequest(
                subgraph=self.subgraph,
                document=self.document,
                operation_name=None,
                variables={"denials": told},
                kind="mutation",
                context=CallContext(own=True),
                deadline=asyncio.get_running_loop().time() + _SECONDS,
            )
        )
        if isinstance(reply, SubgraphReply) and reply.data is not None and not reply.errors:
            return True
        _LOG.warning("%d denials were not taken by %s", len(denials), self.subgraph)
        return False


async def send_denials(denials: Denials, sink: AccessSink, *, every: float) -> None:
    """Until cancelled."""
    while True:
        await asyncio.sleep(every)
        await flush(denials, sink, time.time())


async def flush(denials: Denials, sink: AccessSink, now: float) -> None:
    """Send all minutes that are over; what is not taken is kept for the next time."""
    over = denials.taken(now)
    for start in range(0, len(over), _BATCH):
        batch = over[start : start + _BATCH]
        if not await sink.write(batch):
            denials.again(over[start:])
            return


def sink_of(settings: AccessSinkSettings, client: SubgraphClient) -> MutationSink:
    return MutationSink(
        client=client, subgraph=SubgraphName(settings.subgraph), document=settings.mutation
    )


def denials_of(settings: AccessSinkSettings | None) -> Denials | None:
    """Nothing is counted where nobody is told."""
    if settings is None:
        return None
    return Denials(settings.codes, settings.client, room=settings.room)
