"""The wallet's types: thin shapes over rows; who may see what is asked of `policy`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Self

import strawberry

from subgraphs.kit.context import Info
from subgraphs.kit.cursor import CursorScope
from subgraphs.kit.errors import Forbidden
from subgraphs.kit.fields import listed, resolved
from subgraphs.kit.ids import CredentialId, HolderId
from subgraphs.kit.nodes import Representation, entity
from subgraphs.kit.paging import After, Connection, First, connection, window
from subgraphs.kit.scalars import DID, JSON, Decimal, json_value
from subgraphs.kit.types import Node
from subgraphs.kit.vocabulary import CredentialState
from subgraphs.vc.proofing import parse_proofing
from subgraphs.wallet import lifecycle, policy, records
from subgraphs.wallet.loaders import loaders
from subgraphs.wallet.parts import Parts
from subgraphs.wallet.schema.agreements import IdentityProofing, SignedAgreement
from subgraphs.wallet.schema.custody import CustodyObject
from subgraphs.wallet.schema.institution import Institution
from subgraphs.wallet.schema.recovery import KeyRecovery
from subgraphs.wallet.states import ConsentState, RootDidState
from subgraphs.wallet.store import ADDED, GRANTED, for_credential


@strawberry.type(description="A holder's signed end of her wallet (退出记录).")
class WalletClosure:
    at: datetime = strawberry.field(description="When she left (时间).")
    consents: int = strawberry.field(description="How many consents ended with it (授权数).")
    copies: int = strawberry.field(description="How many copies were given up (托管数).")
    document: JSON = strawberry.field(description="The document with her signature (签名文件).")

    @classmethod
    def of(cls, row: records.Closure) -> Self:
        return cls(
            at=row.at,
            consents=row.consents,
            copies=row.copies,
            document=json_value(row.document),
        )


@strawberry.type(description="A holder's signed word that ends a credential (取消凭证).")
class Cancellation:
    state: CredentialState = strawberry.field(
        description="What the credential is wherever the log is followed (状态)."
    )
    at: datetime = strawberry.field(description="When she gave it (时间).")
    document: JSON = strawberry.field(description="The document with her signature (签名文件).")

    @classmethod
    def of(cls, row: records.Cancellation) -> Self:
        return cls(state=CredentialState.CANCELLED, at=row.at, document=json_value(row.document))


@entity("WalletItem")
class WalletItem(Node):
    label: str | None = strawberry.field(default=None, description="A name to show (名称).")
    state: CredentialState | None = strawberry.field(
        default=None, description="The credential's state as the log last told (凭证状态)."
    )
    added_at: datetime | None = strawberry.field(
        default=None, description="When it came into the wallet (入包时间)."
    )
    row: strawberry.Private[records.WalletItem | None] = None

    @resolved("The credential it holds (凭证).")
    def credential(self) -> Credential | None:
        return Credential(id=strawberry.ID(self.row.credential)) if self.row else None

    @resolved("The holder's own end of it, from the moment she signed (取消).")
    async def cancellation(self, info: Info[Parts]) -> Cancellation | None:
        if self.row is None:
            return None
        row = await loaders(info.context).cancellations.load(self.row.credential)
        return Cancellation.of(row) if row else None

    @resolved("The encrypted copy in cloud custody (云端托管).")
    async def custody(self, info: Info[Parts]) -> CustodyObject | None:
        if self.row is None or self.row.custody is None:
            return None
        row = await loaders(info.context).custody.load(self.row.custody)
        return CustodyObject.of(row) if row else None

    @classmethod
    async def resolve_references(
        cls, info: Info[Parts], references: Sequence[Representation], /
    ) -> Sequence[Self | None]:
        rows = await loaders(info.context).items.load_many(_ids(references))
        return [cls.of(row) if row else None for row in rows]

    @classmethod
    def of(cls, row: records.WalletItem) -> Self:
        return cls(
            id=strawberry.ID(row.id),
            label=row.label,
            state=row.state,
            added_at=row.added_at,
            row=row,
        )


@strawberry.type(description="What a consent lets be shown (授权范围).")
class ConsentScope:
    claims: list[str] = strawberry.field(
        description="Claim paths into a credential, `*` for any line (可披露字段)."
    )
    total_at_least: Decimal | None = strawberry.field(
        default=None,
        description="A total that may be proved without showing it (可证明的下限金额).",
    )
    credentials: list[strawberry.ID] = strawberry.field(
        description="The credentials meant; none means all of the holder's (凭证范围)."
    )


@strawberry.type(description="Whether and how long an institution may watch (持续监测).")
class MonitoringGrant:
    granted: bool = strawberry.field(description="Whether it may watch (是否授权).")
    until: datetime | None = strawberry.field(default=None, description="How long (截止时间).")


@entity("Consent")
class Consent(Node):
    purpose: str | None = strawberry.field(default=None, description="What it is for (目的).")
    scope: ConsentScope | None = strawberry.field(
        default=None, description="What it lets be shown (范围)."
    )
    granted_to: Institution | None = strawberry.field(
        default=None, description="The institution it is for (被授权机构)."
    )
    monitoring: MonitoringGrant | None = strawberry.field(
        default=None, description="Whether it may be watched (持续监测)."
    )
    valid_from: datetime | None = strawberry.field(default=None, description="From when (起始).")
    valid_until: datetime | None = strawberry.field(
        default=None, description="Until when (有效期至)."
    )
    uses: int | None = strawberry.field(
        default=None,
        description="How many presentations it is for; null: any number in its time (可用次数).",
    )
    used: int | None = strawberry.field(
        default=None,
        description="How many were made, where it is for so many (已用次数).",
    )
    granted_at: datetime | None = strawberry.field(
        default=None, description="When it was signed (授权时间)."
    )
    withdrawn_at: datetime | None = strawberry.field(
        default=None, description="When it was taken back (撤回时间)."
    )
    row: strawberry.Private[records.Consent | None] = None

    @resolved("Where it stands in its life (状态).")
    def state(self, info: Info[Parts]) -> ConsentState | None:
        if self.row is None:
            return None
        now = info.context.parts.clock()
        return lifecycle.consent_at(self.row.state, now, valid_until=self.row.valid_until)

    @resolved("The signed artefact, for its two parties (授权文件).", tags=["personal"])
    def document(self, info: Info[Parts]) -> JSON | None:
        if self.row is None:
            return None
        row, viewer = self.row, info.context.viewer
        if not policy.may_see_artefact(viewer, holder=row.holder, granted_to=row.granted_to):
            raise Forbidden
        return json_value(row.document)

    @classmethod
    async def resolve_references(
        cls, info: Info[Parts], references: Sequence[Representation], /
    ) -> Sequence[Self | None]:
        rows = await loaders(info.context).consents.load_many(_ids(references))
        return await shown(cls, info, rows)

    @classmethod
    def of(cls, row: records.Consent, granted_to: Institution) -> Self:
        bound = None if row.total_at_least is None else Decimal(row.total_at_least)
        until = row.monitoring_until
        return cls(
            id=strawberry.ID(row.id),
            purpose=row.purpose,
            scope=ConsentScope(
                claims=list(row.claims),
                total_at_least=bound,
                credentials=[strawberry.ID(one) for one in row.credentials],
            ),
            granted_to=granted_to,
            monitoring=MonitoringGrant(granted=until is not None, until=until),
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            uses=row.uses,
            used=None if row.uses is None else row.used,
            granted_at=row.granted_at,
            withdrawn_at=row.withdrawn_at,
            row=row,
        )


async def shown(
    cls: type[Consent], info: Info[Parts], rows: Sequence[records.Consent | None]
) -> list[Any]:
    """Consents with their institutions, one query for all of them."""
    wanted = list(dict.fromkeys(row.granted_to for row in rows if row))
    found = await loaders(info.context).institutions.load_many(wanted)
    known = dict(zip(wanted, found, strict=True))
    return [
        cls.of(row, Institution.of(row.granted_to, known[row.granted_to])) if row else None
        for row in rows
    ]


async def consents(
    info: Info[Parts], where: dict[str, Any], *, source: str, first: int, after: str | None
) -> Connection[Consent]:
    """A page of the consents that `where` selects, newest first."""
    parts, viewer = info.context.parts, info.context.viewer
    scope = CursorScope(source=source, filter=repr(where), scope_key=viewer.scope_key)
    asked = window(first, after, parts.sealer, scope)
    page, rows = await parts.store.granted(where, asked)
    return connection(
        page,
        await shown(Consent, info, rows),
        order=GRANTED,
        asked=asked,
        sealer=parts.sealer,
        scope=scope,
        counter=parts.store.count_granted(where),
    )


@entity("Credential")
class Credential(Node):
    @resolved("Where it lies in its holder's wallet, for the holder (卡包条目).")
    async def wallet_item(self, info: Info[Parts]) -> WalletItem | None:
        if info.context.viewer.holder is None:
            raise Forbidden
        row = await loaders(info.context).item_of.load(self.id)
        return WalletItem.of(row) if row else None

    @listed("The consents of its holder that it may be shown under (授权).")
    async def consents(
        self, info: Info[Parts], first: First = 20, after: After = None
    ) -> Connection[Consent] | None:
        owner = await loaders(info.context).owner_of.load(self.id)
        scope = policy.consents_scope(info.context.viewer, owner)
        if scope is None:
            raise Forbidden
        where = for_credential(scope, CredentialId(self.id))
        return await consents(info, where, source="Credential.consents", first=first, after=after)

    @classmethod
    async def resolve_references(
        cls, info: Info[Parts], references: Sequence[Representation], /
    ) -> Sequence[Self]:
        del info  # nothing is told that the reference does not say
        return [cls(id=strawberry.ID(id_)) for id_ in _ids(references)]


@entity("Holder")
class Holder(Node):
    did: DID | None = strawberry.field(
        default=None, description="The root DID, unique in the industry (行业唯一根 DID)."
    )
    did_state: RootDidState | None = strawberry.field(
        default=None, description="Where the root DID stands in its life (根 DID 状态)."
    )
    row: strawberry.Private[records.RootDid | None] = None

    @resolved(
        "The identity provider's signed receipt, for the holder (注册回执).", tags=["personal"]
    )
    def receipt(self, info: Info[Parts]) -> JSON | None:
        self._require_her(info)
        return json_value(self.row.receipt) if self.row else None

    @resolved(
        "Later versions of the DID with their salts, to be shown with presentations (后续版本).",
        tags=["personal"],
    )
    def did_versions(self, info: Info[Parts]) -> list[JSON] | None:
        self._require_her(info)
        return [json_value(one.as_json()) for one in self.row.later] if self.row else None

    @resolved("How she was looked at before she got her root DID (身份核验).", tags=["personal"])
    def proofing(self, info: Info[Parts]) -> IdentityProofing | None:
        self._require_her(info)
        if self.row is None or self.row.proofing is None:
            return None
        return IdentityProofing.of(parse_proofing(self.row.proofing))

    @resolved("A new key on its way, for the holder; null while none is (密钥恢复).")
    def key_recovery(self, info: Info[Parts]) -> KeyRecovery | None:
        self._require_her(info)
        if self.row is None or self.row.recovery is None:
            return None
        return KeyRecovery.of(self.row.recovery)

    @resolved("The texts she agreed to, newest first (已签协议).", tags=["personal"])
    async def agreements(self, info: Info[Parts]) -> list[SignedAgreement] | None:
        rows = await info.context.parts.store.agreements(self._require_her(info))
        return [SignedAgreement.of(row) for row in rows]

    @resolved("That she left, for the holder; null while she is here (退出记录).")
    async def wallet_closure(self, info: Info[Parts]) -> WalletClosure | None:
        row = await info.context.parts.copies.closure(self._require_her(info))
        return WalletClosure.of(row) if row else None

    @listed("The holder's credentials in the wallet, newest first (卡包).")
    async def wallet_items(
        self, info: Info[Parts], first: First = 20, after: After = None
    ) -> Connection[WalletItem] | None:
        holder = self._require_her(info)
        parts, viewer = info.context.parts, info.context.viewer
        scope = CursorScope(source="Holder.walletItems", scope_key=viewer.scope_key)
        asked = window(first, after, parts.sealer, scope)
        page, rows = await parts.store.held(holder, asked)
        return connection(
            page,
            [WalletItem.of(row) for row in rows],
            order=ADDED,
            asked=asked,
            sealer=parts.sealer,
            scope=scope,
            counter=parts.store.count_held(holder),
        )

    @listed("The holder's consents, newest first (授权).")
    async def consents(
        self, info: Info[Parts], first: First = 20, after: After = None
    ) -> Connection[Consent] | None:
        where = {"holder": self._require_her(info)}
        return await consents(info, where, source="Holder.consents", first=first, after=after)

    def _require_her(self, info: Info[Parts]) -> HolderId:
        # asked before any row is: the refusal says nothing of whether the holder exists
        if not policy.is_her(info.context.viewer, self.id):
            raise Forbidden
        return HolderId(self.id)

    @classmethod
    async def resolve_references(
        cls, info: Info[Parts], references: Sequence[Representation], /
    ) -> Sequence[Self | None]:
        ids = _ids(references)
        rows = await loaders(info.context).root_dids.load_many(ids)
        viewer = info.context.viewer
        return [
            cls.of(id_, row) if row or policy.is_her(viewer, id_) else None
            for id_, row in zip(ids, rows, strict=True)
        ]

    @classmethod
    def of(cls, id_: str, row: records.RootDid | None) -> Self:
        return cls(
            id=strawberry.ID(id_),
            did=DID(row.did) if row else None,
            did_state=row.state if row else None,
            row=row,
        )


def _ids(references: Sequence[Representation]) -> list[str]:
    return [str(one["id"]) for one in references]
