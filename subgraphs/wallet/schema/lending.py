"""A link to a copy in custody, for one verifier and one use: input, answer and mutation."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias

import strawberry

from subgraphs.kit.context import Info
from subgraphs.kit.fields import mutation
from subgraphs.kit.scalars import Hash
from subgraphs.kit.types import (
    INPUT,
    Forbidden,
    InvalidTransitionError,
    MutationInput,
    NotFound,
    TryAgain,
    ValidationFailed,
)
from subgraphs.wallet.parts import Parts
from subgraphs.wallet.steps.lend import Wish, lend


@strawberry.input(description="Let a verifier fetch a copy from custody, once (托管链接).")
class LendCustodyCopyInput(MutationInput):
    custody_id: strawberry.ID = strawberry.field(description="The copy (托管对象).")
    granted_to: strawberry.ID = strawberry.field(
        description="The verifier, to which a consent in force lets it be shown (用证方)."
    )
    word_digest: Hash = strawberry.field(
        description="SM3 of the word that opens the link; the verifier gets it sealed (口令摘要)."
    )
    until: datetime | None = strawberry.field(
        default=None, description="Until when, 15 minutes from now at most (有效期至)."
    )


@strawberry.type(description="The custodian knows the link (托管链接已建).")
class LendCustodyCopySuccess:
    link: str = strawberry.field(description="The link's name; without its word nothing (链接).")
    until: datetime = strawberry.field(description="Until when it can be used (有效期至).")


LendCustodyCopyResult: TypeAlias = Annotated[
    LendCustodyCopySuccess
    | ValidationFailed
    | NotFound
    | Forbidden
    | InvalidTransitionError
    | TryAgain,
    strawberry.union("LendCustodyCopyResult", description="Outcome of the lending (链接结果)."),
]


@strawberry.type
class LendingMutation:
    @mutation("Let one verifier fetch a copy from custody, once and soon (托管链接).")
    async def lend_custody_copy(
        self, info: Info[Parts], input_: Annotated[LendCustodyCopyInput, INPUT]
    ) -> LendCustodyCopyResult:
        loan = await lend(
            info.context.parts,
            info.context.viewer,
            Wish(
                custody_id=input_.custody_id,
                granted_to=input_.granted_to,
                word_digest=input_.word_digest,
                until=input_.until,
            ),
            client_id=input_.client_mutation_id,
        )
        return LendCustodyCopySuccess(link=loan.link, until=loan.until)
