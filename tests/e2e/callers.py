"""Callers of a running system: tokens made in this process, clients that keep what was said."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

from gateway.config import load_settings
from gateway.server.personas import demo_personas
from subgraphs.demo.client import Client, Json
from subgraphs.demo.deployment import Deployment
from subgraphs.demo.journey import Actors, House, Journey, Person
from subgraphs.demo.pilot import CAITONG_FUND, GUOTAI_JUNAN, PilotInstitution
from subgraphs.kit.ids import institution_id

TRIES: Final = 100
PERSONAS: Final = ("holder", "issuer", "verifier", "regulator", "analyst")


def token_of(deployment: Deployment, persona: str, **claims: object) -> str:
    """A demo token for a persona with some claims changed, an hour long."""
    environment = deployment.environment()
    settings = load_settings(Path(environment["CREDGRAPH_CONFIG"]), environment)
    personas = demo_personas(settings)
    assert personas is not None, "the test deployment runs in demo mode"
    return personas.token(persona, now=time.time(), lifetime=3600, changes=claims)


def token_of_holder(deployment: Deployment, person: Person) -> str:
    """The token of the account a person opened in the app."""
    name = f"holder-{person.name}"
    return token_of(deployment, "holder", sub=name, holder=person.holder_id)


class RecordingClient(Client):
    """A client that remembers each operation it sent, in order, and tries again when told to."""

    def __init__(self, url: str, token: str | None) -> None:
        super().__init__(url, token)
        self.token = token or ""
        self.sent: list[tuple[str, Mapping[str, object]]] = []

    async def raw(self, query: str, variables: Mapping[str, object] | None = None) -> Json:
        self.sent.append((query, dict(variables or {})))
        answer = await super().raw(query, variables)
        for _ in range(TRIES):
            if not says_try_again(answer):
                break
            await asyncio.sleep(0.05)
            answer = await super().raw(query, variables)
        return answer


def says_try_again(answer: Json) -> bool:
    """Nothing was written: a projection has not followed the log so far."""
    data = answer.get("data")
    results = list(data.values()) if isinstance(data, dict) else []
    return any(isinstance(one, dict) and one.get("__typename") == "TryAgain" for one in results)


@asynccontextmanager
async def journey_of(
    deployment: Deployment,
    *,
    url: str | None = None,
    profile: str = "RICH",
    issuer: PilotInstitution = GUOTAI_JUNAN,
    verifier: PilotInstitution = CAITONG_FUND,
) -> AsyncIterator[Journey]:
    """A new person's journey, not begun, through the gateway at `url` (the deployment's own)."""
    person = Person(profile=profile)
    issues, verifies = institution_id(issuer.uscc), institution_id(verifier.uscc)
    address = url or f"{deployment.gateway_url}/graphql"
    tokens = {
        "holder": token_of_holder(deployment, person),
        "issuer": token_of(deployment, "issuer", institution=issues),
        "verifier": token_of(deployment, "verifier", institution=verifies),
    }
    async with AsyncExitStack() as stack:
        clients = {
            name: await stack.enter_async_context(RecordingClient(address, token))
            for name, token in tokens.items()
        }
        journey = Journey(Actors(**clients), person, House(institution=issues, profile=profile))
        journey.verifier = verifies
        yield journey
