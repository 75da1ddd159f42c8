"""Ill calls of the trust register, written as in bad_calls: applicants, moves, licences, and the
networks an institution may come from.
"""

from collections.abc import Mapping
from typing import Final

from subgraphs.demo.journey import VERIFIER
from subgraphs.demo.pilot import CAITONG_FUND
from tests.e2e.bad_calls import Input, Row
from tests.e2e.bad_desks import LONG

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

UNKNOWN_IDS: Final[Mapping[str, Row]] = {
    "whose networks": (
        "regulator",
        "setAllowList",
        {**NETWORKS, "institutionId": "<no inst>"},
        "NotFound NOT_FOUND institutionId",
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
}

OUT_OF_ORDER: Final[Mapping[str, Row]] = {
    "admit who is active": (
        "issuer",
        "moveInstitution",
        {**MOVE, "state": "ADMITTED"},
        "InvalidTransitionError TRANSITION_INVALID None",
    ),
    "register who is registered": (
        "issuer",
        "registerInstitution",
        APPLICANT,
        "ValidationFailed INSTITUTION_REGISTERED uscc",
    ),
}

UNKNOWN_WORDS: Final[Mapping[str, Row]] = {
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
