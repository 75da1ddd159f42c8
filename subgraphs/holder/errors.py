"""What a holder's own software refuses before the key is used.

HolderError                 code
├── NotAsAsked              the server prepared something else than was asked for
├── OfferRefused            an offered credential whose proof or content does not hold
└── NotEnough               the credentials at hand cannot prove what is asked
"""

from typing import ClassVar


class HolderError(Exception):
    """Root of the tree."""

    code: ClassVar[str] = "HOLDER_ERROR"


class NotAsAsked(HolderError):
    code = "DOCUMENT_MISMATCH"


class OfferRefused(HolderError):
    code = "OFFER_REFUSED"


class NotEnough(HolderError):
    code = "PROOFS_INSUFFICIENT"
