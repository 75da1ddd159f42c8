"""Audit's GraphQL schema."""

from strawberry.tools import merge_types

from subgraphs.audit.schema.allow_list import Gatekeeping, Perimeter
from subgraphs.audit.schema.backups import Backups
from subgraphs.audit.schema.case import Cases
from subgraphs.audit.schema.complaint import Complaint
from subgraphs.audit.schema.contributions import (
    Consent,
    Credential,
    CustodyObject,
    DeletionReceipt,
    Endorsement,
    Holder,
    Presentation,
    Qualification,
)
from subgraphs.audit.schema.denials import Telling
from subgraphs.audit.schema.dispute import Dispute
from subgraphs.audit.schema.events import AuditEvent
from subgraphs.audit.schema.exit import ExitCase, Exits, Leaving
from subgraphs.audit.schema.health import Subscription
from subgraphs.audit.schema.incident import Operating, Operation
from subgraphs.audit.schema.institution import Institution
from subgraphs.audit.schema.mutation import Mutation
from subgraphs.audit.schema.query import Query
from subgraphs.audit.schema.signals import Signals
from subgraphs.audit.schema.targets import Targets
from subgraphs.kit.federation import Schema

schema = Schema(
    query=merge_types(
        "Query", (Query, Backups, Cases, Exits, Operation, Perimeter, Signals, Targets)
    ),
    mutation=merge_types("Mutation", (Mutation, Gatekeeping, Leaving, Operating, Telling)),
    subscription=Subscription,
    served=[
        AuditEvent,
        Complaint,
        Consent,
        Credential,
        CustodyObject,
        DeletionReceipt,
        Dispute,
        Endorsement,
        ExitCase,
        Holder,
        Institution,
        Presentation,
        Qualification,
    ],
)
