"""One holder's whole story in a running system, and everybody who may ask about it."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

import httpx

from subgraphs.audit.allow_list import digest_of, read_networks
from subgraphs.demo.journey import Journey
from subgraphs.demo.pilot import (
    CAITONG_FUND,
    GUOTAI_JUNAN,
    GUOTAI_JUNAN_FUTURES,
    HUAAN_FUND,
    PilotInstitution,
)
from subgraphs.kit.ids import institution_id, new_id, type_of
from subgraphs.vc.encoding import to_base64url
from subgraphs.vc.sealed_copy import seal_parts
from tests.e2e.callers import journey_of, token_of
from tests.kit.stack import Stack

ROLES: Final = (
    *("holder", "other_holder", "issuer", "other_issuer", "verifier", "other_verifier"),
    *("regulator", "analyst", "nobody"),
)
_TRIES: Final = 80
_SHARED: Final = ("Institution", "CredentialSchema")


_FOUND: Final = """query Found($id: ID!, $holder: ID!) {
  issuer: node(id: $id) { ... on Credential { schema { id }
    endorsements { edges { node { id impacts { edges { node { id } } } } } } } }
  holder: node(id: $holder) { ... on Holder {
    qualifications { edges { node { id verification { id presentation { id request { id } } } } } }
    permissions { edges { node { id } } }
    tasks { edges { node { id } } }
    consents { edges { node { id } } }
    walletItems { edges { node { id custody { id } } } } } }
  events: auditEvents(first: 100) { edges { node { id kind } } }
}"""
_DEPOSIT: Final = """mutation Deposit($input: DepositToCustodyInput!) {
  depositToCustody(input: $input) {
    __typename ... on DepositToCustodySuccess { custody { id } } } }"""
_GIVE_UP: Final = """mutation GiveUp($input: PrepareCustodyWithdrawalInput!) {
  prepareCustodyWithdrawal(input: $input) { ... on PrepareCustodyWithdrawalSuccess {
    preparedId payload payloadToSign } } }"""
_TAKE_OUT: Final = """mutation TakeOut($input: WithdrawFromCustodyInput!) {
  withdrawFromCustody(input: $input) { __typename ... on WithdrawFromCustodySuccess {
    custody { deletionReceipt { id } } } } }"""
CHANNELS: Final = """mutation Channels($input: NameComplaintChannelsInput!) {
  nameComplaintChannels(input: $input) { __typename } }"""
LEAVE: Final = """mutation Leave($input: RequestUserExitInput!) {
  requestUserExit(input: $input) {
    __typename ... on RequestUserExitSuccess { exit { id } } } }"""
_BEGIN: Final = """mutation Begin($input: StartExitInput!) {
  startExit(input: $input) { __typename ... on StartExitSuccess { exit { id } } } }"""
COMPLAIN: Final = """mutation Complain($input: FileComplaintInput!) {
  fileComplaint(input: $input) {
    __typename ... on FileComplaintSuccess { complaint { id } } } }"""
_OPERATE: Final = """mutation Operate($i: ReportIncidentInput!, $d: PlanDrillInput!) {
  reportIncident(input: $i) { ... on ReportIncidentSuccess { incident { id } } }
  planDrill(input: $d) { ... on PlanDrillSuccess { drill { id } } } }"""
_DENY: Final = """mutation Deny($input: OpenDisputeInput!) {
  openDispute(input: $input) { ... on OpenDisputeSuccess { dispute { id } } } }"""
_LIST: Final = """mutation Let($input: SetAllowListInput!) {
  setAllowList(input: $input) { __typename } }"""
_LISTED: Final = "query Listed($id: ID!) { allowList(institutionId: $id) { version } }"
_ITEMS: Final = "{ me { walletItems { edges { node { id } } } } }"


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """`ids` name one object of each node type; `claims` are what each role's token says;
    `foreign` are the ids of another holder's story with the same institutions; `leaving` is the
    exit of the verifier, begun and told to nobody."""

    stack: Stack
    ids: Mapping[str, str]
    claims: Mapping[str, Mapping[str, object]]
    did: str = ""
    leaving: str = ""
    foreign: frozenset[str] = frozenset()

    def token(self, role: str) -> str | None:
        """A client token; nobody has none."""
        claims = self.claims[role]
        return (
            token_of(self.stack.deployment, str(claims["role"]).lower(), **claims)
            if claims
            else None
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Houses:
    """Where a story takes place."""

    issuer: PilotInstitution = GUOTAI_JUNAN
    verifier: PilotInstitution = CAITONG_FUND


async def tell(stack: Stack, *, with_stranger: bool = False, houses: Houses | None = None) -> World:
    """Play the story to its end: shown, relied on, reduced, kept by a custodian. `with_stranger`:
    somebody else has played it before."""
    there = houses or Houses()
    foreign = frozenset[str]()
    if with_stranger:
        told = await tell(stack)
        foreign = frozenset(told.ids.values()) - {told.ids[name] for name in _SHARED}
    async with journey_of(
        stack.deployment, issuer=there.issuer, verifier=there.verifier
    ) as journey:
        claims = _claims(journey.person.holder_id, there)
        world = World(stack=stack, ids={}, claims=claims)
        await journey.to_permission()
        await journey.endorse_reduction()
        await journey.agree("CUSTODY")
        receipt = await _taken_out(world, journey, await _deposit(world))
        await _deposit(world)
        ids = await _settled(world, journey)
    ids["DeletionReceipt"] = receipt
    ids["Complaint"] = await _complained(world)
    ids["ExitCase"] = await _left(world)
    await _operated(world)
    ids["Dispute"] = await _denied(world, ids["Presentation"])
    await _let_in(world)
    ids["PresentationRequest"] = str(journey.request["id"])
    ids["Institution"] = str(world.claims["verifier"]["institution"])
    assert {type_of(id_) for id_ in ids.values()} == set(ids)
    did = journey.person.software.did
    leaving = await _begun(world)
    return replace(world, ids=ids, did=did, foreign=foreign, leaving=leaving)


def _claims(holder: str, there: Houses) -> dict[str, Mapping[str, object]]:
    def of(role: str, institution: PilotInstitution) -> Mapping[str, object]:
        return {"role": role, "institution": institution_id(institution.uscc)}

    return {
        "holder": {"role": "HOLDER", "holder": holder},
        "other_holder": {"role": "HOLDER", "holder": new_id("hold")},
        "issuer": of("ISSUER", there.issuer),
        "other_issuer": of("ISSUER", HUAAN_FUND),
        "verifier": of("VERIFIER", there.verifier),
        "other_verifier": of("VERIFIER", GUOTAI_JUNAN_FUTURES),
        "regulator": {"role": "REGULATOR"},
        "analyst": {"role": "ANALYST"},
        "nobody": {},
    }


def a_copy() -> str:
    """Something sealed in parts, each time anew, as `ciphertext`."""
    return to_base64url(seal_parts(bytes(16), [b"copy"], secrets.token_bytes))


async def _deposit(world: World) -> str:
    """A copy with the custodian; its id."""
    token, url = world.token("holder"), world.stack.url
    found = await ask(url, _ITEMS, {}, token)
    (edge,) = found["data"]["me"]["walletItems"]["edges"]
    sent = {"walletItemId": edge["node"]["id"], "ciphertext": a_copy()}
    told = (await ask(url, _DEPOSIT, {"input": sent}, token))["data"]["depositToCustody"]
    assert told["__typename"] == "DepositToCustodySuccess", told
    return str(told["custody"]["id"])


async def _taken_out(world: World, journey: Journey, custody: str) -> str:
    """The copy erased at its holder's wish; the receipt's id."""
    token, url = world.token("holder"), world.stack.url
    asked = await ask(url, _GIVE_UP, {"input": {"custodyId": custody}}, token)
    ready = asked["data"]["prepareCustodyWithdrawal"]
    payload, to_sign = ready["payload"], ready["payloadToSign"]
    signature = journey.person.software.sign_prepared(payload, to_sign, asked={})
    sent = {"preparedId": ready["preparedId"], "holderSignature": signature.as_input()}
    told = (await ask(url, _TAKE_OUT, {"input": sent}, token))["data"]["withdrawFromCustody"]
    return str(told["custody"]["deletionReceipt"]["id"])


async def _complained(world: World) -> str:
    url, verifier = world.stack.url, str(world.claims["verifier"]["institution"])
    named = {"channels": [{"kind": "APP", "address": "Help"}]}
    await ask(url, CHANNELS, {"input": named}, world.token("verifier"))
    sent = {"institutionId": verifier, "channel": "APP", "text": "Why was it suspended?"}
    told = await ask(url, COMPLAIN, {"input": sent}, world.token("holder"))
    return str(told["data"]["fileComplaint"]["complaint"]["id"])


async def _left(world: World) -> str:
    told = await ask(world.stack.url, LEAVE, {"input": {}}, world.token("holder"))
    return str(told["data"]["requestUserExit"]["exit"]["id"])


async def _operated(world: World) -> None:
    """The verifier has an incident, and a drill to hold."""
    incident = {"title": "A witness is away", "part": "WITNESS", "severity": "MINOR"}
    drill = {"scenario": "NETWORK_CUT", "dueAt": "2030-01-01T00:00:00+08:00"}
    told = await ask(
        world.stack.url, _OPERATE, {"i": incident, "d": drill}, world.token("verifier")
    )
    assert told["data"]["reportIncident"]["incident"], told
    assert told["data"]["planDrill"]["drill"], told


async def _begun(world: World) -> str:
    """The verifier's own exit: this one, or one that a story before began."""
    url, token = world.stack.url, world.token("verifier")
    sent = {"scope": "PARTICIPANT", "trigger": "WISH"}
    told = (await ask(url, _BEGIN, {"input": sent}, token))["data"]["startExit"]
    if told["__typename"] == "StartExitSuccess":
        return str(told["exit"]["id"])
    found = await ask(url, "{ exits { edges { node { id } } } }", {}, token)
    return str(found["data"]["exits"]["edges"][0]["node"]["id"])


