"""Inputs of the verifier's mutations."""

from __future__ import annotations

import strawberry

from subgraphs.kit.scalars import DID, JSON
from subgraphs.kit.types import MutationInput


@strawberry.input(description="Match an own real-name customer to her root DID (客户绑定).")
class BindCustomerInput(MutationInput):
    customer_no: str = strawberry.field(description="The verifier's own customer number (客户号).")
    did: DID = strawberry.field(description="The customer's root DID (根 DID).")


@strawberry.input(description="Whom to ask, under which rules, for what (出示请求).")
class CreatePresentationRequestInput(MutationInput):
    customer_no: str = strawberry.field(description="The verifier's own customer number (客户号).")
    rule_set: str = strawberry.field(
        description="`NAME` for the version in force, or `NAME@version` (规则)."
    )
    purpose: str = strawberry.field(
        description="A code in capitals, the same as in the holder's consent (目的)."
    )


@strawberry.input(description="A signed presentation and the request it answers (提交出示).")
class SubmitPresentationInput(MutationInput):
    request_id: strawberry.ID = strawberry.field(description="The request (请求标识).")
    presentation: JSON = strawberry.field(
        description="A W3C VerifiablePresentation, at most 256 kB (出示内容)."
    )


@strawberry.input(description="Which presentation to check (核验).")
class VerifyPresentationInput(MutationInput):
    presentation_id: strawberry.ID = strawberry.field(description="The presentation (出示标识).")


@strawberry.input(description="What to permit, and on which decision (开通权限).")
class GrantPermissionInput(MutationInput):
    qualification_id: strawberry.ID = strawberry.field(description="The decision (认定标识).")
    product: str = strawberry.field(description="A code in capitals (产品代码).")
