"""The links of copies that their holders lent, as the simulated custodian keeps them.

A link is kept under its name with the digest of its word; it serves one verifier and one request,
and ends by time. A wrong word answers like an unknown link.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from subgraphs.kit.mongo import Database, Document, IndexModel, create_indexes
from subgraphs.vc.custody_link import word_digest
from subgraphs.verifier.ports import Claim, LinkRefused
from subgraphs.wallet.ports import Loan

COLLECTION: Final = "links"
INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    COLLECTION: [IndexModel([("until", 1)], expireAfterSeconds=86_400)]
}


class Links:
    """One row a link."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database, self._rows, self._clock = database, database[COLLECTION], clock
        self._indexed = False

    async def add(self, loan: Loan) -> None:
        """Kept until its time is over, and a day more: who comes too late is told so."""
        if not self._indexed:
            await create_indexes(self._database, INDEXES)
            self._indexed = True
        row = {
            "object": loan.object_id,
            "audience": loan.audience,
            "word_digest": loan.word_digest,
            "until": loan.until,
            "request": None,
            "done": False,
        }
        await self._rows.update_one({"_id": loan.link}, {"$setOnInsert": row}, upsert=True)

    async def taken(self, claim: Claim) -> str:
        """The object it leads to; from now on the link is this request's."""
        row = await self._rows.find_one({"_id": claim.link})
        if row is None or not _knows(row, claim):
            raise LinkRefused("no such link")
        if row["audience"] != claim.audience:
            raise LinkRefused("lent to somebody else", code="CUSTODY_LINK_MISMATCH")
        if self._clock() >= row["until"]:
            raise LinkRefused("the link is over", code="CUSTODY_LINK_EXPIRED")
        free = {"_id": claim.link, "done": False, "request": {"$in": [None, claim.request]}}
        taken = await self._rows.update_one(free, {"$set": {"request": claim.request}})
        if taken.matched_count != 1:
            raise LinkRefused("the link was used before", code="CUSTODY_LINK_USED")
        return str(row["object"])

    async def done(self, claim: Claim) -> None:
        its = {"_id": claim.link, "request": claim.request}
        await self._rows.update_one(its, {"$set": {"done": True}})


def _knows(row: Document, claim: Claim) -> bool:
    return hmac.compare_digest(str(row["word_digest"]), word_digest(claim.word))
