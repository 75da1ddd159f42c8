"""Ill calls of what people do beside the journey, written as in bad_calls: agreements, paper and
reviews, many endorsements at once, disputes, complaints, exits, and the lead's trust register.
"""

from collections.abc import Mapping
from typing import Final

from subgraphs.demo.journey import ISSUER, VERIFIER
from subgraphs.demo.pilot import CAITONG_FUND
from tests.e2e.bad_calls import SIGNATURE, SIGNED, Input, Row

LONG: Final = "X" * 5_000
DOCUMENT: Final[Input] = {
    "kind": "TAX",
    "documentDigest": "sm3:" + "0" * 64,
    "metric": "FINANCIAL_ASSETS",
    "value": "3000000.00",
    "asOf": "2026-01-01",
}
PAPER: Final[Input] = {
    "customerNo": "<customer>",
    "ruleSet": "PRIVATE_FUND",
    "documents": [DOCUMENT],
}
REVIEW: Final[Input] = {"qualificationId": "<qualification>", "qualified": True, "reasons": ["X"]}
MANY: Final[Input] = {"credentialIds": ["<credential>"], "effect": "NOTE", "reasonCode": "X"}
COMPLAINT: Final[Input] = {"institutionId": ISSUER, "channel": "APP", "text": "slow"}
PART: Final[Input] = {
    "disputeId": "<dispute>",
    "kind": "CREDENTIAL",
    "document": {},
    "method": "did:credgraph:x#key-1",
    "signature": SIGNATURE["value"],
}
LICENCE: Final[Input] = {"kind": "BANKING", "number": "B-1", "validFrom": "2026-01-01"}
APPLICANT: Final[Input] = {
    "uscc": CAITONG_FUND.uscc,
    "name": "A",
    "kind": "FUND_COMPANY",
    "roles": ["ISSUER"],
    "publicKeyMultibase": "<key>",
}
MOVE: Final[Input] = {"institutionId": VERIFIER, "state": "SUSPENDED", "reasonCode": "X"}
NETWORKS: Final[Input] = {
    "institutionId": VERIFIER,
    "expectedVersion": 0,
    "networks": [{"network": "10.1.0.0/16"}],
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


def documents(**changed: object) -> Input:
    """Paper evidence whose second document is ill."""
    return {**PAPER, "documents": [DOCUMENT, {**DOCUMENT, "documentDigest": OTHER, **changed}]}


OTHER: Final = "sm3:" + "1" * 64

UNKNOWN_IDS: Final[Mapping[str, Row]] = {
    "texts that are all signed": (
        "holder",
        "prepareAgreements",
        {"stage": "USE"},
        "ValidationFailed AGREEMENTS_ALREADY_SIGNED stage",
    ),
    "signed texts": ("holder", "signAgreements", SIGNED, "NotFound NOT_FOUND preparedId"),
    "many endorsements": (
        "issuer",
        "endorseCredentials",
        {**MANY, "credentialIds": ["<no cred>"]},
        "NotFound NOT_FOUND credentialIds",
    ),
    "a review": (
        "verifier",
        "decideReview",
        {**REVIEW, "qualificationId": "<no qual>"},
        "NotFound NOT_FOUND qualificationId",
    ),
    "paper of a customer": (
        "verifier",
        "recordPaperEvidence",
        {**PAPER, "customerNo": "nobody's"},
        "ValidationFailed CUSTOMER_NOT_BOUND customerNo",
    ),
    "what paper completes": (
        "verifier",
        "recordPaperEvidence",
        {**PAPER, "besideQualificationId": "<no qual>"},
        "NotFound NOT_FOUND besideQualificationId",
    ),
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
    "whose networks": (
        "regulator",
        "setAllowList",
        {**NETWORKS, "institutionId": "<no inst>"},
        "NotFound NOT_FOUND institutionId",
    ),
    "an exit": (
        "holder",
        "recordExitStep",
        {"exitId": "<no exit>", "state": "CLOSED"},
        "NotFound NOT_FOUND exitId",
    ),
    "an applicant's code": (
        "issuer",
        "registerInstitution",
        {**APPLICANT, "uscc": CAITONG_FUND.uscc[:-1] + "B"},
        "ValidationFailed USCC_INVALID uscc",
    ),
    "an institution to move": (
        "issuer",
        "moveInstitution",
        {**MOVE, "institutionId": "<no inst>"},
        "NotFound NOT_FOUND institutionId",
    ),
    "an institution to license": (
        "issuer",
        "licenseInstitution",
        {"institutionId": "<no inst>", "licences": [LICENCE]},
        "NotFound NOT_FOUND institutionId",
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
    "endorse many": ("another issuer", "endorseCredentials", MANY, "cred"),
    "decide a review": ("another verifier", "decideReview", REVIEW, "qual"),
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
    "decide what is decided": (
        "verifier",
        "decideReview",
        REVIEW,
        "InvalidTransitionError TRANSITION_INVALID None",
    ),
    "admit who is active": (
        "issuer",
        "moveInstitution",
        {**MOVE, "state": "ADMITTED"},
        "InvalidTransitionError TRANSITION_INVALID None",
    ),
    "escalate and take back": (
        "issuer",
        "handleComplaint",
        {"complaintId": "<complaint>", "state": "RECEIVED"},
        "InvalidTransitionError TRANSITION_INVALID None",
    ),
    "register who is registered": (
        "issuer",
        "registerInstitution",
        APPLICANT,
        "ValidationFailed INSTITUTION_REGISTERED uscc",
    ),
    "withdraw a dispute as the regulator": (
        "regulator",
        "closeDispute",
        {"disputeId": "<dispute>", "state": "WITHDRAWN"},
        "NotFound NOT_FOUND disputeId",
    ),
}

UNKNOWN_WORDS: Final[Mapping[str, Row]] = {
    "a stage": ("holder", "prepareAgreements", {"stage": "GONE"}, "error BAD_USER_INPUT None"),
    "an effect on many": (
        "issuer",
        "endorseCredentials",
        {**MANY, "effect": "EXPLODE"},
        "ValidationFailed EFFECT_UNKNOWN effect",
    ),
    "a reason of a review": (
        "verifier",
        "decideReview",
        {**REVIEW, "reasons": ["because"]},
        "ValidationFailed VALIDATION_FAILED reasons",
    ),
    "no reason of a review": (
        "verifier",
        "decideReview",
        {**REVIEW, "reasons": []},
        "ValidationFailed REASON_MISSING reasons",
    ),
    "a rule set for paper": (
        "verifier",
        "recordPaperEvidence",
        {**PAPER, "ruleSet": "LOTTERY"},
        "ValidationFailed RULE_SET_UNKNOWN ruleSet",
    ),
    "a kind of paper": (
        "verifier",
        "recordPaperEvidence",
        documents(kind="a slip"),
        "ValidationFailed VALIDATION_FAILED documents[1].kind",
    ),
    "a value of paper": (
        "verifier",
        "recordPaperEvidence",
        documents(value="3e6"),
        "ValidationFailed AMOUNT_INVALID documents[1].value",
    ),
    "a part of a month": (
        "verifier",
        "recordPaperEvidence",
        documents(metric="EXPERIENCE_MONTHS", value="1.50"),
        "ValidationFailed VALIDATION_FAILED documents[1].value",
    ),
    "a hash of paper": (
        "verifier",
        "recordPaperEvidence",
        documents(documentDigest="sm3:0"),
        "ValidationFailed VALIDATION_FAILED documents[1].documentDigest",
    ),
    "a day that has not come": (
        "verifier",
        "recordPaperEvidence",
        documents(asOf="2999-01-01"),
        "ValidationFailed VALIDATION_FAILED documents[1].asOf",
    ),
    "one paper twice": (
        "verifier",
        "recordPaperEvidence",
        documents(documentDigest=DOCUMENT["documentDigest"]),
        "ValidationFailed DOCUMENT_REPEATED documents",
    ),
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
    "a role of an applicant": (
        "issuer",
        "registerInstitution",
        {**APPLICANT, "roles": ["LEAD"]},
        "ValidationFailed ROLE_UNKNOWN roles",
    ),
    "a kind of applicant": (
        "issuer",
        "registerInstitution",
        {**APPLICANT, "kind": "CASINO"},
        "ValidationFailed KIND_UNKNOWN kind",
    ),
    "an applicant's key": (
        "issuer",
        "registerInstitution",
        {**APPLICANT, "publicKeyMultibase": "z"},
        "ValidationFailed KEY_INVALID publicKeyMultibase",
    ),
    "a state of an institution": (
        "issuer",
        "moveInstitution",
        {**MOVE, "state": "GONE"},
        "ValidationFailed STATE_UNKNOWN state",
    ),
    "a reason of a move": (
        "issuer",
        "moveInstitution",
        {**MOVE, "reasonCode": "because"},
        "ValidationFailed VALIDATION_FAILED reasonCode",
    ),
    "a licence": (
        "issuer",
        "licenseInstitution",
        {"institutionId": VERIFIER, "licences": [LICENCE, {**LICENCE, "kind": "MAGIC"}]},
        "ValidationFailed KIND_UNKNOWN licences[1].kind",
    ),
    "a licence that ends before it begins": (
        "issuer",
        "licenseInstitution",
        {"institutionId": VERIFIER, "licences": [{**LICENCE, "validUntil": "2025-01-01"}]},
        "ValidationFailed VALIDATION_FAILED licences[0].validUntil",
    ),
}

OVER_LONG: Final[Mapping[str, Row]] = {
    "a note of a review": (
        "verifier",
        "decideReview",
        {**REVIEW, "note": LONG},
        "ValidationFailed VALIDATION_FAILED note",
    ),
    "many papers": (
        "verifier",
        "recordPaperEvidence",
        {**PAPER, "documents": [DOCUMENT] * 17},
        "ValidationFailed VALIDATION_FAILED documents",
    ),
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
    "a network": (
        "regulator",
        "setAllowList",
        {**NETWORKS, "networks": [{"network": LONG}]},
        "ValidationFailed NETWORK_INVALID networks[0].network",
    ),
    "a name of an applicant": (
        "issuer",
        "registerInstitution",
        {**APPLICANT, "name": LONG},
        "ValidationFailed VALIDATION_FAILED name",
    ),
    "a licence's number": (
        "issuer",
        "licenseInstitution",
        {"institutionId": VERIFIER, "licences": [{**LICENCE, "number": LONG}]},
        "ValidationFailed VALIDATION_FAILED licences[0].number",
    ),
    "many licences": (
        "issuer",
        "licenseInstitution",
        {"institutionId": VERIFIER, "licences": [LICENCE] * 9},
        "ValidationFailed VALIDATION_FAILED licences",
    ),
}
