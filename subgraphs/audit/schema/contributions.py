"""What audit adds to other subgraphs' entities: known by id alone, no row is read to answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Self

import strawberry

from subgraphs.audit.parts import Parts
from subgraphs.audit.schema.events import AuditEvent, Before, Last, timeline
from subgraphs.audit.schema.proofs import ChainProof, anchor_proof
from subgraphs.audit.schema.status import CredentialStatusAt, status_at
from subgraphs.kit.context import Info
from subgraphs.kit.fields import listed, resolved
from subgraphs.kit.nodes import Representation, entity
from subgraphs.kit.paging import After, Connection, First
from subgraphs.kit.types import Node


class Contribution(Node):
    """An entity of another subgraph."""

    @classmethod
    async def resolve_references(
        cls, _info: Info[Any], references: Sequence[Representation], /
    ) -> Sequence[Self | None]:
        """Any well-formed id has an instance; whether it exists is its owner's matter."""
        return [
            cls(id=strawberry.ID(str(one["id"]))) if "id" in one else None for one in references
        ]


@entity("Credential")
class Credential(Contribution):
    @resolved("Proof that its hash stands on the log; null until it is ACTIVE (存证证明).")
    async def chain_proof(self, info: Info[Parts]) -> ChainProof | None:
        return await anchor_proof(info, "CREDENTIAL_ACTIVATED", self.id)

    @resolved("What it was at a moment, by the log; null before its first event (某时状态).")
    async def status_at(
        self,
        info: Info[Parts],
        time: Annotated[datetime, strawberry.argument(description="The moment (时间点).")],
    ) -> CredentialStatusAt | None:
        return await status_at(info, self.id, time)

    @listed("Its events that the viewer may see, oldest first (存证时间线).")
    async def timeline(
        self,
        info: Info[Parts],
        first: First = 20,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[AuditEvent] | None:
        return await timeline(info, self.id, first=first, after=after, last=last, before=before)


@entity("Holder")
class Holder(Contribution):
    @listed("Events about the holder that the viewer may see, oldest first (存证时间线).")
    async def timeline(
        self,
        info: Info[Parts],
        first: First = 20,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[AuditEvent] | None:
        return await timeline(info, self.id, first=first, after=after, last=last, before=before)


@entity("Endorsement")
class Endorsement(Contribution):
    @resolved("Proof that the endorsement stands on the log (存证证明).")
    async def chain_proof(self, info: Info[Parts]) -> ChainProof | None:
        return await anchor_proof(info, "CREDENTIAL_ENDORSED", self.id)


@entity("Consent")
class Consent(Contribution):
    @resolved("Proof that the consent stands on the log (存证证明).")
    async def chain_proof(self, info: Info[Parts]) -> ChainProof | None:
        return await anchor_proof(info, "CONSENT_GRANTED", self.id)


@entity("CustodyObject")
class CustodyObject(Contribution):
    @resolved("Proof that the deposit stands on the log (存证证明).")
    async def chain_proof(self, info: Info[Parts]) -> ChainProof | None:
        return await anchor_proof(info, "CUSTODY_STORED", self.id)


@entity("DeletionReceipt")
class DeletionReceipt(Contribution):
    @resolved("Proof that the receipt's digest stands on the log (存证证明).")
    async def chain_proof(self, info: Info[Parts]) -> ChainProof | None:
        return await anchor_proof(info, "CUSTODY_DELETED", self.id)


@entity("Presentation")
class Presentation(Contribution):
    @resolved("Proof that the presentation stands on the log (存证证明).")
    async def chain_proof(self, info: Info[Parts]) -> ChainProof | None:
        return await anchor_proof(info, "PRESENTATION_SUBMITTED", self.id)


@entity("Qualification")
class Qualification(Contribution):
    @resolved("Proof that the decision stands on the log (存证证明).")
    async def chain_proof(self, info: Info[Parts]) -> ChainProof | None:
        return await anchor_proof(info, "QUALIFICATION_DECIDED", self.id)
