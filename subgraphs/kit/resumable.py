"""The `@resumable` directive: which event field is the cursor, and which argument takes it.

The numbers let a gateway see that nothing is missing, and let those who come late join the rest.
"""

from __future__ import annotations

from typing import Final

import strawberry
from strawberry import federation
from strawberry.schema_directive import Location


@federation.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="resumable",
    compose=True,
    import_url="https://credgraph.dev/specs/resumable/v0.2",
)
class Resumable:
    """Read by gateways: a client that comes back resumes here without gap or repeat."""

    cursor: str = strawberry.directive_field(name="cursor")
    argument: str = strawberry.directive_field(name="argument")
    sequence: str | None = strawberry.directive_field(name="sequence", default=None)
    previous: str | None = strawberry.directive_field(name="previous", default=None)
    head: str | None = strawberry.directive_field(name="head", default=None)


RESUMABLE: Final = Resumable(
    cursor="cursor",
    argument="after",
    sequence="sequence",
    previous="prevSequence",
    head="headSequence",
)
