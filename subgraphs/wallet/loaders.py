"""Rows by id for one request, batched, and only those its viewer may see.

Laws: one query a table and batch; a row the viewer may not see is as absent as an unknown id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from strawberry.dataloader import DataLoader

from subgraphs.kit.context import RequestContext
from subgraphs.kit.ids import HolderId, InstitutionId
from subgraphs.kit.institutions import InstitutionRow
from subgraphs.kit.reads import Read
from subgraphs.wallet import policy
from subgraphs.wallet.parts import Parts
from subgraphs.wallet.records import (
    Cancellation,
    Consent,
    CustodyObject,
    Deletion,
    RootDid,
    WalletItem,
)

_NAME = "wallet"
Stored: TypeAlias = Mapping[str, Any]


class Loaders:
    """All loaders of one request."""

    def __init__(self, context: RequestContext[Parts]) -> None:
        parts = context.parts
        self._store, self._register, self._viewer = parts.store, parts.institutions, context.viewer
        self._context, self._reads = context, parts.reads
        self._copies = parts.copies
        self.root_dids = DataLoader(load_fn=self._root_dids)
        self.consents = DataLoader(load_fn=self._consents)
        self.items = DataLoader(load_fn=self._items)
        self.item_of = DataLoader(load_fn=self._item_of)
        self.owner_of = DataLoader(load_fn=self._owner_of)
        self.custody = DataLoader(load_fn=self._custody)
        self.deletions = DataLoader(load_fn=self._deletions)
        self.cancellations = DataLoader(load_fn=self._cancellations)
        self.institutions = DataLoader(load_fn=self._institutions)

    async def _root_dids(self, holders: list[str]) -> Sequence[RootDid | None]:
        bound = await self._bound(holders)

        def may_see(row: Stored) -> bool:
            holder = row["_id"]
            return policy.may_see_did(self._viewer, holder, bound=holder in bound)

        seen = await self._store.root_dids(holders, may_see)
        reads = [Read(id=holder, what="ROOT_DID", concerned=()) for holder in seen]
        await self._reads.tell(self._context, reads)
        return [seen.get(holder) for holder in holders]

    async def _bound(self, holders: list[str]) -> frozenset[str]:
        institution, ties = self._viewer.institution, policy.did_ties(self._viewer)
        if institution is None or not ties:
            return frozenset()
        return await self._store.bound(institution, holders, ties)

    async def _consents(self, ids: list[str]) -> Sequence[Consent | None]:
        def may_see(row: Stored) -> bool:
            parties = {"holder": row["holder"], "granted_to": row["granted_to"]}
            return policy.may_see_consent(self._viewer, **parties)

        found = await self._store.consents(ids, may_see)
        return [found.get(id_) for id_ in ids]

    async def _items(self, ids: list[str]) -> Sequence[WalletItem | None]:
        found = await self._store.items(ids, self._hers)
        return [found.get(id_) for id_ in ids]

    async def _item_of(self, credentials: list[str]) -> Sequence[WalletItem | None]:
        found = await self._store.items_of(credentials, seen=self._hers)
        return [found.get(id_) for id_ in credentials]

    async def _owner_of(self, credentials: list[str]) -> Sequence[HolderId | None]:
        found = await self._store.owners_of(credentials)
        return [found.get(id_) for id_ in credentials]

    def _hers(self, row: Stored) -> bool:
        return policy.is_her(self._viewer, row["holder"])

    async def _custody(self, ids: list[str]) -> Sequence[CustodyObject | None]:
        found = await self._copies.custody(ids)
        rows = (found.get(id_) for id_ in ids)
        return [row if row and policy.is_her(self._viewer, row.holder) else None for row in rows]

    async def _deletions(self, ids: list[str]) -> Sequence[Deletion | None]:
        found = await self._copies.deletions(ids)
        seen = {
            id_: row
            for id_, row in found.items()
            if policy.may_see_receipt(self._viewer, row.holder)
        }
        reads = [
            Read(id=id_, what="DELETION_RECEIPT", concerned=(row.holder,))
            for id_, row in seen.items()
        ]
        await self._reads.tell(self._context, reads)
        return [seen.get(id_) for id_ in ids]

    async def _cancellations(self, credentials: list[str]) -> Sequence[Cancellation | None]:
        found = await self._copies.cancellations(credentials)
        rows = (found.get(id_) for id_ in credentials)
        return [row if row and policy.is_her(self._viewer, row.holder) else None for row in rows]

    async def _institutions(self, ids: list[InstitutionId]) -> Sequence[InstitutionRow | None]:
        found = await self._register.find(ids)
        return [found.get(id_) for id_ in ids]


def loaders(context: RequestContext[Parts]) -> Loaders:
    """The request's own, made when first asked for."""
    held: Loaders | None = context.loaders.get(_NAME)
    if held is None:
        held = context.loaders[_NAME] = Loaders(context)
    return held
