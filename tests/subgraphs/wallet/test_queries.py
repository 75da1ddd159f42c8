"""Entities come in batches, and no query of the journey scans a collection."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from subgraphs.kit.ids import CredentialId, new_id
from subgraphs.wallet.store import ADDED, GRANTED, for_credential
from tests.subgraphs.wallet.purse import VERIFIER, Purse, a_person

ENTITIES = """query($r: [_Any!]!) { _entities(representations: $r) { __typename
  ... on Credential { id walletItem { label custody { state } } }
  ... on Holder { id did } ... on WalletItem { id state } ... on Consent { id purpose }
  ... on Institution { id name } ... on CustodyObject { id } } }"""


async def commands(purse: Purse, document: str, variables: dict[str, object], who: Any) -> int:
    """How many finds a request costs, by the server's own count."""
    server = purse.world.base.mongo.database("admin")

    async def count() -> int:
        status = await server.command("serverStatus")
        found: int = status["metrics"]["commands"]["find"]["total"]
        return found

    async def asked() -> int:
        before = await count()
        (await purse.ask(document, variables, who=who)).only("_entities")
        return await count() - before

    return min([await asked() for _ in range(3)])  # the sequencer reads now and then as well


async def test_a_hundred_credentials_cost_as_many_queries_as_one(purse: Purse) -> None:
    ann = await purse.registered()
    credentials = [await purse.activate(ann.id) for _ in range(3)]
    credentials += [new_id("cred") for _ in range(97)]

    async def cost(number: int) -> int:
        wanted = [{"__typename": "Credential", "id": one} for one in credentials[:number]]
        return await commands(purse, ENTITIES, {"r": wanted}, ann.who)

    assert await cost(100) <= await cost(1) + 1


async def test_entities_answer_in_the_order_asked_and_absent_ones_null(purse: Purse) -> None:
    ann = await purse.registered()
    credential = await purse.activate(ann.id)
    item = (await purse.item_of(credential, ann))["id"]
    consent = (await purse.granted(ann))["id"]
    asked = [
        ("Consent", consent),
        ("Consent", new_id("cons")),
        ("Holder", a_person("ben").id),
        ("Holder", ann.id),
        ("WalletItem", item),
        ("Credential", credential),
        ("Credential", new_id("cred")),
        ("Institution", str(VERIFIER.institution)),
        ("CustodyObject", new_id("cust")),
        ("Consent", "nonsense"),
    ]
    found = await purse.ask(
        ENTITIES,
        {"r": [{"__typename": kind, "id": id_} for kind, id_ in asked]},
        who=ann.who,
    )
    rows = found.only("_entities")
    assert [row and row["__typename"] for row in rows] == [
        *("Consent", None, None, "Holder", "WalletItem"),
        *("Credential", "Credential", "Institution", None, None),
    ]
    assert rows[3]["did"] == ann.software.did
    assert rows[5]["walletItem"]["label"] == "资产证明 2026-11-20"
    assert rows[6]["walletItem"] is None
    assert rows[7]["name"] == "财通基金管理有限公司"


async def test_no_query_scans_a_collection(purse: Purse) -> None:
    ann = await purse.registered()
    credential = await purse.activate(ann.id)
    await purse.granted(ann)
    scope = for_credential({"holder": ann.id}, CredentialId(credential))
    addressed = for_credential(
        {"holder": ann.id, "granted_to": VERIFIER.institution}, CredentialId(credential)
    )
    queries: list[tuple[str, Mapping[str, Any], Any]] = [
        ("root_dids", {"_id": {"$in": [ann.id]}}, None),
        ("root_dids", {"did_digest": "ab" * 32}, None),
        ("consents", {"_id": {"$in": [new_id("cons")]}}, None),
        ("consents", {"_id": new_id("cons"), "holder": ann.id}, None),
        ("consents", {"holder": ann.id}, GRANTED),
        ("consents", scope, GRANTED),
        ("consents", addressed, GRANTED),
        ("wallet_items", {"_id": {"$in": [new_id("witm")]}}, None),
        ("wallet_items", {"credential": {"$in": [credential]}}, None),
        ("wallet_items", {"holder": ann.id}, ADDED),
        ("custody", {"_id": {"$in": [new_id("cust")]}}, None),
        ("custody", {"holder": ann.id, "state": {"$in": ["STORED"]}}, None),
        ("custody", {"retry_at": {"$lte": datetime.now(UTC)}}, None),
        ("deletions", {"_id": {"$in": [new_id("drec")]}}, None),
        ("deletions", {"holder": ann.id}, None),
        ("cancellations", {"holder": ann.id}, None),
        (
            "consents",
            {"holder": ann.id, "state": "GRANTED", "valid_until": {"$gt": datetime.now(UTC)}},
            None,
        ),
        ("bindings", {"_id": {"$in": ["x|y|ISSUER"]}}, None),
        ("institutions", {"_id": {"$in": [VERIFIER.institution]}}, None),
        ("institutions", {"did": {"$in": ["did:credgraph:x"]}}, None),
        ("prepared", {"_id": "x", "holder": ann.id, "purpose": "consent", "used": False}, None),
    ]
    for collection, where, order in queries:
        find: dict[str, Any] = {"find": collection, "filter": dict(where)}
        if order is not None:
            find["sort"] = dict(order.sort)
        plan = await purse.world.base.database.command({"explain": find})
        stages = str(plan["queryPlanner"]["winningPlan"])
        assert "COLLSCAN" not in stages, (collection, where)
