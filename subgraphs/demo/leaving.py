"""Chapter: the customer takes her consent back, and what is left of her afterwards."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final, cast

import httpx

from subgraphs.demo.answers import at, items, raise_refusal, text
from subgraphs.demo.attacks import NotRefused
from subgraphs.demo.client import Client, Json
from subgraphs.demo.deployment import HOST, ROOT, DemoError, Deployment
from subgraphs.demo.dump import dump_of, traces
from subgraphs.demo.journey import Journey
from subgraphs.demo.listening import Listener
from subgraphs.demo.operations import operation
from subgraphs.demo.story import Story
from subgraphs.vc.encoding import to_base64url

PATIENCE_SECONDS: Final = 40.0
_REFUSED: Final = "__typename ... on DomainError { code message }"
_DEPOSIT: Final = f"""mutation Deposit($input: DepositToCustodyInput!) {{
  depositToCustody(input: $input) {{ {_REFUSED}
    ... on DepositToCustodySuccess {{ custody {{ id state replicas ciphertextHash }} }} }} }}"""
_PREPARE: Final = f"""mutation PrepareWithdrawal($input: PrepareConsentWithdrawalInput!) {{
  prepareConsentWithdrawal(input: $input) {{ {_REFUSED}
    ... on PrepareConsentWithdrawalSuccess {{ preparedId payload payloadToSign }} }} }}"""
_WITHDRAW: Final = f"""mutation Withdraw($input: WithdrawConsentInput!) {{
  withdrawConsent(input: $input) {{ {_REFUSED}
    ... on WithdrawConsentSuccess {{ consent {{ id state withdrawnAt }} }} }} }}"""
_ITEM: Final = "query Item($id: ID!) { node(id: $id) { ... on Credential { walletItem { id } } } }"
_COPY: Final = """query Copy($id: ID!) { node(id: $id) { ... on CustodyObject { state
  deletionReceipt { replicasErased keyDestroyedAt deletedAt document
    chainProof { bundle } custodian { trustRegistration { chainProof { bundle } } } } } } }"""
_READ: Final = "query Read($id: ID!) { node(id: $id) { ... on CustodyObject { ciphertext } } }"
_HEARD_AFTER: Final = """query HeardAfter($after: Cursor) {
  acceptedCredentialChangeEvents(first: 100, after: $after) { kind credentialId } }"""


async def leaving(journey: Journey, deployment: Deployment, story: Story, folder: Path) -> None:
    """From a copy in custody to a database that holds nothing of her."""
    await journey.to_permission()
    sealed, copy = await _deposited(journey, story)
    async with Listener.listening(journey.actors.verifier) as listener:
        await _withdrawn(journey, story)
        frames = await listener.until(journey.credential_id, "ACCEPTANCE_ENDED")
        story.tell("the listening ends visibly", *map(_frame, frames))
        await _nothing_more(journey, listener.cursor, deployment, story)
    receipt = await _erased(journey.actors.holder, copy, story)
    _checked_offline(receipt, deployment, story, folder)
    await _nothing_left(journey, sealed, deployment, story)


async def _do(client: Client, query: str, **fields: object) -> Json:
    (result,) = cast("dict[str, Json]", await client.ask(query, {"input": fields})).values()
    raise_refusal(result)
    return result


async def _deposited(journey: Journey, story: Story) -> tuple[bytes, str]:
    """The ciphertext, and the id of the copy."""
    holder, held = journey.actors.holder, journey.held
    if held is None:
        raise DemoError("there is no credential to keep a copy of")
    await journey.agree("CUSTODY")
    sealed = journey.person.software.seal_credential(held)
    done = await _do(
        holder,
        _DEPOSIT,
        walletItemId=await _item(holder, journey.credential_id),
        ciphertext=to_base64url(sealed.ciphertext),
        wrappedKey=to_base64url(sealed.wrapped_key),
        keyId=sealed.key_id,
    )
    custody = at(done, "custody")
    story.tell(
        "she keeps a copy in the cloud, sealed with her key (SM4); a permission rests on her proof",
        f"{text(custody, 'id')}: {text(custody, 'state')}, {at(custody, 'replicas')} replicas",
    )
    return sealed.ciphertext, text(custody, "id")


async def _item(holder: Client, credential: str) -> str:
    """The wallet's item, once the wallet has heard of the credential."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            found = at(await holder.ask(_ITEM, {"id": credential}), "node", "walletItem")
            if found is not None:
                return text(found, "id")
            await asyncio.sleep(0.1)


async def _withdrawn(journey: Journey, story: Story) -> None:
    holder = journey.actors.holder
    prepared = await _do(holder, _PREPARE, consentId=journey.consent_id)
    signature = journey.person.software.sign_prepared(
        prepared["payload"], text(prepared, "payloadToSign"), asked={}
    )
    done = await _do(
        holder,
        _WITHDRAW,
        preparedId=prepared["preparedId"],
        holderSignature=signature.as_input(),
    )
    story.tell("she takes her consent back, with her own key", f"{text(done, 'consent', 'state')}")


def _frame(frame: Json) -> str:
    state = frame["acceptance"] and f"acceptance {text(frame, 'acceptance', 'state')}"
    return f"sequence {frame['sequence']}: {frame['kind']}, {state}"


