"""What nobody may send, sent through the gateway: each is refused with a stable code and the
field, and nothing is written in any database.
"""

import json
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Final, cast

import httpx
import jwt
import pymongo
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.auth.signing import read_signing_key
from subgraphs.demo.answers import at, mutate, text
from subgraphs.demo.client import Client, Json
from subgraphs.demo.journey import PURPOSE, VERIFIER, Journey, Person
from subgraphs.demo.pilot import GUOTAI_JUNAN_FUTURES, HUAAN_FUND
from subgraphs.holder.choose import show
from subgraphs.kit.ids import institution_id, new_id
from subgraphs.vc import model
from subgraphs.vc.did import Did, institution_did
from tests.e2e import bad_calls, bad_cases, bad_desks, bad_injected, bad_inputs, bad_register
from tests.e2e.bad_calls import CONSENT, IN_A_MONTH, Row
from tests.e2e.callers import journey_of, token_of, token_of_holder
from tests.e2e.refusals import Books, refusal
from tests.e2e.wide import api, wide_node
from tests.kit.stack import Stack

BESIDE: Final = (bad_desks, bad_cases, bad_register)  # the journey
UNKNOWN_IDS: Final = {
    name: row for room in (bad_calls, *BESIDE) for name, row in room.UNKNOWN_IDS.items()
}
FOREIGN: Final = {**bad_calls.FOREIGN, **bad_desks.FOREIGN, **bad_cases.FOREIGN}
TABLES: Final = {
    "unknown": (UNKNOWN_IDS,),
    "out of order": (bad_calls.OUT_OF_ORDER, *(room.OUT_OF_ORDER for room in BESIDE)),
    "unknown word": (bad_inputs.UNKNOWN_WORDS, *(room.UNKNOWN_WORDS for room in BESIDE)),
    "over-long": (bad_inputs.OVER_LONG, *(room.OVER_LONG for room in BESIDE)),
    "about keys": (bad_inputs.UNFIT_KEYS,),
    "injected": (bad_inputs.INJECTED, bad_injected.INJECTED),
    "amount": (dict(bad_inputs.amounts()),),
}

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A journey whose permission stands, and callers who have part in it or none."""

    journey: Journey
    callers: dict[str, Client]
    names: dict[str, Any]

    def filled(self, given: object) -> Any:
        """The input with `<name>` replaced by what the journey calls so."""
        match given:
            case str() if given.startswith("<"):
                return self.names[given[1:-1]]
            case dict():
                return {key: self.filled(value) for key, value in given.items()}
            case list():
                return [self.filled(value) for value in given]
            case _:
                return given

    async def refusal(self, caller: str, mutation: str, given: object) -> Json:
        return await refusal(self.callers[caller], mutation, self.filled(given))


@pytest.fixture(scope="module")
def books(stack: Stack) -> Iterator[Books]:
    client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(stack.deployment.uri)
    with client:
        yield Books(client=client)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(stack: Stack, books: Books) -> AsyncIterator[World]:
    async with AsyncExitStack() as exits:
        journey = await exits.enter_async_context(journey_of(stack.deployment))
        await journey.to_permission()
        used = text(journey.request, "id")
        await journey.ask_presentation()
        revoked = await exits.enter_async_context(journey_of(stack.deployment))
        await revoked.to_credential()
        await revoked.revoke()
        stranger = await exits.enter_async_context(journey_of(stack.deployment))
        await stranger.register_root_did()
        own: dict[str, str | None] = {
            "a newcomer": token_of_holder(stack.deployment, Person()),
            "another issuer": token_of(
                stack.deployment, "issuer", institution=institution_id(HUAAN_FUND.uscc)
            ),
            "another verifier": token_of(
                stack.deployment,
                "verifier",
                institution=institution_id(GUOTAI_JUNAN_FUTURES.uscc),
            ),
            "regulator": token_of(stack.deployment, "regulator"),
            "analyst": token_of(stack.deployment, "analyst"),
            "nobody": None,
        }
        callers: dict[str, Client] = {
            "holder": journey.actors.holder,
            "issuer": journey.actors.issuer,
            "verifier": journey.actors.verifier,
            "another holder": stranger.actors.holder,
        }
        for name, token in own.items():
            callers[name] = await exits.enter_async_context(Client(stack.url, token))
        names = await names_of(journey, revoked) | {"request": used, "deep": nested(80)}
        names |= await desks_of(journey, revoked)
        books.at_rest()
        yield World(journey=journey, callers=callers, names=names)


def nested(levels: int) -> Json:
    """An object in an object in an object."""
    value: Json = {}
    for _ in range(levels):
        value = {"x": value}
    return value


async def names_of(journey: Journey, revoked: Journey) -> dict[str, object]:
    own = await journey.actors.holder.ask(
        "query Own($id: ID!) { node(id: $id) { ... on Credential {"
        " walletItem { id } consents { edges { node { id } } } } } }",
        {"id": journey.credential_id},
    )
    return {
        "credential": journey.credential_id,
        "revoked": revoked.credential_id,
        "presentation": journey.presentation_id,
        "qualification": journey.qualification_id,
        "open": text(journey.request, "id"),
        "consent": text(own, "node", "consents", "edges", 0, "node", "id"),
        "item": text(own, "node", "walletItem", "id"),
        "did": journey.person.software.did,
        "customer": journey.person.customer_no,
        "account": journey.person.account_no,
        "key": journey.person.software.public_key_multibase,
        **{f"no {prefix}": new_id(prefix) for prefix in ("cred", "cons", "pres", "qual", "preq")},
        **{f"no {prefix}": new_id(prefix) for prefix in ("witm", "inst", "cust")},
        **{f"no {prefix}": new_id(prefix) for prefix in ("disp", "cmpl", "exit", "inci", "dril")},
    }


async def desks_of(journey: Journey, revoked: Journey) -> dict[str, str]:
    """A dispute and a complaint of the holder's; the other holder's exit."""
    own, issuer = journey.actors.holder, journey.actors.issuer
    channel = {"kind": "APP", "address": "app"}
    await made(issuer, "nameComplaintChannels", "channels { kind }", channels=[channel])
    subject = {"subjectId": journey.credential_id, "ground": "CONTENT_DENIED"}
    return {
        "dispute": await made(own, "openDispute", "dispute { id }", **subject),
        "complaint": await made(own, "fileComplaint", "complaint { id }", **bad_cases.COMPLAINT),
        "exit": await made(revoked.actors.holder, "requestUserExit", "exit { id }"),
    }


async def made(client: Client, mutation: str, chosen: str, **given: object) -> str:
    """The id of what a mutation makes, chosen as `thing { id }`; asserts that it is made."""
    kind = mutation[0].upper() + mutation[1:]
    data = await client.ask(
        f"mutation Make($input: {kind}Input!) {{ {mutation}(input: $input) {{"
        f" ... on {kind}Success {{ {chosen} }} }} }}",
        {"input": given},
    )
    thing, _, member, _ = chosen.split()
    found = at(data, mutation, thing)
    return text(found[0] if isinstance(found, list) else found, member)


@pytest.fixture
def nothing_written(books: Books, world: World) -> Iterator[None]:
    """Every database reads after the test as it did before."""
    before = books.state()
    yield
    assert books.state() == before


def told(answer: Json) -> str:
    """A refusal as the tables write it."""
    member, code = answer.get("__typename", "error"), answer.get("code", answer.get("error"))
    return f"{member} {code} {answer.get('field')}"


def table(rows: Mapping[str, object]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("row", [pytest.param(row, id=key) for key, row in rows.items()])


@table(
    {
        f"{kind}: {name}": row
        for kind, tables in TABLES.items()
        for rows in tables
        for name, row in rows.items()
    }
)
@pytest.mark.usefixtures("nothing_written")
async def test_refused(row: Row, world: World) -> None:
    caller, mutation, given, want = row
    answer = await world.refusal(caller, mutation, given)
    assert told(answer) == want, answer


async def test_the_tables_name_every_mutation() -> None:
    root = api().mutation_type
    assert root is not None
    without_ids = {"registerRootDid", "prepareHolderKeyRotation", "prepareRootDidDeactivation"}
    without_ids |= {"prepareWalletClosure", "prepareKeyCompromiseReport", "startRecovery"}
    without_ids |= {"completeRecovery", "prepareRecoveryCancellation"}
    without_ids |= {"reportIncident", "planDrill"}
    assert {row[1] for row in UNKNOWN_IDS.values()} == set(root.fields) - without_ids


@table(FOREIGN)
@pytest.mark.usefixtures("nothing_written")
async def test_what_is_foreign_answers_like_what_is_not_there(
    row: tuple[str, str, Json, str], world: World
) -> None:
    caller, mutation, given, prefix = row
    absent = {key: unnamed(value, prefix) for key, value in given.items()}
    foreign = await world.refusal(caller, mutation, given)
    assert foreign == await world.refusal(caller, mutation, absent)
    assert foreign["__typename"] == "NotFound"


def unnamed(value: object, prefix: str) -> object:
    """A value with every name of an object replaced by the id of nothing."""
    if isinstance(value, list):
        return [unnamed(one, prefix) for one in value]
    named = isinstance(value, str) and value.startswith("<")
    return f"<no {prefix}>" if named else value


def in_order(answer: Json) -> Json:
    """The answer with its errors in one order, as the subgraphs come back in any; and without the
    ids of the requests, which tell nothing of what was found."""
    errors = cast("list[Json]", answer.get("errors", []))
    for error in errors:
        cast("Json", error["extensions"]).pop("requestId")
    return {**answer, "errors": sorted(errors, key=json.dumps)}


@pytest.mark.parametrize("caller", ["another holder", "another issuer", "another verifier"])
async def test_a_foreign_credential_reads_like_one_that_is_not_there(
    caller: str, world: World
) -> None:
    query, client = wide_node("Credential", 1), world.callers[caller]
    foreign = in_order(await client.raw(query, {"id": world.names["credential"]}))
    absent = in_order(await client.raw(query, {"id": world.names["no cred"]}))
    named = json.dumps(foreign).replace(world.names["credential"], world.names["no cred"])
    assert json.loads(named) == absent


@pytest.mark.parametrize(
    "caller", ["holder", "issuer", "verifier", "regulator", "analyst", "nobody"]
)
@pytest.mark.usefixtures("nothing_written")
async def test_nobody_does_what_belongs_to_another_role(caller: str, world: World) -> None:
    for own, mutation, given, _ in UNKNOWN_IDS.values():
        if caller != own and caller not in bad_cases.ALSO.get(mutation, ()):
            answer = await world.refusal(caller, mutation, given)
            assert told(answer) == "Forbidden FORBIDDEN None", (mutation, answer)


def signed(stack: Stack, *, key: Any = None, algorithm: str = "EdDSA", **changed: object) -> str:
    """A holder's token as the issuer of tokens makes it, with some claims changed or left out."""
    folder = stack.deployment.data / "keys"
    own = read_signing_key((folder / "token-issuer.key.pem").read_bytes(), "the ceremony")
    now = int(time.time())
    claims: Json = {
        "iss": "credgraph-demo",
        "aud": "credgraph",
        "sub": "holder-1",
        "role": "HOLDER",
        "holder": new_id("hold"),
        "iat": now,
        "exp": now + 600,
    }
    kept = {name: value for name, value in (claims | changed).items() if value is not None}
    return jwt.encode(kept, own if key is None else key, algorithm=algorithm)


