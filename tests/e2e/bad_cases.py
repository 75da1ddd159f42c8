"""Ill calls of what people deny, complain of and leave, written as in bad_calls: disputes,
complaints, exits, and the lead's incidents and drills.
"""

from collections.abc import Mapping
from typing import Final

from subgraphs.demo.journey import ISSUER
from tests.e2e.bad_calls import SIGNATURE, Input, Row
from tests.e2e.bad_desks import LONG

COMPLAINT: Final[Input] = {"institutionId": ISSUER, "channel": "APP", "text": "slow"}
PART: Final[Input] = {
    "disputeId": "<dispute>",
    "kind": "CREDENTIAL",
    "document": {},
    "method": "did:credgraph:x#key-1",
    "signature": SIGNATURE["value"],
}
EXIT: Final[Input] = {"scope": "PARTICIPANT", "trigger": "WISH", "institutionId": "<no inst>"}

# beside the row's own caller, who may do it to some object and is told that this one is not there
ALSO: Final[Mapping[str, frozenset[str]]] = {
    "handleComplaint": frozenset({"verifier"}),
    "nameComplaintChannels": frozenset({"verifier"}),
    "submitEvidence": frozenset({"verifier"}),
    "exportEvidence": frozenset({"issuer", "verifier", "regulator"}),
    "closeDispute": frozenset({"regulator"}),
    "recordExitStep": frozenset({"issuer", "verifier", "regulator"}),
    "moveIncident": frozenset({"issuer", "regulator"}),
    "recordDrill": frozenset({"issuer", "regulator"}),
}

UNKNOWN_IDS: Final[Mapping[str, Row]] = {
    "an object to deny": (
        "holder",
        "openDispute",
        {"subjectId": "<no cred>", "ground": "USE_DENIED"},
        "NotFound NOT_FOUND subjectId",
    ),
    "a dispute to answer": (
        "issuer",
        "submitEvidence",
        {**PART, "disputeId": "<no disp>"},
        "NotFound NOT_FOUND disputeId",
    ),
    "a dispute to seal": (
        "holder",
        "exportEvidence",
        {"disputeId": "<no disp>"},
        "NotFound NOT_FOUND disputeId",
    ),
    "a dispute to close": (
        "holder",
        "closeDispute",
        {"disputeId": "<no disp>", "state": "WITHDRAWN"},
        "NotFound NOT_FOUND disputeId",
    ),
    "whom to complain to": (
        "holder",
        "fileComplaint",
        {**COMPLAINT, "institutionId": "<no inst>"},
        "NotFound NOT_FOUND institutionId",
    ),
    "a complaint": (
        "issuer",
        "handleComplaint",
        {"complaintId": "<no cmpl>", "state": "RESOLVED"},
        "NotFound NOT_FOUND complaintId",
    ),
    "a channel": (
        "issuer",
        "nameComplaintChannels",
        {"channels": [{"kind": "PIGEON", "address": "x"}]},
        "ValidationFailed CHANNEL_UNKNOWN channels[0].kind",
    ),
    "an exit under an empty key": (
        "holder",
        "requestUserExit",
        {"clientMutationId": ""},
        "ValidationFailed VALIDATION_FAILED clientMutationId",
    ),
    "who is to leave": ("regulator", "startExit", EXIT, "NotFound NOT_FOUND institutionId"),
    "an exit": (
        "holder",
        "recordExitStep",
        {"exitId": "<no exit>", "state": "CLOSED"},
        "NotFound NOT_FOUND exitId",
    ),
    "an incident": (
        "verifier",
        "moveIncident",
        {"incidentId": "<no inci>", "state": "CONTAINED"},
        "NotFound NOT_FOUND incidentId",
    ),
    "a drill": (
        "verifier",
        "recordDrill",
        {"drillId": "<no dril>", "passed": True, "findings": "X"},
        "NotFound NOT_FOUND drillId",
    ),
}

