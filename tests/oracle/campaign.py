"""One running campaign: a system, its publishers and subscribers, faults, and the verdict.

A fault counts only when an event was in flight, that is published and not yet with every
subscriber. How far such events had come is looked up in the database just before the fault.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final, Self

from ledger_adapter.errors import LedgerError
from ledger_adapter.port import LoggedEvent
from subgraphs.demo.answers import RefusedAsData
from subgraphs.demo.cast import actors_of
from subgraphs.demo.client import Client
from subgraphs.demo.deployment import Deployment
from subgraphs.demo.journey import ISSUER, VERIFIER, Journey, Person
from subgraphs.demo.pilot import GUOTAI_JUNAN_FUTURES
from subgraphs.kit.ids import institution_id
from subgraphs.kit.mongo import PyMongoError, create_indexes
from subgraphs.kit.outbox import open_outbox
from tests.oracle.listeners import WAYS, Forgetful, Listener, token_of, transport_of
from tests.oracle.publishers import Accepted, Publishers, accepted_credential
from tests.oracle.system import System
from tests.oracle.truth import Audience, asked_of, everything, judge, relied_on_by, steps_of

PATIENCE: Final = 240.0
PHASES: Final = ("before commit", "after commit", "sequenced", "sent")
STRANGER: Final = institution_id(GUOTAI_JUNAN_FUTURES.uscc)
_DESK: Final = {"sub": "oracle-desk", "role": "ISSUER", "institution": ISSUER}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What was done, and how many events were in which phase when it was."""

    name: str
    phases: Mapping[str, int]

    @property
    def counts(self) -> bool:
        """Whether an event was in flight."""
        return any(self.phases.values())


