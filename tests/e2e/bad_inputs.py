"""Ill-formed inputs, each with its refusal, written as in bad_calls."""

from collections.abc import Iterator, Mapping
from typing import Final

from tests.e2e.bad_calls import (
    ASKED,
    CONSENT,
    ENDORSEMENT,
    IN_A_MONTH,
    REQUEST,
    SIGNATURE,
    SIGNED,
    Row,
)

AMOUNTS: Final = {
    "an exponent": "3e6",
    "thousands separated": "3,000,000",
    "below zero": "-1",
    "a tenth of a fen": "1.234",
    "one digit after the point": "1.2",
    "full-width digits": "３００００００",
    "an Arabic-Indic digit": "٣",
    "nothing": "",
    "a space": " 3000000",
    "a line end": "3000000\n",
    "a sign": "+3000000",
    "a leading zero": "03000000",
    "a bare point": "3000000.",
    "no number": "NaN",
    "a currency": "¥3000000",
    "too great": "1" * 16,
    "over-long": "9" * 100_000,
    "an operator": '{"$gt": 0}',
}

UNKNOWN_WORDS: Final[Mapping[str, Row]] = {
    "an asset category": (
        "holder",
        "prepareCredentialRequest",
        {**REQUEST, "categories": ["GOLD"]},
        "ValidationFailed CATEGORY_UNKNOWN categories[0]",
    ),
    "a category in small letters": (
        "holder",
        "prepareCredentialRequest",
        {**REQUEST, "categories": ["stock"]},
        "ValidationFailed CATEGORY_UNKNOWN categories[0]",
    ),
    "no category": (
        "holder",
        "prepareCredentialRequest",
        {**REQUEST, "categories": []},
        "ValidationFailed VALIDATION_FAILED categories",
    ),
    "one category twice": (
        "holder",
        "prepareCredentialRequest",
        {**REQUEST, "categories": ["STOCK", "STOCK"]},
        "ValidationFailed VALIDATION_FAILED categories",
    ),
    "an effect": (
        "issuer",
        "endorseCredential",
        {**ENDORSEMENT, "effect": "EXPLODE"},
        "ValidationFailed EFFECT_UNKNOWN effect",
    ),
    "a rule set": (
        "verifier",
        "createPresentationRequest",
        {**ASKED, "ruleSet": "LOTTERY"},
        "ValidationFailed RULE_SET_UNKNOWN ruleSet",
    ),
    "a version of a rule set": (
        "verifier",
        "createPresentationRequest",
        {**ASKED, "ruleSet": "PRIVATE_FUND@99"},
        "ValidationFailed RULE_SET_UNKNOWN ruleSet",
    ),
    "no version of a rule set": (
        "verifier",
        "createPresentationRequest",
        {**ASKED, "ruleSet": "PRIVATE_FUND@x"},
        "ValidationFailed RULE_SET_UNKNOWN ruleSet",
    ),
    "a claim": (
        "holder",
        "prepareConsent",
        {**CONSENT, "scope": {"claims": ["/nothing"]}},
        "ValidationFailed CLAIM_UNKNOWN scope.claims[0]",
    ),
    "an empty scope": (
        "holder",
        "prepareConsent",
        {**CONSENT, "scope": {}},
        "ValidationFailed SCOPE_EMPTY scope",
    ),
    "a reason": (
        "issuer",
        "revokeCredential",
        {"credentialId": "<credential>", "reasonCode": "because"},
        "ValidationFailed VALIDATION_FAILED reasonCode",
    ),
    "a product": (
        "verifier",
        "grantPermission",
        {"qualificationId": "<qualification>", "product": "a fund"},
        "ValidationFailed VALIDATION_FAILED product",
    ),
    "a purpose": (
        "verifier",
        "createPresentationRequest",
        {**ASKED, "purpose": "to see"},
        "ValidationFailed VALIDATION_FAILED purpose",
    ),
    "a purpose of a consent": (
        "holder",
        "prepareConsent",
        {**CONSENT, "purpose": "to see"},
        "ValidationFailed VALIDATION_FAILED purpose",
    ),
    "a time that is over": (
        "holder",
        "prepareConsent",
        {**CONSENT, "validUntil": "2020-01-01T00:00:00Z"},
        "ValidationFailed TIME_OUT_OF_RANGE validUntil",
    ),
    "a time far away": (
        "holder",
        "prepareConsent",
        {**CONSENT, "validUntil": "2999-01-01T00:00:00Z"},
        "ValidationFailed TIME_OUT_OF_RANGE validUntil",
    ),
    "a DID": (
        "issuer",
        "bindCustomerAccount",
        {"accountNo": "<account>", "did": "did:web:x"},
        "ValidationFailed CUSTOMER_ALREADY_BOUND did",
    ),
}

