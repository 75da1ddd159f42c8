"""Reading answers of the graph: by path, and with the refusals of result unions told apart."""

import asyncio
from typing import cast

from subgraphs.demo.client import Client, Json
from subgraphs.demo.deployment import DemoError
from subgraphs.demo.operations import operation

PATIENCE_SECONDS = 30.0


class RefusedAsData(DemoError):
    """A mutation answered with a DomainError member of its result union."""

    def __init__(self, kind: str, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.kind, self.refusal = kind, code


def at(value: object, *path: str | int) -> object:
    """The value at a path of keys and indexes; DemoError naming the missing step."""
    for step in path:
        try:
            value = cast("dict[str | int, object]", value)[step]
        except (KeyError, IndexError, TypeError):
            raise DemoError(f"the answer has nothing at {step!r} of {path}") from None
    return value


def text(value: object, *path: str | int) -> str:
    """A string at a path."""
    found = at(value, *path)
    if not isinstance(found, str):
        raise DemoError(f"the answer has no text at {path}")
    return found


def items(value: object, *path: str | int) -> list[Json]:
    """A list of objects at a path."""
    return cast("list[Json]", at(value, *path))


async def mutate(client: Client, name: str, **fields: object) -> Json:
    """The success member of a mutation's result; RefusedAsData on any other member."""
    result = await settled(client, name, **fields)
    raise_refusal(result)
    return result


async def settled(client: Client, name: str, **fields: object) -> Json:
    """The member of a mutation's result, a refusal too.

    TryAgain means that a subgraph has not followed the log so far yet: it is asked again.
    """
    deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while True:
        data = await client.ask(operation(name), {"input": fields})
        (result,) = cast("dict[str, Json]", data).values()
        late = asyncio.get_running_loop().time() > deadline
        if text(result, "__typename") != "TryAgain" or late:
            return result
        await asyncio.sleep(0.1)


def raise_refusal(result: Json) -> None:
    """RefusedAsData if the member is a DomainError."""
    if "code" in result:
        raise RefusedAsData(
            text(result, "__typename"), text(result, "code"), text(result, "message")
        )
