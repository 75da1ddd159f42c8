"""The wallet's GraphQL schema."""

import strawberry

from subgraphs.kit.federation import Schema
from subgraphs.wallet.schema.institution import Institution
from subgraphs.wallet.schema.mutation import Mutation
from subgraphs.wallet.schema.types import Consent, Credential, CustodyObject, Holder, WalletItem


@strawberry.type
class Query:
    """`node` and `me` are all: everything in a wallet is reached from its holder."""


schema = Schema(
    query=Query,
    mutation=Mutation,
    served=[Consent, Credential, CustodyObject, Holder, Institution, WalletItem],
)