LONG: Final = "X" * 5_000
OVER_LONG: Final[Mapping[str, Row]] = {
    "an idempotency key": (
        "issuer",
        "issueCredential",
        {"credentialId": "<credential>", "clientMutationId": "k" * 129},
        "ValidationFailed VALIDATION_FAILED clientMutationId",
    ),
    "an empty idempotency key": (
        "issuer",
        "issueCredential",
        {"credentialId": "<credential>", "clientMutationId": ""},
        "ValidationFailed VALIDATION_FAILED clientMutationId",
    ),
    "an id": (
        "issuer",
        "issueCredential",
        {"credentialId": "cred_" + LONG},
        "NotFound NOT_FOUND credentialId",
    ),
    "a purpose of a request": (
        "holder",
        "prepareCredentialRequest",
        {**REQUEST, "purpose": LONG},
        "ValidationFailed VALIDATION_FAILED purpose",
    ),
    "a purpose of a consent": (
        "holder",
        "prepareConsent",
        {**CONSENT, "purpose": LONG},
        "ValidationFailed VALIDATION_FAILED purpose",
    ),
    "a purpose of a question": (
        "verifier",
        "createPresentationRequest",
        {**ASKED, "purpose": LONG},
        "ValidationFailed VALIDATION_FAILED purpose",
    ),
    "a reason of an endorsement": (
        "issuer",
        "endorseCredential",
        {**ENDORSEMENT, "reasonCode": LONG},
        "ValidationFailed VALIDATION_FAILED reasonCode",
    ),
    "a reason of an endorsement of many": (
        "issuer",
        "endorseCredentials",
        {"credentialIds": ["<credential>"], "effect": "NOTE", "reasonCode": LONG},
        "ValidationFailed VALIDATION_FAILED reasonCode",
    ),
    "a revocation of none": (
        "issuer",
        "endorseCredentials",
        {"credentialIds": [], "effect": "REVOKE", "reasonCode": "X"},
        "ValidationFailed VALIDATION_FAILED credentialIds",
    ),
    "a reason of a revocation": (
        "issuer",
        "revokeCredential",
        {"credentialId": "<credential>", "reasonCode": LONG},
        "ValidationFailed VALIDATION_FAILED reasonCode",
    ),
    "a product": (
        "verifier",
        "grantPermission",
        {"qualificationId": "<qualification>", "product": LONG},
        "ValidationFailed VALIDATION_FAILED product",
    ),
    "an account": (
        "issuer",
        "bindCustomerAccount",
        {"accountNo": LONG, "did": "<did>"},
        "NotFound ACCOUNT_UNKNOWN accountNo",
    ),
    "a customer": (
        "verifier",
        "bindCustomer",
        {"customerNo": LONG, "did": "<did>"},
        "NotFound CUSTOMER_UNKNOWN customerNo",
    ),
    "a DID": (
        "issuer",
        "bindCustomerAccount",
        {"accountNo": "<account>", "did": "did:credgraph:" + LONG},
        "ValidationFailed CUSTOMER_ALREADY_BOUND did",
    ),
    "many categories": (
        "holder",
        "prepareCredentialRequest",
        {**REQUEST, "categories": ["STOCK"] * 5_000},
        "ValidationFailed VALIDATION_FAILED categories",
    ),
    "many claims": (
        "holder",
        "prepareConsent",
        {**CONSENT, "scope": {"claims": ["/credentialSubject/total"] * 65}},
        "ValidationFailed VALIDATION_FAILED scope.claims",
    ),
    "many credentials": (
        "holder",
        "prepareConsent",
        {**CONSENT, "scope": {"totalAtLeast": "1.00", "credentials": ["<credential>"] * 17}},
        "ValidationFailed VALIDATION_FAILED scope.credentials",
    ),
    "a presentation": (
        "holder",
        "submitPresentation",
        {"requestId": "<open>", "presentation": {"x": "y" * 300_000}},
        "ValidationFailed JSON_INVALID presentation/x",
    ),
    "a deep presentation": (
        "holder",
        "submitPresentation",
        {"requestId": "<open>", "presentation": "<deep>"},
        f"ValidationFailed JSON_INVALID presentation{'/x' * 25}",
    ),
    "the word of a link": (
        "holder",
        "lendCustodyCopy",
        {"custodyId": "<no cust>", "grantedTo": "<no inst>", "wordDigest": "sm3:00"},
        "ValidationFailed VALIDATION_FAILED wordDigest",
    ),
    "a key's name": (
        "holder",
        "depositToCustody",
        {"walletItemId": "<item>", "ciphertext": "AAAA", "keyId": LONG},
        "ValidationFailed VALIDATION_FAILED keyId",
    ),
    "an identity document": (
        "a newcomer",
        "registerRootDid",
        {
            "identityDocument": LONG,
            "publicKeyMultibase": "z",
            "payload": "AAAA",
            "proofOfPossession": "z",
            "faceAssertion": SIGNATURE["faceAssertion"],
        },
        "ValidationFailed KEY_INVALID publicKeyMultibase",
    ),
}

