"""Which texts each holder has agreed to, learnt from the log: AGREEMENT_SIGNED by digest (R10).

She signs in the wallet; whoever opens a stage asks here, and hears of it as soon as the log is
followed so far. No root DID comes into being without the texts of its own stage, so their first
versions need not be told here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from ledger_adapter.port import LoggedEvent
from subgraphs.kit.agreements import CATALOGUE, AgreementsMissing, AgreementStage, asked_before
from subgraphs.kit.agreements import Template as Text
from subgraphs.kit.ids import HolderId
from subgraphs.kit.mongo import Database, IndexModel, Session, UpdateOne
from subgraphs.rules.calendar import day_of

COLLECTION: Final = "agreed"
KIND: Final = "AGREEMENT_SIGNED"
INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {COLLECTION: []}


class Agreed:
    """The projection, and the texts it is held against."""

    heeds: Final = frozenset({KIND})

    def __init__(self, database: Database, texts: Sequence[Text] = CATALOGUE) -> None:
        self._rows, self._texts = database[COLLECTION], texts

    async def apply(self, events: Sequence[LoggedEvent], session: Session) -> None:
        """Take them in; heard of again, nothing changes."""
        writes = [_kept(event) for event in events if _asked_for(event)]
        if writes:
            await self._rows.bulk_write(writes, session=session)

    async def require(self, holder: HolderId, stage: AgreementStage, now: datetime) -> None:
        """AgreementsMissing unless she has agreed to every text of the stage, as it reads today."""
        texts = asked_before(stage, on=day_of(now), among=self._texts)
        asked = [one for one in texts if one.stage is stage or one.version > 1]
        where = {"_id": {"$in": [_id(holder, one.key) for one in asked]}}
        signed = {row["_id"]: row["digest"] for row in await self._rows.find(where).to_list(None)}
        missing = [one for one in asked if signed.get(_id(holder, one.key)) != one.digest]
        if missing:
            raise AgreementsMissing(missing)


def _asked_for(event: LoggedEvent) -> bool:
    if event.envelope.kind != KIND:
        return False
    body = event.envelope.body
    return (body["agreementStage"], body["version"]) != (AgreementStage.ROOT_DID.value, 1)


def _kept(event: LoggedEvent) -> UpdateOne:
    holder, body = HolderId(event.envelope.subjects[0]), event.envelope.body
    key = f"{body['agreementStage']}.{body['agreement']}@{body['version']}"
    digest = {"$set": {"digest": body["textDigest"]}}
    return UpdateOne({"_id": _id(holder, key)}, digest, upsert=True)


def _id(holder: HolderId, text: str) -> str:
    return f"{holder}|{text}"
