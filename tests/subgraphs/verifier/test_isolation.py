"""Who sees what through the graph: other verifiers' things answer like ids that do not exist."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from subgraphs import verifier
from subgraphs.kit.ids import new_id
from subgraphs.kit.viewer import Role
from tests.subgraphs.kit.gateway import Who
from tests.subgraphs.kit.world import Person
from tests.subgraphs.verifier.counter import ISSUER, OTHER, OWN, REGULATOR, Counter, Paper, present

pytestmark = pytest.mark.asyncio(loop_scope="module")

ANALYST, NOBODY = Who(role=Role.ANALYST), Who()
OWN_AS_ISSUER = Who(role=Role.ISSUER, institution=OWN.institution)
STRANGER = Who(role=Role.HOLDER, holder=new_id("hold"))
FIELDS = {
    "PresentationRequest": "state nonce",
    "Presentation": "state items { credentialId }",
    "Verification": "result checks { kind }",
    "Qualification": "outcome ruleSet",
    "Acceptance": "state vcHash observedState",
    "BusinessPermission": "state product",
    "SupplementRequest": "state dueAt",
}
PREFIX = {
    "PresentationRequest": "preq",
    "Presentation": "pres",
    "Verification": "veri",
    "Qualification": "qual",
    "Acceptance": "accp",
    "BusinessPermission": "perm",
    "SupplementRequest": "supp",
}


class Story:
    """One customer's whole story, and the ids of everything in it."""

    def __init__(self, person: Person, paper: Paper, ids: dict[str, str], endorsement: str) -> None:
        self.person, self.paper, self.ids, self.endorsement = person, paper, ids, endorsement


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def story(shared_counter: Counter) -> Story:
    counter = shared_counter
    person = await counter.customer("ann")
    paper, grant = await counter.paper(person), await counter.grant(person)
    await counter.settle()
    request = await counter.request(person)
    submitted = await counter.submit(person, request, present(person, request, [paper], grant))
    verification = (await counter.verify(submitted))["verification"]
    permission = (await counter.permitted(verification))["permission"]
    endorsement = await counter.endorse(person, paper, "REDUCED")
    await counter.settle()
    (supplement,) = await counter.parts.store.supplements.where({"holder": person.id})
    ids = {
        "PresentationRequest": request["id"],
        "Presentation": submitted["presentation"]["id"],
        "Verification": verification["id"],
        "Qualification": verification["qualification"]["id"],
        "Acceptance": verification["acceptances"][0]["id"],
        "BusinessPermission": permission["id"],
        "SupplementRequest": supplement.id,
    }
    return Story(person, paper, ids, endorsement)


def viewer(name: str, story: Story) -> Who:
    return {
        "holder": story.person.who,
        "verifier": OWN,
        "regulator": REGULATOR,
        "other verifier": OTHER,
        "other holder": STRANGER,
        "issuer": ISSUER,
        "own house as issuer": OWN_AS_ISSUER,
        "analyst": ANALYST,
        "nobody": NOBODY,
    }[name]


SEEING = ("holder", "verifier", "regulator")
BLIND = ("other verifier", "other holder", "issuer", "own house as issuer", "analyst", "nobody")


async def entity(counter: Counter, kind: str, id_: str, who: Who) -> Any:
    answer = await counter.ask(
        f"query($r: [_Any!]!) {{ _entities(representations: $r) {{ "
        f"... on {kind} {{ {FIELDS[kind]} }} }} }}",
        {"r": [{"__typename": kind, "id": id_}]},
        who=who,
    )
    return answer.only("_entities")[0]


@pytest.mark.parametrize("kind", FIELDS)
@pytest.mark.parametrize("name", SEEING)
async def test_those_concerned_see_it(
    shared_counter: Counter, story: Story, kind: str, name: str
) -> None:
    found = await entity(shared_counter, kind, story.ids[kind], viewer(name, story))
    assert all(value is not None for value in found.values())


