"""Denials are counted by client, field and minute, leave by a mutation in the gateway's own name,
and reach the regulator and nobody else."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gateway.access.denials import OTHERS, AccessSink, Denial, Denials
from gateway.auth.context import ContextRules
from gateway.auth.context import ContextTokens as MintedTokens
from gateway.auth.signing import read_signing_key
from gateway.config import load_settings
from gateway.server.denied import flush, sink_of
from gateway.server.wiring import Gateway, build_gateway
from gateway.spec.names import SubgraphName
from subgraphs.kit.viewer import ContextTokens, Unauthenticated, load_public_key
from tests.access.asking import context_token
from tests.access.test_matrix import subgraph_url
from tests.access.world import ROLES, World, ask

CODES = ("FORBIDDEN", "UNAUTHORIZED_FIELD_OR_TYPE")
NOON = 1_800_000_000 // 60 * 60
READ = "{ accessDenials(first: 100) { edges { node { client field code minute count } } } }"
TELL = "mutation($denials: [AccessDenialInput!]!) { recordAccessDenials(denials: $denials) }"
TOLD = {"client": "x", "field": "y", "code": "FORBIDDEN", "minute": NOON, "count": 1}


def error(*path: str | int, code: str = "FORBIDDEN") -> dict[str, object]:
    return {"message": "no", "path": list(path), "extensions": {"code": code}}


def test_a_minute_of_one_client_and_field_is_one_line() -> None:
    denials = Denials(CODES, ("role", "institution"))
    bank = {"sub": "ann", "role": "ISSUER", "institution": "one", "secret": "x"}
    for second, place in ((1, 0), (2, 7), (59, "@")):
        denials.note(bank, error("list", place, "total"), NOON + second)
    denials.note(bank, error("list", code="NOT_FOUND"), NOON + 5)
    denials.note(bank, {"message": "without extensions"}, NOON + 5)
    denials.note({}, error("me", code="UNAUTHORIZED_FIELD_OR_TYPE"), NOON + 61)
    assert denials.taken(NOON + 59) == []
    assert denials.taken(NOON + 60) == [
        Denial(client="ISSUER one", field="list.total", code="FORBIDDEN", minute=NOON, count=3)
    ]
    assert [each.client for each in denials.taken(NOON + 120)] == [""]
    assert len(denials) == 0


def test_a_flood_of_names_costs_the_room_and_no_more() -> None:
    denials = Denials(CODES, room=3)
    for number in range(1000):
        denials.note({"sub": f"s{number}" * 500}, error(f"alias{number}"), NOON)
    assert len(denials) == 4
    taken = denials.taken(NOON + 60)
    assert sum(each.count for each in taken) == 1000
    assert max(len(each.client) for each in taken) <= 200
    assert {each.client for each in taken if each.count > 1} == {OTHERS}


@dataclass
class Sink:
    """Takes batches while it is well."""

    well: bool = True
    taken: list[Denial] = field(default_factory=list)

    async def write(self, denials: Sequence[Denial], /) -> bool:
        if self.well:
            self.taken.extend(denials)
        return self.well


async def test_what_a_sink_does_not_take_is_kept_and_counted_on() -> None:
    denials, sink = Denials(CODES), Sink(well=False)
    for _ in range(2):
        denials.note({"sub": "ann"}, error("total"), NOON)
        await flush(denials, sink, NOON + 60)
    assert sink.taken == []
    sink.well = True
    kept: AccessSink = sink
    await flush(denials, kept, NOON + 60)
    assert [each.count for each in sink.taken] == [2]
    assert len(denials) == 0


async def test_a_refusal_at_the_door_reaches_the_regulator(world: World) -> None:
    """From the answer of a running gateway's parts to the list the regulator reads."""
    gateway = _gateway(world)
    told = gateway.settings.auth.denials
    assert told is not None
    assert gateway.denials is not None
    claims = world.claims["issuer"]
    for second in (1, 2, 3):
        gateway.denials.note(claims, error("acceptances"), NOON + second)
    try:
        await flush(gateway.denials, sink_of(told, gateway.client), NOON + 60)
    finally:
        gateway.client.close()
    assert len(gateway.denials) == 0, "the subgraph took them"
    answer: Any = await ask(world.stack.url, READ, {}, world.token("regulator"))
    nodes = [edge["node"] for edge in answer["data"]["accessDenials"]["edges"]]
    (mine,) = (node for node in nodes if node["minute"].startswith("2027-01-15"))
    assert (mine["client"], mine["field"]) == (f"ISSUER {claims['institution']}", "acceptances")
    assert (mine["code"], mine["count"]) == ("FORBIDDEN", 3)


@pytest.mark.parametrize("role", [role for role in ROLES if role != "regulator"])
async def test_nobody_else_reads_them(world: World, role: str) -> None:
    answer: Any = await ask(world.stack.url, READ, {}, world.token(role))
    assert answer["data"]["accessDenials"] is None
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"


@pytest.mark.parametrize("role", ROLES)
async def test_no_client_tells_denials(world: World, role: str) -> None:
    """Not through the gateway, where the mutation isn't there, and not beside it."""
    given: Mapping[str, object] = {"denials": [TOLD]}
    answer: Any = await ask(world.stack.url, TELL, given, world.token(role))
    assert "data" not in answer
    token = context_token(world, "audit", {**world.claims[role], "own": True, "gateway": True})
    answer = await ask(subgraph_url(world, "audit"), TELL, given, token)
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_a_token_of_the_gateways_own_is_nobodys_login(world: World) -> None:
    """It reads nothing that is not everybody's, and is good for one subgraph."""
    keys = world.stack.deployment.data / "keys"
    public = load_public_key((keys / "gateway-context.pub.pem").read_bytes())
    token = _own_token(world)
    seen = ContextTokens(public_key=public, issuer="credgraph-gateway", audience="audit")
    assert seen.viewer(f"Bearer {token}").gateway
    other = ContextTokens(public_key=public, issuer="credgraph-gateway", audience="wallet")
    with pytest.raises(Unauthenticated):
        other.viewer(f"Bearer {token}")
    answer: Any = await ask(subgraph_url(world, "audit"), READ, {}, token)
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"


def _gateway(world: World) -> Gateway:
    """A second gateway of the same settings, whose parts lie open."""
    environment = world.stack.deployment.environment()
    return build_gateway(load_settings(Path(environment["CREDGRAPH_CONFIG"]), environment))


def _own_token(world: World) -> str:
    key = read_signing_key(
        (world.stack.deployment.data / "keys" / "gateway-context.key.pem").read_bytes(), "key"
    )
    rules = ContextRules(issuer="credgraph-gateway", claims=())
    return MintedTokens(key, rules, now=time.time, unique=lambda: "1").own_token(
        SubgraphName("audit")
    )
