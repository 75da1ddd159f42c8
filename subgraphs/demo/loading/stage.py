"""The subgraphs' own parts over rows that are lent for one step of the stories of some people.

Laws: what is lent is read after the verifier's place on the log, so that no decision stands on less
than it says; all that a step has made of all of them is one transaction over the databases and the
log's queue.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias, cast

from ledger_adapter.port import Ledger
from subgraphs.demo.journey import VERIFIER
from subgraphs.demo.loading.lent import Lend, LentRows
from subgraphs.demo.loading.memory import MemoryDatabase, NotUnderstood, Rows
from subgraphs.demo.loading.rooms import (
    Ground,
    Told,
    in_memory,
    issuer_over,
    provider_over,
    wallet_over,
)
from subgraphs.issuer.parts import Parts as Issuer
from subgraphs.kit.base import Base
from subgraphs.kit.errors import Busy
from subgraphs.kit.follow import Follower
from subgraphs.kit.identity import IdentityProvider
from subgraphs.kit.ids import HolderId
from subgraphs.kit.mongo import Collection as Stored
from subgraphs.kit.mongo import Contended, Document, Session
from subgraphs.kit.settings import ServiceName
from subgraphs.verifier import app as verifier
from subgraphs.verifier.parts import Parts as Verifier
from subgraphs.verifier.parts import Terms
from subgraphs.verifier.records import Change
from subgraphs.wallet.parts import Parts as Wallet

_PAUSE: Final = 0.2
NOTHING: Final[Document] = {"_id": {"$in": []}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """The people of a step, and what they have by now."""

    holders: Sequence[HolderId]
    dids: Sequence[str]
    credentials: Sequence[str]
    consents: Sequence[str]


Where: TypeAlias = Callable[[Whose], Document]


def _all(_: Whose) -> Document:
    return {}


def _new(_: Whose) -> Document:
    """What a step of these makes and nobody has before it."""
    return NOTHING


def _holders(whose: Whose) -> Document:
    return {"holder": {"$in": list(whose.holders)}}


def _ours(whose: Whose) -> Document:
    return {"verifier": VERIFIER, **_holders(whose)}


def _by_holder(whose: Whose) -> Document:
    return {"_id": {"$in": list(whose.holders)}}


def _by_credential(whose: Whose) -> Document:
    return {"_id": {"$in": list(whose.credentials)}}


def _by_consent(whose: Whose) -> Document:
    return {"_id": {"$in": list(whose.consents)}}


def _by_did(whose: Whose) -> Document:
    return {"did": {"$in": list(whose.dids)}}


SHORT_LIVED: Final = frozenset({"prepared", "idempotency"})
LENT: Final[Mapping[ServiceName, Mapping[str, Where]]] = {
    "identity": {"registrations": _by_did},
    "wallet": {
        "institutions": _all,
        "root_dids": _by_holder,
        "closures": _by_holder,
        **dict.fromkeys(("agreements", "consents", "wallet_items", "cancellations"), _holders),
    },
    "issuer": {
        "institutions": _all,
        "scenarios": _all,
        "roots": _by_holder,
        "endorsements": _new,
        **dict.fromkeys(("credentials", "bindings"), _holders),
    },
    "verifier": {
        "institutions": _all,
        "roots": _by_holder,
        "statuses": _by_credential,
        "log_consents": _by_consent,
        "log_credentials": _holders,
        **dict.fromkeys(("bindings", "verifications"), _ours),
        **dict.fromkeys(("acceptances", "permissions", "supplements"), _holders),
        **dict.fromkeys(("requests", "presentations", "qualifications", "grounds"), _new),
    },
}
"""What each of the four keeps of people, each by an index."""
READ: Final[Mapping[ServiceName, Sequence[str]]] = {"issuer": ("agreed", "participants")}


class ReadTo:
    """Log and follower as of the time when the rows were lent; what waits for the log is asked."""

    def __init__(self, ledger: Ledger, applied: int) -> None:
        self._ledger, self.applied, self.news_at = ledger, applied, applied

    async def reach(self, index: int) -> None:
        """What is lent is as of the end of the log that `size` tells."""

    async def size(self) -> int:
        return self.applied + 1

    async def awaits(self, entities: Collection[str], /) -> bool:
        return await self._ledger.awaits(entities)


class Through:
    """A collection that a step only reads, seldom, and by the very ids of its rows."""

    def __init__(self, rows: Stored) -> None:
        self.find, self.find_one = rows.find, rows.find_one


class LentDatabase(MemoryDatabase):
    """Collections of one service, lent by `LENT`; a row of another one is an error."""

    def __init__(self, base: Base, service: ServiceName, whose: Whose) -> None:
        super().__init__()
        self.base = base
        self.lent: dict[str, LentRows] = {}
        for name, where in LENT[service].items():
            self.lent[name] = LentRows(_lend(base.database[name], where(whose)), name, self.lent)
        self._beside: dict[str, object] = {
            **{name: Rows() for name in SHORT_LIVED},
            **{name: Through(base.database[name]) for name in READ.get(service, ())},
        }

    def __getitem__(self, name: str, /) -> Stored:
        found = self.lent.get(name) or self._beside.get(name) or LentRows(_not_lent)
        return cast("Stored", found)

    async def give_back(self, session: Session) -> None:
        """What is new or changed."""
        for name, rows in self.lent.items():
            await rows.give_back(self.base.database[name], session)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One step's parts, and what it has made."""

    issuer: Issuer
    wallet: Wallet
    verifier: Verifier
    databases: Sequence[LentDatabase]
    told: Told

    async def write(self) -> None:
        """All of it or, by an Overtaken, nothing; waits while the log has enough to do."""
        base = self.databases[0].base

        async def work(session: Session) -> None:
            for database in self.databases:
                await database.give_back(session)
            await base.outbox.put(session, *self.told.events)

        while True:
            try:
                return await base.mongo.transaction(work)
            except (Busy, Contended):
                await asyncio.sleep(_PAUSE)


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What every stage of a process stands on."""

    ground: Ground
    bases: Mapping[ServiceName, Base]
    outside: verifier.Doors

    def stage(self, whose: Whose, read: int) -> Stage:
        """For one step of these people; `read` is how far the verifier has read the log."""
        databases = {service: LentDatabase(self.bases[service], service, whose) for service in LENT}
        ground, told = self.ground, Told()
        identity = provider_over(ground, databases["identity"])
        counter = in_memory(self.bases["verifier"], databases["verifier"], told)
        return Stage(
            issuer=issuer_over(ground, databases["issuer"], told, identity),
            wallet=wallet_over(ground, databases["wallet"], told, identity),
            verifier=self._counter(counter, identity, read),
            databases=tuple(databases.values()),
            told=told,
        )

    def _counter(self, base: Base, identity: IdentityProvider, read: int) -> Verifier:
        counter = verifier.wire(base, replace(self.outside, identity=identity), Terms())
        log = ReadTo(counter.ledger, read)
        follower = cast("Follower[Change]", log)
        return replace(counter, ledger=cast("Ledger", log), follower=follower)


def _lend(rows: Stored, where: Document) -> Lend:
    async def lend() -> list[Document]:
        return [] if where is NOTHING else await rows.find(where).to_list(None)

    return lend


async def _not_lent() -> list[Document]:
    raise NotUnderstood("no row of this collection is lent")
