"""The issuer's types: thin shapes over rows; who may see what is asked of `policy`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Self

import strawberry

from subgraphs.issuer import loaders, policy, records
from subgraphs.issuer.parts import Parts
from subgraphs.issuer.schema.institution import Institution, institution
from subgraphs.issuer.schema.preview import RULES, QualificationPreview, money, previewed
from subgraphs.issuer.store import LATEST, NEWEST
from subgraphs.kit.context import Info
from subgraphs.kit.cursor import CursorScope
from subgraphs.kit.errors import Forbidden
from subgraphs.kit.fields import listed, resolved
from subgraphs.kit.ids import CredentialId, HolderId, derived_id
from subgraphs.kit.nodes import Representation, entity
from subgraphs.kit.paging import After, Connection, First, connection, window
from subgraphs.kit.scalars import JSON, Hash, Signature, json_value
from subgraphs.kit.types import Money, Node
from subgraphs.kit.viewer import Role
from subgraphs.kit.vocabulary import AssetCategory, CredentialState, EndorsementEffect
from subgraphs.vc.asset_proof import ASSET_PROOF_1, SCHEMAS, SchemaVersion


@entity("CredentialSchema")
class CredentialSchema(Node):
    name: str | None = strawberry.field(default=None, description="Name of the format (名称).")
    version: int | None = strawberry.field(default=None, description="Its version (版本).")
    uri: str | None = strawberry.field(
        default=None, description="What a credential's document calls it (模板地址)."
    )
    categories: list[AssetCategory] | None = strawberry.field(
        default=None, description="The asset categories this version knows (资产类别)."
    )

    compatible_with: list[int] | None = strawberry.field(
        default=None, description="Earlier versions that a reader of this one reads too (兼容版本)."
    )

    @classmethod
    async def resolve_references(
        cls, info: Info[Parts], references: Sequence[Representation], /
    ) -> Sequence[Self | None]:
        known = {schema_id(version): version for version in SCHEMAS.values()}
        found = [known.get(str(one.get("id"))) for one in references]
        base = info.context.parts.schema_base
        return [cls.of(version, base) if version else None for version in found]

    @classmethod
    def of(cls, version: SchemaVersion, base: str) -> Self:
        return cls(
            id=strawberry.ID(schema_id(version)),
            name=version.name,
            version=version.version,
            uri=version.at(base),
            categories=sorted(version.categories, key=lambda one: one.value),
            compatible_with=list(version.compatible_with),
        )


def schema_id(version: SchemaVersion) -> str:
    return derived_id("schm", version.uri)


@strawberry.type(description="Settled positions of one category (资产明细).")
class AssetLine:
    category: AssetCategory = strawberry.field(description="Asset category (资产类别).")
    amount: Money = strawberry.field(description="Amount at the close (金额).")


def asset_lines(draft: records.Draft) -> list[AssetLine]:
    return [AssetLine(category=one.category, amount=money(one.amount)) for one in draft.lines]


@entity("Endorsement")
class Endorsement(Node):
    effect: EndorsementEffect | None = strawberry.field(
        default=None, description="What the change does (签注效力)."
    )
    reason_code: str | None = strawberry.field(default=None, description="Why (原因代码).")
    state: CredentialState | None = strawberry.field(
        default=None, description="The credential's state after it (签注后状态)."
    )
    at: datetime | None = strawberry.field(default=None, description="When (签注时间).")
    signature: Signature | None = strawberry.field(
        default=None, description="The issuer's signature over the endorsement (签名)."
    )
    row: strawberry.Private[records.Endorsement | None] = None

    @resolved("The band the total lies in since, where told (变更后区间).", tags=["personal"])
    def new_total_band(self, info: Info[Parts]) -> str | None:
        if self.row is None:
            return None
        if not policy.sees_content(info.context.viewer, self.row):
            raise Forbidden
        return self.row.new_total_band

    @resolved("The endorsed credential (凭证).")
    async def credential(self, info: Info[Parts]) -> Credential | None:
        if self.row is None:
            return None
        (found,) = await Credential.resolve_references(info, [{"id": self.row.credential}])
        return found

    @classmethod
    async def resolve_references(
        cls, info: Info[Parts], references: Sequence[Representation], /
    ) -> Sequence[Self | None]:
        rows = await loaders.load_endorsements(info.context.parts.store, references)
        viewer = info.context.viewer
        return [cls.of(row) if row and policy.sees(viewer, row) else None for row in rows]

    @classmethod
    def of(cls, row: records.Endorsement) -> Self:
        return cls(
            id=strawberry.ID(row.id),
            effect=row.effect,
            reason_code=row.reason_code,
            state=row.state,
            at=row.at,
            signature=Signature(row.signature),
            row=row,
        )


@entity("Credential", keys=("id", "vcHash"))
class Credential(Node):
    vc_hash: Hash | None = strawberry.field(
        default=None, description="SM3 of the canonical body, as it stands on the log (凭证摘要)."
    )
    credential_no: str | None = strawberry.field(
        default=None, description="The issuer's number of it (凭证编号)."
    )
    state: CredentialState | None = strawberry.field(
        default=None, description="Where it stands in its life (状态)."
    )
    requested_at: datetime | None = strawberry.field(
        default=None, description="When the holder asked for it (申请时间)."
    )
    categories: list[AssetCategory] | None = strawberry.field(
        default=None, description="The categories asked for (申请类别)."
    )
    purpose: str | None = strawberry.field(
        default=None, description="What the holder wants it for (用途)."
    )
    reason_code: str | None = strawberry.field(
        default=None, description="Why the request was refused (拒绝原因)."
    )
    valid_from: datetime | None = strawberry.field(
        default=None, description="Valid from (生效时间)."
    )
    valid_until: datetime | None = strawberry.field(
        default=None, description="Valid until (有效期至)."
    )
    as_of: date | None = strawberry.field(
        default=None, description="The close its positions are of (数据日期)."
    )
    issued_at: datetime | None = strawberry.field(
        default=None, description="When the issuer signed (签发时间)."
    )
    seconds_to_offer: int | None = strawberry.field(
        default=None, description="From the holder's request to the issuer's signature (签发时长)."
    )
    issuer_signature: Signature | None = strawberry.field(
        default=None, description="The issuer's signature (发证方签名)."
    )
    holder_signature: Signature | None = strawberry.field(
        default=None, description="The holder's signature (持证方签名)."
    )
    last_rechecked_at: datetime | None = strawberry.field(
        default=None, description="When its issuer last looked at the books again (最近复核)."
    )
    next_recheck_due_at: datetime | None = strawberry.field(
        default=None, description="By when the issuer has to look again (下次复核期限)."
    )
    row: strawberry.Private[records.Credential | None] = None

    @resolved("Who issued it (发证方).", shareable=True)
    async def issuer(self, info: Info[Parts]) -> Institution | None:
        return await institution(info, self.row.issuer) if self.row else None

    @resolved("Whose assets it proves (持证方).")
    def subject(self) -> Holder | None:
        return Holder(id=strawberry.ID(self.row.holder)) if self.row else None

    @resolved("The data format it follows (凭证模板).")
    def schema(self, info: Info[Parts]) -> CredentialSchema | None:
        if self.row is None:
            return None
        version = self.row.draft.schema if self.row.draft else ASSET_PROOF_1
        return CredentialSchema.of(version, info.context.parts.schema_base)

    @resolved("The credential that took its place (被替换为).")
    async def superseded_by(self, info: Info[Parts]) -> Credential | None:
        return await _linked(info, self.row.superseded_by if self.row else None)

    @resolved("The former credential whose place it took (替换了).")
    async def supersedes(self, info: Info[Parts]) -> Credential | None:
        return await _linked(info, self.row.supersedes if self.row else None)

    @resolved("Positions by category (资产明细).", tags=["personal"])
    def asset_lines(self, info: Info[Parts]) -> list[AssetLine] | None:
        draft = self._draft(info)
        return asset_lines(draft) if draft else None

    @resolved("Sum of the positions (总额).", tags=["personal"])
    def total(self, info: Info[Parts]) -> Money | None:
        draft = self._draft(info)
        return money(draft.total) if draft else None

    @resolved("The secured document, W3C VC 2.0 JSON (凭证原文).", tags=["personal"])
    def document(self, info: Info[Parts]) -> JSON | None:
        row = self._content(info)
        return json_value(row.offer.document) if row and row.offer else None

    @resolved(
        "What opens the document's digests, for its holder alone (披露项).", tags=["personal"]
    )
    def disclosures(self, info: Info[Parts]) -> list[str] | None:
        if self.row is None or self.row.offer is None:
            return None
        if not policy.sees_disclosures(info.context.viewer, self.row):
            raise Forbidden
        return list(self.row.offer.disclosures)

    @listed("Changes since it was issued, newest first (变更签注).")
    async def endorsements(
        self, info: Info[Parts], first: First = 20, after: After = None
    ) -> Connection[Endorsement] | None:
        if self.row is None:
            return None
        parts, viewer = info.context.parts, info.context.viewer
        scope = CursorScope(
            source="Credential.endorsements", filter=self.row.id, scope_key=viewer.scope_key
        )
        asked = window(first, after, parts.sealer, scope)
        page, rows = await parts.store.endorsed(self.row.id, asked)
        return connection(
            page,
            [Endorsement.of(row) for row in rows],
            order=LATEST,
            asked=asked,
            sealer=parts.sealer,
            scope=scope,
            counter=parts.store.count_endorsed(self.row.id),
        )

    def _content(self, info: Info[Parts]) -> records.Credential | None:
        if self.row is not None and not policy.sees_content(info.context.viewer, self.row):
            raise Forbidden
        return self.row

    def _draft(self, info: Info[Parts]) -> records.Draft | None:
        row = self._content(info)
        return row.draft if row else None

    @classmethod
    async def resolve_references(
        cls, info: Info[Parts], references: Sequence[Representation], /
    ) -> Sequence[Self | None]:
        context = info.context
        rows = await loaders.load_credentials(context.parts.store, context.viewer, references)
        return [cls.of(row) if row else None for row in rows]

    @classmethod
    def of(cls, row: records.Credential) -> Self:
        offer, draft = row.offer, row.draft
        shape = cls(
            id=strawberry.ID(row.id),
            state=row.state,
            requested_at=row.requested_at,
            categories=[AssetCategory(one) for one in row.categories],
            purpose=row.purpose,
            reason_code=row.reason_code,
            as_of=draft.as_of if draft else None,
            last_rechecked_at=row.rechecked_at,
            next_recheck_due_at=row.recheck_due,
            row=row,
        )
        if offer is not None:
            shape.vc_hash = Hash(offer.vc_hash)
            shape.credential_no = offer.credential_no
            shape.valid_from, shape.valid_until = offer.valid_from, offer.valid_until
            shape.issued_at = offer.issued_at
            shape.seconds_to_offer = offer.seconds_since(row.requested_at)
            shape.issuer_signature = Signature(offer.issuer_signature)
            holder = offer.holder_signature
            shape.holder_signature = Signature(holder) if holder else None
        return shape


async def _linked(info: Info[Parts], credential: CredentialId | None) -> Credential | None:
    if credential is None:
        return None
    (found,) = await Credential.resolve_references(info, [{"id": credential}])
    return found


async def held(
    info: Info[Parts], holder: HolderId, first: int, after: str | None
) -> Connection[Credential]:
    """A holder's credentials, as far as the viewer may list them, newest first."""
    parts, viewer = info.context.parts, info.context.viewer
    where = policy.credentials_of(viewer, holder)
    if where is None:
        raise Forbidden
    scope = CursorScope(source="Holder.credentials", filter=holder, scope_key=viewer.scope_key)
    asked = window(first, after, parts.sealer, scope)
    page, rows = await parts.store.held(where, asked)
    return connection(
        page,
        [Credential.of(row) for row in rows],
        order=NEWEST,
        asked=asked,
        sealer=parts.sealer,
        scope=scope,
        counter=parts.store.count_held(where),
    )


