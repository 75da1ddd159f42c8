"""A holder ends a credential while her issuer's process is dead; the issuer follows when it is back
(R28)."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from subgraphs.demo.cast import actors_of
from subgraphs.demo.client import Client
from subgraphs.demo.journey import Journey, Person
from tests.kit.stack import Stack

pytestmark = pytest.mark.e2e

CANCEL = """mutation($input: CancelCredentialInput!) { cancelCredential(input: $input) {
  __typename ... on CancelCredentialSuccess { cancellation { state } }
  ... on DomainError { code message } } }"""
ISSUERS_WORD = "query($id: ID!) { node(id: $id) { ... on Credential { state } } }"
VERIFIERS_WORD = """{ acceptances(first: 100) { edges { node {
  observedState presentedCredential { vcHash } state } } } }"""


async def test_she_ends_it_alone_and_her_issuer_follows(breakable: Stack) -> None:
    person = Person()
    async with actors_of(breakable.deployment, person) as actors:
        journey = Journey(actors, person)
        await journey.to_permission()
        breakable.kill("issuer")
        assert await issuers_word(actors.holder, journey) is None, "nobody answers for it"

        signature = person.software.cancel(journey.credential_id).as_input()
        asked = {"input": {"id": journey.credential_id, "signature": signature}}
        await until(lambda: cancelled(actors.holder, asked))  # the wallet may have to read on
        await until(lambda: verifier_heard(actors.verifier, journey))

        await asyncio.to_thread(breakable.start, "issuer")
        await until(lambda: issuer_followed(actors.holder, journey))


async def until(holds: Any) -> None:
    """Asks again until it holds; the time only guards against a hang."""
    async with asyncio.timeout(60):
        while not await holds():  # noqa: ASYNC110  # it is in another process
            await asyncio.sleep(0.1)


async def cancelled(holder: Client, asked: Mapping[str, object]) -> bool:
    done: Any = await holder.ask(CANCEL, asked)
    return bool(done["cancelCredential"].get("cancellation") == {"state": "CANCELLED"})


async def verifier_heard(verifier: Client, journey: Journey) -> bool:
    told: Any = await verifier.ask(VERIFIERS_WORD, {})
    nodes = [edge["node"] for edge in told["acceptances"]["edges"]]
    (hers,) = (n for n in nodes if n["presentedCredential"]["vcHash"] == journey.vc_hash)
    return bool(hers["observedState"] == "CANCELLED")


async def issuer_followed(holder: Client, journey: Journey) -> bool:
    return await issuers_word(holder, journey) == "CANCELLED"


async def issuers_word(holder: Client, journey: Journey) -> object:
    """The state as the issuer has it; None while it cannot be asked."""
    answer: Any = await holder.raw(ISSUERS_WORD, {"id": journey.credential_id})
    node = (answer.get("data") or {}).get("node") or {}
    return node.get("state")
