"""One root DID a person, however often and from wherever she asks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ledger_adapter.crypto.sm2 import PrivateKey
from subgraphs.demo.pilot import ZHENGTONG
from subgraphs.holder.holder import Holder
from subgraphs.kit.errors import Busy
from subgraphs.kit.identity import HttpIdentityProvider
from subgraphs.kit.ids import institution_id
from subgraphs.kit.mongo import Database, Mongo, create_indexes
from subgraphs.simulators.identity import INDEXES, Register, identity_app
from subgraphs.vc.did import institution_did, method_id
from subgraphs.vc.encoding import to_base64url
from subgraphs.vc.receipt import parse_receipt, verify_receipt

KEY = PrivateKey.generate()
PROVIDER = institution_id(ZHENGTONG.uscc)


@pytest.fixture
async def database(mongo_uri: str, mongo_database: str) -> AsyncIterator[Database]:
    mongo = Mongo(mongo_uri)
    found = mongo.database(mongo_database)
    await create_indexes(found, INDEXES)
    yield found
    await mongo.close()


@pytest.fixture
async def provider(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    register = Register(database, institution=PROVIDER, key=KEY)
    app = identity_app(register, health=lambda: database.command("ping"))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://identity") as client:
        yield client


def asked(holder: Holder, document: str = "TEST-ann", **changed: object) -> dict[str, object]:
    request = holder.registration(document)
    return {
        "identityDocument": document,
        "publicKeyMultibase": request.public_key_multibase,
        "proofOfPossession": request.proof_of_possession,
        "payload": to_base64url(request.payload),
        "faceAssertion": request.face_assertion.as_json(),
        **changed,
    }


async def register(provider: httpx.AsyncClient, body: dict[str, object]) -> httpx.Response:
    return await provider.post("/registrations", json=body)


async def test_a_person_gets_a_signed_receipt(provider: httpx.AsyncClient) -> None:
    ann = Holder(PrivateKey.generate())

    done = await register(provider, asked(ann))
    receipt = parse_receipt(done.json()["receipt"])

    assert (done.status_code, done.json()["created"]) == (201, True)
    assert receipt.did == ann.did
    method = method_id(institution_did(PROVIDER))
    assert verify_receipt(receipt, method=method, key=KEY.public_key).ok


async def test_a_second_registration_finds_the_first(provider: httpx.AsyncClient) -> None:
    first = await register(provider, asked(Holder(PrivateKey.generate())))

    again = await register(provider, asked(Holder(PrivateKey.generate())))

    assert (again.status_code, again.json()["created"]) == (200, False)
    assert again.json()["receipt"] == first.json()["receipt"]


async def test_who_only_knows_the_document_learns_nothing(provider: httpx.AsyncClient) -> None:
    await register(provider, asked(Holder(PrivateKey.generate())))
    guess = asked(Holder(PrivateKey.generate()), proofOfPossession="z1")

    refused = await register(provider, guess)

    assert (refused.status_code, "receipt" in refused.json()) == (422, False)


async def test_of_many_devices_at_once_one_founds_the_root_did(provider: httpx.AsyncClient) -> None:
    bodies = [asked(Holder(PrivateKey.generate())) for _ in range(6)]

    done = await asyncio.gather(*[register(provider, body) for body in bodies])

    assert sorted(one.status_code for one in done) == [200] * 5 + [201]
    assert len({one.json()["receipt"]["did"] for one in done}) == 1


async def test_a_key_founds_one_root_did_only(provider: httpx.AsyncClient) -> None:
    ann = Holder(PrivateKey.generate())
    await register(provider, asked(ann, "TEST-ann"))

    stolen = await register(provider, asked(ann, "TEST-eve"))

    assert (stolen.status_code, stolen.json()["code"]) == (409, "KEY_ALREADY_REGISTERED")


async def test_no_identity_document_is_stored(
    provider: httpx.AsyncClient, database: Database
) -> None:
    await register(provider, asked(Holder(PrivateKey.generate()), "TEST-secret-ann"))

    rows = await database["registrations"].find({}).to_list(None)

    assert len(rows) == 1
    assert "secret-ann" not in str(rows)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        pytest.param(
            {"identityDocument": "310101199001011234"},
            "IDENTITY_DOCUMENT_INVALID",
            id="a real document",
        ),
        pytest.param({"identityDocument": None}, "IDENTITY_DOCUMENT_INVALID", id="no document"),
        pytest.param({"identityDocument": "TEST-eve"}, "VALIDATION_FAILED", id="another person's"),
        pytest.param({"proofOfPossession": "z1"}, "KEY_INVALID", id="no proof of possession"),
        pytest.param({"publicKeyMultibase": "zzz"}, "KEY_INVALID", id="no key"),
        pytest.param({"payload": "e30"}, "VALIDATION_FAILED", id="an empty payload"),
        pytest.param({"payload": 7}, "VALIDATION_FAILED", id="a number for a payload"),
        pytest.param({"faceAssertion": {}}, "VALIDATION_FAILED", id="no face"),
        pytest.param({"faceAssertion": None}, "JSON_INVALID", id="nothing for a face"),
    ],
)
async def test_what_is_refused(
    provider: httpx.AsyncClient, database: Database, changed: dict[str, Any], code: str
) -> None:
    refused = await register(provider, asked(Holder(PrivateKey.generate()), **changed))

    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert await database["registrations"].count_documents({}) == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"{", 422, id="no JSON"),
        pytest.param(b"[]", 422, id="a list"),
        pytest.param(b'{"a":1,"a":2}', 422, id="a key twice"),
        pytest.param(b" " * 70_000, 413, id="too much"),
    ],
)
async def test_an_ill_body_is_refused(
    provider: httpx.AsyncClient, body: bytes, status: int
) -> None:
    assert (await provider.post("/registrations", content=body)).status_code == status


async def test_a_face_of_another_moment_is_refused(provider: httpx.AsyncClient) -> None:
    ann = Holder(PrivateKey.generate())
    body = asked(ann)
    other = ann.registration("TEST-ann").face_assertion.as_json()

    refused = await register(provider, {**body, "faceAssertion": other})

    assert refused.json()["code"] == "FACE_OTHER_PAYLOAD"


async def test_a_match_takes_did_and_document_together(provider: httpx.AsyncClient) -> None:
    ann = Holder(PrivateKey.generate())
    await register(provider, asked(ann))

    for did, document, matched in [
        (ann.did, "TEST-ann", True),
        (ann.did, "TEST-bob", False),
        ("did:credgraph:other", "TEST-ann", False),
    ]:
        answer = await provider.post("/matches", json={"did": did, "identityDocument": document})
        assert answer.json()["matched"] is matched
        assert (answer.json()["receipt"] is not None) is matched


async def test_a_provider_that_is_away_is_told_as_try_again(tmp_path: Path) -> None:
    away = HttpIdentityProvider("http://127.0.0.1:1")

    with pytest.raises(Busy) as refused:
        await away.match("did:credgraph:x", "TEST-x")
    await away.close()

    assert refused.value.code == "IDENTITY_PROVIDER_UNAVAILABLE"
