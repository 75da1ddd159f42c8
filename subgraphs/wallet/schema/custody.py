"""Copies in custody and the receipts of those that are gone, as the schema shows them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Self

import strawberry

from subgraphs.kit.context import Info
from subgraphs.kit.fields import resolved
from subgraphs.kit.ids import derived_id
from subgraphs.kit.nodes import Representation, entity
from subgraphs.kit.scalars import JSON, Bytes, Hash, Signature, json_value
from subgraphs.kit.types import Node
from subgraphs.vc.encoding import to_base64url
from subgraphs.wallet import records
from subgraphs.wallet.loaders import loaders
from subgraphs.wallet.parts import Parts
from subgraphs.wallet.schema.institution import Institution
from subgraphs.wallet.states import CustodyState
from subgraphs.wallet.steps.deposit import read_copy


@entity("DeletionReceipt")
class DeletionReceipt(Node):
    content_hash: Hash | None = strawberry.field(
        default=None, description="SM3 of the copy as the holder had sent it (密文摘要)."
    )
    key_destroyed_at: datetime | None = strawberry.field(
        default=None, description="When the key of the copy was destroyed (密钥销毁时间)."
    )
    replicas_erased: int | None = strawberry.field(
        default=None, description="From how many places it was erased (已删除副本数)."
    )
    deleted_at: datetime | None = strawberry.field(
        default=None, description="When the last of them was gone (删除时间)."
    )
    custodian: Institution | None = strawberry.field(
        default=None, description="Who kept it and signs for its end (托管方)."
    )
    signature: Signature | None = strawberry.field(
        default=None, description="The custodian's signature (托管方签名)."
    )
    document: JSON | None = strawberry.field(
        default=None, description="The signed receipt, to be checked without any server (回执原文)."
    )

    @classmethod
    async def resolve_references(
        cls, info: Info[Parts], references: Sequence[Representation], /
    ) -> Sequence[Self | None]:
        rows = await loaders(info.context).deletions.load_many(
            [str(one["id"]) for one in references]
        )
        return [await cls.of(info, row) if row else None for row in rows]

    @classmethod
    async def of(cls, info: Info[Parts], row: records.Deletion) -> Self:
        known = await loaders(info.context).institutions.load(row.custodian)
        receipt = row.receipt
        return cls(
            id=strawberry.ID(row.id),
            content_hash=Hash(receipt.erased.content_hash),
            key_destroyed_at=receipt.erased.key_destroyed_at,
            replicas_erased=receipt.erased.replicas_erased,
            deleted_at=receipt.erased.erased_at,
            custodian=Institution.of(row.custodian, known),
            signature=Signature(receipt.signature),
            document=json_value(row.document),
        )


@entity("CustodyObject")
class CustodyObject(Node):
    ciphertext_hash: Hash | None = strawberry.field(
        default=None, description="SM3 of the encrypted copy (密文摘要)."
    )
    key_id: str | None = strawberry.field(
        default=None, description="The holder's name for the key that opens it (密钥编号)."
    )
    replicas: int | None = strawberry.field(
        default=None, description="In how many places the custodian keeps it (副本数)."
    )
    state: CustodyState | None = strawberry.field(
        default=None, description="Where it stands in its life (状态)."
    )
    deposited_at: datetime | None = strawberry.field(
        default=None, description="When it was handed over (托管时间)."
    )
    wrapped_key: Bytes | None = strawberry.field(
        default=None, description="The holder's data key as her software wrapped it (已封装密钥)."
    )
    row: strawberry.Private[records.CustodyObject | None] = None

    @resolved(
        "The copy as it was handed in; not to be had once its deletion was asked for (密文).",
        tags=["personal"],
    )
    async def ciphertext(self, info: Info[Parts]) -> Bytes | None:
        if self.row is None:
            return None
        return Bytes(to_base64url(await read_copy(info.context.parts, self.row)))

    @resolved("The custodian's signed word that it is gone (删除回执).")
    async def deletion_receipt(self, info: Info[Parts]) -> DeletionReceipt | None:
        if self.row is None:
            return None
        found = await loaders(info.context).deletions.load(derived_id("drec", self.row.id))
        return await DeletionReceipt.of(info, found) if found else None

    @classmethod
    async def resolve_references(
        cls, info: Info[Parts], references: Sequence[Representation], /
    ) -> Sequence[Self | None]:
        rows = await loaders(info.context).custody.load_many([str(one["id"]) for one in references])
        return [cls.of(row) if row else None for row in rows]

    @classmethod
    def of(cls, row: records.CustodyObject) -> Self:
        return cls(
            id=strawberry.ID(row.id),
            ciphertext_hash=Hash(row.ciphertext_hash),
            key_id=row.key_id,
            replicas=row.replicas,
            state=row.state,
            deposited_at=row.deposited_at,
            wrapped_key=None if row.wrapped_key is None else Bytes(row.wrapped_key),
            row=row,
        )
