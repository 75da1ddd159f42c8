"""A subgraph's socket lives as long as its context token, or the one that follows it."""

import time

from subgraphs.kit.serve import asgi
from tests.subgraphs.kit.gateway import NOBODY, Gateway, Who, a_holder, socket
from tests.subgraphs.kit.toy import Toy, schema


def served(gateway: Gateway) -> None:
    async def healthy() -> dict[str, object]:
        return {}

    gateway.app = asgi(schema, name="toy", parts=Toy(), tokens=gateway.tokens, health=healthy)


def bearer(gateway: Gateway, who: Who, seconds: float) -> dict[str, str]:
    """A token that is over so many seconds from now, leeway included."""
    now = time.time()
    return {
        "authorization": f"Bearer {gateway.token(who, iat=int(now) - 20, exp=now + seconds - 5)}"
    }


async def test_the_socket_is_closed_when_the_token_is_over() -> None:
    gateway = Gateway(audience="toy")
    served(gateway)
    assert gateway.app is not None
    async with socket(gateway.app) as stream:
        await stream.send(type="connection_init", payload=bearer(gateway, NOBODY, 1.0))
        assert (await stream.receive())["type"] == "connection_ack"
        closed = await stream.raw()
        assert (closed["type"], closed["code"]) == ("websocket.close", 4403)


async def test_a_new_token_of_the_same_viewer_keeps_it_open() -> None:
    gateway, who = Gateway(audience="toy"), a_holder()
    served(gateway)
    assert gateway.app is not None
    async with socket(gateway.app) as stream:
        await stream.send(type="connection_init", payload=bearer(gateway, who, 1.0))
        await stream.receive()
        await stream.send(type="ping", payload=bearer(gateway, who, 3.0))
        assert (await stream.receive())["type"] == "pong"
        until = time.time() + 1.5
        while time.time() < until:  # past the end of the first token
            await stream.send(type="ping")
            assert (await stream.receive())["type"] == "pong"
        closed = await stream.raw()
        assert (closed["type"], closed["code"]) == ("websocket.close", 4403)


async def test_anothers_token_closes_it() -> None:
    gateway = Gateway(audience="toy")
    served(gateway)
    assert gateway.app is not None
    async with socket(gateway.app) as stream:
        await stream.send(type="connection_init", payload=bearer(gateway, a_holder(), 20.0))
        await stream.receive()
        await stream.send(type="ping", payload=bearer(gateway, NOBODY, 20.0))
        assert (await stream.raw())["type"] == "websocket.close"


async def test_a_subgraph_counts_who_asked_it_by_role_alone() -> None:
    gateway, who = Gateway(audience="toy"), a_holder()
    served(gateway)
    assert gateway.app is not None
    for _ in range(2):
        await gateway.ask("{ __typename }", who=who)
    await gateway.ask("{ __typename }", who=NOBODY)
    await gateway.post({"query": "{ __typename }"}, authorization="Bearer x.y.z")
    async with socket(gateway.app) as stream:
        await stream.send(type="connection_init", payload=bearer(gateway, who, 20.0))
        await stream.receive()
    told = (await gateway.get("/health")).json()["requests"]
    assert told == {"HOLDER": 3, "ANONYMOUS": 1, "REFUSED": 1}
