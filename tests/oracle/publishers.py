"""Publishers: an issuer's desk with real mutations, and a writer that commits many at once.

Both note every event they may have published, so that the log can be asked afterwards whether what
was acknowledged is there, and whether anything is there twice.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from gateway.client.subscription import TRANSIENT
from ledger_adapter.errors import LedgerError
from ledger_adapter.port import Envelope
from subgraphs.demo.answers import RefusedAsData, mutate, text
from subgraphs.demo.client import Client, Json, Refused
from subgraphs.demo.deployment import DemoError
from subgraphs.demo.journey import ISSUER, Journey
from subgraphs.kit.errors import Busy
from subgraphs.kit.events import event
from subgraphs.kit.idempotent import Call
from subgraphs.kit.ids import new_id
from subgraphs.kit.mongo import (
    Collection,
    Contended,
    DuplicateKeyError,
    Mongo,
    PyMongoError,
    Session,
)
from subgraphs.kit.outbox import Outbox
from subgraphs.kit.viewer import Role, Viewer

PASSING = (DemoError, PyMongoError, LedgerError, Contended, Busy)
"""What a writer meets while parts of the system are away; it asks again."""
DESK = Viewer(role=Role.ISSUER, subject="oracle-desk", institution=ISSUER, holder=None)
PREPARE = """mutation P($input: PrepareConsentWithdrawalInput!) {
  prepareConsentWithdrawal(input: $input) { __typename
    ... on PrepareConsentWithdrawalSuccess { preparedId payload payloadToSign }
    ... on DomainError { code message } } }"""
WITHDRAW = """mutation W($input: WithdrawConsentInput!) {
  withdrawConsent(input: $input) { __typename ... on DomainError { code message } } }"""


@dataclass(slots=True, kw_only=True)
class Published:
    """What one call is to put on the log; a mutation's events are named by its answer only."""

    mark: str
    event_ids: tuple[str, ...] = ()
    last: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A credential that the verifier relies on, and the consent that lets it."""

    id: str
    vc_hash: str
    holder: str
    consent: str
    journey: Journey


@dataclass(slots=True, kw_only=True)
class Publishers:
    """Writers over a list of credentials; `open` are the calls that have no answer yet."""

    mongo: Mongo
    outbox: Outbox
    own: Collection
    calls: Collection
    desk: Client
    credentials: Sequence[Accepted]
    open: set[asyncio.Task[None]] = field(default_factory=set)
    under_way: list[Published] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    def endorse(self, credential: Accepted) -> None:
        """One NOTE by the desk's mutation, sent again under its key until it is answered."""
        self._begin(self._endorse(credential, Published(mark=secrets.token_hex(12))))

    def write(self, credentials: Sequence[Accepted]) -> None:
        """NOTEs of several credentials in one transaction, as a bulk job of the issuer would."""
        envelopes = [_noted(credential) for credential in credentials]
        ids = tuple(str(envelope.event_id) for envelope in envelopes)
        self._begin(self._write(envelopes, Published(mark=secrets.token_hex(12), event_ids=ids)))

    def withdraw(self, credential: Accepted) -> None:
        """The holder takes her consent back: the verifier's right to listen ends."""
        self._begin(self._withdraw(credential))

    async def committed(self) -> int:
        """How many calls without an answer have been written all the same."""
        marks = [call.mark for call in self.under_way]
        calls = [Call.of(DESK, "endorseCredential", mark, []).key for mark in marks]
        answered = {"_id": {"$in": calls}}
        return await self.calls.count_documents(answered) + await self.own.count_documents(
            {"_id": {"$in": marks}}
        )

    async def finished(self, heal: Callable[[], Awaitable[None]], seconds: float = 240.0) -> None:
        """Every call has its answer. TimeoutError when some have none."""
        async with asyncio.timeout(seconds):
            while self.open:
                await asyncio.wait(self.open, timeout=1.0)
                await heal()

    def stuck(self) -> str:
        """What the calls without an answer met last."""
        return str(Counter(call.last for call in self.under_way).most_common(5))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self.open.add(task)
        task.add_done_callback(self.open.discard)

    async def _endorse(self, credential: Accepted, published: Published) -> None:
        self.under_way.append(published)
        while True:
            try:
                done = await mutate(
                    self.desk,
                    "endorse-credential",
                    credentialId=credential.id,
                    effect="NOTE",
                    reasonCode="ORACLE",
                    clientMutationId=published.mark,
                )
            except RefusedAsData as refusal:
                published.last = str(refusal)
                if refusal.kind != "TryAgain":
                    self.refusals.append(str(refusal))
                    break
            except Refused as refusal:
                published.last = str(refusal.codes)
                self.refusals.extend(_unexpected(refusal))
            except DemoError as error:
                published.last = str(error)
                await asyncio.sleep(0.1)
            else:
                self.acknowledged.append(text(done, "endorsement", "id"))
                break
            await asyncio.sleep(0.05)
        self.under_way.remove(published)

    async def _write(self, envelopes: Sequence[Envelope], published: Published) -> None:
        async def put(session: Session) -> None:
            # the writer's own state: a repeat after a lost answer finds it and writes nothing
            await self.own.insert_one({"_id": published.mark}, session=session)
            await self.outbox.put(session, *envelopes)

        self.under_way.append(published)
        while True:
            try:
                await self.mongo.transaction(put)
            except DuplicateKeyError:
                break
            except PASSING as error:
                published.last = repr(error)
                await asyncio.sleep(0.1)
            else:
                break
        self.acknowledged.extend(published.event_ids)
        self.under_way.remove(published)

    async def _withdraw(self, credential: Accepted) -> None:
        holder = credential.journey.actors.holder
        prepared: Json = {}
        while not prepared:
            with suppress(DemoError):
                asked = {"input": {"consentId": credential.consent}}
                answer = await holder.ask(PREPARE, asked)
                prepared = cast("Json", answer["prepareConsentWithdrawal"])
        signature = credential.journey.person.software.sign_prepared(
            prepared["payload"], text(prepared, "payloadToSign"), asked={}
        )
        fields = {
            "preparedId": prepared["preparedId"],
            "holderSignature": signature.as_input(),
            "clientMutationId": secrets.token_hex(12),
        }
        while True:
            with suppress(DemoError):
                answer = await holder.ask(WITHDRAW, {"input": fields})
                if text(answer, "withdrawConsent", "__typename") != "TryAgain":
                    break
            await asyncio.sleep(0.1)
        outcome = text(answer, "withdrawConsent", "__typename")
        if outcome != "WithdrawConsentSuccess":
            self.refusals.append(f"withdrawConsent: {answer}")


async def accepted_credential(journey: Journey) -> Accepted:
    """Walks one person's journey to a permission."""
    await journey.to_credential()
    await journey.bind_verifier_customer()
    await journey.ask_presentation()
    consent = await journey.consent()
    for step in (journey.submit, journey.verify, journey.grant_permission):
        await step()
    return Accepted(
        id=journey.credential_id,
        vc_hash=journey.vc_hash,
        holder=journey.person.holder_id,
        consent=text(consent, "consent", "id"),
        journey=journey,
    )


def _noted(credential: Accepted) -> Envelope:
    endorsement = new_id("endo")
    return event(
        "CREDENTIAL_ENDORSED",
        entity=endorsement,
        version=1,
        subjects=[credential.id, endorsement, credential.holder],
        institutions=[ISSUER],
        at=datetime.now(UTC),
        body={
            "issuer": ISSUER,
            "vcHash": credential.vc_hash,
            "effect": "NOTE",
            "reasonCode": "ORACLE",
            "state": "ACTIVE",
        },
    )


def _unexpected(refusal: Refused) -> list[str]:
    return [f"{code}: {refusal}" for code in refusal.codes if code not in TRANSIENT]
