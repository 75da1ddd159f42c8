"""`make demo`: the whole journey against the running system, through the gateway only.

Every party is a client of its own with its own token; the holder's key stays in this process.
"""

import asyncio
import json
import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import cast

from subgraphs.demo import attacks
from subgraphs.demo.afterwards import afterwards, whose_assets_fall
from subgraphs.demo.answers import RefusedAsData, at, items, text
from subgraphs.demo.cast import actors_of, another, issuer_desks
from subgraphs.demo.client import Json
from subgraphs.demo.denial import Used, altered, deny, use_of, verify_evidence
from subgraphs.demo.deployment import ROOT, DemoError, Deployment
from subgraphs.demo.failover import killed_primary
from subgraphs.demo.houses import ISSUERS
from subgraphs.demo.journey import VERIFIER, Journey, Person
from subgraphs.demo.leaving import leaving
from subgraphs.demo.listening import Listener
from subgraphs.demo.operations import operation
from subgraphs.demo.same_money import same_money
from subgraphs.demo.story import Story
from subgraphs.demo.three_houses import one_fen_short, three_houses

ANCHOR_SECONDS = 40.0


async def credential_chapter(journey: Journey, story: Story) -> None:
    """From nothing to an active credential."""
    done = await journey.register_root_did()
    did = text(done, "holder", "did")
    story.tell("root DID registered by the identity simulator", did)
    try:
        await journey.register_root_did()
    except RefusedAsData as refusal:
        story.tell("a second registration answers the existing DID", str(refusal))
    else:
        raise DemoError("a second root DID was registered")
    await journey.bind_account()
    story.tell("the issuer bound its customer account to the root DID", journey.person.account_no)
    await journey.agree("ISSUANCE")
    story.tell("agreement, risk disclosure and undertaking read and signed", "before issuance")
    done = await journey.request_credential()
    story.tell("credential requested and signed by the holder", journey.credential_id)
    done = await journey.compile_draft()
    total = text(done, "credential", "total", "amount")
    story.tell("compiled by the issuer from its own records", f"total {total} CNY")
    done = await journey.issue()
    story.tell("signed by the issuer with SM2", f"vcHash {text(done, 'credential', 'vcHash')}")
    done = await journey.countersign()
    state = text(done, "credential", "state")
    story.tell("countersigned on the holder's side; her key never left it", f"state {state}")


async def acceptance_chapter(journey: Journey, story: Story) -> None:
    """From the credential to a permission."""
    await journey.bind_verifier_customer()
    await journey.ask_presentation()
    nonce = text(journey.request, "nonce")
    story.tell(
        "the verifier matched its own real-name customer and asked for a presentation",
        f"nonce {nonce}",
    )
    await journey.consent()
    story.tell("the holder consented: purpose, scope, this verifier, monitoring for a year")
    await journey.submit()
    story.tell(
        "presented: total of at least 3 000 000.00 CNY proved, no balance shown",
        journey.presentation_id,
    )
    verification = await journey.verify()
    checks = [f"{check['kind']}: {_outcome(check)}" for check in items(verification, "checks")]
    if verification["qualification"] is None:
        raise DemoError(f"the presentation should be accepted, not refused: {', '.join(checks)}")
    outcome = text(verification, "qualification", "outcome")
    story.tell(f"five checks: {text(verification, 'result')}, {outcome}", *checks)
    if outcome != "QUALIFIED":
        raise DemoError(f"the journey should end QUALIFIED, not {outcome}")
    done = await journey.grant_permission()
    story.tell("permission granted", text(done, "permission", "product"))


def _outcome(check: Json) -> str:
    reason = check["reasonCode"]
    return f"{check['outcome']}" if reason is None else f"{check['outcome']} ({reason})"


