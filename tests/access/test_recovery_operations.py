"""What a holder runs when a key is lost or in other hands, and when she shows by a link, from the
files of the examples."""

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime
from secrets import token_bytes
from typing import Any

from ledger_adapter.crypto.sm2 import PrivateKey, PublicKey
from subgraphs.demo.answers import at, mutate, text
from subgraphs.demo.client import Json
from subgraphs.demo.journey import THRESHOLD, Journey
from subgraphs.demo.listening import Listener
from subgraphs.demo.operations import operation
from subgraphs.holder.choose import show_at_least
from subgraphs.holder.holder import DidLife, Holder, SealedCopy
from subgraphs.vc.custody_link import build_transfer, word_digest
from subgraphs.vc.encoding import from_base64url, to_base64url, to_time
from subgraphs.vc.money import parse_amount
from subgraphs.vc.multikey import decode_key
from tests.access.world import World
from tests.e2e.callers import journey_of

PATIENCE = 30
ITEM = "query Item($id: ID!) { node(id: $id) { ... on Credential { walletItem { id } } } }"


async def test_what_a_holder_runs_runs_from_the_examples(world: World) -> None:
    async with journey_of(world.stack.deployment) as journey:
        await journey.to_credential()
        custody, sealed = await deposited(journey)
        await shown_by_link(journey, custody, sealed)
        await taken_back(journey)
        await reported(journey)
        device = await recovered(journey)
        await rewrapped(journey, device, custody, sealed)


async def deposited(journey: Journey) -> tuple[str, SealedCopy]:
    """The id of the copy, and what her software keeps of it."""
    assert journey.held is not None
    await journey.agree("CUSTODY")
    sealed = journey.person.software.seal_credential(journey.held)
    done = await mutate(
        journey.actors.holder,
        "deposit-to-custody",
        walletItemId=await item(journey),
        ciphertext=to_base64url(sealed.ciphertext),
        wrappedKey=to_base64url(sealed.wrapped_key),
        keyId=sealed.key_id,
    )
    assert (at(done, "custody", "state"), at(done, "custody", "replicas")) == ("STORED", 3)
    return text(done, "custody", "id"), sealed


async def item(journey: Journey) -> str:
    """The wallet's item, once it has heard of the credential."""
    async with asyncio.timeout(PATIENCE):
        while True:
            data = await journey.actors.holder.ask(ITEM, {"id": journey.credential_id})
            if at(data, "node", "walletItem") is not None:
                return text(data, "node", "walletItem", "id")
            await asyncio.sleep(0.1)


async def shown_by_link(journey: Journey, custody: str, sealed: SealedCopy) -> None:
    """The verifier fetches the copy itself, decides, and hears of a change with its proof."""
    holder, held = journey.actors.holder, journey.held
    assert held is not None
    await journey.bind_verifier_customer()
    await journey.ask_presentation()
    await journey.consent()
    await journey.on_log()
    asked: Any = at(
        await holder.ask(operation("presentation-request"), {"id": journey.request["id"]}), "node"
    )
    assert asked["verifier"]["name"] == "财通基金管理有限公司"
    word = token_bytes(32)
    lent = await mutate(
        holder,
        "lend-custody-copy",
        custodyId=custody,
        grantedTo=journey.verifier,
        wordDigest=word_digest(word),
    )
    (shown,) = show_at_least([held], parse_amount(THRESHOLD))
    software, key = journey.person.software, decode_key(asked["transferKey"])
    assert isinstance(key, PublicKey)
    opens = software.lend(held, shown, kept=sealed, link=text(lent, "link"), word=word)
    whole = journey.build_presentation(shown=[shown])
    named = {"nonce": asked["nonce"], "audience": asked["audience"]}
    sent = build_transfer(whole, [opens], to=key, **named)
    await journey.hand_in(sent, transferMode="CUSTODY_LINK")
    verification: Any = await journey.verify("decide-with-proof")
    assert verification["result"] == "ACCEPTED"
    assert verification["presentation"]["consent"]["scope"]["totalAtLeast"] == THRESHOLD
    await journey.grant_permission()
    await watched(journey)


async def watched(journey: Journey) -> None:
    """Q3 of the design, whole: change, place in a signed tree, acceptance and permission."""
    async with Listener.listening(journey.actors.verifier) as listener:
        before = listener.cursor
    await journey.endorse_reduction()
    async with asyncio.timeout(PATIENCE):
        frame = await changed(journey, before)
        while not proved(frame):  # audit follows the log, and checkpoints come each second
            await asyncio.sleep(0.2)
            frame = await changed(journey, before)
    assert (frame["effect"], frame["acceptance"]["permission"]["state"]) == ("REDUCED", "GRANTED")
    assert frame["acceptance"]["presentedCredential"]["issuer"]["name"]
    proof = frame["endorsement"]["chainProof"]
    assert proof["leafHash"]
    assert proof["checkpoint"]["signatures"]


