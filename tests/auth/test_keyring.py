"""Keys behind a URL, asked for over a real socket: when they are asked for, what is not taken, and
that nobody can make us ask often."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gateway.config import Listen, Settings
from gateway.errors import Unauthenticated
from gateway.server import keyring
from gateway.server.keyring import Keyring, build_keyring
from gateway.server.run import open_listener
from tests.auth.build import KEY, OTHER, claims, jwk, signed

NOW = 1_000_000.0


@dataclass(slots=True)
class KeyHouse:
    """Answers with what it is given; counts who asks."""

    root: str = ""
    asked: int = 0
    answer: Callable[[], Response] = field(default=lambda: Response(status_code=404))

    def show(self, *keys: tuple[str, Ed25519PrivateKey]) -> None:
        body = json.dumps({"keys": [jwk(key, kid) for kid, key in keys]})
        self.answer = lambda: Response(body, media_type="application/json")

    async def keys(self, _: Request) -> Response:
        self.asked += 1
        return self.answer()


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The test's own process keeps its signals."""
        yield


@pytest.fixture
async def house() -> AsyncIterator[KeyHouse]:
    found = KeyHouse()
    app = Starlette(routes=[Route("/keys", found.keys), Route("/elsewhere", found.keys)])
    listener = open_listener(Listen(port=0))
    found.root = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = _Server(uvicorn.Config(app, lifespan="off", log_config=None))
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield found
    finally:
        server.should_exit = True
        await running


def ring(house: KeyHouse, folder: Path) -> Keyring:
    issuer = {"issuer": "people", "audience": "graph", "jwks": f"{house.root}/keys"}
    values: dict[str, Any] = {"supergraph": str(folder / "g.graphql")}
    return build_keyring(Settings.from_mapping({**values, "auth": {"issuers": [issuer]}}))


def a_token(kid: str, key: Ed25519PrivateKey) -> str:
    return signed(claims(iat=int(NOW), exp=NOW + 600), key, kid=kid)


def takes(ring_: Keyring, token: str) -> bool:
    try:
        ring_.verifier.verify(token, NOW)
    except Unauthenticated:
        return False
    return True


@asynccontextmanager
async def kept_fresh(ring_: Keyring) -> AsyncIterator[None]:
    job = asyncio.create_task(ring_.run())
    try:
        yield
    finally:
        job.cancel()
        with suppress(asyncio.CancelledError):
            await job


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110 - what is waited for is in another task's hands
            await asyncio.sleep(0.01)


async def test_keys_are_fetched_at_the_start_and_a_new_one_when_a_token_names_it(
    house: KeyHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring, "PAUSE", 0.02)
    house.show(("k1", KEY))
    it = ring(house, tmp_path)
    assert not takes(it, a_token("k1", KEY)), "before anything was fetched nobody is believed"
    async with kept_fresh(it):
        await until(lambda: takes(it, a_token("k1", KEY)))
        house.show(("k2", OTHER))
        assert not takes(it, a_token("k2", OTHER))
        await until(lambda: takes(it, a_token("k2", OTHER)))
        assert not takes(it, a_token("k1", KEY)), "a key that is gone is gone"


async def test_tokens_that_name_keys_of_nobody_do_not_make_us_ask_each_time(
    house: KeyHouse, tmp_path: Path
) -> None:
    house.show(("k1", KEY))
    it = ring(house, tmp_path)
    async with kept_fresh(it):
        await until(lambda: takes(it, a_token("k1", KEY)))
        for number in range(200):
            assert not takes(it, a_token(f"made-up-{number}", OTHER))
            await asyncio.sleep(0)
        assert house.asked <= 2


def broken(kind: str, house: KeyHouse) -> Callable[[], Response]:
    stolen = json.dumps({"keys": [jwk(OTHER, "k2")]})
    answers: dict[str, Callable[[], Response]] = {
        "an error": lambda: Response(stolen, status_code=500),
        "no JSON": lambda: Response("<html>", media_type="text/html"),
        "no keys": lambda: Response('{"keys": []}'),
        "a redirect": lambda: RedirectResponse(f"{house.root}/elsewhere"),
        "too much": lambda: Response(stolen[:-1] + " " * 300_000 + "}"),
        "a shared secret": lambda: Response('{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}'),
    }
    return answers[kind]


@pytest.mark.parametrize(
    "kind", ["an error", "no JSON", "no keys", "a redirect", "too much", "a shared secret"]
)
async def test_what_is_no_key_set_leaves_the_keys_as_they_were(
    house: KeyHouse, tmp_path: Path, kind: str
) -> None:
    house.show(("k1", KEY))
    it = ring(house, tmp_path)
    await it.refresh()
    house.answer = broken(kind, house)
    await it.refresh()
    assert house.asked == 2
    assert takes(it, a_token("k1", KEY))
    assert not takes(it, a_token("k2", OTHER))
