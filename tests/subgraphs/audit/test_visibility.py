"""Who may see which event: the table of the domain, asked through the real app."""

import pytest

from subgraphs.audit import policy
from subgraphs.demo.pilot import INSTITUTIONS
from subgraphs.kit.viewer import ANONYMOUS, Role, Viewer
from tests.subgraphs.audit.desk import (
    ANALYST,
    ISSUER,
    ISSUER_DESK,
    OTHER_DESK,
    REGULATOR,
    STRANGER,
    VERIFIER,
    VERIFIER_DESK,
    Case,
    Desk,
)
from tests.subgraphs.kit.gateway import NOBODY, Who, a_holder

pytestmark = pytest.mark.asyncio(loop_scope="module")

ANN, BEN = Case("ann"), Case("ben")
PUBLIC = ["INSTITUTION_REGISTERED"] * len(INSTITUTIONS)
LIST = "{ auditEvents(first: 100) { totalCount edges { node { kind subjects } } } }"
TIMELINE = """query($id: ID!) { node(id: $id) { ... on Credential {
  chainProof { leafHash opening }
  timeline(last: 50) { totalCount edges { node { kind } } } } } }"""

OWN = [kind.kind for kind in ANN.whole()]
OF_ISSUER = ["CREDENTIAL_REQUESTED", "CREDENTIAL_ACTIVATED", "CREDENTIAL_ENDORSED"]
OF_VERIFIER = [kind for kind in OWN if kind != "CREDENTIAL_REQUESTED"]


@pytest.mark.parametrize(
    ("who", "kinds"),
    [
        pytest.param(ANN.who, OWN, id="a holder sees her own"),
        pytest.param(ISSUER_DESK, OF_ISSUER * 2, id="an issuer sees what names it"),
        pytest.param(VERIFIER_DESK, OF_VERIFIER * 2, id="an accepting verifier sees changes"),
        pytest.param(OTHER_DESK, [], id="another verifier sees none"),
        pytest.param(a_holder(), [], id="another holder sees none"),
        pytest.param(ANALYST, [], id="an analyst sees none"),
        pytest.param(NOBODY, [], id="the public sees none"),
        pytest.param(REGULATOR, OWN * 2, id="the regulator sees all"),
    ],
)
async def test_events_by_viewer(told: Desk, who: Who, kinds: list[str]) -> None:
    listed = (await told.ask(LIST, who=who)).only("auditEvents")
    found = [edge["node"]["kind"] for edge in listed["edges"]]
    assert sorted(found) == sorted(kinds + PUBLIC)
    assert listed["totalCount"] == len(found)


@pytest.mark.parametrize(
    ("who", "kinds"),
    [
        pytest.param(ANN.who, [k for k in OWN if k[:4] in {"CRED", "PRES"}], id="holder"),
        pytest.param(ISSUER_DESK, OF_ISSUER, id="issuer"),
        pytest.param(
            VERIFIER_DESK,
            [kind for kind in OF_VERIFIER if kind[:4] in {"CRED", "PRES"}],
            id="verifier",
        ),
        pytest.param(BEN.who, [], id="another holder"),
        pytest.param(OTHER_DESK, [], id="another verifier"),
        pytest.param(NOBODY, [], id="the public"),
    ],
)
async def test_a_timeline_by_viewer(told: Desk, who: Who, kinds: list[str]) -> None:
    node = (await told.ask(TIMELINE, {"id": ANN.id("cred")}, who=who)).only("node")
    assert [edge["node"]["kind"] for edge in node["timeline"]["edges"]] == kinds
    assert node["timeline"]["totalCount"] == len(kinds)
    assert (node["chainProof"] is not None) == bool(kinds)
    assert not kinds or node["chainProof"]["opening"] is not None


async def test_an_unknown_and_a_hidden_event_answer_alike(told: Desk) -> None:
    listed = await told.ask(
        '{ auditEvents(filter: {kinds: ["CONSENT_GRANTED"]}) { edges { node { id } } } }',
        who=ANN.who,
    )
    hidden = listed.only("auditEvents")["edges"][0]["node"]["id"]
    for id_ in (hidden, Case("nobody").id("aevt"), "cred_nonsense"):
        answer = await told.ask(
            "query($id: ID!) { auditEvent(id: $id) { kind } }", {"id": id_}, who=BEN.who
        )
        assert answer.data == {"auditEvent": None}
        assert answer.codes == ["NOT_FOUND"]
        assert answer.errors[0]["message"] == "event not found"
    node = await told.ask(
        "query($id: ID!) { node(id: $id) { id ... on AuditEvent { kind subjects at } } }",
        {"id": hidden},
        who=BEN.who,
    )
    assert node.only("node") == {"id": hidden, "kind": None, "subjects": None, "at": None}
    (slot,) = await told.entities(
        [{"__typename": "AuditEvent", "id": hidden}], "... on AuditEvent { kind }", BEN.who
    )
    assert slot is None


@pytest.mark.parametrize(
    ("viewer", "names"),
    [
        pytest.param(ANONYMOUS, ("*",), id="nobody"),
        pytest.param(Viewer(role=Role.HOLDER), ("*",), id="a holder without id"),
        pytest.param(Viewer(role=Role.ISSUER), ("*",), id="an institution without id"),
        pytest.param(
            Viewer(role=Role.ANALYST, institution=ISSUER), ("*",), id="an analyst of an institution"
        ),
        pytest.param(Viewer(role=Role.VERIFIER, institution=VERIFIER), ("*", VERIFIER), id="desk"),
    ],
)
async def test_what_a_viewer_is_looked_up_by(viewer: Viewer, names: tuple[str, ...]) -> None:
    assert policy.names_of(viewer) == names
    assert not policy.sees_all(viewer)


async def test_acceptance_shares_only_what_the_issuer_did() -> None:
    shared = policy.viewers_of("CREDENTIAL_ENDORSED", [ANN.id("cred")], [ISSUER], [STRANGER])
    kept = policy.viewers_of("CREDENTIAL_REQUESTED", [ANN.id("cred")], [ISSUER], [STRANGER])
    assert shared == {ISSUER, STRANGER}
    assert kept == {ISSUER}
