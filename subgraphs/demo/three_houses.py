"""Chapter: one customer, three institutions, no counter; "yes" without one balance.

What her institutions are asked after issuance is read off the issuers' own count of requests at
their own door, not off this program.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

import httpx

from subgraphs.demo import attacks
from subgraphs.demo.answers import at, items, text
from subgraphs.demo.cast import Desks
from subgraphs.demo.client import Json
from subgraphs.demo.deployment import HOST, ROOT, DemoError, Deployment
from subgraphs.demo.houses import (
    ISSUERS,
    NAMES,
    TAGS,
    asked_of,
    bounds,
    certified,
    decided,
    held_of,
    house,
    outcome_of,
    seen,
    stated,
)
from subgraphs.demo.journey import Journey
from subgraphs.demo.story import Story
from subgraphs.holder.choose import HeldCredential, show
from subgraphs.vc.encoding import from_base64url
from subgraphs.vc.model import TOTAL
from subgraphs.vc.money import Fen, format_amount
from subgraphs.vc.presentation import Shown

PATIENCE_SECONDS: Final = 40.0
_PROBES: Final = "ANONYMOUS"  # the gateway's question whether a subgraph is there, nobody's data
_PROOF: Final = """query Proof($id: ID!) { node(id: $id) { ... on Credential { chainProof {
  bundle anchorState } } } }"""


@dataclass(slots=True)
class IssuersDoor:
    """How many requests the issuers' service has answered since a moment, by its own count."""

    deployment: Deployment
    before: int = 0

    async def begin(self) -> None:
        """From now on."""
        self.before = await self._count()

    async def asked(self) -> int:
        """Since then."""
        return await self._count() - self.before

    async def _count(self) -> int:
        url = f"http://{HOST}:{self.deployment.ports['issuer']}/health"
        async with httpx.AsyncClient(timeout=30) as http:
            told = (await http.get(url)).raise_for_status().json()["requests"]
        return sum(number for role, number in told.items() if role != _PROBES)


async def three_houses(
    journey: Journey, friend: Journey, desks: Desks, deployment: Deployment, story: Story
) -> None:
    """Her part; `friend` has a genuine proof of his own."""
    await journey.register_root_did()
    made = await certified(journey, desks, [house(one, "THREE") for one in ISSUERS])
    held = held_of(made)
    story.tell(
        "one customer, three institutions, no counter: three proofs in her own keeping",
        *map(stated, made),
    )
    door = IssuersDoor(deployment)
    await door.begin()
    await asked_of(journey, TAGS)
    shown = bounds(held)
    verification = await decided(journey, shown)
    outcome_of(verification, "ACCEPTED", "QUALIFIED")
    _no_balance(journey, shown, verification, held)
    story.tell(
        f"{NAMES[journey.verifier]} asks for 3 000 000 at one close and gets yes: QUALIFIED, "
        "without one balance",
        *seen(verification),
        f"the same money twice: {text(verification, 'doubleCount', 'verdict')}",
    )
    await _told_zero(door, story)
    reason = await attacks.friends_proof(journey, friend)
    story.tell("a friend's genuine proof for her request is refused", reason)
    await _told_zero(door, story)
    story.tell("raw bytes on the log and on the chain", *await _raw(journey, made, deployment))


async def one_fen_short(journey: Journey, story: Story) -> None:
    """2 999 999.99, shown to the fen."""
    await journey.to_credential()
    await asked_of(journey, (TOTAL, *TAGS))
    (held,) = held_of([journey])
    verification = await decided(journey, [show(held, claims=(TOTAL, *TAGS))])
    qualification = outcome_of(verification, "ACCEPTED", "NOT_QUALIFIED")
    (reason,) = (
        one for one in items(qualification, "reasons") if one["metric"] == "FINANCIAL_ASSETS"
    )
    story.tell(
        "2 999 999.99 is a genuine proof, and NOT_QUALIFIED",
        f"{reason['metric']}: required {reason['required']}, shown {reason['shown']}, "
        f"short by {reason['shortBy']}",
    )


async def _told_zero(door: IssuersDoor, story: Story) -> None:
    count = await door.asked()
    story.tell(f"requests to the issuers since issuance, by their own count: {count}")
    if count:
        raise DemoError("an issuer was asked after issuance")


def _no_balance(
    journey: Journey, shown: Sequence[Shown], verification: Json, held: Sequence[HeldCredential]
) -> None:
    """Neither what the verifier was handed nor what it reads holds one of her amounts."""
    opened = [from_base64url(one).decode() for proof in shown for one in proof.disclosures]
    whole = json.dumps([journey.presentation, opened, verification])
    told = [one for one in amounts_of(held) if re.search(rf"(?<!\d){re.escape(one)}", whole)]
    if told:
        raise DemoError(f"the verifier sees {told[0]}")


def amounts_of(held: Sequence[HeldCredential]) -> set[str]:
    """Every amount her credentials state, and what they come to."""
    totals = [one.statement.total for one in held]
    lines = [line.amount for one in held for line in one.statement.lines]
    return {format_amount(Fen(one)) for one in (*totals, *lines, sum(totals))}


async def _raw(journey: Journey, made: Sequence[Journey], deployment: Deployment) -> list[str]:
    """What the log and the chain hold of her three credentials, byte by byte."""
    bundles = [await _anchored(journey, one.credential_id) for one in made]
    entries = [from_base64url(text(one, "entry")) for one in bundles]
    block = json.dumps(at(bundles[-1], "anchors", 0, "evidence", "block", "head"))
    public = b"".join([*entries, *(path.read_bytes() for path in _chain_files(deployment))])
    person = journey.person
    secrets = {person.name, person.software.did, person.holder_id, *amounts_of(held_of(made))}
    if any(secret.encode() in public for secret in secrets):
        raise DemoError("the log or the chain tells of her")
    scan = scanned(deployment)
    return [*(f"log   {entry.hex()}" for entry in entries), f"chain {block}", scan]


def _chain_files(deployment: Deployment) -> list[Path]:
    return sorted((deployment.data / "chain").glob("*.jsonl"))


def scanned(deployment: Deployment) -> str:
    """What the chain's scan says to every byte there."""
    command = [sys.executable, "-m", "ledger_adapter", "scan-chain"]
    answer = subprocess.run(
        command,
        cwd=ROOT,
        env=deployment.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        raise DemoError(f"the chain holds something else: {answer.stdout}{answer.stderr}")
    return answer.stdout.strip().splitlines()[-1]


async def _anchored(journey: Journey, credential: str) -> Json:
    """The proof of a credential's last event, once a head over it is final on the chain."""
    deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while True:
        found = await journey.actors.holder.ask(_PROOF, {"id": credential})
        if at(found, "node", "chainProof", "anchorState") == "FINAL":
            return cast("Json", json.loads(text(found, "node", "chainProof", "bundle")))
        if asyncio.get_running_loop().time() > deadline:
            raise DemoError("no head on the chain covered her credentials in time")
        await asyncio.sleep(0.25)
