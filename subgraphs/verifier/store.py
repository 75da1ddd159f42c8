"""The verifier's database: its own rows, its projections of the log, its feeds. Nothing else."""

from typing import Final

from subgraphs.kit.mongo import ASCENDING, DESCENDING, Database, IndexModel, create_indexes
from subgraphs.verifier.records import (
    Acceptance,
    Binding,
    Change,
    ConsentOnLog,
    CredentialOnLog,
    InstitutionOnLog,
    Permission,
    Presentation,
    Qualification,
    Request,
    RootOnLog,
    Supplement,
    Verification,
)
from subgraphs.verifier.table import Table

_NEWEST: Final = ("_id", DESCENDING)


def _owned(*more: tuple[str, int]) -> list[IndexModel]:
    """Lists of a verifier's, a holder's, and everybody's rows (the regulator's view)."""
    return [
        IndexModel([("verifier", ASCENDING), ("holder", ASCENDING), *more]),
        IndexModel([("holder", ASCENDING), *more]),
    ]


INDEXES: Final[dict[str, list[IndexModel]]] = {
    "bindings": [
        IndexModel([("verifier", ASCENDING), ("customer_digest", ASCENDING)], unique=True),
        IndexModel([("verifier", ASCENDING), ("holder", ASCENDING)], unique=True),
    ],
    "requests": [IndexModel([("nonce", ASCENDING)], unique=True)],
    "presentations": [
        # the replay cache: one presentation for each request, and no bytes twice
        IndexModel([("request", ASCENDING)], unique=True),
        IndexModel([("digest", ASCENDING)], unique=True),
        IndexModel([("shown.credential", ASCENDING), ("submitted_at", DESCENDING), _NEWEST]),
    ],
    "verifications": [IndexModel([("presentation", ASCENDING)], unique=True)],
    "acceptances": [
        IndexModel([("credential", ASCENDING), ("accepted_at", DESCENDING), _NEWEST]),
        IndexModel([("verifier", ASCENDING), ("accepted_at", DESCENDING), _NEWEST]),
        IndexModel([("holder", ASCENDING), ("accepted_at", DESCENDING), _NEWEST]),
        IndexModel([("consent", ASCENDING)]),
    ],
    "qualifications": _owned(("decided_at", DESCENDING), _NEWEST),
    "permissions": [
        *_owned(("changed_at", DESCENDING), _NEWEST),
        IndexModel(
            [("verifier", ASCENDING), ("holder", ASCENDING), ("product", ASCENDING)], unique=True
        ),
        IndexModel([("acceptances", ASCENDING)]),
    ],
    "supplements": [
        *_owned(("requested_at", DESCENDING), _NEWEST),
        IndexModel([("acceptance", ASCENDING), ("state", ASCENDING)]),
        IndexModel([("state", ASCENDING), ("due_at", ASCENDING)]),
    ],
    # not unique: no entry of the log, however odd, may stop the follower
    "log_credentials": [IndexModel([("vc_hash", ASCENDING)])],
    "log_institutions": [IndexModel([("did", ASCENDING)])],
    "log_roots": [IndexModel([("digest", ASCENDING)])],
    "feed": [IndexModel([("audience", ASCENDING), ("index", ASCENDING)], unique=True)],
}


class Store:
    """Tables by name; transactions are the caller's."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.bindings = Table(database["bindings"], Binding)
        self.requests = Table(database["requests"], Request)
        self.presentations = Table(database["presentations"], Presentation)
        self.verifications = Table(database["verifications"], Verification)
        self.acceptances = Table(database["acceptances"], Acceptance)
        self.qualifications = Table(database["qualifications"], Qualification)
        self.permissions = Table(database["permissions"], Permission)
        self.supplements = Table(database["supplements"], Supplement)
        self.credentials = Table(database["log_credentials"], CredentialOnLog)
        self.institutions = Table(database["log_institutions"], InstitutionOnLog)
        self.consents = Table(database["log_consents"], ConsentOnLog)
        self.roots = Table(database["log_roots"], RootOnLog)
        self.feed = Table(database["feed"], Change)

    async def prepare(self) -> None:
        """Create what indexes are missing; before the first request."""
        await create_indexes(self.database, INDEXES)
