"""`make demo-plug`: investors' credentials are revoked one after the other while the plug is pulled
on a component every few seconds, and three subscribers must have heard of each exactly once.

A system of its own on free ports and in a folder of its own; `make up` may run beside it.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gateway.client import MemoryStore, Subscription
from subgraphs.demo.answers import RefusedAsData
from subgraphs.demo.client import Client
from subgraphs.demo.deployment import DemoError
from subgraphs.demo.journey import ISSUER, VERIFIER, Actors, Journey, Person
from tests.oracle.listeners import HABITS, WAYS, token_of, transport_of
from tests.oracle.system import VICTIMS, System, end_on_sigterm

WATCH: Final = """subscription Watch($after: Cursor) { acceptedCredentialChanges(after: $after) {
  cursor sequence prevSequence heartbeat kind effect credentialId } }"""
DAY: Final = 86_400.0


@dataclass(slots=True, kw_only=True)
class Scene:
    """What was revoked, and how often each subscriber heard of each credential."""

    system: System
    revoked: list[str] = field(default_factory=list)
    heard: dict[str, Counter[str]] = field(default_factory=dict)
    news: str = ""
    waiting: str = ""
    over: bool = False

    async def tick(self) -> None:
        """One investor after the other: a credential, accepted, then revoked."""
        while not self.over:
            deployment = self.system.stack.deployment
            person = Person()
            claims = (
                {"sub": f"holder-{person.name}", "role": "HOLDER", "holder": person.holder_id},
                {"sub": "plug-issuer", "role": "ISSUER", "institution": ISSUER},
                {"sub": "plug-verifier", "role": "VERIFIER", "institution": VERIFIER},
            )
            async with AsyncExitStack() as held:
                holder, issuer, verifier = [
                    await held.enter_async_context(
                        Client(self.system.stack.url, token_of(deployment, one, DAY))
                    )
                    for one in claims
                ]
                journey = Journey(Actors(holder=holder, issuer=issuer, verifier=verifier), person)
                try:
                    for step in _steps(journey):
                        await self._insisted(step)
                    await self._insisted(journey.revoke, to_the_end=True)
                except RefusedAsData:
                    continue  # judged while the log stood still; another investor takes her place
                self.revoked.append(journey.credential_id)

    async def _insisted(
        self, step: Callable[[], Awaitable[object]], *, to_the_end: bool = False
    ) -> None:
        """A step is sent again, under its key, until it has its answer."""
        while True:
            try:
                await step()
            except DemoError as error:
                if "ALREADY" in str(error):
                    return
                if isinstance(error, RefusedAsData) and error.kind == "NotFound" and not to_the_end:
                    raise
                self.waiting = str(error)[:60]
                await asyncio.sleep(0.2)
            else:
                self.waiting = ""
                return

    async def listen(self, way: str) -> None:
        """A verifier's desk that comes back after whatever happens."""
        deployment = self.system.stack.deployment
        claims = {"sub": f"plug-{way}", "role": "VERIFIER", "institution": VERIFIER}

        async def token() -> str:
            return token_of(deployment, claims, DAY)

        subscription = Subscription(
            transport=transport_of(way, self.system.links["gateway"].port),
            query=WATCH,
            store=MemoryStore(),
            token=token,
            habits=HABITS,
        )
        async for event in subscription:
            heard = self.heard.setdefault(way, Counter())
            if event.frame["effect"] == "REVOKE":
                heard[str(event.frame["credentialId"])] += 1

    async def pull(self, every: float) -> None:
        """kill -9 of one component after the other, and of the clients' network now and then."""
        while True:
            for victim in random.sample([*VICTIMS, "network"], len(VICTIMS) + 1):
                await asyncio.sleep(every)
                self.news = f"pulled the plug on {victim}"
                if victim == "network":
                    self.system.links["gateway"].cut()
                else:
                    await self.system.kill(victim, away=0.5)

    def line(self) -> str:
        """The count as it stands now."""
        seen = "  ".join(f"{way} {sum(heard.values()):4}" for way, heard in self.heard.items())
        news, self.news = self.wrong() or self.news or self.waiting, ""
        return f"revoked {len(self.revoked):4}   heard: {seen}   {news}"

    def wrong(self) -> str:
        """A credential of which somebody heard twice."""
        twice = [one for heard in self.heard.values() for one, n in heard.items() if n > 1]
        return f"TWICE: {twice}" if twice else ""

    def missing(self) -> int:
        """How many revocations have not reached everybody yet."""
        return sum(one not in heard for heard in self.heard.values() for one in self.revoked)


def _steps(journey: Journey) -> list[Callable[[], Awaitable[object]]]:
    return [
        journey.register_root_did,
        journey.bind_account,
        journey.request_credential,
        journey.compile_draft,
        journey.issue,
        journey.countersign,
        journey.bind_verifier_customer,
        journey.ask_presentation,
        journey.consent,
        journey.submit,
        journey.verify,
        journey.grant_permission,
    ]


async def play(folder: Path, *, seconds: float, every: float) -> bool:
    """Whether the count was exact at the end."""
    async with System.running(folder) as system, asyncio.TaskGroup() as group:
        scene = Scene(system=system, heard={way: Counter() for way in WAYS})
        ears = [group.create_task(scene.listen(way)) for way in WAYS]
        await asyncio.sleep(2)
        working = [group.create_task(scene.tick()) for _ in range(2)]
        pulling = group.create_task(scene.pull(every))
        started = time.monotonic()
        while (passed := time.monotonic() - started) < seconds and not scene.wrong():
            await asyncio.sleep(1)
            print(f"{passed:5.0f} s  {scene.line()}", flush=True)
        pulling.cancel()
        scene.over = True
        await system.heal()
        await asyncio.wait(working)
        with suppress(TimeoutError):
            async with asyncio.timeout(60):
                while scene.missing():  # noqa: ASYNC110 - frames come in other tasks
                    await asyncio.sleep(0.2)
        for task in ears:
            task.cancel()
    exact = not scene.missing() and not scene.wrong()
    print(f"{'EXACT' if exact else 'NOT EXACT'}: {scene.line()}")
    return exact


def main() -> int:
    """0 when everybody heard of each revocation exactly once."""
    parser = argparse.ArgumentParser(prog="make demo-plug", description=__doc__)
    parser.add_argument("--seconds", type=float, default=90.0)
    parser.add_argument("--every", type=float, default=4.0, help="seconds between two plugs")
    given = parser.parse_args()
    end_on_sigterm()
    print("starting a system of its own; Ctrl-C ends it", flush=True)
    with tempfile.TemporaryDirectory(prefix="plug-") as folder:
        try:
            exact = asyncio.run(play(Path(folder), seconds=given.seconds, every=given.every))
        except KeyboardInterrupt:
            return 0
    return 0 if exact else 1


if __name__ == "__main__":
    sys.exit(main())
