"""Calls that come to the wrong object or at the wrong time, each with its refusal.

A row is caller, mutation, input, and the refusal as `member CODE field`.
`<name>` in an input stands for an object of the journey that was played before; `<no cred>` for a
well-formed id of nothing.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

from subgraphs.demo.journey import ISSUER, PURPOSE, VERIFIER
from subgraphs.vc.encoding import to_time

Input: TypeAlias = "dict[str, object]"
Row: TypeAlias = "tuple[str, str, Input, str]"

SIGNATURE: Final = {
    "verificationMethod": "did:credgraph:x#key-1",
    "value": "zz",
    "faceAssertion": {
        "id": "face-1",
        "provider": "nobody",
        "liveness": "PASSED",
        "at": "2026-01-01T00:00:00Z",
        "boundTo": "sm3:00",
    },
}
IN_A_MONTH: Final = to_time(datetime.now(UTC) + timedelta(days=30))
CONSENT: Final[Input] = {
    "grantedTo": VERIFIER,
    "purpose": PURPOSE,
    "scope": {"totalAtLeast": "3000000.00"},
    "validUntil": IN_A_MONTH,
}
REQUEST: Final[Input] = {"issuerId": ISSUER, "categories": ["STOCK"], "purpose": PURPOSE}
ENDORSEMENT: Final[Input] = {
    "credentialId": "<credential>",
    "effect": "REDUCED",
    "reasonCode": "ASSETS_FELL",
}
ASKED: Final[Input] = {"customerNo": "<customer>", "ruleSet": "PRIVATE_FUND", "purpose": PURPOSE}
SIGNED: Final[Input] = {"preparedId": "nothing", "holderSignature": SIGNATURE}

UNKNOWN_IDS: Final[Mapping[str, Row]] = {
    "a draft": (
        "issuer",
        "compileCredentialDraft",
        {"credentialId": "<no cred>"},
        "NotFound NOT_FOUND credentialId",
    ),
    "an issue": (
        "issuer",
        "issueCredential",
        {"credentialId": "<no cred>"},
        "NotFound NOT_FOUND credentialId",
    ),
    "a rejection": (
        "issuer",
        "rejectCredentialRequest",
        {"credentialId": "<no cred>", "reasonCode": "X"},
        "NotFound NOT_FOUND credentialId",
    ),
    "an endorsement": (
        "issuer",
        "endorseCredential",
        {**ENDORSEMENT, "credentialId": "<no cred>"},
        "NotFound NOT_FOUND credentialId",
    ),
    "a revocation": (
        "issuer",
        "revokeCredential",
        {"credentialId": "<no cred>", "reasonCode": "X"},
        "NotFound NOT_FOUND credentialId",
    ),
    "a countersignature": (
        "holder",
        "prepareCountersignature",
        {"credentialId": "<no cred>"},
        "NotFound NOT_FOUND credentialId",
    ),
    "a withdrawal": (
        "holder",
        "withdrawCredentialRequest",
        {"credentialId": "<no cred>"},
        "NotFound NOT_FOUND credentialId",
    ),
    "a signed request": (
        "holder",
        "requestCredential",
        SIGNED,
        "NotFound NOT_FOUND preparedId",
    ),
    "a signed offer": (
        "holder",
        "countersignCredential",
        SIGNED,
        "NotFound NOT_FOUND preparedId",
    ),
    "a signed consent": (
        "holder",
        "grantConsent",
        SIGNED,
        "NotFound NOT_FOUND preparedId",
    ),
    "a signed withdrawal of consent": (
        "holder",
        "withdrawConsent",
        SIGNED,
        "NotFound NOT_FOUND preparedId",
    ),
    "a signed change of key": (
        "holder",
        "rotateHolderKey",
        SIGNED,
        "NotFound NOT_FOUND preparedId",
    ),
    "a signed end of a root DID": (
        "holder",
        "deactivateRootDid",
        SIGNED,
        "NotFound NOT_FOUND preparedId",
    ),
    "an issuer": (
        "holder",
        "prepareCredentialRequest",
        {**REQUEST, "issuerId": "<no inst>"},
        "NotFound NOT_FOUND issuerId",
    ),
    "a verifier": (
        "holder",
        "prepareConsent",
        {**CONSENT, "grantedTo": "<no inst>"},
        "NotFound NOT_FOUND grantedTo",
    ),
    "a credential in a scope": (
        "holder",
        "prepareConsent",
        {**CONSENT, "scope": {"totalAtLeast": "1.00", "credentials": ["<no cred>"]}},
        "NotFound NOT_FOUND scope.credentials[0]",
    ),
    "a consent": (
        "holder",
        "prepareConsentWithdrawal",
        {"consentId": "<no cons>"},
        "NotFound NOT_FOUND consentId",
    ),
    "a request": (
        "holder",
        "submitPresentation",
        {"requestId": "<no preq>", "presentation": {}},
        "NotFound NOT_FOUND requestId",
    ),
    "a wallet item": (
        "holder",
        "depositToCustody",
        {"walletItemId": "<no witm>", "ciphertext": "AAAA"},
        "NotFound NOT_FOUND walletItemId",
    ),
    "a copy to lend": (
        "holder",
        "lendCustodyCopy",
        {"custodyId": "<no cust>", "grantedTo": VERIFIER, "wordDigest": "sm3:" + "0" * 64},
        "NotFound NOT_FOUND custodyId",
    ),
    "a copy": (
        "holder",
        "prepareCustodyWithdrawal",
        {"custodyId": "<no cust>"},
        "NotFound NOT_FOUND custodyId",
    ),
    "a copy's key": (
        "holder",
        "prepareCustodyKeysRewrap",
        {"keys": [{"custodyId": "<no cust>", "wrappedKey": "c2VhbGVk"}]},
        "NotFound NOT_FOUND keys[0].custodyId",
    ),
    "a copy's new key": ("holder", "rewrapCustodyKeys", SIGNED, "NotFound NOT_FOUND preparedId"),
    "a report": ("holder", "reportKeyCompromise", SIGNED, "NotFound NOT_FOUND preparedId"),
    "a recovery taken back": ("holder", "cancelRecovery", SIGNED, "NotFound NOT_FOUND preparedId"),
    "a copy's end": ("holder", "withdrawFromCustody", SIGNED, "NotFound NOT_FOUND preparedId"),
    "a wish to leave": ("holder", "closeWallet", SIGNED, "NotFound NOT_FOUND preparedId"),
    "a credential to end": (
        "holder",
        "prepareCancellation",
        {"id": "<no cred>"},
        "NotFound NOT_FOUND id",
    ),
    "a credential's end": (
        "holder",
        "cancelCredential",
        {"id": "<no cred>", "signature": SIGNATURE},
        "NotFound NOT_FOUND id",
    ),
    "a presentation": (
        "verifier",
        "verifyPresentation",
        {"presentationId": "<no pres>"},
        "NotFound NOT_FOUND presentationId",
    ),
    "a qualification": (
        "verifier",
        "grantPermission",
        {"qualificationId": "<no qual>", "product": "X"},
        "NotFound NOT_FOUND qualificationId",
    ),
    "an account": (
        "issuer",
        "bindCustomerAccount",
        {"accountNo": "nobody's", "did": "<did>"},
        "NotFound ACCOUNT_UNKNOWN accountNo",
    ),
    "a customer": (
        "verifier",
        "bindCustomer",
        {"customerNo": "nobody's", "did": "<did>"},
        "NotFound CUSTOMER_UNKNOWN customerNo",
    ),
    "a customer's request": (
        "verifier",
        "createPresentationRequest",
        {**ASKED, "customerNo": "nobody's"},
        "ValidationFailed CUSTOMER_NOT_BOUND customerNo",
    ),
}

# the same question about an object of nobody is asked beside each
FOREIGN: Final[Mapping[str, tuple[str, str, Input, str]]] = {
    "countersign": (
        "another holder",
        "prepareCountersignature",
        {"credentialId": "<credential>"},
        "cred",
    ),
    "withdraw": (
        "another holder",
        "withdrawCredentialRequest",
        {"credentialId": "<credential>"},
        "cred",
    ),
    "take back a consent": (
        "another holder",
        "prepareConsentWithdrawal",
        {"consentId": "<consent>"},
        "cons",
    ),
    "keep a copy": (
        "another holder",
        "depositToCustody",
        {"walletItemId": "<item>", "ciphertext": "AAAA"},
        "witm",
    ),
    "prepare an end": ("another holder", "prepareCancellation", {"id": "<credential>"}, "cred"),
    "end": (
        "another holder",
        "cancelCredential",
        {"id": "<credential>", "signature": SIGNATURE},
        "cred",
    ),
    "answer a request": (
        "another holder",
        "submitPresentation",
        {"requestId": "<request>", "presentation": {}},
        "preq",
    ),
    "draft": ("another issuer", "compileCredentialDraft", {"credentialId": "<credential>"}, "cred"),
    "issue": ("another issuer", "issueCredential", {"credentialId": "<credential>"}, "cred"),
    "reject": (
        "another issuer",
        "rejectCredentialRequest",
        {"credentialId": "<credential>", "reasonCode": "X"},
        "cred",
    ),
    "endorse": ("another issuer", "endorseCredential", ENDORSEMENT, "cred"),
    "revoke": (
        "another issuer",
        "revokeCredential",
        {"credentialId": "<credential>", "reasonCode": "X"},
        "cred",
    ),
    "verify": (
        "another verifier",
        "verifyPresentation",
        {"presentationId": "<presentation>"},
        "pres",
    ),
    "grant": (
        "another verifier",
        "grantPermission",
        {"qualificationId": "<qualification>", "product": "X"},
        "qual",
    ),
}

OUT_OF_ORDER: Final[Mapping[str, Row]] = {
    "draft what is active": (
        "issuer",
        "compileCredentialDraft",
        {"credentialId": "<credential>"},
        "InvalidTransitionError TRANSITION_INVALID None",
    ),
    "issue what is active": (
        "issuer",
        "issueCredential",
        {"credentialId": "<credential>"},
        "InvalidTransitionError TRANSITION_INVALID None",
    ),
    "reject what is active": (
        "issuer",
        "rejectCredentialRequest",
        {"credentialId": "<credential>", "reasonCode": "X"},
        "InvalidTransitionError TRANSITION_INVALID None",
    ),
    "countersign what is active": (
        "holder",
        "prepareCountersignature",
        {"credentialId": "<credential>"},
        "InvalidTransitionError TRANSITION_INVALID None",
    ),
    "withdraw what is active": (
        "holder",
        "withdrawCredentialRequest",
        {"credentialId": "<credential>"},
        "InvalidTransitionError TRANSITION_INVALID None",
    ),
    "endorse what is revoked": (
        "issuer",
        "endorseCredential",
        {**ENDORSEMENT, "credentialId": "<revoked>"},
        "InvalidTransitionError TRANSITION_INVALID None",
    ),
    "revoke what is revoked": (
        "issuer",
        "revokeCredential",
        {"credentialId": "<revoked>", "reasonCode": "X"},
        "InvalidTransitionError TRANSITION_INVALID None",
    ),
    "draft what is revoked": (
        "issuer",
        "compileCredentialDraft",
        {"credentialId": "<revoked>"},
        "InvalidTransitionError TRANSITION_INVALID None",
    ),
    "verify twice": (
        "verifier",
        "verifyPresentation",
        {"presentationId": "<presentation>"},
        "InvalidTransitionError TRANSITION_INVALID None",
    ),
}
