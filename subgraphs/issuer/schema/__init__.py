"""The issuer's GraphQL schema."""

from subgraphs.issuer.schema.case import Case
from subgraphs.issuer.schema.institution import Institution
from subgraphs.issuer.schema.mutation import Mutation
from subgraphs.issuer.schema.query import Query
from subgraphs.issuer.schema.types import Credential, CredentialSchema, Endorsement, Holder
from subgraphs.issuer.schema.updates import Subscription
from subgraphs.kit.federation import Schema

schema = Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    served=[Credential, CredentialSchema, Endorsement, Holder, Institution],
    entities=[Case],
)
