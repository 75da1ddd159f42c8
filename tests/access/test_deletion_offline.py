"""A deletion receipt is checked by whoever holds it, with files alone."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from subgraphs.demo.client import Client
from subgraphs.demo.operations import operation
from subgraphs.holder.__main__ import main
from tests.access.world import World, a_copy, ask
from tests.e2e.callers import journey_of

ASK = """query($id: ID!) { node(id: $id) { ... on DeletionReceipt { document
  chainProof { checkpoint { treeSize } bundle }
  custodian { trustRegistration { chainProof { bundle } } } } } }"""

DEPOSIT = """mutation($input: DepositToCustodyInput!) { depositToCustody(input: $input) {
  __typename } }"""


async def files(world: World, folder: Path) -> tuple[Path, Path, Path]:
    """Receipt, proof and registration as a holder keeps them."""
    receipt, proof, registration = (folder / name for name in ("receipt", "proof", "registration"))
    async with asyncio.timeout(30):
        while True:
            asked = {"id": world.ids["DeletionReceipt"]}
            found: Any = await ask(world.stack.url, ASK, asked, world.token("holder"))
            node = found["data"]["node"]
            registered = node["custodian"]["trustRegistration"]["chainProof"]["bundle"]
            if node["chainProof"]["bundle"] and registered:
                break
            await asyncio.sleep(0.2)
    receipt.write_text(json.dumps(node["document"]))
    proof.write_text(node["chainProof"]["bundle"])
    registration.write_text(registered)
    return receipt, proof, registration


def checked(world: World, *given: Path) -> int:
    trust = world.stack.deployment.data / "trust.json"
    return main(["verify-deletion", *map(str, given), "--trust", str(trust)])


async def test_it_holds_with_files_alone(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    receipt, proof, registration = await files(world, tmp_path)
    assert checked(world, receipt, proof, registration) == 0
    said = capsys.readouterr().out
    assert "is gone" in said
    assert "3 replicas erased" in said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("replicasErased", 2),
        ("object", "urn:credgraph:cust_00000000000000000000000001"),
        ("keyDestroyedAt", "2020-01-01T00:00:00Z"),
        ("custodian", "did:credgraph:x"),
        ("more", 1),
    ],
)
async def test_a_changed_receipt_does_not(
    world: World, tmp_path: Path, name: str, value: object
) -> None:
    receipt, proof, registration = await files(world, tmp_path)
    receipt.write_text(json.dumps(json.loads(receipt.read_text()) | {name: value}))
    assert checked(world, receipt, proof, registration) == 1


async def test_other_proofs_do_not(world: World, tmp_path: Path) -> None:
    receipt, proof, registration = await files(world, tmp_path)
    assert checked(world, receipt, registration, registration) == 1
    assert checked(world, receipt, proof, proof) == 1
    proof.write_text(proof.read_text().replace("A", "B", 1))
    assert checked(world, receipt, proof, registration) == 1


async def test_the_example_that_cancels_takes_the_copy_with_it(world: World) -> None:
    """Q4: from the file of the examples, with her own signature, and followed by the issuer."""
    async with journey_of(world.stack.deployment) as journey:
        await journey.to_credential()
        await journey.agree("CUSTODY")
        holder, id_ = journey.actors.holder, journey.credential_id
        item = await item_of(holder, id_)
        sent = {"input": {"walletItemId": item, "ciphertext": a_copy()}}
        await holder.ask(DEPOSIT, sent)
        signature = journey.person.software.cancel(id_).as_input()
        asked = {"input": {"id": id_, "signature": signature}}
        done: Any = await holder.ask(operation("cancel-credential"), asked)
        custody = done["cancelCredential"]["credential"]["walletItem"]["custody"]
        assert (custody["state"], custody["deletionReceipt"]["replicasErased"]) == ("DELETED", 3)
        await until_cancelled(holder, id_)


async def item_of(holder: Client, credential: str) -> str:
    """The wallet's item, once the wallet has heard of the credential."""
    query = "query($id: ID!) { node(id: $id) { ... on Credential { walletItem { id } } } }"
    async with asyncio.timeout(30):
        while True:
            found: Any = await holder.ask(query, {"id": credential})
            if found["node"]["walletItem"]:
                return str(found["node"]["walletItem"]["id"])
            await asyncio.sleep(0.1)


async def until_cancelled(holder: Client, credential: str) -> None:
    """The issuer's word on it follows the log."""
    query = "query($id: ID!) { node(id: $id) { ... on Credential { state } } }"
    async with asyncio.timeout(30):
        while True:
            found: Any = await holder.ask(query, {"id": credential})
            if found["node"]["state"] == "CANCELLED":
                return
            await asyncio.sleep(0.1)
