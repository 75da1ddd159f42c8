"""The face and liveness check that goes with every use of a holder's key (R6).

An assertion is bound to the payload that is signed beside it, so it cannot be used for another. The
one that exists today is simulated and says so; a provider's own signature belongs here as well.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from subgraphs.vc.encoding import Hash, sm3_hash, to_time
from subgraphs.vc.shape import shaped
from subgraphs.vc.strict_json import JsonObject

SIMULATED_PROVIDER: Final = "simulated-face-check"
LONGEST_AGE: Final = timedelta(minutes=5)
_SKEW: Final = timedelta(minutes=1)
_LIVE: Final = "PASSED"


class FaceReason(StrEnum):
    """Why an assertion does not hold."""

    FACE_MISSING = "FACE_MISSING"
    FACE_INVALID = "FACE_INVALID"
    FACE_NOT_LIVE = "FACE_NOT_LIVE"
    FACE_OTHER_PAYLOAD = "FACE_OTHER_PAYLOAD"
    FACE_TOO_OLD = "FACE_TOO_OLD"


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceAssertion:
    """`liveness` is PASSED, or what the provider says instead; `bound_to` is SM3 of the payload."""

    id: str
    provider: str
    liveness: str
    at: datetime
    bound_to: Hash

    def as_json(self) -> JsonObject:
        """The form that travels."""
        return {
            "id": self.id,
            "provider": self.provider,
            "liveness": self.liveness,
            "at": to_time(self.at),
            "boundTo": self.bound_to,
        }


def simulate_face_assertion(id_: str, payload: bytes, at: datetime) -> FaceAssertion:
    """An assertion that no camera stands behind; its provider's name tells."""
    return FaceAssertion(
        id=id_, provider=SIMULATED_PROVIDER, liveness=_LIVE, at=at, bound_to=sm3_hash(payload)
    )


def read_face_assertion(value: JsonObject, place: str = "") -> FaceAssertion:
    """Read the form that travels."""
    shape = shaped(value, place).only(("id", "provider", "liveness", "at", "boundTo"))
    return FaceAssertion(
        id=shape.text("id", longest=128),
        provider=shape.text("provider", longest=64),
        liveness=shape.text("liveness", longest=16),
        at=shape.time("at"),
        bound_to=Hash(shape.text("boundTo", longest=80)),
    )


def face_refusal(assertion: FaceAssertion, payload: bytes, at: datetime) -> FaceReason | None:
    """Why an assertion does not stand for this payload, signed at that moment."""
    if assertion.liveness != _LIVE:
        return FaceReason.FACE_NOT_LIVE
    if assertion.bound_to != sm3_hash(payload):
        return FaceReason.FACE_OTHER_PAYLOAD
    if not -_SKEW <= at - assertion.at <= LONGEST_AGE:
        return FaceReason.FACE_TOO_OLD
    return None
