"""The wallet's GraphQL schema."""

from subgraphs.kit.federation import Schema
from subgraphs.wallet.schema.custody import CustodyObject, DeletionReceipt
from subgraphs.wallet.schema.did import Query
from subgraphs.wallet.schema.institution import Institution
from subgraphs.wallet.schema.mutation import Mutation
from subgraphs.wallet.schema.types import Consent, Credential, Holder, WalletItem

schema = Schema(
    query=Query,
    mutation=Mutation,
    served=[Consent, Credential, CustodyObject, DeletionReceipt, Holder, Institution, WalletItem],
)