async def issued(
    info: Info[Parts], state: str | None, first: int, after: str | None
) -> Connection[Credential]:
    """Those of the asking issuer, in a state or in any, newest first."""
    parts, viewer = info.context.parts, info.context.viewer
    issuer = viewer.require_institution(Role.ISSUER)
    scope = CursorScope(source="issuedCredentials", filter=state or "", scope_key=viewer.scope_key)
    asked = window(first, after, parts.sealer, scope)
    page, rows = await parts.store.issued(issuer, state, asked)
    return connection(
        page,
        [Credential.of(row) for row in rows],
        order=NEWEST,
        asked=asked,
        sealer=parts.sealer,
        scope=scope,
        counter=parts.store.count_issued(issuer, state),
    )


@entity("Holder")
class Holder(Node):
    @listed("The holder's credentials; an issuer sees its own only (资产证明).")
    async def credentials(
        self, info: Info[Parts], first: First = 20, after: After = None
    ) -> Connection[Credential] | None:
        return await held(info, HolderId(self.id), first, after)

    @resolved(
        "What showing her credentials would lead to, for herself; nothing is disclosed (预评估).",
        tags=["personal"],
    )
    async def qualification_preview(
        self, info: Info[Parts], rule_set: Annotated[str, RULES]
    ) -> QualificationPreview | None:
        holder = HolderId(self.id)
        if not policy.previews(info.context.viewer, holder):
            raise Forbidden
        return await previewed(info, holder, rule_set)

    @classmethod
    async def resolve_references(
        cls, info: Info[Parts], references: Sequence[Representation], /
    ) -> Sequence[Self | None]:
        del info  # a contribution: any well-formed id is answered, existing or not
        return [cls(id=strawberry.ID(str(one["id"]))) for one in references]
