"""What stands now, looked at once for all who watch, and told to each when it is another.

Laws: nobody looks while nobody watches; whoever comes is told what stands at once, and is told it
again after a while of silence, as it was seen last; whoever is slow is told what stands then, not
what lay between.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Final, Generic, TypeVar

T = TypeVar("T")

LOOK_SECONDS: Final = 1.0
SILENCE_SECONDS: Final = 15.0


class Board(Generic[T]):
    """`look` says what stands; what it raises ends every watch with it. Both times in seconds."""

    def __init__(
        self,
        look: Callable[[], Awaitable[T]],
        *,
        every: float = LOOK_SECONDS,
        silence: float = SILENCE_SECONDS,
    ) -> None:
        self._look, self._every, self._silence = look, every, silence
        self._watchers = 0
        self._looking: asyncio.Task[None] | None = None
        self._stands: T | None = None
        self._changed = asyncio.Event()
        self._closed = False

    @property
    def watchers(self) -> int:
        return self._watchers

    def close(self) -> None:
        """End every watch, for a shutdown."""
        self._closed = True
        self._stop()

    async def watch(self) -> AsyncIterator[T]:
        """What stands now, each time that it is another, and again after a silence."""
        self._watchers += 1
        try:
            while not self._closed:
                changed = self._changed
                if (stands := self._stands) is not None:
                    yield stands
                    if changed is not self._changed:
                        continue  # it has changed while that was told
                elif self._looking is None or self._looking.done():
                    self._looking = asyncio.create_task(self._keep_looking())
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._silence):
                        await changed.wait()
                self._raise()
        finally:
            self._watchers -= 1
            if not self._watchers:
                self._stop()

    async def _keep_looking(self) -> None:
        try:
            while True:
                before, self._stands = self._stands, await self._look()
                if self._stands != before:
                    self._wake()
                await asyncio.sleep(self._every)
        except Exception:
            self._stands = None
            self._wake()
            raise

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _raise(self) -> None:
        looking = self._looking
        if looking is not None and looking.done() and not looking.cancelled():
            looking.result()

    def _stop(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None
        self._stands = None
        self._wake()
