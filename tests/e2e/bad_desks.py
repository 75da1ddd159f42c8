"""Ill calls of what desks do beside the journey, written as in bad_calls: agreements, paper and
reviews, many endorsements at once.
"""

from collections.abc import Mapping
from typing import Final

from tests.e2e.bad_calls import SIGNED, Input, Row

LONG: Final = "X" * 5_000
DOCUMENT: Final[Input] = {
    "kind": "TAX",
    "documentDigest": "sm3:" + "0" * 64,
    "metric": "FINANCIAL_ASSETS",
    "value": "3000000.00",
    "asOf": "2026-01-01",
}
OTHER: Final = "sm3:" + "1" * 64
PAPER: Final[Input] = {
    "customerNo": "<customer>",
    "ruleSet": "PRIVATE_FUND",
    "documents": [DOCUMENT],
}
REVIEW: Final[Input] = {"qualificationId": "<qualification>", "qualified": True, "reasons": ["X"]}
MANY: Final[Input] = {"credentialIds": ["<credential>"], "effect": "NOTE", "reasonCode": "X"}


def documents(**changed: object) -> Input:
    """Paper evidence whose second document is ill."""
    return {**PAPER, "documents": [DOCUMENT, {**DOCUMENT, "documentDigest": OTHER, **changed}]}


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
}

FOREIGN: Final[Mapping[str, tuple[str, str, Input, str]]] = {
    "endorse many": ("another issuer", "endorseCredentials", MANY, "cred"),
    "decide a review": ("another verifier", "decideReview", REVIEW, "qual"),
}

OUT_OF_ORDER: Final[Mapping[str, Row]] = {
    "decide what is decided": (
        "verifier",
        "decideReview",
        REVIEW,
        "InvalidTransitionError TRANSITION_INVALID None",
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
}
