"""The way into the log: events queued in the caller's own transaction."""

from __future__ import annotations

from ledger_adapter.errors import QueueFull
from ledger_adapter.port import Envelope, Queue
from ledger_adapter.store.mongo import open_queue
from subgraphs.kit.errors import Busy
from subgraphs.kit.mongo import Mongo, Session


class Outbox:
    """Puts events where the state change is: both exist when the transaction commits, or none."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    async def put(self, session: Session, *envelopes: Envelope) -> None:
        """Raises Busy under back-pressure: abort, nothing was written."""
        try:
            await self._queue.put(envelopes, session=session)
        except QueueFull as fault:
            raise Busy("too many events wait for the log", code=fault.code) from fault


def open_outbox(mongo: Mongo, *, database: str, shard: str) -> Outbox:
    """The outbox of writers on this connection: the log's queue lies on the same deployment."""
    return Outbox(open_queue(mongo.database(database), shard=shard))
