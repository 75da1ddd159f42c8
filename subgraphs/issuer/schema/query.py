"""The issuer's root fields for reading."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import strawberry

from subgraphs.issuer.parts import Parts
from subgraphs.issuer.schema.institution import Institution
from subgraphs.issuer.schema.types import Credential, issued
from subgraphs.issuer.schema.updates import CredentialRequestUpdate, past_updates
from subgraphs.issuer.store import MOST_OVERDUE
from subgraphs.kit.context import Info
from subgraphs.kit.cursor import CursorScope
from subgraphs.kit.errors import NotFound
from subgraphs.kit.fields import listed, resolved
from subgraphs.kit.institutions import BY_CODE
from subgraphs.kit.paging import After, Connection, First, connection, window
from subgraphs.kit.types import worded
from subgraphs.kit.viewer import Role
from subgraphs.kit.vocabulary import CredentialState


@worded(
    "States to filter credentials by (状态筛选).",
    **{state.value: f"Credentials in {state.value}." for state in CredentialState},
)
class CredentialStateFilter(Enum):
    REQUESTED = "REQUESTED"
    DRAFT = "DRAFT"
    OFFERED = "OFFERED"
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    REVOKED = "REVOKED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    SUPERSEDED = "SUPERSEDED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"
    LAPSED = "LAPSED"


StateFilter = Annotated[
    CredentialStateFilter | None, strawberry.argument(description="Only those in it (状态).")
]


def _id(what: str) -> object:
    return strawberry.argument(name="id", description=what)


@strawberry.type
class Query:
    @resolved("An institution of the network (机构).")
    async def institution(
        self, info: Info[Parts], id_: Annotated[strawberry.ID, _id("Its id (机构标识).")]
    ) -> Institution | None:
        (found,) = await Institution.resolve_references(info, [{"id": id_}])
        if found is None:
            raise NotFound("institution")
        return found

    @listed("All institutions of the network, by their codes (机构列表).")
    async def institutions(
        self, info: Info[Parts], first: First = 20, after: After = None
    ) -> Connection[Institution] | None:
        parts = info.context.parts
        scope = CursorScope(source="institutions")
        asked = window(first, after, parts.sealer, scope)
        page, rows = await parts.institutions.page(asked)
        return connection(
            page,
            [Institution.of(row) for row in rows],
            order=BY_CODE,
            asked=asked,
            sealer=parts.sealer,
            scope=scope,
            counter=parts.institutions.count(),
        )

    @resolved("A credential, for its holder, its issuer and the regulator (凭证).")
    async def credential(
        self, info: Info[Parts], id_: Annotated[strawberry.ID, _id("Its id (凭证标识).")]
    ) -> Credential | None:
        (found,) = await Credential.resolve_references(info, [{"id": id_}])
        if found is None:
            raise NotFound("credential")
        return found

    @listed("Credentials of the asking issuer, newest first (本机构签发的凭证).")
    async def issued_credentials(
        self,
        info: Info[Parts],
        state: StateFilter = None,
        first: First = 20,
        after: After = None,
    ) -> Connection[Credential] | None:
        return await issued(info, state.value if state else None, first, after)

    @listed("Credentials in force whose re-check is overdue, the longest first (逾期未复核).")
    async def overdue_rechecks(
        self, info: Info[Parts], first: First = 20, after: After = None
    ) -> Connection[Credential] | None:
        parts, viewer = info.context.parts, info.context.viewer
        issuer = viewer.require_institution(Role.ISSUER)
        now = parts.clock()
        scope = CursorScope(source="overdueRechecks", scope_key=viewer.scope_key)
        asked = window(first, after, parts.sealer, scope)
        page, rows = await parts.store.overdue(issuer, now, asked)
        return connection(
            page,
            [Credential.of(row) for row in rows],
            order=MOST_OVERDUE,
            asked=asked,
            sealer=parts.sealer,
            scope=scope,
            counter=parts.store.count_overdue(issuer, now),
        )

    @resolved("What `credentialRequestUpdates` has told so far (申请进展记录).")
    async def credential_request_update_events(
        self, info: Info[Parts], first: First = 20, after: After = None
    ) -> list[CredentialRequestUpdate] | None:
        return await past_updates(info, first=first, after=after)
