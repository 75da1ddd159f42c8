"""What a DID resolves to, for whom, as of when, and where the log tells it."""

from __future__ import annotations

from typing import Any

from ledger_adapter.crypto.sm2 import PrivateKey
from subgraphs.demo.pilot import GUOTAI_JUNAN
from subgraphs.kit.ids import derived_id, institution_id
from subgraphs.kit.viewer import Role
from subgraphs.vc.did import institution_did
from subgraphs.vc.did_versions import salted_digest
from subgraphs.vc.encoding import from_base64url
from tests.subgraphs.kit.gateway import Who, an_institution
from tests.subgraphs.kit.world import SHARD
from tests.subgraphs.wallet.purse import Purse
from tests.subgraphs.wallet.test_rotation import rotated

VERSION = "number at document signedVersion digest salt event { id }"
RESOLVE = f"""query($did: DID!, $at: DateTime) {{ resolveDid(did: $did, versionTime: $at) {{
  did asOfSequence version {{ {VERSION} }} newest {{ {VERSION} }} }} }}"""
ISSUER = an_institution(Role.ISSUER, GUOTAI_JUNAN.uscc)


async def resolved(purse: Purse, did: str, who: Who, at: str | None = None) -> dict[str, Any]:
    answer = await purse.ask(RESOLVE, {"did": did, "at": at}, who=who)
    found: dict[str, Any] = answer.only("resolveDid")
    return found


async def test_an_institutions_document_is_everybodys(purse: Purse) -> None:
    did = institution_did(institution_id(GUOTAI_JUNAN.uscc))
    anybody = Who(role=Role.ANALYST)
    found = await resolved(purse, did, anybody)
    assert found["version"] == found["newest"]
    assert found["version"]["document"]["id"] == did
    registered = (await purse.events("INSTITUTION_REGISTERED"))[0]
    assert registered.envelope.body["did"] == did
    event = derived_id("aevt", SHARD, str(registered.position.index))
    assert found["version"]["event"]["id"] == event
    assert found["asOfSequence"] >= registered.position.index


async def test_a_person_as_of_before_and_after_her_change_of_key(purse: Purse) -> None:
    before = await purse.registered()
    first = (await purse.ask("query { me { did } }", who=before.who)).only("me")["did"]
    person = await rotated(purse, before, PrivateKey.generate())
    await purse.settle()

    now = await resolved(purse, first, person.who)
    newest = now["version"]
    assert (newest["number"], now["newest"]["number"]) == (2, 2)
    assert newest["document"]["verificationMethod"][0]["id"] == f"{first}#key-2"
    (told,) = await purse.events("ROOT_DID_CHANGED")
    salt = from_base64url(newest["salt"])
    digest = salted_digest(salt, newest["signedVersion"])
    assert digest == newest["digest"] == told.envelope.body["documentDigest"]
    assert newest["event"]["id"] == derived_id("aevt", SHARD, str(told.position.index))

    registered = (await purse.events("ROOT_DID_REGISTERED"))[-1]
    then = await resolved(purse, first, person.who, registered.envelope.at.isoformat())
    assert (then["version"]["number"], then["newest"]["number"]) == (1, 2)
    assert then["version"]["digest"] == registered.envelope.body["documentDigest"]


async def test_who_may_not_see_it_gets_the_answer_of_no_did(purse: Purse) -> None:
    person = await purse.registered()
    did = (await purse.ask("query { me { did } }", who=person.who)).only("me")["did"]
    await purse.settle()
    other = (await purse.registered("bea")).who
    unknown = "did:credgraph:nobodyatall"
    answers = [
        (await purse.ask(RESOLVE, {"did": asked, "at": None}, who=who)).codes
        for who in (other, ISSUER, Who(role=Role.ANALYST))
        for asked in (did, unknown)
    ]
    assert answers == [["NOT_FOUND"]] * 6
    await purse.bind(person.id, ISSUER, "ISSUER")
    await purse.settle()
    assert (await resolved(purse, did, ISSUER))["version"]["number"] == 1


async def test_before_the_first_version_there_is_no_document(purse: Purse) -> None:
    person = await purse.registered()
    did = (await purse.ask("query { me { did } }", who=person.who)).only("me")["did"]
    asked = {"did": did, "at": "2020-01-01T00:00:00Z"}
    assert (await purse.ask(RESOLVE, asked, who=person.who)).codes == ["NOT_FOUND"]