@dataclass(slots=True, kw_only=True)
class Campaign:
    """See the module. `say` gets one line for each fault."""

    system: System
    publishers: Publishers
    credentials: list[Accepted]
    listeners: list[Listener]
    say: Callable[[str], None]
    faults: list[Fault] = field(default_factory=list)
    failure: str = ""
    withdrawn: int = 0

    @classmethod
    @asynccontextmanager
    async def running(
        cls,
        system: System,
        *,
        crowd: int,
        people: int,
        forgetful: bool = False,
        say: Callable[[str], None] = print,
    ) -> AsyncIterator[Self]:
        """Every audience over every way, `crowd` times; `people` have an accepted credential."""
        deployment = system.stack.deployment
        async with AsyncExitStack() as held:
            credentials = [await _customer(held, deployment) for _ in range(people)]
            token = token_of(deployment, _DESK, 86_400)
            desk = await held.enter_async_context(Client(system.stack.url, token))
            campaign = cls(
                system=system,
                publishers=await _publishers(system, desk, credentials),
                credentials=credentials,
                listeners=_listeners(system, credentials, crowd=crowd, forgetful=forgetful),
                say=say,
            )
            for listener in campaign.listeners:
                listener.start()
                held.push_async_callback(listener.drop)
            for listener in campaign.listeners:
                await asyncio.wait_for(listener.listening(), PATIENCE)
            yield campaign

    @property
    def deliveries(self) -> int:
        """Events that reached a subscriber, each counted once for each."""
        return sum(len(listener.notebook.received) for listener in self.listeners)

    def publish(self, *, single: int, bulk: int) -> None:
        """So many NOTEs by mutation, and so many in transactions of twenty; nobody waits."""
        alive = self.credentials[self.withdrawn :] or self.credentials
        for number in range(single):
            self.publishers.endorse(alive[number % len(alive)])
        for start in range(0, bulk, 20):
            size = min(20, bulk - start)
            self.publishers.write(
                [self.credentials[n % len(self.credentials)] for n in range(size)]
            )

    @property
    def may_withdraw(self) -> bool:
        """Whether there is a consent to take back; the last one's stays."""
        return self.withdrawn < len(self.credentials) - 1

    def withdraw(self) -> None:
        """The next holder takes her consent back."""
        self.publishers.withdraw(self.credentials[self.withdrawn])
        self.withdrawn += 1

    async def fault(self, name: str, work: Awaitable[None]) -> None:
        """Look what is in flight, then break something; when all has arrived, send more first."""
        phases = await self._in_flight()
        for _ in range(5):
            if any(phases.values()):
                break
            self.publish(single=4, bulk=20)
            await asyncio.sleep(0)
            phases = await self._in_flight()
        last = Fault(name=name, phases=phases)
        self.faults.append(last)
        told = ", ".join(f"{count} {phase}" for phase, count in last.phases.items() if count)
        self.say(f"{len(self.faults):4}  {name:<28} {told or 'nothing in flight: does not count'}")
        await work

    async def drop(self, numbers: Sequence[int]) -> None:
        """These subscribers die where they are, and start again with what they had noted."""
        dropped = [self.listeners[number % len(self.listeners)] for number in set(numbers)]
        for listener in dropped:
            await listener.drop()
            listener.start()

    async def settle(self, patience: float = PATIENCE) -> None:
        """Wait until everybody has all, then judge. Sticky: what was wrong once stays wrong."""
        try:
            self.failure = self.failure or await self._judged(patience)
        except TimeoutError:
            self.failure = f"the system does not come to rest: {self.publishers.stuck()}"
        except Exception as broken:  # noqa: BLE001 - a verdict that can't be had is none
            self.failure = f"the system can't be judged: {broken!r}"

    async def _judged(self, patience: float) -> str:
        await self.system.heal()
        await self.publishers.finished(self.system.heal)
        log = await self.system.settled_log()
        deadline = asyncio.get_running_loop().time() + patience
        while (wrong := self._wrong(log)) and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.25)
            log = await self.system.settled_log()
        return wrong or self._unkept(log)

    def _wrong(self, log: Sequence[LoggedEvent]) -> str:
        seen: dict[str, list[int]] = {}  # by audience: the same for each of its subscribers
        for listener in self.listeners:
            start, audience = listener.notebook.start, listener.audience
            if audience.name not in seen:
                seen[audience.name] = list(audience.sees(log))
            expected = [i for i in seen[audience.name] if start is None or i > start]
            verdict = judge(expected, listener.notebook.received)
            if verdict or listener.problem:
                behind = "is still behind" if verdict.only_behind(_last(listener)) else "wrong"
                return f"{listener.name} {behind}: {verdict} {listener.problem or ''}"
        return ""

    def _unkept(self, log: Sequence[LoggedEvent]) -> str:
        """Acknowledged publications that are not on the log exactly once."""
        found = Counter[str]()
        for entry in log:
            envelope = entry.envelope
            found[str(envelope.event_id)] += 1
            found.update(subject for subject in envelope.subjects if subject.startswith("endo_"))
        wrong = [name for name in self.publishers.acknowledged if found[name] != 1]
        return f"acknowledged, but not once on the log: {wrong[:5]}" if wrong else ""

    async def _in_flight(self) -> dict[str, int]:
        """Events by phase; what can't be looked up any more counts by what publishers know."""
        phases = dict.fromkeys(PHASES, 0)
        waiting = len(self.publishers.under_way)
        try:
            async with asyncio.timeout(1.0):
                committed = await self.publishers.committed()
                queued, log = await self.system.queued(), await self.system.log()
        except (TimeoutError, PyMongoError, LedgerError):
            return {**phases, "before commit": waiting}
        newest = len(log) - 1
        reached = [_last(listener) for listener in self.listeners if _hears_all(listener)]
        phases["before commit"] = waiting - committed
        phases["after commit"] = len(queued)
        phases["sequenced"] = max(0, newest - max(reached, default=newest))
        phases["sent"] = max(reached, default=0) - min(reached, default=0)
        return phases

    @property
    def counted(self) -> int:
        """Faults with an event in flight."""
        return sum(fault.counts for fault in self.faults)

    def summary(self) -> str:
        """The figures of a recorded run."""
        counted = [fault for fault in self.faults if fault.counts]
        by_phase = Counter[str]()
        for fault in counted:
            by_phase.update(phase for phase, count in fault.phases.items() if count)
        connections = sum(listener.connected for listener in self.listeners)
        repeats = sum(listener.dropped for listener in self.listeners)
        kinds = Counter(fault.name.split(":")[0] for fault in counted)
        return (
            f"{len(self.publishers.acknowledged)} events published, {self.deliveries} deliveries "
            f"to {len(self.listeners)} subscribers, {len(counted)} faults that count of "
            f"{len(self.faults)} ({dict(kinds)}), faults with an event in phase {dict(by_phase)}, "
            f"{connections} connections, {repeats} repeats dropped by clients, "
            f"{len(self.publishers.refusals)} unexpected refusals; "
            f"{self.failure or 'no gap, no repeat, nothing out of order, nothing foreign'}"
        )