async def _denied(world: World, presentation: str) -> str:
    sent = {"subjectId": presentation, "ground": "USE_DENIED"}
    told = await ask(world.stack.url, _DENY, {"input": sent}, world.token("holder"))
    return str(told["data"]["openDispute"]["dispute"]["id"])


async def _let_in(world: World) -> None:
    """The verifier has an allow-list, where it has none yet: this machine."""
    url, verifier = world.stack.url, str(world.claims["verifier"]["institution"])
    known = await ask(url, _LISTED, {"id": verifier}, world.token("regulator"))
    if known["data"]["allowList"] is None:
        told = await let_in(world.stack, verifier, 0, {"127.0.0.0/8": True})
        assert told["data"]["setAllowList"]["__typename"] == "SetAllowListSuccess", told


async def let_in(
    stack: Stack, institution: str, version: int, networks: Mapping[str, bool]
) -> dict[str, Any]:
    """The regulator sets an allow-list, by network whether staff come from there, with a token
    issued for it."""
    kept = read_networks(list(networks.items()))
    sent = {
        "institutionId": institution,
        "expectedVersion": version,
        "networks": [{"network": one.network, "bastion": one.bastion} for one in kept],
    }
    bound = digest_of(institution, version, kept)
    token = token_of(stack.deployment, "regulator", step_up=True, bound_to=bound)
    return await ask(stack.url, _LIST, {"input": sent}, token)