def tokens(stack: Stack) -> dict[str, str]:
    """Tokens that prove nothing, each with its fault."""
    good = signed(stack)
    head, body, signature = good.split(".")
    jwks = json.loads((stack.deployment.data / "keys" / "token-issuer.jwks.json").read_text())
    return {
        "expired": signed(stack, exp=int(time.time()) - 60),
        "without an end": signed(stack, exp=None),
        "not yet valid": signed(stack, nbf=int(time.time()) + 600),
        "for another audience": signed(stack, aud="somebody-else"),
        "for no audience": signed(stack, aud=None),
        "of another issuer": signed(stack, iss="somebody-else"),
        "signed by a stranger": signed(stack, key=Ed25519PrivateKey.generate()),
        "alg none": signed(stack, key="", algorithm="none"),
        "HMAC with the public key": signed(stack, key=jwks["keys"][0]["x"], algorithm="HS256"),
        "without a signature": f"{head}.{body}.",
        "with a bit of the signature flipped": f"{head}.{body}.{flipped(signature)}",
        "with another body": f"{head}.{signed(stack, role='REGULATOR').split('.')[1]}.{signature}",
        "nonsense": "a.b.c",
        "over-long": good + "A" * 10_000,
    }


def flipped(text_: str) -> str:
    return ("B" if text_[0] != "B" else "C") + text_[1:]


