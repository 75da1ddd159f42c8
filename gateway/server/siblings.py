"""What the workers of one crew ask one another, over unix sockets in the crew's own folder.

One line in, one body out, and the connection ends. Whoever is silent for a second, or gone, is
answered for by None: a sibling's death must not make a page of ours hang.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from gateway.server.crew import Crew

_PATIENCE: Final = 1.0


class Siblings:
    """Answers siblings while `run` runs, and asks them."""

    def __init__(self, crew: Crew) -> None:
        self.crew = crew
        self._answers: dict[str, Callable[[], bytes]] = {}

    def tell(self, what: str, answer: Callable[[], bytes]) -> None:
        """Whoever asks for it gets this."""
        self._answers[what] = answer

    async def run(self) -> None:
        """Until cancelled."""
        door = self.crew.door(self.crew.number)
        door.unlink(missing_ok=True)  # what the last one of our number left
        server = await asyncio.start_unix_server(self._answer, door)
        async with server:
            await server.serve_forever()

    async def ask(self, what: str) -> dict[int, bytes | None]:
        """What each sibling says, by its number."""
        others = self.crew.others
        answers = await asyncio.gather(*(self._ask(number, what) for number in others))
        return dict(zip(others, answers, strict=True))

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                answer = self._answers.get((await reader.readline()).decode().strip())
                writer.write(answer() if answer is not None else b"")
                await writer.drain()
        except (OSError, TimeoutError):
            pass
        finally:
            writer.close()

    async def _ask(self, number: int, what: str) -> bytes | None:
        try:
            async with asyncio.timeout(_PATIENCE):
                reader, writer = await asyncio.open_unix_connection(self.crew.door(number))
                try:
                    writer.write(f"{what}\n".encode())
                    return await reader.read(-1) or None
                finally:
                    writer.close()
        except (OSError, TimeoutError):
            return None
