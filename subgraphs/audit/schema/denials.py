"""Denials: the gateway tells them, the regulator reads them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final

import strawberry
from strawberry import federation

from subgraphs.audit import denials, policy
from subgraphs.audit.parts import Parts
from subgraphs.kit.context import Info
from subgraphs.kit.cursor import CursorScope
from subgraphs.kit.errors import Forbidden, Invalid
from subgraphs.kit.fields import unlisted
from subgraphs.kit.paging import Connection, connection, window

MOST: Final = 500
LONGEST: Final = 200
SOURCE: Final = "accessDenials"


@federation.input(
    inaccessible=True, description="How often a client was refused a field in a minute (拒绝)."
)
class AccessDenialInput:
    client: str = strawberry.field(description="Who was refused (访问者).")
    field_: str = strawberry.field(name="field", description="What, as a path (字段).")
    code: str = strawberry.field(description="The code of the refusal (错误代码).")
    minute: int = strawberry.field(description="Seconds since 1970 where it begins (分钟).")
    count: int = strawberry.field(description="How often (次数).")


@strawberry.type(description="How often a client was refused a field in a minute (访问拒绝).")
class AccessDenial:
    client: str | None = strawberry.field(description="Who was refused (访问者).")
    field_: str | None = strawberry.field(name="field", description="What, as a path (字段).")
    code: str | None = strawberry.field(description="The code of the refusal (错误代码).")
    minute: datetime | None = strawberry.field(description="The minute it begins with (分钟).")
    count: int | None = strawberry.field(description="How often (次数).")


@strawberry.type
class Telling:
    @unlisted("Take in what a gateway refused its callers; for gateways only (登记拒绝).")
    async def record_access_denials(
        self,
        info: Info[Parts],
        denials: Annotated[
            list[AccessDenialInput], strawberry.argument(description="What was refused (拒绝).")
        ],
    ) -> int | None:
        info.context.viewer.require_gateway()
        if len(denials) > MOST:
            raise Invalid(f"at most {MOST}", field="denials", code="DENIALS_TOO_MANY")
        parts = info.context.parts
        await parts.denied.add([_read(each) for each in denials], parts.clock())
        return len(denials)


async def denied(info: Info[Parts], first: int, after: str | None) -> Connection[AccessDenial]:
    """A page, newest minute first; Forbidden for who does not supervise."""
    parts, viewer = info.context.parts, info.context.viewer
    if not policy.supervises(viewer):
        raise Forbidden("only the regulator may see this")
    scope = CursorScope(source=SOURCE, scope_key=viewer.scope_key)
    asked = window(first, after, parts.sealer, scope)
    page, rows = await parts.denied.page(asked)
    return connection(
        page,
        [_shown(row) for row in rows],
        order=denials.NEWEST,
        asked=asked,
        sealer=parts.sealer,
        scope=scope,
        counter=parts.denied.count(),
    )


def _read(given: AccessDenialInput) -> denials.Denial:
    texts = (given.client, given.field_, given.code)
    if max(map(len, texts)) > LONGEST or given.count < 1 or not 0 <= given.minute < 2**33:
        raise Invalid("no denial", field="denials", code="DENIAL_INVALID")
    return denials.Denial(
        client=given.client,
        field=given.field_,
        code=given.code,
        minute=datetime.fromtimestamp(given.minute, UTC),
        count=given.count,
    )


def _shown(row: denials.Denial) -> AccessDenial:
    return AccessDenial(
        client=row.client,
        field_=row.field,
        code=row.code,
        minute=row.minute,
        count=row.count,
    )
