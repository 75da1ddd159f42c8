"""What this subgraph asks of the institution's own systems, and of the custodian (上证云)."""

from dataclasses import dataclass
from typing import Protocol

from subgraphs.kit.errors import Refusal
from subgraphs.kit.ids import InstitutionId


class CustomerRegister(Protocol):
    """A verifier's own real-name customer register (账户实名制)."""

    async def identity_document(self, verifier: InstitutionId, customer_no: str, /) -> str | None:
        """The identity document on file for a customer number; None for an unknown one."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Which link is used, and for which presentation request. `audience` is the DID of
    the verifier that asks, `word` the word its holder has sealed for it."""

    link: str
    word: bytes
    audience: str
    request: str


class LinkRefused(Refusal):
    """The custodian hands nothing out for this link, and will not later."""

    code = "CUSTODY_LINK_UNKNOWN"


class LentCopies(Protocol):
    """The custodian's counter for copies that holders lent. Each call raises Busy when the
    custodian cannot be reached."""

    async def collect(self, claim: Claim, /, *, largest: int) -> bytes:
        """The encrypted copy, of at most so many bytes. The first request a link is used for is the
        only one; it may ask again until `collected`. LinkRefused otherwise: CUSTODY_LINK_UNKNOWN
        (another word, too), CUSTODY_LINK_MISMATCH, CUSTODY_LINK_EXPIRED, CUSTODY_LINK_USED,
        CUSTODY_COPY_GONE, CUSTODY_COPY_TOO_LARGE."""
        ...

    async def collected(self, claim: Claim, /) -> None:
        """The copy has arrived: the link is used up."""
        ...