async def changed(journey: Journey, after: str) -> Any:
    """The frame of the endorsement, from a cursor on."""
    events = journey.actors.verifier.events(operation("watch-with-proof"), {"after": after})
    wanted = (journey.credential_id, "CREDENTIAL_ENDORSED")
    async with aclosing(events) as frames:  # type: ignore[type-var]
        while True:
            frame: Any = at(await anext(frames), "acceptedCredentialChanges")
            if (frame["credentialId"], frame["kind"]) == wanted:
                return frame


def proved(frame: Any) -> bool:
    proof = frame["endorsement"]["chainProof"]
    return proof is not None and proof["checkpoint"] is not None


async def started(journey: Journey, device: Holder) -> Json:
    """The wish of a device that has nothing but the DID."""
    asked = device.recovery(journey.person.identity_document)
    done = await mutate(
        journey.actors.holder,
        "start-recovery",
        identityDocument=asked.identity_document,
        publicKeyMultibase=asked.public_key_multibase,
        payload=to_base64url(asked.payload),
        proofOfPossession=asked.proof_of_possession,
        faceAssertion=asked.face_assertion.as_json(),
    )
    assert at(done, "holder", "didState") == "RECOVERING"
    assert at(done, "holder", "keyRecovery", "publicKeyMultibase") == device.public_key_multibase
    return done


def new_device(journey: Journey) -> Holder:
    return Holder(PrivateKey.generate(), life=DidLife(did=journey.person.software.did))


async def taken_back(journey: Journey) -> None:
    """Somebody else's recovery: the key in force ends it."""
    await started(journey, new_device(journey))
    software, holder = journey.person.software, journey.actors.holder
    ready = await mutate(holder, "prepare-recovery-cancellation")
    signed = software.sign_prepared(ready["payload"], text(ready, "payloadToSign"), asked={})
    done = await mutate(
        holder,
        "cancel-recovery",
        preparedId=ready["preparedId"],
        holderSignature=signed.as_input(),
    )
    assert (at(done, "holder", "didState"), at(done, "holder", "keyRecovery")) == ("ACTIVE", None)


async def reported(journey: Journey) -> None:
    """The key is in other hands: from now on it signs nothing."""
    software, holder = journey.person.software, journey.actors.holder
    ready = await mutate(holder, "prepare-key-compromise-report", since=to_time(datetime.now(UTC)))
    signed = software.sign_report(ready["payload"], text(ready, "payloadToSign"))
    done = await mutate(
        holder,
        "report-key-compromise",
        preparedId=ready["preparedId"],
        holderSignature=signed.as_input(),
    )
    assert at(done, "holder", "didState") == "COMPROMISED"


async def recovered(journey: Journey) -> Holder:
    """A new key, after a wait that this deployment has set to none."""
    device = new_device(journey)
    await started(journey, device)
    done: Any = await mutate(journey.actors.holder, "complete-recovery")
    assert (at(done, "holder", "didState"), at(done, "holder", "keyRecovery")) == ("ACTIVE", None)
    return device.recovered(done["holder"]["didVersions"])


async def rewrapped(journey: Journey, device: Holder, custody: str, sealed: SealedCopy) -> None:
    """Her copy opens with the new key, whose wrapping it signed."""
    holder, before = journey.actors.holder, journey.person.software
    digest = str((await copy_of(journey, custody))["ciphertextHash"])
    wrapped = before.rewrapped(digest, sealed.wrapped_key, by=device)
    keys = [{"custodyId": custody, "wrappedKey": to_base64url(wrapped)}]
    ready = await mutate(holder, "prepare-custody-keys-rewrap", keys=keys)
    signed = device.sign_prepared(ready["payload"], text(ready, "payloadToSign"), asked={})
    done: Any = await mutate(
        holder,
        "rewrap-custody-keys",
        preparedId=ready["preparedId"],
        holderSignature=signed.as_input(),
    )
    (copy,) = done["copies"]
    opened = device.open_credential(sealed.ciphertext, from_base64url(copy["wrappedKey"]))
    assert opened == journey.held


async def copy_of(journey: Journey, custody: str) -> Json:
    asked = "query Copy($id: ID!) { node(id: $id) { ... on CustodyObject { ciphertextHash } } }"
    data: Any = await journey.actors.holder.ask(asked, {"id": custody})
    copy: Json = data["node"]
    return copy
