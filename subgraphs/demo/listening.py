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
        """Listens from a cursor, or from now on, until the block is left."""
        variables = {"after": after}
        events = client.events(operation("watch-accepted-credentials"), variables)
        async with aclosing(events) as frames:  # type: ignore[type-var]
            yield cls(frames)

    async def next_change(self, credential_id: str) -> Json:
        """The next frame about a credential; DemoError when it does not come in time."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while True:
                    frame = await self._next()
                    if frame.get("credentialId") == credential_id:
                        return frame
        except TimeoutError:
            raise DemoError(
                f"the subscription was silent for {PATIENCE_SECONDS:g} seconds"
            ) from None

    async def _next(self) -> Json:
        try:
            data = await anext(self._frames)
        except StopAsyncIteration:
            raise DemoError("the subscription ended") from None
        frame = cast("Json", data["acceptedCredentialChanges"])
        self.cursor = str(frame["cursor"])
        return frame
