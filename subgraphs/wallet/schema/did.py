"""Resolving DIDs: the version in force at a time, where the log tells it, and whether it still is.

Institutions' documents are public, a person's is for those who may see her DID; who may not gets
the answer of a DID that is not there (decisions 25, 36).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import federation

from subgraphs.kit.agreement_types import AgreementTemplate
from subgraphs.kit.agreements import AgreementStage, in_force
from subgraphs.kit.context import Info
from subgraphs.kit.errors import Invalid, NotFound
from subgraphs.kit.fields import resolved
from subgraphs.kit.ids import derived_id
from subgraphs.kit.nodes import NodeStub, stub
from subgraphs.kit.scalars import DID, JSON, Bytes, Hash, json_value
from subgraphs.rules.calendar import day_of
from subgraphs.vc.did_versions import DidHistory, salted_digest
from subgraphs.vc.did_versions import DidVersion as Version
from subgraphs.vc.encoding import to_base64url
from subgraphs.vc.presentation import SaltedVersion
from subgraphs.vc.receipt import document_digest, parse_receipt
from subgraphs.vc.strict_json import as_object
from subgraphs.wallet.loaders import loaders
from subgraphs.wallet.parts import Parts
from subgraphs.wallet.schema.institution import Institution
from subgraphs.wallet.steps.export import export_my_data, sealed


@federation.type(description="One version of a DID, and where the log tells it (DID 版本).")
class DidVersion:
    number: int = strawberry.field(description="Its number, from 1 on (版本号).")
    at: datetime = strawberry.field(description="From when it is in force (生效时间).")
    document: JSON | None = strawberry.field(
        description="The DID document; null once the DID is given up (DID 文档)."
    )
    signed_version: JSON | None = strawberry.field(
        description="The version with its signature; null for the first (签名版本)."
    )
    digest: Hash | None = strawberry.field(
        description="A person's salted digest as the log has it (加盐摘要)."
    )
    salt: Bytes | None = strawberry.field(description="What opens that digest (盐值).")
    event: NodeStub | None = federation.field(
        description="The event that tells it; null until it has its place (存证事件).",
        graphql_type=stub("AuditEvent") | None,
    )


@strawberry.type(description="What a DID means at a time, and whether it still does (DID 解析).")
class DidResolution:
    did: DID = strawberry.field(description="The DID (去中心化标识).")
    version: DidVersion = strawberry.field(description="The version in force then (当时版本).")
    newest: DidVersion = strawberry.field(description="The newest version (最新版本).")
    as_of_sequence: int = strawberry.field(
        description="Up to where in the log no newer version stands (截至序号)."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A history with what a person's later versions are salted with, and places in the log."""

    history: DidHistory
    later: tuple[SaltedVersion, ...]
    places: Mapping[int, int]
    first: tuple[Hash, bytes] | None

    def shown(self, version: Version, shard: str) -> DidVersion:
        place = self.places.get(version.number)
        digest, salt = self._salted(version.number)
        event = None if place is None else derived_id("aevt", shard, str(place))
        ended = version.document is None
        return DidVersion(
            number=version.number,
            at=version.at,
            document=None if ended else json_value(as_object(version.raw["didDocument"])),
            signed_version=json_value(version.raw) if version.number > 1 else None,
            digest=digest,
            salt=None if salt is None else Bytes(to_base64url(salt)),
            event=None if event is None else stub("AuditEvent")(id=strawberry.ID(event)),
        )

    def _salted(self, number: int) -> tuple[Hash | None, bytes | None]:
        if self.first is None:
            return None, None
        if number == 1:
            return self.first
        one = self.later[number - 2]
        return Hash(salted_digest(one.salt, one.version)), one.salt


@strawberry.type(description="All that the wallet holds of its holder, at once (个人数据副本).")
class DataExport:
    digest: Hash = strawberry.field(description="SM3 of the canonical document (摘要).")
    complete: bool = strawberry.field(description="Whether no list was cut short (是否完整).")
    document: JSON = strawberry.field(
        description="Root DID, consents, items, copies and receipts, with their proofs (内容)."
    )
    seal: JSON | None = strawberry.field(
        description="The wallet provider's signature over digest, completeness and time (封签)."
    )
    sealed_by: Institution | None = strawberry.field(
        description="The provider; its registration has the key (服务提供方)."
    )


@strawberry.type
class Query:
    @resolved("Her own data in one document, for the holder (查阅复制).", tags=["personal"])
    async def export_my_data(self, info: Info[Parts]) -> DataExport | None:
        parts = info.context.parts
        made = await export_my_data(parts, info.context.viewer)
        seal, provider = await sealed(parts, made), parts.terms.provider
        known = await loaders(info.context).institutions.load(provider)
        return DataExport(
            digest=Hash(made.digest),
            complete=made.complete,
            document=json_value(made.document),
            seal=None if seal is None else json_value(seal),
            sealed_by=None if seal is None else Institution.of(provider, known),
        )

    @resolved("The texts in force to agree to, of one stage or of all (协议文本).")
    def agreements(
        self,
        info: Info[Parts],
        stage: Annotated[
            AgreementStage | None, strawberry.argument(description="Before which step (签署环节).")
        ] = None,
    ) -> list[AgreementTemplate] | None:
        parts = info.context.parts
        on, among = day_of(parts.clock()), parts.terms.agreements
        stages = AgreementStage if stage is None else (stage,)
        return [
            AgreementTemplate.of(text)
            for one in stages
            for text in in_force(one, on=on, among=among)
        ]

    @resolved("The document of a DID at a time, by default now, with its place in the log (解析).")
    async def resolve_did(
        self,
        info: Info[Parts],
        did: Annotated[DID, strawberry.argument(description="The DID (去中心化标识).")],
        version_time: Annotated[
            datetime | None, strawberry.argument(description="As of when (时间点).")
        ] = None,
    ) -> DidResolution | None:
        parts = info.context.parts
        at = version_time or parts.clock()
        if at.tzinfo is None:
            raise Invalid("a time needs its zone", field="versionTime", code="TIME_WITHOUT_OFFSET")
        as_of = await parts.store.applied()  # read first: nothing newer up to here is missed
        found = await _institution(parts, did) or await _person(info, did)
        version = None if found is None else found.history.at(at)
        if found is None or version is None:
            raise NotFound("DID", field="did")
        return DidResolution(
            did=did,
            version=found.shown(version, parts.shard),
            newest=found.shown(found.history.latest, parts.shard),
            as_of_sequence=as_of,
        )


async def _institution(parts: Parts, did: str) -> Resolved | None:
    row = await parts.institutions.by_did(did)
    if row is None:
        return None
    places = {1: row.index} | {n: one.index for n, one in enumerate(row.versions, 2)}
    return Resolved(history=row.history, later=(), places=places, first=None)


async def _person(info: Info[Parts], did: str) -> Resolved | None:
    parts = info.context.parts
    owner = await parts.store.holder_of(did)
    row = None if owner is None else await loaders(info.context).root_dids.load(owner.holder)
    if row is None:
        return None
    receipt = parse_receipt(row.receipt)
    return Resolved(
        history=row.history,
        later=row.later,
        places=await parts.store.told(row.holder),
        first=(Hash(document_digest(receipt)), receipt.salt),
    )
