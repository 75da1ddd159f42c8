"""Backups as GraphQL, as the ledger's commands keep them."""

from __future__ import annotations

from datetime import datetime

import strawberry

from subgraphs.audit import policy
from subgraphs.audit.parts import Parts
from subgraphs.kit.context import Info
from subgraphs.kit.errors import Forbidden, Invalid
from subgraphs.kit.fields import resolved
from subgraphs.kit.paging import MOST, First
from subgraphs.kit.scalars import Hash


@strawberry.type(description="A backup of all databases at one moment (备份记录).")
class BackupRecord:
    digest: Hash = strawberry.field(description="Digest of its manifest (备份摘要).")
    taken_at: datetime = strawberry.field(description="The moment (备份时间).")
    age_seconds: int = strawberry.field(description="How old it is (备份时长).")
    log_size: str = strawberry.field(description="Entries of the log in it (日志条数).")
    documents: int = strawberry.field(description="How many documents it holds (文档数).")
    verified_at: datetime | None = strawberry.field(
        description="When its log was last restored aside and replayed; null: never (验证时间)."
    )


@strawberry.type
class Backups:
    @resolved("Backups, the newest first, for the regulator (备份列表).")
    async def backups(self, info: Info[Parts], first: First = 20) -> list[BackupRecord] | None:
        parts = info.context.parts
        if not policy.supervises(info.context.viewer):
            raise Forbidden("only the regulator may see this")
        if not 1 <= first <= MOST:
            raise Invalid(f"first is 1 to {MOST}", field="first", code="FIRST_OUT_OF_RANGE")
        now = parts.clock()
        return [
            BackupRecord(
                digest=Hash(one.digest),
                taken_at=one.taken_at,
                age_seconds=max(0, int((now - one.taken_at).total_seconds())),
                log_size=str(one.size),
                documents=one.documents,
                verified_at=one.verified_at,
            )
            for one in await parts.ledger.backups(first)
        ]
