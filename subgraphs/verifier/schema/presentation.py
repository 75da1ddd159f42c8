"""Presentations and the credentials in them, as this verifier received them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import strawberry
from strawberry import federation

from subgraphs.kit.context import Info
from subgraphs.kit.errors import Forbidden
from subgraphs.kit.fields import resolved
from subgraphs.kit.nodes import NodeStub, Representation, entity, stub
from subgraphs.kit.scalars import Hash
from subgraphs.kit.types import Money, Node
from subgraphs.kit.vocabulary import CredentialState
from subgraphs.verifier import records
from subgraphs.verifier.loaders import loaders
from subgraphs.verifier.parts import Parts
from subgraphs.verifier.policy import may_see_content
from subgraphs.verifier.schema.institution import Institution, institution
from subgraphs.verifier.schema.references import answered, bare, later, made
from subgraphs.verifier.schema.request import PresentationRequest
from subgraphs.verifier.schema.values import PresentedLine, money
from subgraphs.verifier.schema.words import PresentationState, TransferMode


@strawberry.type(description="A credential as one presentation showed it (出示的凭证).")
class PresentedCredential:
    row: strawberry.Private[records.Shown]
    content: strawberry.Private[bool]
    credential_id: strawberry.ID = strawberry.field(description="Its id (凭证标识).")
    vc_hash: Hash = strawberry.field(description="Recomputed from what was shown (凭证摘要).")
    as_of: date = strawberry.field(description="The close its amounts are of (截止日).")
    valid_from: datetime = strawberry.field(description="Valid from (生效时间).")
    valid_until: datetime = strawberry.field(description="Valid until (有效期至).")

    @resolved("Who issued it, by the trust register; null for an unregistered one (发证方).")
    async def issuer(self, info: Info[Parts]) -> Institution | None:
        return await institution(info, self.row.issuer)

    @resolved("What the log says of it now (链上状态).")
    async def state(self, info: Info[Parts]) -> CredentialState | None:
        return await on_log(info, self.row.credential)

    @resolved("The disclosed lines (披露的明细).")
    def lines(self) -> list[PresentedLine] | None:
        self._disclosed()
        return [PresentedLine.of(line) for line in self.row.lines]

    @resolved("The disclosed total, null when withheld (披露的总额).")
    def total(self) -> Money | None:
        self._disclosed()
        return money(self.row.total)

    @resolved("The proved lower bound, null when none was shown (证明的下限).")
    def lower_bound(self) -> Money | None:
        self._disclosed()
        return money(self.row.lower_bound)

    @resolved(
        "The credential itself, for those who may see it at its owner (凭证).",
        graphql_type=later("Credential") | None,
    )
    def credential(self, info: Info[Parts]) -> Node | None:
        return bare(info, "Credential", self.row.credential)

    def _disclosed(self) -> None:
        if not self.content:
            raise Forbidden

    @classmethod
    def of(cls, row: records.Shown, *, content: bool) -> PresentedCredential:
        return cls(
            row=row,
            content=content,
            credential_id=strawberry.ID(row.credential),
            vc_hash=Hash(row.vc_hash),
            as_of=row.as_of,
            valid_from=row.valid_from,
            valid_until=row.valid_until,
        )


async def on_log(info: Info[Parts], credential: str) -> CredentialState | None:
    known = await loaders(info.context).credentials.load(credential)
    return None if known is None else CredentialState(known.status.value)


@entity("Presentation")
class Presentation(Node):
    row: strawberry.Private[records.Presentation | None] = None
    state: PresentationState | None = strawberry.field(default=None, description="State (状态).")
    received_at: datetime | None = strawberry.field(
        default=None, description="When it came in (收到时间)."
    )
    transfer_mode: TransferMode | None = strawberry.field(
        default=None, description="The way it came; null where the holder did not say (传递方式)."
    )
    consent: NodeStub | None = federation.field(
        default=None,
        graphql_type=stub("Consent") | None,
        description="The consent it was made under (授权).",
    )

    @resolved("To whom it was shown (受众).")
    async def audience(self, info: Info[Parts]) -> Institution | None:
        return await institution(info, self.row.verifier if self.row else None)

    @resolved("Who showed it (持证方).", graphql_type=later("Holder") | None)
    def holder(self, info: Info[Parts]) -> Node | None:
        return bare(info, "Holder", self.row.holder) if self.row else None

    @resolved("What it answers (出示请求).")
    async def request(self, info: Info[Parts]) -> PresentationRequest | None:
        row = await loaders(info.context).requests.load(self.row.request) if self.row else None
        return None if row is None else PresentationRequest.of(row)

    @resolved("The credentials it shows (出示的凭证).")
    def items(self, info: Info[Parts]) -> list[PresentedCredential] | None:
        if self.row is None:
            return None
        row, viewer = self.row, info.context.viewer
        content = may_see_content(viewer, verifier=row.verifier, holder=row.holder)
        return [PresentedCredential.of(item, content=content) for item in row.shown]

    @resolved(
        "The checks on it, null before they are made (核验).",
        graphql_type=later("Verification") | None,
    )
    async def verification(self, info: Info[Parts]) -> Node | None:
        if self.row is None or self.row.verification is None:
            return None
        row = await loaders(info.context).verifications.load(self.row.verification)
        return None if row is None else made(info, "Verification", row)

    @classmethod
    def of(cls, row: records.Presentation) -> Presentation:
        return cls(
            id=strawberry.ID(row.id),
            row=row,
            state=row.state,
            received_at=row.submitted_at,
            transfer_mode=row.transfer_mode,
            consent=None if row.consent is None else stub("Consent")(id=strawberry.ID(row.consent)),
        )

    @classmethod
    async def resolve_references(
        cls, info: Info[Parts], references: Sequence[Representation], /
    ) -> list[Presentation | None]:
        return await answered(loaders(info.context).presentations, references, cls.of)


async def presented(info: Info[Parts], id_: str, credential: str) -> PresentedCredential | None:
    """One credential of a presentation the viewer may see."""
    row = await loaders(info.context).presentations.load(id_)
    if row is None:
        return None
    content = may_see_content(info.context.viewer, verifier=row.verifier, holder=row.holder)
    shown = (item for item in row.shown if item.credential == credential)
    return next((PresentedCredential.of(item, content=content) for item in shown), None)
