"""Chain proofs through the graph: what they carry, and that they hold without this server."""

import json

import pytest

from ledger_adapter.verify import verify_bundle
from subgraphs.kit.ids import new_id
from tests.subgraphs.audit.desk import ANALYST, ISSUER, REGULATOR, Case, Desk
from tests.subgraphs.kit.gateway import NOBODY

pytestmark = pytest.mark.asyncio(loop_scope="module")

ANN, BEN = Case("ann"), Case("ben")
PROOF = """anchorState trust log { id origin alg shard } entry leafHash leafIndex treeSize path
  checkpoint { treeSize root time bytes signatures { keyId kind value } }
  anchors { kind } opening verified bundle"""
CREDENTIAL = (
    f"query($id: ID!) {{ node(id: $id) {{ ... on Credential {{ chainProof {{ {PROOF} }} }} }} }}"
)


async def test_a_proof_is_whole_and_verifies_offline(told: Desk) -> None:
    node = (await told.ask(CREDENTIAL, {"id": ANN.id("cred")}, who=ANN.who)).only("node")
    proof = node["chainProof"]
    assert (proof["anchorState"], proof["trust"]) == ("CHECKPOINTED", "SELF")
    assert proof["verified"] is True
    assert proof["treeSize"] == proof["checkpoint"]["treeSize"]
    assert proof["anchors"] == []
    verdict = verify_bundle(proof["bundle"].encode(), told.trust)
    assert verdict.envelope == proof["opening"]["envelope"]
    assert proof["opening"]["envelope"]["subjects"][0] == ANN.id("cred")
    assert json.loads(proof["bundle"])["leafHash"] == proof["leafHash"]


async def test_without_sight_of_the_event_its_proof_is_that_of_an_unknown_id(told: Desk) -> None:
    for who in (BEN.who, ANALYST, NOBODY):
        hidden, unknown = [
            (await told.ask(CREDENTIAL, {"id": id_}, who=who)).only("node")
            for id_ in (ANN.id("cred"), new_id("cred"))
        ]
        assert hidden["chainProof"] is None
        assert hidden == unknown


async def test_every_anchored_entity_has_its_proof(told: Desk) -> None:
    prefixes = {
        "Credential": ("cred", "CREDENTIAL_ACTIVATED"),
        "Consent": ("cons", "CONSENT_GRANTED"),
        "Presentation": ("pres", "PRESENTATION_SUBMITTED"),
        "Qualification": ("qual", "QUALIFICATION_DECIDED"),
    }
    selection = " ".join(
        f"... on {name} {{ chainProof {{ opening verified }} }}" for name in prefixes
    )
    found = await told.entities(
        [{"__typename": name, "id": ANN.id(prefix)} for name, (prefix, _) in prefixes.items()],
        selection,
        REGULATOR,
    )
    kinds = [entity["chainProof"]["opening"]["envelope"]["kind"] for entity in found]
    assert kinds == [kind for _, kind in prefixes.values()]
    assert all(entity["chainProof"]["verified"] for entity in found)
    (endorsement,) = await told.entities(
        [{"__typename": "Endorsement", "id": str(ANN.endorsed().subjects[1])}],
        "... on Endorsement { chainProof { leafIndex } }",
        REGULATOR,
    )
    assert endorsement["chainProof"] is not None


async def test_what_was_never_logged_has_no_proof(told: Desk) -> None:
    other = Case("never")
    found = await told.entities(
        [{"__typename": "Credential", "id": other.id("cred")}],
        "... on Credential { id chainProof { leafHash } timeline { edges { cursor } } }",
        REGULATOR,
    )
    assert found == [{"id": other.id("cred"), "chainProof": None, "timeline": {"edges": []}}]


async def test_the_trust_register_is_public_and_proved(told: Desk) -> None:
    answer = await told.ask(
        """{ trustRegister(first: 100) { edges { node { id did publicKeyMultibase roles
        participation since sequence institution { id name kind uscc did }
        chainProof { verified opening } } } } treeHead { treeSize signatures { keyId } } }""",
        who=NOBODY,
    )
    nodes = [edge["node"] for edge in answer.only("trustRegister")["edges"]]
    mine = next(node for node in nodes if node["id"] == ISSUER)
    assert mine["publicKeyMultibase"].startswith("z")
    assert mine["institution"]["did"] == mine["did"]
    opened = mine["chainProof"]["opening"]["envelope"]["body"]
    assert opened["publicKeyMultibase"] == mine["publicKeyMultibase"]
    assert all(node["chainProof"]["verified"] for node in nodes)
    assert int(answer.data["treeHead"]["treeSize"]) > 0


async def test_an_institution_carries_its_registration(told: Desk) -> None:
    (known, unknown) = await told.entities(
        [
            {"__typename": "Institution", "id": ISSUER},
            {"__typename": "Institution", "id": Case("none").id("inst")},
        ],
        "... on Institution { id name did trustRegistration { sequence } }",
        NOBODY,
    )
    assert known["trustRegistration"]["sequence"] >= 0
    assert (unknown["did"], unknown["trustRegistration"]) == (None, None)


async def test_an_event_names_actor_subjects_and_digest(told: Desk) -> None:
    answer = await told.ask(
        """{ auditEvents(filter: {kinds: ["CREDENTIAL_ACTIVATED"]}) { edges { node {
        id sequence actor { id name } subjects at payloadHash } } } }""",
        who=ANN.who,
    )
    (edge,) = answer.only("auditEvents")["edges"]
    node = edge["node"]
    assert node["actor"]["id"] == ISSUER
    assert node["actor"]["name"]
    assert node["subjects"] == [ANN.id("cred"), ANN.id("hold")]
    assert node["payloadHash"].startswith("sm3:")
    (again,) = await told.entities(
        [{"__typename": "AuditEvent", "sequence": node["sequence"]}],
        "... on AuditEvent { id }",
        ANN.who,
    )
    assert again == {"id": node["id"]}