async def change_chapter(journey: Journey, listener: Listener, story: Story) -> None:
    """A reduction, then a revocation, and what the verifier hears."""
    id_ = journey.credential_id
    story.tell("the verifier listens to its accepted credentials", f"cursor {listener.cursor}")
    await journey.endorse_reduction()
    endorsed = await listener.next_change(id_, "CREDENTIAL_ENDORSED")
    asked = await listener.next_change(id_, "SUPPLEMENT_REQUESTED")
    story.tell(
        "the issuer endorsed a reduction; the verifier's subscription shows it",
        f"sequence {endorsed['sequence']}: {endorsed['effect']}, state {endorsed['state']}",
        f"sequence {asked['sequence']}: prompt, supplement asked for, "
        f"due {text(asked, 'supplementRequest', 'dueAt')}",
    )
    await journey.revoke()
    revoked = await listener.next_change(id_, "CREDENTIAL_ENDORSED")
    suspended = await listener.next_change(id_, "PERMISSION_SUSPENDED")
    state = text(suspended, "permission", "state")
    story.tell(
        "the issuer revoked; the verifier's subscription shows it",
        f"sequence {revoked['sequence']}: {revoked['effect']}, state {revoked['state']}",
        f"sequence {suspended['sequence']}: permission {state}",
    )
    if state != "SUSPENDED":
        raise DemoError(f"the permission should be SUSPENDED, not {state}")


async def attack_chapter(journey: Journey, friend: Journey, story: Story) -> None:
    """What must be refused, with its reasons."""
    replayed = journey.presentation
    story.tell("a tampered credential is refused", await attacks.tampered_credential(journey))
    reason = await attacks.replayed_presentation(journey, replayed)
    story.tell("a replayed presentation is refused", reason)
    story.tell("a wrong audience is refused", await attacks.wrong_audience(journey))
    story.tell("a friend's genuine proof is refused", await attacks.friends_proof(journey, friend))


async def proof_chapter(
    journey: Journey, deployment: Deployment, story: Story, folder: Path
) -> None:
    """The audit timeline, and one proof that leaves the system."""
    events = await _proved_timeline(journey)
    lines = [
        f"{event['sequence']:>6}  {event['kind']:<24} {at(event, 'chainProof', 'anchorState')}"
        for event in events
    ]
    story.tell("audit timeline of the credential, each event with its chain proof", *lines)
    activated = next(event for event in events if event["kind"] == "CREDENTIAL_ACTIVATED")
    proof, trust = folder / "proof.json", folder / "trust.json"
    proof.write_text(text(activated, "chainProof", "bundle"), encoding="utf-8")
    trust.write_text((deployment.data / "trust.json").read_text("utf-8"), encoding="utf-8")
    story.tell("written", str(proof), str(trust))
    answer = verify_proof(proof, trust)
    if answer.returncode != 0:
        raise DemoError(f"the proof does not hold: {answer.stdout}{answer.stderr}")
    story.tell(
        "checked offline, by files alone (stop everything and try again):",
        f".venv/bin/python -m ledger_adapter verify-proof {proof.name} --trust {trust.name}",
        *answer.stdout.strip().splitlines(),
    )
    story.tell("a flipped byte in the proof is refused", _flipped(proof, trust, folder))


async def denial_chapter(
    journey: Journey, used: Used, deployment: Deployment, story: Story, folder: Path
) -> None:
    """A denied use, and a file that a court checks alone."""
    denied = await deny(journey, used, deployment, folder)
    story.tell("the customer denies the use", denied.dispute)
    if not denied.same_result:
        raise DemoError("the decision made again with that day's rules is another one")
    story.tell("the decision made again with that day's rules and log: the same result")
    given = ", ".join(denied.parts)
    story.tell("the verifier gave its signed parts, the evidence is sealed on the log", given)
    trust = folder / "trust.json"
    answer = verify_evidence(denied.file, trust, denied.page)
    if answer.returncode != 0:
        raise DemoError(f"the evidence does not hold: {answer.stdout}{answer.stderr}")
    story.tell(
        "the evidence holds by itself (stop everything and try again):",
        f".venv/bin/python -m ledger_adapter verify-evidence {denied.file.name} "
        f"--trust {trust.name} --html {denied.page.name}",
        *answer.stdout.strip().splitlines(),
    )
    story.tell("an altered decision in it is named", altered(denied, trust))


