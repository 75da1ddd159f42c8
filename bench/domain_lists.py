"""Every list of the business as its reader asks for it, timed."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from bench.ledger import percentile
from subgraphs.demo.answers import at, items, text
from subgraphs.demo.client import Client
from subgraphs.demo.deployment import Deployment
from subgraphs.demo.journey import Journey
from subgraphs.demo.tokens import demo_token

_IN_FORCE: Final = """query InForce($after: Cursor) {
  issuedCredentials(state: ACTIVE, first: 100, after: $after) {
    edges { node { id } } pageInfo { hasNextPage endCursor } } }"""
_WARM: Final = 5
LISTS: Final[Mapping[str, tuple[str, ...]]] = {
    "issuer": (
        "issuedCredentials(first: 50) { edges { node { id credentialNo state } } }",
        "issuedCredentials(state: ACTIVE, first: 50) { totalCount edges { node { id state } } }",
        "overdueRechecks(first: 50) { totalCount edges { node { id } } }",
    ),
    "verifier": ("acceptances(first: 50) { edges { node { id state permission { state } } } }",),
    "holder": (
        "me { credentials(first: 50) { edges { node { id state } } } }",
        "me { walletItems(first: 50) { edges { node { id } } } }",
        "me { consents(first: 50) { edges { node { id state } } } }",
        "me { qualifications(first: 50) { edges { node { id outcome } } } }",
        "me { permissions(first: 50) { edges { node { id state } } } }",
    ),
    "regulator": (
        "auditEvents(first: 50) { edges { node { id kind } } }",
        "institutions(first: 50) { edges { node { id name } } }",
        "trustRegister(first: 50) { edges { node { id } } }",
    ),
}


@asynccontextmanager
async def readers(
    deployment: Deployment, journey: Journey, desk: Client
) -> AsyncIterator[dict[str, Client]]:
    """One of each role that reads lists."""
    url = f"{deployment.gateway_url}/graphql"
    async with AsyncExitStack() as stack:
        regulator = Client(url, demo_token(deployment, "regulator"))
        await stack.enter_async_context(regulator)
        actors = journey.actors
        yield {
            "issuer": desk,
            "verifier": actors.verifier,
            "holder": actors.holder,
            "regulator": regulator,
        }


async def lists(them: Mapping[str, Client], reads: int) -> list[tuple[str, float]]:
    """The 95th percentile of each list in milliseconds, one reader at a time, warm."""
    found = []
    for role, fields in LISTS.items():
        for field in fields:
            query, taken = f"query List {{ {field} }}", []
            for number in range(reads + _WARM):
                start = time.perf_counter()
                await them[role].ask(query)
                if number >= _WARM:
                    taken.append((time.perf_counter() - start) * 1e3)
            found.append((f"list: {_short(field)}", percentile(taken, 0.95)))
    return found


def _short(field: str) -> str:
    counted = ", counted" if "totalCount" in field else ""
    return field.removeprefix("me { ").partition("(")[0] + counted


async def in_force(desk: Client, *, most: int) -> list[str]:
    """Ids of the institution's credentials in force, as many as one call takes."""
    ids: list[str] = []
    after: object = None
    while len(ids) < most:
        data = await desk.ask(_IN_FORCE, {"after": after})
        ids += [text(edge, "node", "id") for edge in items(data, "issuedCredentials", "edges")]
        if not at(data, "issuedCredentials", "pageInfo", "hasNextPage"):
            break
        after = at(data, "issuedCredentials", "pageInfo", "endCursor")
    return ids[:most]