async def _nothing_more(
    journey: Journey, cursor: str, deployment: Deployment, story: Story
) -> None:
    """Her credential changes later: its issuer says so, this verifier is told nothing."""
    await journey.endorse_reduction()
    place = await _place_of_endorsement(journey)
    url = f"http://{HOST}:{deployment.ports['verifier']}/health"
    async with asyncio.timeout(PATIENCE_SECONDS), httpx.AsyncClient(timeout=30) as http:
        while (await http.get(url)).json()["position"] < place:  # noqa: ASYNC110  # another process
            await asyncio.sleep(0.1)
    told = await journey.actors.verifier.ask(_HEARD_AFTER, {"after": cursor})
    changed = (journey.credential_id, "CREDENTIAL_ENDORSED")
    frames = items(told, "acceptedCredentialChangeEvents")
    if changed in {(one["credentialId"], one["kind"]) for one in frames}:
        raise DemoError("the verifier still hears of a credential it may not watch any more")
    story.tell(
        "her credential changes later; the verifier has read the log so far and is told nothing",
        f"endorsed at sequence {place}: no frame of this verifier's feed",
    )


async def _place_of_endorsement(journey: Journey) -> int:
    """The sequence of the newest endorsement, once it is on the log."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            found = await journey.actors.holder.ask(
                operation("audit-timeline"), {"id": journey.credential_id}
            )
            nodes = [cast("Json", one["node"]) for one in items(found, "node", "timeline", "edges")]
            places = [one["sequence"] for one in nodes if one["kind"] == "CREDENTIAL_ENDORSED"]
            if places:
                return max(cast("list[int]", places))
            await asyncio.sleep(0.1)


async def _erased(holder: Client, copy: str, story: Story) -> Json:
    """The receipt, once the log has signed that it was written."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            found = at(await holder.ask(_COPY, {"id": copy}), "node")
            receipt = cast("Json | None", at(found, "deletionReceipt"))
            if receipt and at(receipt, "chainProof", "bundle"):
                break
            await asyncio.sleep(0.2)
    read = await holder.raw(_READ, {"id": copy})
    if text(found, "state") != "DELETED" or at(read, "data", "node", "ciphertext") is not None:
        raise DemoError("the copy in custody should be gone")
    story.tell(
        "the copy in custody goes in step",
        f"{text(found, 'state')}: key destroyed {text(receipt, 'keyDestroyedAt')}, "
        f"{at(receipt, 'replicasErased')} replicas erased",
    )
    return receipt


def _checked_offline(receipt: Json, deployment: Deployment, story: Story, folder: Path) -> None:
    """The receipt as she keeps it: three files, and whom she trusts."""
    registered = at(receipt, "custodian", "trustRegistration", "chainProof", "bundle")
    files = {
        "deletion.json": json.dumps(receipt["document"]),
        "deletion-proof.json": text(receipt, "chainProof", "bundle"),
        "custodian.json": str(registered),
        "trust.json": (deployment.data / "trust.json").read_text("utf-8"),
    }
    _write(folder, files)
    said = _verify_deletion(folder, "deletion.json")
    if said.returncode != 0:
        raise DemoError(f"the receipt does not hold: {said.stdout}{said.stderr}")
    story.tell(
        "the deletion receipt holds by files alone (stop everything and try again):",
        ".venv/bin/python -m subgraphs.holder verify-deletion deletion.json deletion-proof.json "
        "custodian.json --trust trust.json",
        said.stdout.strip(),
    )
    altered = {**cast("Json", receipt["document"]), "replicasErased": 2}
    _write(folder, {".altered.json": json.dumps(altered)})
    said = _verify_deletion(folder, ".altered.json")
    (folder / ".altered.json").unlink()
    if said.returncode == 0:
        raise NotRefused("an altered receipt was accepted")
    story.tell("a receipt that was altered is refused", said.stderr.strip())


def _write(folder: Path, files: Mapping[str, str]) -> None:
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")


def _verify_deletion(folder: Path, receipt: str) -> subprocess.CompletedProcess[str]:
    names = (receipt, "deletion-proof.json", "custodian.json")
    command = [sys.executable, "-m", "subgraphs.holder", "verify-deletion"]
    command += [*(str(folder / name) for name in names), "--trust", str(folder / "trust.json")]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


async def _nothing_left(
    journey: Journey, sealed: bytes, deployment: Deployment, story: Story
) -> None:
    """Every document of every collection, looked through as bytes."""
    dump = await dump_of(deployment)
    if not any(journey.person.holder_id.encode() in rows for rows in dump.values()):
        raise DemoError("the dump is no dump: her pseudonym should be in it")
    found = traces(journey, dump)
    found += [
        ("her sealed copy", p) for p, rows in dump.items() if p[:6] != "local." and sealed in rows
    ]
    if found:
        raise DemoError(f"the database holds {found[0][0]} in {found[0][1]}")
    story.tell(
        "a dump of the database holds nothing of her",
        f"{sum(map(len, dump.values()))} bytes in {len(dump)} collections, the oplog too: no name, "
        "no document, no account, no DID, no key, no amount, no signature; a pseudonym is left",
    )
