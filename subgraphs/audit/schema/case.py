"""Everything on a case, for the regulator: told to the person concerned before it is read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any, Final

import strawberry
from strawberry import federation
from strawberry.federation.schema_directives import Key
from strawberry.federation.types import FieldSet

from subgraphs.audit import policy
from subgraphs.audit.parts import Parts
from subgraphs.audit.records import EventRow
from subgraphs.audit.schema.complaint import Complaint
from subgraphs.audit.schema.contributions import (
    Consent,
    Credential,
    Holder,
    Presentation,
    Qualification,
)
from subgraphs.audit.schema.dispute import Dispute
from subgraphs.audit.schema.events import AuditEvent, timeline
from subgraphs.audit.schema.institution import Institution, institution
from subgraphs.kit.context import Info
from subgraphs.kit.errors import Forbidden, Invalid, NotFound
from subgraphs.kit.fields import listed, resolved, unlisted_field
from subgraphs.kit.ids import CredentialId, HolderId, is_id, type_of
from subgraphs.kit.paging import MOST, After, Connection, First, Window
from subgraphs.kit.passes import CASE_WORDS, KEY_WORDS, CasePass
from subgraphs.kit.reads import Read

OF: Final = frozenset(
    {"Holder", "Credential", "Consent", "Presentation", "Verification", "Qualification"}
    | {"Acceptance", "BusinessPermission", "Dispute", "Complaint"}
)
"""What a case can be about."""
DEEP: Final = 500
"""So many of the newest events say what belongs to a case."""
ENDORSED: Final = "CREDENTIAL_ENDORSED"


@strawberry.type(description="A change that an issuer endorsed, with its band (案卷变更签注).")
class CaseChange:
    credential: Credential = strawberry.field(description="Of which credential (凭证).")
    effect: str = strawberry.field(description="A word of EndorsementEffect (效力).")
    reason_code: str = strawberry.field(description="Why (原因代码).")
    new_total_band: str | None = strawberry.field(
        description="In which band the total lies now, where the log has it (新总额区间)."
    )
    at: datetime = strawberry.field(description="When (时间).")
    sequence: int = strawberry.field(description="Where the log says so (序号).")


@federation.type(description=CASE_WORDS, keys=[Key(fields=FieldSet("pass"), resolvable=False)])
class Case:
    rows: strawberry.Private[Sequence[EventRow]]
    person: strawberry.Private[HolderId]

    id: strawberry.ID = strawberry.field(description="What it is about (案由对象).")

    @unlisted_field(KEY_WORDS, name="pass")
    def pass_(self, info: Info[Parts]) -> str:
        # there is no Case before it was told: here it is only said what belongs to it
        mine = tuple(CredentialId(one.id) for one in self._about("cred", Credential))
        given = CasePass(case=self.id, person=self.person, credentials=mine)
        return info.context.parts.passes.seal(given, info.context.viewer)

    @resolved("The person concerned (当事人).")
    def holder(self) -> Holder | None:
        return Holder(id=strawberry.ID(self.person))

    @listed("Events about it, oldest first (存证时间线).")
    async def events(
        self, info: Info[Parts], first: First = 20, after: After = None
    ) -> Connection[AuditEvent] | None:
        return await timeline(info, self.id, first=first, after=after, last=None, before=None)

    @resolved("Credentials that have to do with it, at most 100 (凭证).")
    def credentials(self) -> list[Credential] | None:
        return self._about("cred", Credential)

    @resolved("Consents that have to do with it, at most 100 (授权).")
    def consents(self) -> list[Consent] | None:
        return self._about("cons", Consent)

    @resolved("What was shown, at most 100 (出示).")
    def presentations(self) -> list[Presentation] | None:
        return self._about("pres", Presentation)

    @resolved("What was decided, at most 100 (认定).")
    def qualifications(self) -> list[Qualification] | None:
        return self._about("qual", Qualification)

    @resolved("Institutions that had a part in it (机构).")
    async def institutions(self, info: Info[Parts]) -> list[Institution] | None:
        named = dict.fromkeys(one for row in self.rows for one in row.institutions)
        return [await institution(info, one) for one in list(named)[:MOST]]

    @resolved("What issuers endorsed, with the band of the new total, newest first (变更签注).")
    def changes(self) -> list[CaseChange] | None:
        return [_change(row) for row in self.rows if row.kind == ENDORSED][:MOST]

    @resolved("Disputes of the person that are about it, at most 100 (争议).")
    async def disputes(self, info: Info[Parts]) -> list[Dispute] | None:
        asked = Window(first=MOST, after=None)
        _, rows = await info.context.parts.disputes.page({"holder": self.person}, asked)
        ids = self._ids
        return await Dispute.read(info, [row for row in rows if {row.id, row.subject} & ids])

    @resolved("Complaints of the person, where the case is the person or one of them (投诉).")
    async def complaints(self, info: Info[Parts]) -> list[Complaint] | None:
        asked = Window(first=MOST, after=None)
        _, rows = await info.context.parts.complaints.page({"holder": self.person}, asked)
        whole = str(self.id) == self.person
        return await Complaint.read(info, [row for row in rows if whole or row.id in self._ids])

    @property
    def _ids(self) -> set[str]:
        return {self.id, *(one for row in self.rows for one in row.subjects)}

    def _about(self, prefix: str, kind: Any) -> list[Any]:
        found = dict.fromkeys(one for row in self.rows for one in row.subjects)
        return [kind(id=strawberry.ID(one)) for one in found if is_id(one, prefix)][:MOST]


@strawberry.type
class Cases:
    @resolved("Everything on a case, for the regulator; the person is told first (案卷).")
    async def case(
        self,
        info: Info[Parts],
        id_: Annotated[
            strawberry.ID,
            strawberry.argument(
                name="id",
                description="A holder, a credential, a dispute ... (对象).",
            ),
        ],
    ) -> Case | None:
        parts, viewer = info.context.parts, info.context.viewer
        if not policy.supervises(viewer):
            raise Forbidden("only the regulator may see this")
        if type_of(id_) not in OF:
            raise Invalid("no case is about this", field="id", code="ID_INVALID")
        rows = await parts.store.around(id_, DEEP)
        person = _person(rows)
        if person is None:
            raise NotFound("case", field="id")
        await parts.reads.tell(info.context, [Read(id=id_, what="CASE", concerned=(person,))])
        return Case(id=id_, rows=rows, person=person)


def _person(rows: Iterable[EventRow]) -> HolderId | None:
    found = (one for row in rows for one in row.subjects if is_id(one, "hold"))
    return next(map(HolderId, found), None)


def _change(row: EventRow) -> CaseChange:
    credential = next(one for one in row.subjects if is_id(one, "cred"))
    band = row.body.get("newTotalBand")
    return CaseChange(
        credential=Credential(id=strawberry.ID(credential)),
        effect=str(row.body["effect"]),
        reason_code=str(row.body["reasonCode"]),
        new_total_band=None if band is None else str(band),
        at=row.at,
        sequence=row.index,
    )