FOREIGN: Final[Mapping[str, tuple[str, str, Input, str]]] = {
    "deny": (
        "another holder",
        "openDispute",
        {"subjectId": "<credential>", "ground": "USE_DENIED"},
        "cred",
    ),
    "answer a dispute": ("another issuer", "submitEvidence", PART, "disp"),
    "seal a dispute": ("another holder", "exportEvidence", {"disputeId": "<dispute>"}, "disp"),
    "seal a dispute, as an institution": (
        "another issuer",
        "exportEvidence",
        {"disputeId": "<dispute>"},
        "disp",
    ),
    "withdraw a dispute": (
        "another holder",
        "closeDispute",
        {"disputeId": "<dispute>", "state": "WITHDRAWN"},
        "disp",
    ),
    "handle a complaint": (
        "another issuer",
        "handleComplaint",
        {"complaintId": "<complaint>", "state": "RESOLVED"},
        "cmpl",
    ),
    "take an exit further": (
        "another holder",
        "recordExitStep",
        {"exitId": "<exit>", "state": "CLOSED"},
        "exit",
    ),
}

OUT_OF_ORDER: Final[Mapping[str, Row]] = {
    "escalate and take back": (
        "issuer",
        "handleComplaint",
        {"complaintId": "<complaint>", "state": "RECEIVED"},
        "InvalidTransitionError TRANSITION_INVALID None",
    ),
    "withdraw a dispute as the regulator": (
        "regulator",
        "closeDispute",
        {"disputeId": "<dispute>", "state": "WITHDRAWN"},
        "NotFound NOT_FOUND disputeId",
    ),
}

UNKNOWN_WORDS: Final[Mapping[str, Row]] = {
    "a ground": (
        "holder",
        "openDispute",
        {"subjectId": "<credential>", "ground": "GONE"},
        "ValidationFailed GROUND_UNKNOWN ground",
    ),
    "a kind of evidence": (
        "issuer",
        "submitEvidence",
        {**PART, "kind": "GONE"},
        "ValidationFailed PART_UNKNOWN kind",
    ),
    "an institution's key": (
        "issuer",
        "submitEvidence",
        PART,
        "InvalidSignature VERIFICATION_METHOD_MISMATCH None",
    ),
    "an end of a dispute": (
        "holder",
        "closeDispute",
        {"disputeId": "<dispute>", "state": "GONE"},
        "ValidationFailed STATE_UNKNOWN state",
    ),
    "a channel of nobody": (
        "holder",
        "fileComplaint",
        {**COMPLAINT, "channel": "PIGEON"},
        "ValidationFailed CHANNEL_MISSING channel",
    ),
    "a state of a complaint": (
        "issuer",
        "handleComplaint",
        {"complaintId": "<complaint>", "state": "GONE"},
        "ValidationFailed STATE_UNKNOWN state",
    ),
    "who helps with a complaint": (
        "issuer",
        "handleComplaint",
        {"complaintId": "<complaint>", "coHandlerIds": ["<no inst>"]},
        "NotFound NOT_FOUND coHandlerIds",
    ),
    "one channel twice": (
        "issuer",
        "nameComplaintChannels",
        {"channels": [{"kind": "APP", "address": at} for at in ("x", "y")]},
        "ValidationFailed VALIDATION_FAILED channels",
    ),
    "a scope of an exit": (
        "regulator",
        "startExit",
        {**EXIT, "scope": "GONE"},
        "ValidationFailed SCOPE_UNKNOWN scope",
    ),
    "a user's exit by another": (
        "regulator",
        "startExit",
        {**EXIT, "scope": "USER"},
        "ValidationFailed SCOPE_INVALID scope",
    ),
    "a trigger of an exit": (
        "regulator",
        "startExit",
        {**EXIT, "trigger": "GONE"},
        "ValidationFailed TRIGGER_UNKNOWN trigger",
    ),
}

OVER_LONG: Final[Mapping[str, Row]] = {
    "a document": (
        "issuer",
        "submitEvidence",
        {**PART, "document": {"x": "y" * 50_000}},
        "ValidationFailed DOCUMENT_TOO_LONG document",
    ),
    "a complaint": (
        "holder",
        "fileComplaint",
        {**COMPLAINT, "text": LONG},
        "ValidationFailed TEXT_TOO_LONG text",
    ),
    "a word to a complainant": (
        "issuer",
        "handleComplaint",
        {"complaintId": "<complaint>", "note": LONG},
        "ValidationFailed TEXT_TOO_LONG note",
    ),
    "an address": (
        "issuer",
        "nameComplaintChannels",
        {"channels": [{"kind": "APP", "address": LONG}]},
        "ValidationFailed TEXT_TOO_LONG channels[0].address",
    ),
}
