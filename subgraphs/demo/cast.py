"""Who plays: each party is a client of its own with its own token."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeAlias

from subgraphs.demo.client import Client
from subgraphs.demo.deployment import Deployment
from subgraphs.demo.journey import Actors, House, Journey, Person
from subgraphs.demo.tokens import demo_token
from subgraphs.kit.ids import InstitutionId

Desks: TypeAlias = Mapping[InstitutionId, Client]


@asynccontextmanager
async def actors_of(deployment: Deployment, person: Person) -> AsyncIterator[Actors]:
    """Three clients with three tokens for one person's journey."""
    url = f"{deployment.gateway_url}/graphql"
    tokens = (demo_token(deployment, "issuer"), demo_token(deployment, "verifier"))
    async with AsyncExitStack() as stack:
        issuer, verifier = [await stack.enter_async_context(Client(url, one)) for one in tokens]
        holder = Client(url, _token_of(deployment, person))
        await stack.enter_async_context(holder)
        yield Actors(holder=holder, issuer=issuer, verifier=verifier)


@asynccontextmanager
async def another(
    deployment: Deployment, like: Actors, person: Person, house: House | None = None
) -> AsyncIterator[Journey]:
    """Another person's journey, not begun, past the same two desks."""
    url = f"{deployment.gateway_url}/graphql"
    async with Client(url, _token_of(deployment, person)) as holder:
        actors = Actors(holder=holder, issuer=like.issuer, verifier=like.verifier)
        yield Journey(actors, person, house)


@asynccontextmanager
async def issuer_desks(
    deployment: Deployment, institutions: Iterable[InstitutionId]
) -> AsyncIterator[Desks]:
    """The desks of several issuers."""
    url = f"{deployment.gateway_url}/graphql"
    async with AsyncExitStack() as stack:
        yield {
            one: await stack.enter_async_context(
                Client(url, demo_token(deployment, "issuer", sub=f"desk-{one}", institution=one))
            )
            for one in institutions
        }


def _token_of(deployment: Deployment, person: Person) -> str:
    return demo_token(deployment, "holder", sub=f"holder-{person.name}", holder=person.holder_id)
