"""Allow-lists at the subgraph: who sets them, with which step-up, what the log learns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeAlias

from ledger_adapter.port import EntryIndex, Envelope
from subgraphs.audit.allow_list import MOST_NETWORKS, digest_of, read_networks
from subgraphs.audit.kept.allow_lists import AllowLists, Network
from tests.subgraphs.audit.desk import (
    ANALYST,
    ISSUER_DESK,
    OTHER_DESK,
    REGULATOR,
    VERIFIER,
    VERIFIER_DESK,
    Case,
    Desk,
)
from tests.subgraphs.kit.gateway import NOBODY, Who

SET: Final = """mutation($input: SetAllowListInput!) { setAllowList(input: $input) { __typename
  ... on SetAllowListSuccess { allowList { version networks { network bastion } } }
  ... on DomainError { code message } ... on ValidationFailed { field } } }"""
READ: Final = """query($id: ID!) { allowList(institutionId: $id) {
  version networks { network bastion } } }"""
EVENTS: Final = """{ auditEvents(filter: {kinds: ["ALLOW_LIST_CHANGED"]}) {
  edges { node { subjects } } } }"""
Places: TypeAlias = Sequence[Mapping[str, Any]]
PLACES: Final[Places] = [{"network": "2001:db8::/32"}, {"network": "10.1.0.0/16", "bastion": True}]


def bound(version: int, places: Places, institution: str = VERIFIER) -> str:
    networks = read_networks([(one["network"], one.get("bastion", False)) for one in places])
    return digest_of(institution, version, networks)


def stepped_up(version: int, places: Places, institution: str = VERIFIER) -> Who:
    """The regulator, with a token issued for this list."""
    return with_claims(step_up=True, bound_to=bound(version, places, institution))


def with_claims(who: Who = REGULATOR, **further: object) -> Who:
    return replace(who, further=further)


async def logged(desk: Desk) -> list[Envelope]:
    """All that is on the log."""
    size = await desk.parts.ledger.size()
    return [one.envelope for one in await desk.parts.ledger.read(EntryIndex(0), size)]


async def put(desk: Desk, who: Who, version: int = 0, places: Any = PLACES, **more: object) -> Any:
    given = {"institutionId": VERIFIER, "expectedVersion": version, "networks": places, **more}
    return (await desk.ask(SET, {"input": given}, who=who)).only("setAllowList")


async def test_a_list_is_set_read_and_told(desk: Desk) -> None:
    await desk.tell(*Case("ann").whole())
    done = await put(desk, stepped_up(0, PLACES))
    shown = {
        "version": 1,
        "networks": [
            {"network": "10.1.0.0/16", "bastion": True},
            {"network": "2001:db8::/32", "bastion": False},
        ],
    }
    assert done["allowList"] == shown
    for who in (REGULATOR, VERIFIER_DESK):
        assert (await desk.ask(READ, {"id": VERIFIER}, who=who)).only("allowList") == shown
    for who in (ISSUER_DESK, OTHER_DESK, ANALYST, NOBODY):
        assert (await desk.ask(READ, {"id": VERIFIER}, who=who)).only("allowList") is None
    await desk.tell()
    for who in (REGULATOR, VERIFIER_DESK):
        found = (await desk.ask(EVENTS, who=who)).only("auditEvents")["edges"]
        assert [edge["node"]["subjects"] for edge in found] == [[VERIFIER]]
    assert (await desk.ask(EVENTS, who=ISSUER_DESK)).only("auditEvents")["edges"] == []
    (envelope,) = [one for one in await logged(desk) if one.kind == "ALLOW_LIST_CHANGED"]
    assert set(envelope.body) == {"version", "listDigest", "role", "by"}
    told = str(dict(envelope.body))
    assert not any(text in told for text in ("10.1", "2001:db8", REGULATOR.subject))


async def test_the_next_list_takes_the_place_of_the_one_it_names(desk: Desk) -> None:
    await desk.tell(*Case("ann").whole())
    await put(desk, stepped_up(0, PLACES))
    again = await put(desk, stepped_up(0, []), places=[])
    assert (again["code"], again["field"]) == ("LIST_HAS_CHANGED", "expectedVersion")
    done = await put(desk, stepped_up(1, []), 1, [])
    assert done["allowList"] == {"version": 2, "networks": []}


async def test_a_step_up_is_for_one_list(desk: Desk) -> None:
    """None, one for another list, one for another institution, one not marked as a step-up."""
    await desk.tell(*Case("ann").whole())
    wanted = bound(0, PLACES)
    bad: list[Who] = [
        REGULATOR,
        stepped_up(0, PLACES[:1]),
        stepped_up(1, PLACES),
        stepped_up(0, [{**PLACES[0], "bastion": True}, PLACES[1]]),
        stepped_up(0, PLACES, "inst_00000000000000000000000001"),
        with_claims(step_up=False, bound_to=wanted),
        with_claims(bound_to=wanted),
        with_claims(step_up=True, bound_to=[wanted]),
    ]
    for who in bad:
        answer = await put(desk, who)
        assert (answer["__typename"], answer["code"]) == ("Forbidden", "STEP_UP_REQUIRED")
        assert wanted in answer["message"], "it says what to step up to"
    assert (await desk.ask(READ, {"id": VERIFIER}, who=REGULATOR)).only("allowList") is None


async def test_nobody_else_sets_one(desk: Desk) -> None:
    for who in (VERIFIER_DESK, ISSUER_DESK, ANALYST, NOBODY):
        answer = await put(desk, with_claims(who, step_up=True, bound_to=bound(0, PLACES)))
        assert answer["code"] == "FORBIDDEN"


ILL: Final[Mapping[str, tuple[list[str], str]]] = {
    "host bits": (["10.1.0.1/16"], "NETWORK_INVALID networks[0].network"),
    "no network": (["10.0.0.0/8", "x"], "NETWORK_INVALID networks[1].network"),
    "everywhere": (["0.0.0.0/0"], "NETWORK_TOO_WIDE networks[0].network"),
    "everywhere of IPv6": (["::/0"], "NETWORK_TOO_WIDE networks[0].network"),
    "IPv4 hidden in IPv6": (["::ffff:10.0.0.0/104"], "NETWORK_INVALID networks[0].network"),
    "twice, spelled otherwise": (
        ["10.1.0.0/16", "10.1.0.0/255.255.0.0"],
        "VALIDATION_FAILED networks[1].network",
    ),
    "too many": (
        [f"10.0.{number}.0/24" for number in range(MOST_NETWORKS + 1)],
        "NETWORKS_TOO_MANY networks",
    ),
}


async def test_ill_lists_are_named(desk: Desk) -> None:
    for what, (places, wanted) in ILL.items():
        answer = await put(desk, REGULATOR, places=[{"network": text} for text in places])
        assert f"{answer['code']} {answer['field']}" == wanted, what


async def test_what_is_kept_is_what_gateways_are_told(desk: Desk) -> None:
    await desk.tell(*Case("ann").whole())
    lists: AllowLists = desk.parts.allow_lists
    assert await lists.all() == []
    await put(desk, stepped_up(0, PLACES))
    (row,) = await lists.all()
    assert row.networks[0] == Network(network="10.1.0.0/16", bastion=True)


async def test_only_a_gateway_reads_all(desk: Desk) -> None:
    answer = await desk.ask("{ perimeter { institutionId } }", who=REGULATOR)
    assert answer.codes == ["FORBIDDEN"]
