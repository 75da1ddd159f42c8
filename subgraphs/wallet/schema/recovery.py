"""A recovery of a root DID as its holder sees it."""

from __future__ import annotations

from datetime import datetime
from typing import Self

import strawberry

from subgraphs.kit.scalars import JSON, json_value
from subgraphs.vc.proofing import parse_proofing
from subgraphs.wallet import records
from subgraphs.wallet.schema.agreements import IdentityProofing


@strawberry.type(description="A new key of a root DID on its way (密钥恢复).")
class KeyRecovery:
    started_at: datetime = strawberry.field(description="When it began (开始时间).")
    not_before: datetime = strawberry.field(
        description="From when on it can be completed, not before (冷静期截止)."
    )
    cancellable: bool = strawberry.field(
        description="Whether the key in force may take it back; not after a report (可否取消)."
    )
    public_key_multibase: str = strawberry.field(description="The new key (新公钥).")
    proofing: IdentityProofing = strawberry.field(
        description="How she was looked at for it (身份核验)."
    )
    document: JSON = strawberry.field(
        description="The notice with the provider's signature (签名文件)."
    )

    @classmethod
    def of(cls, row: records.Recovery) -> Self:
        notice = row.notice
        return cls(
            started_at=notice.started_at,
            not_before=notice.not_before,
            cancellable=not notice.compromised,
            public_key_multibase=notice.public_key_multibase,
            proofing=IdentityProofing.of(parse_proofing(row.proofing)),
            document=json_value(row.document),
        )