async def test_tokens_that_prove_nothing(stack: Stack, world: World) -> None:
    query = {"query": "{ me { id } }"}
    async with httpx.AsyncClient() as http:
        for fault, token in tokens(stack).items():
            headers = {"authorization": f"Bearer {token}"}
            answer = await http.post(stack.url, json=query, headers=headers)
            assert answer.status_code == 401, (fault, answer.text)
            (error,) = answer.json()["errors"]
            assert error["extensions"]["code"] == "UNAUTHENTICATED", (fault, error)
            assert token not in answer.text
        good = {"authorization": f"Bearer {signed(stack)}"}
        assert (await http.post(stack.url, json=query, headers=good)).status_code == 200


QUERIES: Final = {
    "no rows": ("holder", "{ auditEvents(first: 0) { totalCount } }", "FIRST_OUT_OF_RANGE"),
    "too many rows": ("holder", "{ auditEvents(first: 101) { totalCount } }", "FIRST_OUT_OF_RANGE"),
    "fewer than none": (
        "issuer",
        "{ issuedCredentials(first: -1) { totalCount } }",
        "FIRST_OUT_OF_RANGE",
    ),
    "no cursor": ("holder", '{ auditEvents(after: "x") { totalCount } }', "CURSOR_INVALID"),
    "an operator as a cursor": (
        "holder",
        '{ auditEvents(after: "{$ne: 1}") { totalCount } }',
        "CURSOR_INVALID",
    ),
    "an unknown field": ("holder", "{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
    "no GraphQL": ("holder", "{ me", "GRAPHQL_PARSE_FAILED"),
    "an operator for an id": ("holder", "{ node(id: {a: 1}) { id } }", "GRAPHQL_VALIDATION_FAILED"),
    "an unknown state": (
        "issuer",
        "{ issuedCredentials(state: GONE) { totalCount } }",
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "an unknown kind of event": (
        "holder",
        '{ auditEvents(filter: {kinds: ["GONE"]}) { totalCount } }',
        "EVENT_KIND_UNKNOWN",
    ),
}


@table(QUERIES)
async def test_ill_formed_reads(row: tuple[str, str, str], world: World) -> None:
    caller, query, code = row
    answer = await world.callers[caller].raw(query)
    (error,) = cast("list[Json]", answer["errors"])
    assert cast("Json", error["extensions"])["code"] == code, error


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(
            b'{"query": "{ me { id } }", "x": "' + b"y" * 1_100_000 + b'"}', 413, id="large"
        ),
        pytest.param(
            b'{"query": "{ node(id: \\"\\ud800\\") { id } }"}', 400, id="a lone surrogate"
        ),
        pytest.param(b"{", 400, id="no JSON"),
        pytest.param(b"[]", 400, id="a list"),
        pytest.param(b'{"query": 7}', 400, id="a number for a query"),
    ],
)
async def test_ill_formed_bodies(body: bytes, status: int, stack: Stack, world: World) -> None:
    async with httpx.AsyncClient() as http:
        answer = await http.post(
            stack.url, content=body, headers={"content-type": "application/json"}
        )
    assert answer.status_code == status, answer.text[:300]
    assert answer.json()["errors"][0]["extensions"]["code"], answer.text


