"""What can be wrong with a credential, a proof or one of their parts.

VcError                     code, place (a JSON pointer into the input, "" for the whole)
├── MalformedJson           not strict JSON: a key twice, too deep, too large, a number out of range
├── MalformedDocument       VALIDATION_FAILED: a member is missing or has another type or shape
├── BadAmount               money that is not an exact decimal of CNY
├── UnknownCategory         an asset category the declared schema version does not know
├── BadUscc                 a unified social credit code whose form or check digit is wrong
├── BadKey                  a Multikey that is no key, or of another kind than the suite needs
├── UnsupportedSuite        a cryptosuite, hash or credential schema we do not speak
├── BadDisclosure           a disclosure that the signed body does not call for
├── BadLowerBound           more steps than the total or the cap allows
├── BadStatusList           a status list that is none, too short, too long or packed wrongly
├── BadToken                a JWS or SD-JWT that is malformed, unsigned or meant for somebody else
└── BadDidHistory           versions of a DID that do not follow from each other
    └── DidRollback         DID_ROLLBACK: a history without the version that was seen before
"""

from typing import ClassVar


class VcError(Exception):
    """Root of the tree. The sentence never repeats a claim's value."""

    code: ClassVar[str] = "VC_ERROR"

    def __init__(self, message: str, place: str = "") -> None:
        super().__init__(f"{message} (at {place})" if place else message)
        self.place = place


class MalformedJson(VcError):
    code = "JSON_INVALID"


class MalformedDocument(VcError):
    code = "VALIDATION_FAILED"  # what any other ill argument answers, at whichever door


class BadAmount(VcError):
    code = "AMOUNT_INVALID"


class UnknownCategory(VcError):
    code = "CATEGORY_UNKNOWN"


class BadUscc(VcError):
    code = "USCC_INVALID"


class BadKey(VcError):
    code = "KEY_INVALID"


class UnsupportedSuite(VcError):
    code = "SUITE_UNSUPPORTED"


class BadDisclosure(VcError):
    code = "DISCLOSURE_INVALID"


class BadLowerBound(VcError):
    code = "LOWER_BOUND_INVALID"


class BadStatusList(VcError):
    code = "STATUS_LIST_INVALID"


class BadToken(VcError):
    code = "TOKEN_INVALID"


class BadDidHistory(VcError):
    code = "DID_HISTORY_INVALID"


class DidRollback(BadDidHistory):
    code = "DID_ROLLBACK"