async def _settled(world: World, journey: Journey) -> dict[str, str]:
    """The ids, once every follower has seen the end of the story."""
    variables = {"id": journey.credential_id, "holder": journey.person.holder_id}
    for _ in range(_TRIES):
        told = await ask(world.stack.url, _FOUND, variables, world.token("holder"))
        try:
            return _ids(told["data"], journey)
        except (StopIteration, RuntimeError, TypeError, IndexError):
            await asyncio.sleep(0.25)
    raise AssertionError("the story did not reach its end")


def _ids(data: Any, journey: Journey) -> dict[str, str]:
    holder = data["holder"]
    endorsement, qualification, permission, task, consent, item = (
        next(edge["node"] for edge in connection["edges"])
        for connection in (
            data["issuer"]["endorsements"],
            *(holder[name] for name in ("qualifications", "permissions", "tasks")),
            *(holder[name] for name in ("consents", "walletItems")),
        )
    )
    presented = qualification["verification"]
    events = {edge["node"]["kind"]: edge["node"]["id"] for edge in data["events"]["edges"]}
    return {
        "Credential": journey.credential_id,
        "Holder": journey.person.holder_id,
        "CredentialSchema": data["issuer"]["schema"]["id"],
        "Endorsement": endorsement["id"],
        "Acceptance": endorsement["impacts"]["edges"][0]["node"]["id"],
        "Qualification": qualification["id"],
        "Verification": presented["id"],
        "Presentation": presented["presentation"]["id"],
        "BusinessPermission": permission["id"],
        "SupplementRequest": task["id"],
        "Consent": consent["id"],
        "WalletItem": item["id"],
        "CustodyObject": item["custody"]["id"],
        "AuditEvent": events["CREDENTIAL_ACTIVATED"],
    }


class Asking:
    """One client for many questions of one test."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def ask(
        self, url: str, query: str, variables: Mapping[str, object], token: str | None
    ) -> dict[str, Any]:
        """The body of one answer."""
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        sent = {"query": query, "variables": dict(variables)}
        answer = await self._http.post(url, json=sent, headers=headers)
        body: dict[str, Any] = answer.json()
        return body


@asynccontextmanager
async def client() -> AsyncIterator[Asking]:
    async with httpx.AsyncClient(timeout=30, verify=False) as http:
        yield Asking(http)


async def ask(
    url: str, query: str, variables: Mapping[str, object], token: str | None
) -> dict[str, Any]:
    """One question by itself."""
    async with client() as http:
        return await http.ask(url, query, variables, token)