async def _proved_timeline(journey: Journey) -> list[Json]:
    """The timeline once a head that covers its last event stands on the chain."""
    deadline = asyncio.get_running_loop().time() + ANCHOR_SECONDS
    while True:
        data = await journey.actors.holder.ask(
            operation("audit-timeline"), {"id": journey.credential_id}
        )
        events = [cast("Json", edge["node"]) for edge in items(data, "node", "timeline", "edges")]
        states = {
            (at(event, "chainProof", "verified"), at(event, "chainProof", "anchorState"))
            for event in events
        }
        if states == {(True, "FINAL")}:
            return events
        if asyncio.get_running_loop().time() > deadline:
            raise DemoError("no anchored head covered the credential's events in time")
        await asyncio.sleep(0.25)


def verify_proof(proof: Path, trust: Path) -> subprocess.CompletedProcess[str]:
    """The offline check as anybody would run it."""
    command = [sys.executable, "-m", "ledger_adapter", "verify-proof", str(proof)]
    return subprocess.run(
        [*command, "--trust", str(trust)], cwd=ROOT, capture_output=True, text=True, check=False
    )


def _flipped(proof: Path, trust: Path, folder: Path) -> str:
    whole = proof.read_text(encoding="utf-8")
    entry = json.loads(whole)["entry"]
    middle = len(entry) // 2
    flipped = entry[:middle] + ("A" if entry[middle] != "A" else "B") + entry[middle + 1 :]
    forged = folder / ".forged-proof.json"
    forged.write_text(whole.replace(entry, flipped), encoding="utf-8")
    try:
        answer = verify_proof(forged, trust)
    finally:
        forged.unlink()
    if answer.returncode == 0:
        raise attacks.NotRefused("a proof with a flipped byte was accepted")
    return (answer.stderr or answer.stdout).strip().splitlines()[-1]


async def more_chapters(
    played: Journey, friend: Journey, deployment: Deployment, story: Story, folder: Path
) -> None:
    """What institutions live on: money at several of them, counted once, changed, withdrawn."""
    async with AsyncExitStack() as stack:
        desks = await stack.enter_async_context(issuer_desks(deployment, (*ISSUERS, VERIFIER)))

        async def somebody(person: Person) -> Journey:
            return await stack.enter_async_context(another(deployment, played.actors, person))

        story.chapter("One customer, three institutions, no counter")
        await three_houses(await somebody(Person()), friend, desks, deployment, story)
        await one_fen_short(await somebody(Person(profile="EDGE")), story)
        story.chapter("The same money through three institutions")
        await same_money(await somebody(Person()), desks, story)
        story.chapter("A change after acceptance")
        await afterwards(await somebody(whose_assets_fall()), desks, deployment, story)
        story.chapter("The customer takes her consent back")
        await leaving(await somebody(Person()), deployment, story, folder)


async def play(deployment: Deployment, folder: Path) -> None:
    """All chapters; DemoError at the first that does not go as it must."""
    story = Story()
    person, friend = Person(), Person()
    async with actors_of(deployment, person) as actors, actors_of(deployment, friend) as others:
        journey, theirs = Journey(actors, person), Journey(others, friend)
        await credential_chapter(journey, story)
        await acceptance_chapter(journey, story)
        used = use_of(journey)
        await theirs.to_credential()
        await theirs.consent()
        await attack_chapter(journey, theirs, story)
        async with Listener.listening(actors.verifier) as listener:
            await change_chapter(journey, listener, story)
        told = await killed_primary(journey.actors.holder, deployment)
        story.tell("the chain's primary node is killed, the standby takes its place", *told)
        await proof_chapter(journey, deployment, story, folder)
        await denial_chapter(journey, used, deployment, story, folder)
        await more_chapters(journey, theirs, deployment, story, folder)
    print("\nThe whole journey went as it must.")