def _hears_all(listener: Listener) -> bool:
    return listener.audience.field == "supervisionFeed"


def _last(listener: Listener) -> int:
    position = listener.notebook.position
    return -1 if position is None else position.sequence


async def _customer(held: AsyncExitStack, deployment: Deployment) -> Accepted:
    """Somebody whose credential the verifier accepted; who was judged before the log had caught
    up is sent away, and another one comes."""
    while True:
        person = Person()
        actors = await held.enter_async_context(actors_of(deployment, person))
        with suppress(RefusedAsData):
            return await accepted_credential(Journey(actors, person))


async def _publishers(system: System, desk: Client, credentials: list[Accepted]) -> Publishers:
    settings = system.database.name
    own = system.mongo.database("credgraph_oracle")
    await create_indexes(own, {"writes": []})
    return Publishers(
        mongo=system.mongo,
        outbox=open_outbox(system.mongo, database=settings, shard=system.shard),
        own=own["writes"],
        calls=system.mongo.database("credgraph_issuer")["idempotency"],
        desk=desk,
        credentials=credentials,
    )


def audiences(credentials: Sequence[Accepted]) -> list[Audience]:
    """One of each kind, and a verifier that has accepted nothing."""
    consents = {credential.id: credential.consent for credential in credentials}
    holder = credentials[0].holder
    changes = "acceptedCredentialChanges"
    return [
        Audience(
            name="regulator",
            field="supervisionFeed",
            claims={"sub": "oracle-regulator", "role": "REGULATOR"},
            sees=everything,
        ),
        Audience(
            name="verifier",
            field=changes,
            claims={"sub": "oracle-verifier", "role": "VERIFIER", "institution": VERIFIER},
            sees=relied_on_by(VERIFIER, consents),
        ),
        Audience(
            name="stranger",
            field=changes,
            claims={"sub": "oracle-stranger", "role": "VERIFIER", "institution": STRANGER},
            sees=relied_on_by(STRANGER, consents),
        ),
        Audience(
            name="desk",
            field="credentialRequestUpdates",
            claims=_DESK,
            sees=steps_of(ISSUER),
        ),
        Audience(
            name="holder",
            field="myTasks",
            claims={"sub": "oracle-holder", "role": "HOLDER", "holder": holder},
            sees=asked_of(holder),
        ),
    ]


def _listeners(
    system: System, credentials: Sequence[Accepted], *, crowd: int, forgetful: bool
) -> list[Listener]:
    port, found = system.links["gateway"].port, []
    for round_ in range(crowd):
        for way in WAYS:
            for audience in audiences(credentials):
                if round_ and audience.name in {"stranger", "holder"}:
                    continue
                transport = transport_of(way, port)
                found.append(
                    Listener(
                        name=f"{audience.name} {round_} over {way}",
                        audience=audience,
                        transport=Forgetful(transport) if forgetful else transport,
                        deployment=system.stack.deployment,
                        # every second round lives with tokens that expire all the time
                        lifetime=15.0 if round_ % 2 else 86_400.0,
                    )
                )
    return found
