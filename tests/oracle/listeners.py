"""Subscribers that write down what they were shown, each over its own way to the gateway."""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.auth.signing import read_signing_key, sign
from gateway.client import (
    Asked,
    Habits,
    MultipartTransport,
    Position,
    SseTransport,
    Subscription,
    SubscriptionError,
    Tally,
    Transport,
    WebSocketTransport,
)
from subgraphs.demo.deployment import Deployment
from tests.oracle.truth import Audience

WAYS: Final = ("websocket", "sse", "multipart")
HABITS: Final = Habits(
    first_pause=0.05, longest_pause=1.0, silence=16.0, heartbeats=True, tokens=50
)
EXTRAS: Final[Mapping[str, str]] = {
    "supervisionFeed": "event { id }",
    "credentialRequestUpdates": "kind credentialId",
    "acceptedCredentialChanges": "kind credentialId",
    "myTasks": "kind",
}


class Notebook:
    """Position and list are written in one step, as a caller's own transaction would."""

    def __init__(self) -> None:
        self.position: Position | None = None
        self.start: int | None = None
        self.received: list[int] = []

    async def load(self) -> Position | None:
        return self.position

    async def save(self, position: Position, /) -> None:
        """Written already."""

    def write(self, position: Position, *, heartbeat: bool) -> None:
        self.position = position
        if self.start is None:
            self.start = position.sequence
        if not heartbeat:
            self.received.append(position.sequence)


@dataclass(frozen=True, slots=True)
class Forgetful:
    """A way to the gateway with the resume code taken out: every connection begins from now."""

    behind: Transport

    def results(self, asked: Asked, /) -> AsyncGenerator[Mapping[str, object], None]:
        now = replace(asked, after=None, variables={**asked.variables, "after": None})
        return self.behind.results(now)


@dataclass(slots=True, kw_only=True)
class Listener:
    """One subscriber. `lifetime` of its tokens in seconds; `problem` is what ended it for good."""

    name: str
    audience: Audience
    transport: Transport
    deployment: Deployment
    lifetime: float = 3600.0
    notebook: Notebook = field(default_factory=Notebook)
    problem: SubscriptionError | None = None
    tallies: list[Tally] = field(default_factory=list)
    _task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Goes on from the notebook."""
        self._task = asyncio.create_task(self._run())

    async def drop(self) -> None:
        """Dies at once, wherever it is."""
        if self._task is None:
            return
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def listening(self) -> None:
        """Waits for the first frame, which says where the feed stands."""
        while self.notebook.start is None:
            assert self.problem is None, self.problem
            await asyncio.sleep(0.02)

    async def _run(self) -> None:
        self.tallies.append(Tally())
        subscription = Subscription(
            tally=self.tallies[-1],
            transport=self.transport,
            query=query_of(self.audience.field),
            store=self.notebook,
            token=self._token,
            habits=HABITS,
        )
        try:
            async for event in subscription:
                self.notebook.write(event.position, heartbeat=event.heartbeat)
        except SubscriptionError as problem:
            self.problem = problem

    @property
    def connected(self) -> int:
        """How many connections it took."""
        return sum(tally.connections for tally in self.tallies)

    @property
    def dropped(self) -> int:
        """Repeats that never reached the notebook."""
        return sum(tally.repeats for tally in self.tallies)

    async def _token(self) -> str:
        return token_of(self.deployment, self.audience.claims, self.lifetime)


def query_of(root: str) -> str:
    """The feed's frames with what positions need, and a little more."""
    fields = f"cursor sequence prevSequence heartbeat {EXTRAS[root]}"
    return f"subscription Watch($after: Cursor) {{ {root}(after: $after) {{ {fields} }} }}"


def token_of(deployment: Deployment, claims: Mapping[str, str], lifetime: float) -> str:
    """A client token of the demo's issuer, made here because it is made a thousand times."""
    key = _key(deployment.data / "keys" / "token-issuer.key.pem")
    now = time.time()
    times = {"iat": int(now), "exp": int(now + lifetime)}
    return sign({"iss": "credgraph-demo", "aud": "credgraph", **times, **claims}, key)


@cache
def _key(path: Path) -> Ed25519PrivateKey:
    return read_signing_key(path.read_bytes(), str(path))


def transport_of(way: str, port: int) -> Transport:
    """The way to a gateway behind this port of the machine."""
    match way:
        case "sse":
            return SseTransport(f"http://127.0.0.1:{port}/graphql")
        case "multipart":
            return MultipartTransport(f"http://127.0.0.1:{port}/graphql")
        case _:
            return WebSocketTransport(f"ws://127.0.0.1:{port}/graphql")