@pytest.mark.parametrize("kind", FIELDS)
@pytest.mark.parametrize("name", BLIND)
async def test_for_others_it_is_like_an_unknown_id(
    shared_counter: Counter, story: Story, kind: str, name: str
) -> None:
    who = viewer(name, story)
    unknown = new_id(PREFIX[kind])
    for id_ in (story.ids[kind], unknown):
        assert await entity(shared_counter, kind, id_, who) is None
        answer = await shared_counter.ask(
            f"query($id: ID!) {{ node(id: $id) {{ __typename id "
            f"... on {kind} {{ {FIELDS[kind]} }} }} }}",
            {"id": id_},
            who=who,
        )
        found = answer.only("node")
        assert (found.pop("__typename"), found.pop("id")) == (kind, id_)
        assert set(found.values()) == {None}


@pytest.mark.parametrize("name", BLIND)
@pytest.mark.parametrize(
    ("field", "kind"),
    [("presentation", "Presentation"), ("presentationRequest", "PresentationRequest")],
)
async def test_root_fields_tell_foreign_and_unknown_alike(
    shared_counter: Counter, story: Story, name: str, field: str, kind: str
) -> None:
    document = f"query($id: ID!) {{ {field}(id: $id) {{ id }} }}"
    who = viewer(name, story)
    answers = [
        await shared_counter.ask(document, {"id": id_}, who=who)
        for id_ in (story.ids[kind], new_id(PREFIX[kind]))
    ]
    assert [(a.data, a.codes) for a in answers] == [({field: None}, ["NOT_FOUND"])] * 2
    assert answers[0].errors[0]["message"] == answers[1].errors[0]["message"]


USES = """query($c: ID!, $e: ID!, $h: ID!) {
  credential: node(id: $c) { ... on Credential {
    presentations { edges { node { id } } totalCount } acceptances { edges { node { id } } } } }
  endorsement: node(id: $e) { ... on Endorsement { impacts { edges { node { state } } } } }
  holder: node(id: $h) { ... on Holder { qualifications { totalCount }
    permissions { totalCount } tasks { totalCount } } } }"""


@pytest.mark.parametrize("name", SEEING)
async def test_where_a_proof_was_shown(shared_counter: Counter, story: Story, name: str) -> None:
    variables = {"c": story.paper.id, "e": story.endorsement, "h": story.person.id}
    answer = await shared_counter.ask(USES, variables, who=viewer(name, story))
    credential = answer.only("credential")
    assert credential["presentations"] == {
        "edges": [{"node": {"id": story.ids["Presentation"]}}],
        "totalCount": 1,
    }
    assert credential["acceptances"]["edges"] == [{"node": {"id": story.ids["Acceptance"]}}]
    impacts = answer.data["endorsement"]["impacts"]["edges"]
    assert impacts == [{"node": {"state": "SUPPLEMENT_REQUESTED"}}]
    assert [part["totalCount"] for part in answer.data["holder"].values()] == [1, 1, 1]


@pytest.mark.parametrize("name", ["issuer", "own house as issuer", "analyst", "nobody"])
@pytest.mark.parametrize("known", [True, False], ids=["a known id", "an unknown id"])
async def test_roles_without_a_part_in_it_are_refused_before_any_id(
    shared_counter: Counter, story: Story, name: str, known: bool
) -> None:
    variables = {"c": story.paper.id, "e": story.endorsement, "h": story.person.id}
    if not known:
        variables = {"c": new_id("cred"), "e": new_id("endo"), "h": new_id("hold")}
    answer = await shared_counter.ask(USES, variables, who=viewer(name, story))
    assert set(answer.codes) == {"FORBIDDEN"}
    assert len(answer.codes) == 6
    assert answer.data["credential"] == {"presentations": None, "acceptances": None}


async def test_another_verifier_finds_empty_lists(shared_counter: Counter, story: Story) -> None:
    variables = {"c": story.paper.id, "e": story.endorsement, "h": story.person.id}
    answer = await shared_counter.ask(USES, variables, who=OTHER)
    assert answer.only("credential")["presentations"] == {"edges": [], "totalCount": 0}
    assert answer.data["endorsement"]["impacts"]["edges"] == []
    assert {part["totalCount"] for part in answer.data["holder"].values()} == {0}


CONTENT = """query($id: ID!) { presentation(id: $id) { items {
  total { amount } lowerBound { amount } lines { category } vcHash issuer { name uscc } state }
  verification { qualification { reasons { shown shortBy required } } } } }"""


