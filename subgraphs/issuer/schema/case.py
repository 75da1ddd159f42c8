"""What the credentials of a case state: for the regulator who brings audit's pass, told first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final, Self

import strawberry
from strawberry import federation

from subgraphs.issuer import loaders, policy, records
from subgraphs.issuer.parts import Parts
from subgraphs.issuer.schema.preview import money
from subgraphs.issuer.schema.types import AssetLine, Credential, asset_lines
from subgraphs.kit.context import Info
from subgraphs.kit.errors import Forbidden, Refusal
from subgraphs.kit.ids import CredentialId
from subgraphs.kit.nodes import Representation
from subgraphs.kit.passes import CASE_WORDS, KEY_WORDS, CasePass
from subgraphs.kit.reads import Read
from subgraphs.kit.types import Money

AMOUNTS: Final = "AMOUNTS"


@strawberry.type(description="What one credential of a case states (案卷金额).")
class CaseAmount:
    credential: Credential = strawberry.field(description="Which credential (凭证).")
    total: Money | None = federation.field(
        default=None,
        description="Sum of the positions; null where none are kept (总额).",
        tags=["personal"],
    )
    asset_lines: list[AssetLine] | None = federation.field(
        default=None,
        description="Positions by category; null where none are kept (资产明细).",
        tags=["personal"],
    )
    as_of: date | None = strawberry.field(
        default=None, description="The close the positions are of (数据日期)."
    )

    @classmethod
    def of(cls, id_: CredentialId, row: records.Credential | None) -> Self:
        """Nulls before a draft was compiled, and once its holder's key is destroyed."""
        shape = cls(credential=Credential.of(row) if row else Credential(id=strawberry.ID(id_)))
        if row is not None and row.draft is not None:
            shape.total, shape.asset_lines = money(row.draft.total), asset_lines(row.draft)
            shape.as_of = row.draft.as_of
        return shape


@federation.type(description=CASE_WORDS, keys=["pass"])
class Case:
    pass_: str = federation.field(name="pass", description=KEY_WORDS, inaccessible=True)
    amounts: list[CaseAmount] | None = strawberry.field(
        description="What its credentials state, at most 100; the person is told first (案卷金额)."
    )

    @classmethod
    async def resolve_references(
        cls, info: Info[Parts], references: Sequence[Representation], /
    ) -> Sequence[Self | Refusal]:
        """All are told of before any is read."""
        context, texts = info.context, [str(one["pass"]) for one in references]
        opened = [_opened(info, text) for text in texts]
        cases = [one for one in opened if isinstance(one, CasePass)]
        read = [
            Read(id=one.case, what=AMOUNTS, concerned=(one.person,))
            for one in cases
            if one.credentials
        ]
        await context.parts.reads.tell(context, read)
        rows = iter(await loaders.load_cases(context.parts.store, context.viewer, cases))
        return [
            cls.of(text, case, next(rows)) if isinstance(case, CasePass) else case
            for text, case in zip(texts, opened, strict=True)
        ]

    @classmethod
    def of(cls, text: str, case: CasePass, rows: Sequence[records.Credential | None]) -> Self:
        found = zip(case.credentials, rows, strict=True)
        return cls(pass_=text, amounts=[CaseAmount.of(*one) for one in found])


def _opened(info: Info[Parts], text: str) -> CasePass | Refusal:
    viewer = info.context.viewer
    if not policy.opens_cases(viewer):
        return Forbidden("only the regulator may see this")
    try:
        return info.context.parts.passes.open(text, viewer)
    except Refusal as refusal:
        return refusal
