"""A verifier relies on what it was shown and on the log, and never asks an issuer.

The issuer subgraph is moved behind a recording proxy that stands on its port, so that whatever
the gateway or another subgraph sends to the issuer is seen on the wire.
"""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import httpx
import pytest
import pytest_asyncio

from subgraphs.demo.answers import at, items
from subgraphs.demo.deployment import HOST, ROOT
from subgraphs.demo.journey import Journey
from subgraphs.demo.listening import Listener
from subgraphs.demo.operations import operation
from tests.e2e.callers import journey_of, token_of
from tests.e2e.conftest import whole_again
from tests.e2e.recording_proxy import RecordingProxy
from tests.kit.stack import Stack, free_ports

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

SUBGRAPHS = ("issuer", "wallet", "verifier", "audit")


@contextmanager
def issuer_elsewhere(stack: Stack) -> Iterator[int]:
    """The issuer subgraph on another port than the one everybody knows."""
    stack.stop("issuer")
    (port,) = free_ports(["issuer"]).values()
    with (stack.deployment.data / "logs" / "issuer.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "subgraphs.issuer"],
            cwd=ROOT,
            env=stack.deployment.environment() | {"ISSUER_PORT": str(port)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield port
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def stack(breakable: Stack) -> Iterator[Stack]:
    """With its issuer in its place in the end."""
    yield breakable
    whole_again(breakable)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def wire(stack: Stack) -> AsyncIterator[RecordingProxy]:
    with issuer_elsewhere(stack) as port:
        proxy = RecordingProxy(target=port, port=stack.deployment.ports["issuer"])
        await answers(port)
        async with proxy.listening():
            await asyncio.to_thread(stack.wait_ready)  # the gateway leaves alone what was away
            yield proxy


async def answers(port: int) -> None:
    """Waits until the subgraph says that it is well."""
    transport = httpx.AsyncHTTPTransport(retries=12)
    async with httpx.AsyncClient(transport=transport, timeout=10) as http:
        assert (await http.get(f"http://{HOST}:{port}/health")).status_code == 200


@pytest_asyncio.fixture(loop_scope="module")
async def journey(stack: Stack, wire: RecordingProxy) -> AsyncIterator[Journey]:
    """A person with an active credential."""
    async with journey_of(stack.deployment) as made:
        await made.to_credential()
        yield made


async def test_a_verifier_receives_checks_and_grants_without_the_issuer(
    journey: Journey, wire: RecordingProxy
) -> None:
    wire.requests.clear()
    await journey.bind_verifier_customer()
    await journey.ask_presentation()
    await journey.consent()
    await journey.submit()
    verification = await journey.verify()
    await journey.grant_permission()
    assert verification["result"] == "ACCEPTED"
    assert wire.asked() == []


async def test_a_verifier_reads_its_books_without_the_issuer(
    journey: Journey, wire: RecordingProxy
) -> None:
    """The decision with its content and proofs, and what became of what was accepted."""
    await journey.bind_verifier_customer()
    await journey.ask_presentation()
    await journey.consent()
    await journey.submit()
    wire.requests.clear()
    verifier = journey.actors.verifier
    data = await verifier.ask(
        operation("decide-with-proof"), {"input": {"presentationId": journey.presentation_id}}
    )
    shown = at(data, "verifyPresentation", "verification", "presentation", "items", 0)
    assert at(shown, "issuer", "name")
    data = await verifier.ask(operation("accepted-credentials"), {})
    assert items(data, "acceptances", "edges")
    assert wire.asked() == []


async def test_a_verifier_listens_without_the_issuer(
    journey: Journey, wire: RecordingProxy
) -> None:
    """What the issuer's desk does is on its wire; that the verifier hears of it is not."""
    await journey.bind_verifier_customer()
    await journey.ask_presentation()
    await journey.consent()
    await journey.submit()
    await journey.verify()
    await journey.grant_permission()
    wire.requests.clear()
    async with Listener.listening(journey.actors.verifier) as listener:
        await journey.endorse_reduction()
        await listener.next_change(journey.credential_id, "SUPPLEMENT_REQUESTED")
        await journey.revoke()
        heard = await listener.next_change(journey.credential_id, "PERMISSION_SUSPENDED")
    assert at(heard, "permission", "state") == "SUSPENDED"
    assert [one.role for one in wire.asked()] == ["ISSUER", "ISSUER"]


async def test_the_wire_is_recorded(journey: Journey, wire: RecordingProxy) -> None:
    """A holder who reads her credential does ask the issuer: the proxy sees it."""
    wire.requests.clear()
    query = "query One($id: ID!) { node(id: $id) { ... on Credential { credentialNo } } }"
    data = await journey.actors.holder.ask(query, {"id": journey.credential_id})
    assert at(data, "node", "credentialNo")
    assert [one.role for one in wire.asked()] == ["HOLDER"]


@pytest.mark.parametrize("subgraph", SUBGRAPHS)
@pytest.mark.parametrize(
    "query",
    [
        pytest.param('{ node(id: "cred_00000000000000000000000000") { id } }', id="a read"),
        pytest.param("{ _service { sdl } }", id="the schema"),
        pytest.param("{ __typename }", id="next to nothing"),
    ],
)
async def test_a_subgraph_answers_the_gateway_alone(
    subgraph: str, query: str, stack: Stack, wire: RecordingProxy
) -> None:
    """Without a context token, or with a caller's own token instead of one."""
    url = f"http://{HOST}:{stack.deployment.ports[subgraph]}/graphql"
    own = f"Bearer {token_of(stack.deployment, 'regulator')}"
    async with httpx.AsyncClient() as http:
        for headers in ({}, {"authorization": own}, {"authorization": "Bearer x.y.z"}):
            answer = await http.post(url, json={"query": query}, headers=headers)
            assert answer.status_code == 401, answer.text
            (error,) = answer.json()["errors"]
            assert error["extensions"]["code"] == "GATEWAY_UNAUTHENTICATED"
