"""Presentation requests: what a verifier asks of one customer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import strawberry

from subgraphs.kit.context import Info
from subgraphs.kit.fields import resolved
from subgraphs.kit.nodes import Representation, entity
from subgraphs.kit.scalars import DID
from subgraphs.kit.types import Money, Node
from subgraphs.vc.multikey import encode_key
from subgraphs.verifier import records
from subgraphs.verifier.loaders import loaders
from subgraphs.verifier.parts import Parts
from subgraphs.verifier.schema.institution import Institution, institution
from subgraphs.verifier.schema.references import answered, bare, later
from subgraphs.verifier.schema.values import money
from subgraphs.verifier.schema.words import RequestState
from subgraphs.verifier.transfer import request_key


@entity("PresentationRequest")
class PresentationRequest(Node):
    row: strawberry.Private[records.Request | None] = None
    rule_set: str | None = strawberry.field(
        default=None, description="The rules it is for, `NAME@version` (规则)."
    )
    purpose: str | None = strawberry.field(default=None, description="What it is for (目的).")
    nonce: str | None = strawberry.field(
        default=None, description="To be signed as the proof's challenge, once (随机数)."
    )
    audience: DID | None = strawberry.field(
        default=None, description="To be signed as the proof's domain (受众)."
    )
    expires_at: datetime | None = strawberry.field(
        default=None, description="Until when it can be answered (有效期至)."
    )
    state: RequestState | None = strawberry.field(default=None, description="State (状态).")

    claims: list[str] | None = strawberry.field(
        default=None, description="The claim paths asked for; empty: bounds are enough (声明)."
    )
    at_least: Money | None = strawberry.field(
        default=None, description="What bounds together have to prove (下限)."
    )

    @resolved("What a code or a link to the holder's app says; the answer may take any way (链接).")
    def link(self) -> str | None:
        if self.row is None:
            return None
        row = self.row  # ids, nonces and DIDs are written in letters that a link takes as they are
        told = f"request={row.id}&nonce={row.nonce}&audience={row.audience}"
        return f"credgraph://present?{told}"

    @resolved("The key that an answer by CUSTODY_LINK is sealed for, as Multikey text (传递公钥).")
    async def transfer_key(self, info: Info[Parts]) -> str | None:
        key = await request_key(info.context.parts, self.row) if self.row else None
        return None if key is None else encode_key(key.public_key)

    @resolved("Who asks (用证方).")
    async def verifier(self, info: Info[Parts]) -> Institution | None:
        return await institution(info, self.row.verifier if self.row else None)

    @resolved("Who is asked (持证方).", graphql_type=later("Holder") | None)
    def holder(self, info: Info[Parts]) -> Node | None:
        return bare(info, "Holder", self.row.holder) if self.row else None

    @classmethod
    def of(cls, row: records.Request) -> PresentationRequest:
        return cls(
            id=strawberry.ID(row.id),
            row=row,
            rule_set=row.rule_set,
            purpose=row.purpose,
            nonce=row.nonce,
            audience=DID(row.audience),
            expires_at=row.expires_at,
            state=row.state,
            claims=list(row.claims),
            at_least=money(row.at_least),
        )

    @classmethod
    async def resolve_references(
        cls, info: Info[Parts], references: Sequence[Representation], /
    ) -> list[PresentationRequest | None]:
        return await answered(loaders(info.context).requests, references, cls.of)
