"""The wallet's GraphQL schema."""

from subgraphs.kit.federation import Schema
from subgraphs.wallet.schema.did import Query
from subgraphs.wallet.schema.institution import Institution
from subgraphs.wallet.schema.mutation import Mutation
from subgraphs.wallet.schema.types import Consent, Credential, CustodyObject, Holder, WalletItem

schema = Schema(
    query=Query,
    mutation=Mutation,
    served=[Consent, Credential, CustodyObject, Holder, Institution, WalletItem],
)
