"""Which stored fields are personal, and whose: the one list, told in docs/security.md.

Every collection of a subgraph stands here, those without a personal field in `WITHOUT`: a new one
is decided upon before it is used (`tests/house/test_personal.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from subgraphs.kit.sealed import Personal
from subgraphs.kit.settings import ServiceName

PREPARED: Final = Personal(fields={"payload": {}, "facts": {}, "to_sign": b""})

PERSONAL: Final[Mapping[ServiceName, Mapping[str, Personal]]] = {
    "issuer": {
        "credentials": Personal(
            fields={
                "did": "",
                "account_no": "",
                "request": {},
                "draft": None,
                "told_total": None,
                "offer.document": {},
                "offer.disclosures": [],
                "offer.issuer_signature": "",
                "offer.holder_signature": None,
            }
        ),
        "bindings": Personal(
            fields={"did": "", "account_no": "", "receipt": {}, "later": [], "tag_key": ""},
            digests=("account_no",),
        ),
        "prepared": PREPARED,
    },
    "wallet": {
        "root_dids": Personal(
            owner="_id",
            fields={"did": "", "receipt": {}, "later": [], "proofing": None, "recovery": None},
            digests=("did",),
        ),
        "agreements": Personal(fields={"document": {}}),
        "consents": Personal(fields={"claims": [], "total_at_least": None, "document": {}}),
        "wallet_items": Personal(fields={"label": ""}),
        "cancellations": Personal(fields={"document": {}}),
        "closures": Personal(fields={"document": {}}),
        "prepared": PREPARED,
    },
    "verifier": {
        "bindings": Personal(
            fields={"did": "", "customer_digest": ""}, digests=("customer_digest",)
        ),
        "presentations": Personal(
            fields={
                "document": "",
                "shown.lines": [],
                "shown.total": None,
                "shown.lower_bound": None,
            }
        ),
        "verifications": Personal(
            fields={"checks.evidence": {}, "double_count": None, "proofs": []}
        ),
        "grounds": Personal(fields={"customer": "", "earlier": []}),
        "qualifications": Personal(
            fields={
                "reasons.shown": None,
                "reasons.short_by": 0,
                "review.note": None,
                "paper.value": 0,
            }
        ),
    },
    "audit": {
        # what stands there once a key is destroyed is JSON, as the text itself
        "evidence_parts": Personal(fields={"document": "null"}),
        "evidence_packages": Personal(
            fields={"documents": [], "proofs": [], "token": ""}, digests=("token",)
        ),
        "complaints": Personal(fields={"text": "", "notes": []}),
    },
    "identity": {
        # the simulated provider knows no holder: a person is the keyed digest of her document
        "registrations": Personal(
            owner="_id", fields={"did": "", "receipt": {}, "recovery": None}, digests=("did",)
        ),
    },
}

WITHOUT: Final[Mapping[ServiceName, frozenset[str]]] = {
    "issuer": frozenset(
        {"endorsements", "updates", "participants", "scenarios", "candidates", "agreed"}
    ),
    "wallet": frozenset({"did_versions", "bindings", "custody", "deletions"}),
    "verifier": frozenset(
        {
            *("requests", "acceptances", "permissions", "supplements"),
            *("log_credentials", "log_consents", "log_decisions", "consent_uses", "feed"),
        }
    ),
    "audit": frozenset(
        {"events", "accepted", "days", "cells", "asked", "disputes", "denials", "exits"}
        | {"complaint_channels", "allow_lists", "waits", "incidents", "drills"}
    ),
    "identity": frozenset(),
}
SHARED_WITHOUT: Final = frozenset({"institutions", "idempotency", "roots", "statuses"})
"""Collections of the kit: institutions, ids, digests and places of the log."""