@pytest.mark.parametrize(
    ("profile", "total", "outcome"),
    [
        pytest.param("EDGE", "2999999.99", "NOT_QUALIFIED", id="one fen short"),
        pytest.param("EXACT", "3000000.00", "QUALIFIED", id="to the fen"),
    ],
)
async def test_the_threshold_is_exact(profile: str, total: str, outcome: str, stack: Stack) -> None:
    """A total to the fen is well-formed, and decides to the fen."""
    async with journey_of(stack.deployment, profile=profile) as journey:
        await journey.to_credential()
        assert await shown_total(journey) == total
        verification = await total_presented(journey)
        assert text(verification, "qualification", "outcome") == outcome
        if outcome == "NOT_QUALIFIED":
            given = {"qualificationId": text(verification, "qualification", "id"), "product": "X"}
            answer = await refusal(journey.actors.verifier, "grantPermission", given)
            assert told(answer) == "ValidationFailed NOT_QUALIFIED qualificationId"


async def shown_total(journey: Journey) -> str:
    query = "query Total($id: ID!) { node(id: $id) { ... on Credential { total { amount } } } }"
    data = await journey.actors.holder.ask(query, {"id": journey.credential_id})
    return text(data, "node", "total", "amount")


async def total_presented(journey: Journey) -> Json:
    """The holder shows her total itself: a lower bound is in steps of ten thousand yuan."""
    await journey.bind_verifier_customer()
    await journey.ask_presentation()
    holder = journey.person.software
    given = {**CONSENT, "scope": {"claims": [model.TOTAL]}, "monitoringUntil": IN_A_MONTH}
    await journey.agree("USE")
    prepared = await mutate(journey.actors.holder, "prepare-consent", **given)
    signature = holder.sign_prepared(
        prepared["payload"],
        text(prepared, "payloadToSign"),
        asked={"purpose": PURPOSE, "grantedTo": institution_did(VERIFIER)},
    )
    done = await mutate(
        journey.actors.holder,
        "grant-consent",
        preparedId=prepared["preparedId"],
        holderSignature=signature.as_input(),
    )
    assert journey.held is not None
    presentation = holder.present(
        [show(journey.held, claims=[model.TOTAL])],
        grant=holder.grant(at(done, "consent", "document"), signature.face_assertion),
        receipt=journey.receipt,
        nonce=text(journey.request, "nonce"),
        audience=Did(text(journey.request, "audience")),
    )
    await journey.hand_in(presentation)
    return await journey.verify()
