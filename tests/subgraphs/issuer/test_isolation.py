"""One institution's request uses its own rows and its own key, and no query walks a collection."""

from collections.abc import AsyncIterator
from typing import Any

import pymongo
import pytest

from ledger_adapter.crypto.keys import load_private_key
from ledger_adapter.crypto.keystore import KeyId
from subgraphs.demo.pilot import GUOTAI_JUNAN, GUOTAI_JUNAN_FUTURES, HUAAN_FUND
from subgraphs.issuer.desk.clock import end_what_is_due
from subgraphs.kit.ids import InstitutionId, institution_id
from subgraphs.kit.keystore import NoKey, Signer, file_keys, key_id
from subgraphs.kit.viewer import Role
from tests.subgraphs.issuer.desk import OTHER, OWN, Desk
from tests.subgraphs.kit.gateway import Who, an_institution
from tests.subgraphs.kit.world import key_file

CREDENTIAL = """id vcHash state issuer { name } total { amount }
  endorsements { totalCount edges { node { effect credential { id } } } }"""
QUERIES: list[tuple[str, str, Who | None]] = [
    ("credential", f"query($id: ID!) {{ credential(id: $id) {{ {CREDENTIAL} }} }}", None),
    (
        "node",
        f"query($id: ID!) {{ node(id: $id) {{ ... on Credential {{ {CREDENTIAL} }} }} }}",
        None,
    ),
    ("me", "query { me { credentials { totalCount edges { node { id } } } } }", None),
    (
        "issued",
        "query { issuedCredentials(first: 3) { totalCount edges { node { id } } } }",
        OWN,
    ),
    (
        "issued by state",
        "query { issuedCredentials(state: ACTIVE) { totalCount edges { node { id } } } }",
        OWN,
    ),
    ("institutions", "query { institutions { totalCount edges { node { name } } } }", None),
    ("updates", "query { credentialRequestUpdateEvents { kind } }", OWN),
]


@pytest.fixture
async def profiled(desk: Desk, mongo_uri: str) -> AsyncIterator[Any]:
    """The issuer's database with every command recorded by the server."""
    with pymongo.MongoClient[dict[str, Any]](mongo_uri) as client:
        database = client[desk.world.settings.database("issuer")]
        database.command("profile", 2)
        yield database
        database.command("profile", 0)


async def test_no_step_and_no_query_walks_a_collection(desk: Desk, profiled: Any) -> None:
    person = await desk.customer()
    credential = await desk.active(person)
    await desk.do("revokeCredential", OWN, credentialId=credential, reasonCode="CHECKED")
    await end_what_is_due(desk.parts)
    await desk.settle()
    for _, document, who in QUERIES:
        variables: dict[str, object] = {"id": credential} if "$id" in document else {}
        answer = await desk.ask(document, variables, who=who or person.who)
        assert answer.errors == []

    commands = list(profiled["system.profile"].find({"ns": {"$not": {"$regex": "profile"}}}))
    walked = [
        (one["ns"], one.get("command"))
        for one in commands
        if "COLLSCAN" in one.get("planSummary", "") or one.get("hasSortStage")
    ]

    assert len(commands) > 50
    assert walked == []


async def test_a_list_of_entities_is_one_call_to_the_database(desk: Desk, profiled: Any) -> None:
    person = await desk.customer()
    ids = [await desk.request(person) for _ in range(4)]
    asked = """query($r: [_Any!]!) { _entities(representations: $r) {
      ... on Credential { state issuer { name } } } }"""
    references = [{"__typename": "Credential", "id": one} for one in [*ids, ids[0]]]
    profiled.command("profile", 0)
    profiled["system.profile"].drop()
    profiled.command("profile", 2)

    answer = await desk.ask(asked, {"r": references}, who=OWN)

    assert [one["state"] for one in answer.only("_entities")] == ["REQUESTED"] * 5
    found = profiled["system.profile"].find({"op": "query"})
    assert sorted(one["ns"].split(".")[1] for one in found) == ["credentials", "institutions"]


class Recording:
    """A signer that writes down whose key was asked for."""

    def __init__(self, inner: Signer) -> None:
        self.inner, self.asked = inner, list[InstitutionId]()

    async def sign(self, institution: InstitutionId, key_id: KeyId, message: bytes, /) -> bytes:
        self.asked.append(institution)
        return await self.inner.sign(institution, key_id, message)


async def test_a_request_of_one_institution_never_uses_anothers_key(desk: Desk) -> None:
    recording = Recording(file_keys(desk.world.settings))
    desk.use(keys=recording)
    futures = an_institution(Role.ISSUER, GUOTAI_JUNAN_FUTURES.uscc)
    person = await desk.customer()
    await desk.bind(person, who=futures)

    for who in (OWN, futures):
        credential = await desk.request(person, issuerId=who.institution)
        for name in ("compileCredentialDraft", "issueCredential"):
            recording.asked.clear()
            done = await desk.do(name, who, credentialId=credential)
            assert done["__typename"].endswith("Success")
            assert set(recording.asked) <= {who.institution}
        assert recording.asked == [who.institution]
        await desk.do("issueCredential", OTHER, credentialId=credential)
        assert recording.asked == [who.institution]


async def test_what_one_institution_signed_verifies_with_no_other_key(desk: Desk) -> None:
    stores = file_keys(desk.world.settings)
    keys = {
        one.uscc: load_private_key(key_file(desk.world.settings.keys, one)).public_key
        for one in (GUOTAI_JUNAN, HUAAN_FUND)
    }

    signature = await stores.sign(institution_id(GUOTAI_JUNAN.uscc), key_id(1), b"text")

    assert keys[GUOTAI_JUNAN.uscc].verify(b"text", signature)
    assert not keys[HUAAN_FUND.uscc].verify(b"text", signature)
    for unknown in (key_id(2), KeyId(f"../{institution_id(HUAAN_FUND.uscc)}/key-1")):
        with pytest.raises(NoKey):
            await stores.sign(institution_id(GUOTAI_JUNAN.uscc), unknown, b"text")
