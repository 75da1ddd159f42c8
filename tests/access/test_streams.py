"""The rows of Subscription in the matrix: a real stream for every role, through the gateway and at
the subgraph. A stream that is open begins with a frame that says where it stands; a closed one is
refused before its first frame."""

import asyncio
from contextlib import aclosing
from typing import Any

import pytest
from graphql import GraphQLSchema

from subgraphs.demo.client import Client, Refused
from tests.access.asking import MATRIX, SUBGRAPHS, context_token, subgraph_schema
from tests.access.matrix import Row, api
from tests.access.test_matrix import subgraph_url
from tests.access.world import ROLES, World

HANG = 30.0
ROWS = [row for row in MATRIX if row.at == "subscription"]

every_role = pytest.mark.parametrize("role", ROLES)


def test_every_stream_has_its_row() -> None:
    root = api().subscription_type
    assert root is not None
    assert {row.field for row in ROWS} == set(root.fields)


@every_role
async def test_streams_through_the_gateway(world: World, role: str) -> None:
    token = world.token(role)
    told = await asyncio.gather(*(first_frame(world.stack.url, token, row) for row in ROWS))
    assert [*told] == [wanted(row, role) for row in ROWS]


@every_role
async def test_streams_at_their_subgraph(world: World, role: str) -> None:
    told = await asyncio.gather(*(at_subgraph(world, role, row) for row in ROWS))
    assert [*told] == [wanted(row, role) for row in ROWS]


async def at_subgraph(world: World, role: str, row: Row) -> str:
    (name,) = (name for name in SUBGRAPHS if has(subgraph_schema(name), row.field))
    token = context_token(world, name, world.claims[role])
    return await first_frame(subgraph_url(world, name), token, row)


def has(schema: GraphQLSchema, field: str) -> bool:
    root = schema.subscription_type
    return root is not None and field in root.fields


def wanted(row: Row, role: str) -> str:
    return "open" if row.cells[role] == "may" else "FORBIDDEN"


async def first_frame(url: str, token: str | None, row: Row) -> str:
    """`open` once a frame came, or the code of the refusal."""
    async with Client(url, token) as client:
        frames: Any = client.events(f"subscription {{ {row.field} {{ __typename }} }}")
        async with aclosing(frames) as events:
            try:
                async with asyncio.timeout(HANG):
                    frame = await anext(events)
            except Refused as refusal:
                return refusal.codes[0]
    assert frame[row.field]["__typename"], "a frame without its field"
    return "open"