async def test_the_regulator_sees_facts_but_no_disclosed_amount(
    shared_counter: Counter, story: Story
) -> None:
    variables = {"id": story.ids["Presentation"]}
    own = (await shared_counter.ask(CONTENT, variables, who=OWN)).only("presentation")
    assert own["items"][0]["total"] == {"amount": "3200000.00"}
    assert own["items"][0]["issuer"]["uscc"] == "9131000063159284XQ"
    assert own["verification"]["qualification"]["reasons"][0]["shown"] == "3200000.00"
    answer = await shared_counter.ask(CONTENT, variables, who=REGULATOR)
    item = answer.data["presentation"]["items"][0]
    assert set(answer.codes) == {"FORBIDDEN"}
    assert (item["total"], item["lines"], item["lowerBound"]) == (None, None, None)
    assert (item["vcHash"], item["state"]) == (story.paper.vc_hash, "ACTIVE")
    reason = answer.data["presentation"]["verification"]["qualification"]["reasons"][0]
    assert reason == {"shown": None, "shortBy": None, "required": "3000000.00"}


LISTENER = "query($id: ID!) { node(id: $id) { ... on Institution { listener { lag } } } }"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        pytest.param("verifier", True, id="itself"),
        pytest.param("regulator", True, id="the regulator"),
        pytest.param("other verifier", False, id="another verifier"),
        pytest.param("holder", False, id="a holder"),
        pytest.param("own house as issuer", False, id="its own issuer desk"),
    ],
)
async def test_who_sees_how_a_verifier_listens(
    shared_counter: Counter, story: Story, name: str, told: bool
) -> None:
    who = viewer(name, story)
    answer = await shared_counter.ask(LISTENER, {"id": OWN.institution}, who=who)
    assert answer.codes == ([] if told else ["FORBIDDEN"])
    assert answer.data["node"]["listener"] == ({"lag": 0} if told else None)


@pytest.mark.parametrize(
    ("mutation", "arguments"),
    [
        ("bindCustomer", {"customerNo": "CUST-x", "did": "did:credgraph:x"}),
        ("createPresentationRequest", {"customerNo": "CUST-x", "ruleSet": "X", "purpose": "X"}),
        ("verifyPresentation", {"presentationId": new_id("pres")}),
        ("grantPermission", {"qualificationId": new_id("qual"), "product": "X"}),
        ("submitPresentation", {"requestId": new_id("preq"), "presentation": {}}),
    ],
)
@pytest.mark.parametrize("name", ["issuer", "regulator", "analyst", "nobody", "wrong side"])
async def test_who_may_not_do_it_is_refused(
    shared_counter: Counter, story: Story, mutation: str, arguments: dict[str, Any], name: str
) -> None:
    wrong = OWN if mutation == "submitPresentation" else story.person.who
    who = wrong if name == "wrong side" else viewer(name, story)
    refused = await shared_counter.do(mutation, who, **arguments)
    assert (refused["__typename"], refused["code"]) == ("Forbidden", "FORBIDDEN")


async def test_foreign_ids_in_mutations_are_unknown_ids(
    shared_counter: Counter, story: Story
) -> None:
    ids = story.ids
    for presentation in (ids["Presentation"], new_id("pres"), "nonsense", ""):
        refused = await shared_counter.do("verifyPresentation", OTHER, presentationId=presentation)
        assert (refused["code"], refused["field"]) == ("NOT_FOUND", "presentationId")
    for qualification in (ids["Qualification"], new_id("qual")):
        refused = await shared_counter.do(
            "grantPermission", OTHER, qualificationId=qualification, product="X"
        )
        assert (refused["code"], refused["field"]) == ("NOT_FOUND", "qualificationId")
    for request in (ids["PresentationRequest"], new_id("preq")):
        refused = await shared_counter.do(
            "submitPresentation", STRANGER, requestId=request, presentation={}
        )
        assert (refused["code"], refused["field"]) == ("NOT_FOUND", "requestId")


async def test_this_subgraph_knows_no_way_to_another() -> None:
    imported = set()
    for path in Path(verifier.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Import():
                    imported |= {alias.name for alias in node.names}
                case ast.ImportFrom():
                    imported.add(str(node.module))
    outward = {"httpx", "websockets", "socket", "urllib", "aiohttp", "subgraphs.issuer"}
    assert not {name for name in imported if name.split(".")[0] in outward or name in outward}
