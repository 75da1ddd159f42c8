"""The verifier's ear during the demo: one subscription, read frame by frame."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Self, cast

from subgraphs.demo.client import Client, Json
from subgraphs.demo.deployment import DemoError
from subgraphs.demo.operations import operation

PATIENCE_SECONDS = 20.0


class Listener:
    """A running subscription to the changes of accepted credentials."""

    def __init__(self, frames: AsyncIterator[Json]) -> None:
        self._frames = frames
        self.cursor = ""

    @classmethod
    @asynccontextmanager
    async def listening(cls, client: Client, after: str | None = None) -> AsyncIterator[Self]:
        """Listens from a cursor, or from now on, until the block is left.

        Without a cursor the first frame is a heartbeat that says where the feed stands; it is
        awaited here, so that nothing which happens inside the block can be missed.
        """
        events = client.events(operation("watch-accepted-credentials"), {"after": after})
        async with aclosing(events) as frames:  # type: ignore[type-var]
            listener = cls(frames)
            if after is None:
                await listener._next()
            yield listener

    async def next_change(self, credential_id: str, kind: str) -> Json:
        """The next frame of a kind about a credential; DemoError when it does not come in time."""
        return (await self.until(credential_id, kind))[-1]

    async def until(self, credential_id: str, kind: str) -> list[Json]:
        """All frames about a credential, up to and with the first of a kind."""
        seen: list[Json] = []
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not seen or seen[-1]["kind"] != kind:
                    frame = await self._next()
                    if frame.get("credentialId") == credential_id:
                        seen.append(frame)
        except TimeoutError:
            raise DemoError(
                f"the subscription told nothing of {kind} for {PATIENCE_SECONDS:g} seconds"
            ) from None
        return seen

    async def _next(self) -> Json:
        try:
            data = await anext(self._frames)
        except StopAsyncIteration:
            raise DemoError("the subscription ended") from None
        frame = cast("Json", data["acceptedCredentialChanges"])
        self.cursor = str(frame["cursor"])
        return frame