UNFIT_KEYS: Final[Mapping[str, Row]] = {
    "a report from the future": (
        "holder",
        "prepareKeyCompromiseReport",
        {"since": IN_A_MONTH},
        "ValidationFailed SINCE_OUT_OF_RANGE since",
    ),
    "no recovery to complete": (
        "holder",
        "completeRecovery",
        {},
        "InvalidTransitionError TRANSITION_INVALID None",
    ),
    "no recovery to take back": (
        "holder",
        "prepareRecoveryCancellation",
        {},
        "InvalidTransitionError TRANSITION_INVALID None",
    ),
    "a new key that is none": (
        "holder",
        "startRecovery",
        {
            "identityDocument": "TEST-x",
            "publicKeyMultibase": "z",
            "payload": "AAAA",
            "proofOfPossession": "z",
            "faceAssertion": SIGNATURE["faceAssertion"],
        },
        "ValidationFailed KEY_INVALID publicKeyMultibase",
    ),
    "no copies": (
        "holder",
        "prepareCustodyKeysRewrap",
        {"keys": []},
        "ValidationFailed VALIDATION_FAILED keys",
    ),
}

INJECTED: Final[Mapping[str, Row]] = {
    "an operator for an id": (
        "issuer",
        "issueCredential",
        {"credentialId": {"$ne": None}},
        "error BAD_USER_INPUT None",
    ),
    "an operator as an id": (
        "issuer",
        "issueCredential",
        {"credentialId": '{"$ne": null}'},
        "NotFound NOT_FOUND credentialId",
    ),
    "a dollar in an id": (
        "issuer",
        "issueCredential",
        {"credentialId": "$where"},
        "NotFound NOT_FOUND credentialId",
    ),
    "a number for an id": (
        "issuer",
        "issueCredential",
        {"credentialId": 7},
        "NotFound NOT_FOUND credentialId",
    ),
    "an operator for a text": (
        "issuer",
        "bindCustomerAccount",
        {"accountNo": {"$ne": None}, "did": "<did>"},
        "error BAD_USER_INPUT None",
    ),
    "an operator as a text": (
        "issuer",
        "bindCustomerAccount",
        {"accountNo": '{"$gt": ""}', "did": "<did>"},
        "NotFound ACCOUNT_UNKNOWN accountNo",
    ),
    "an operator for a DID": (
        "issuer",
        "bindCustomerAccount",
        {"accountNo": "<account>", "did": {"$ne": None}},
        "error SCALAR_INVALID None",
    ),
    "an operator for a customer": (
        "verifier",
        "bindCustomer",
        {"customerNo": {"$gt": ""}, "did": "<did>"},
        "error BAD_USER_INPUT None",
    ),
    "an operator as a presentation": (
        "holder",
        "submitPresentation",
        {"requestId": "<open>", "presentation": {"$ne": None}},
        "ValidationFailed VALIDATION_FAILED presentation/$ne",
    ),
    "an operator in a presentation": (
        "holder",
        "submitPresentation",
        {"requestId": "<open>", "presentation": {"holder": {"$ne": None}}},
        "ValidationFailed VALIDATION_FAILED presentation/@context",
    ),
    "a request's id as an operator": (
        "holder",
        "submitPresentation",
        {"requestId": {"$gt": ""}, "presentation": {}},
        "error BAD_USER_INPUT None",
    ),
    "an operator for a prepared id": (
        "holder",
        "grantConsent",
        {**SIGNED, "preparedId": {"$ne": None}},
        "error BAD_USER_INPUT None",
    ),
    "a regular expression": (
        "verifier",
        "verifyPresentation",
        {"presentationId": {"$regex": ".*"}},
        "error BAD_USER_INPUT None",
    ),
    "a list for an id": (
        "verifier",
        "verifyPresentation",
        {"presentationId": ["<presentation>"]},
        "error BAD_USER_INPUT None",
    ),
    "an operator for a key": (
        "issuer",
        "issueCredential",
        {"credentialId": "<credential>", "clientMutationId": {"$ne": None}},
        "error BAD_USER_INPUT None",
    ),
    "a nul in an id": (
        "issuer",
        "issueCredential",
        {"credentialId": "cred_\x00"},
        "NotFound NOT_FOUND credentialId",
    ),
    "a field too many": (
        "issuer",
        "issueCredential",
        {"credentialId": "<credential>", "$where": "1"},
        "error BAD_USER_INPUT None",
    ),
}


def amounts() -> Iterator[tuple[str, Row]]:
    """Each ill amount wherever an amount enters."""
    for name, text in AMOUNTS.items():
        yield (
            f"{name}, in a consent",
            (
                "holder",
                "prepareConsent",
                {**CONSENT, "scope": {"totalAtLeast": text}},
                "ValidationFailed AMOUNT_INVALID scope.totalAtLeast",
            ),
        )
        for place, band in {"low": f"{text}..", "high": f"0..{text}"}.items():
            if text or place == "low":
                yield (
                    f"{name}, {place} in a band",
                    (
                        "issuer",
                        "endorseCredential",
                        {**ENDORSEMENT, "newTotalBand": band},
                        "ValidationFailed AMOUNT_INVALID newTotalBand",
                    ),
                )
