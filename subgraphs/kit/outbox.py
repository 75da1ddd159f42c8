"""The way into the log: events queued in the caller's own transaction."""

from __future__ import annotations

from ledger_adapter.errors import QueueFull
from ledger_adapter.port import Envelope, Queue
from subgraphs.kit.errors import Busy
from subgraphs.kit.mongo import Session


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
