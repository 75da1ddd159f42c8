"""Operators of the database where a desk names an object, each refused as what it is: a text."""

from collections.abc import Mapping
from typing import Final

from tests.e2e.bad_calls import Row

INJECTED: Final[Mapping[str, Row]] = {
    "an operator for a dispute": (
        "holder",
        "exportEvidence",
        {"disputeId": {"$ne": None}},
        "error BAD_USER_INPUT None",
    ),
    "an operator as an exit": (
        "holder",
        "recordExitStep",
        {"exitId": '{"$ne": null}', "state": "CLOSED"},
        "NotFound NOT_FOUND exitId",
    ),
    "a dollar for an object": (
        "holder",
        "openDispute",
        {"subjectId": "$where", "ground": "USE_DENIED"},
        "ValidationFailed SUBJECT_NOT_DENIABLE subjectId",
    ),
}
