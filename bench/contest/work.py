"""What the gateways of the contest are asked."""

from collections.abc import Iterator
from dataclasses import replace

from graphql import execute_sync, parse

from bench.contest.rounds import Work
from bench.yardstick import HEAVY, LIGHT, supergraph, universe
from gateway.cli.compose import api_sdl
from tests.kit.federated import monolith


def expected(query: str) -> object:
    """What one server over all the data answers."""
    return execute_sync(monolith(api_sdl(supergraph()), universe()), parse(query)).data


def works() -> Iterator[Work]:
    """Both queries, nothing shared and sharing allowed, of subgraphs near and 4 ms away."""
    for key, query in (("heavy", HEAVY), ("light", LIGHT)):
        data = expected(query)
        alone, shared = f"{key} query, nothing shared", f"{key} query, sharing allowed"
        near = Work(key=key, title=alone, query=query, connections=8, data=data)
        many = replace(near, key=f"{key}-shared", title=shared, connections=50, unique=False)
        yield from (near, many)
        yield replace(near, key=f"{key}-4ms", connections=16, latency=4.0)
        yield replace(many, key=f"{many.key}-4ms", latency=4.0)
