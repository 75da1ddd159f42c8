"""The verifier's GraphQL schema."""

from subgraphs.kit.federation import Schema
from subgraphs.verifier.schema.acceptance import (
    Acceptance,
    BusinessPermission,
    SupplementRequest,
)
from subgraphs.verifier.schema.contributions import Credential, Endorsement, Holder
from subgraphs.verifier.schema.decision import Qualification, Verification
from subgraphs.verifier.schema.institution import Institution
from subgraphs.verifier.schema.mutation import Mutation
from subgraphs.verifier.schema.presentation import Presentation
from subgraphs.verifier.schema.query import Query
from subgraphs.verifier.schema.request import PresentationRequest
from subgraphs.verifier.schema.service import Subscription

schema = Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    served=[
        Acceptance,
        BusinessPermission,
        Credential,
        Endorsement,
        Holder,
        Institution,
        Presentation,
        PresentationRequest,
        Qualification,
        SupplementRequest,
        Verification,
    ],
)
