"""The consent artefact (授权): what a holder lets one institution see, for one purpose, until when.

It is a document of its own, signed by the holder, granted in the wallet and carried inside each
presentation made under it. Monitoring is a term of acceptance (decision 29) and part of it.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from subgraphs.vc.did import Did, parse_did
from subgraphs.vc.disclosure import ClaimPath, general
from subgraphs.vc.encoding import Hash, sm3_hash, to_time
from subgraphs.vc.errors import MalformedDocument
from subgraphs.vc.model import CredentialUri
from subgraphs.vc.money import Fen, format_amount, parse_amount
from subgraphs.vc.proofs import unsecured
from subgraphs.vc.shape import Shape, shaped
from subgraphs.vc.strict_json import JsonObject, JsonValue, canonical, pointer

CONTEXT: Final = "https://credgraph.example/contexts/consent/v1"
LIVE_COUNT: Final = ClaimPath("/liveCount")
"""What a consent names when the verifier may count the holder's live proofs."""
NEW_TOTAL_BAND: Final = ClaimPath("/newTotalBand")
"""What it names when the verifier may read the bands of later endorsements."""
_TYPE: Final = "ConsentArtefact"
_MOST_CLAIMS: Final = 64
_MOST_CREDENTIALS: Final = 16
MOST_USES: Final = 100
_PATH: Final = re.compile(r"(/[A-Za-z0-9*_-]{1,64}){1,8}")
CODE: Final = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
"""A purpose, a reason, a kind: in capitals."""
_AT_LEAST: Final = "AT_LEAST"
_MEMBERS: Final = (
    *("@context", "id", "type", "holder", "grantedTo", "purpose", "scope"),
    *("monitoring", "validFrom", "validUntil", "uses", "proof"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AtLeast:
    """A predicate: the sum of the totals is at least an amount; no balance is shown."""

    amount: Fen


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitoring:
    """Whether the institution may watch the accepted credentials, and how long."""

    granted: bool
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What is not listed may not be shown under it: `claims` are claim paths with `*`, and where
    `credentials` is not empty only those credentials are meant. `uses`: how many presentations may
    be made under it, None for any number in its time."""

    consent_id: str
    holder: Did
    granted_to: Did
    purpose: str
    claims: tuple[ClaimPath, ...]
    predicates: tuple[AtLeast, ...]
    monitoring: Monitoring
    valid_from: datetime
    valid_until: datetime
    credentials: tuple[CredentialUri, ...] = ()
    uses: int | None = None

    def __post_init__(self) -> None:
        if CODE.fullmatch(self.purpose) is None:
            raise MalformedDocument("a purpose is a code in capitals", "/purpose")
        if len(self.claims) > _MOST_CLAIMS:
            raise MalformedDocument(f"more than {_MOST_CLAIMS} claims", "/scope/claims")
        if len(self.credentials) > _MOST_CREDENTIALS:
            raise MalformedDocument("too many credentials", "/scope/credentials")
        for index, path in enumerate(self.claims):
            if _PATH.fullmatch(path) is None:
                raise MalformedDocument("not a claim path", f"/scope/claims/{index}")
        if not self.valid_from < self.valid_until:
            raise MalformedDocument("validity ends before it begins", "/validUntil")
        if self.monitoring.granted == (self.monitoring.until is None):
            raise MalformedDocument("monitoring has an end when granted, else none", "/monitoring")
        _check_uses(self.uses)

    def covers(self, path: str) -> bool:
        """Whether a claim may be shown."""
        return general(path) in self.claims

    def meant(self, credential: CredentialUri) -> bool:
        """Whether a credential may be shown at all."""
        return not self.credentials or credential in self.credentials

    def in_force(self, now: datetime) -> bool:
        """Whether now lies in its time."""
        return self.valid_from <= now < self.valid_until


def _check_uses(uses: int | None) -> None:
    if uses is not None and not 1 <= uses <= MOST_USES:
        raise MalformedDocument(f"1 to {MOST_USES} uses", "/uses")


def build_consent(consent: Consent) -> JsonObject:
    """The document to sign."""
    monitoring: JsonObject = {"granted": consent.monitoring.granted}
    if consent.monitoring.until is not None:
        monitoring["until"] = to_time(consent.monitoring.until)
    predicates: list[JsonValue] = [
        {"metric": "total", "op": _AT_LEAST, "amount": format_amount(predicate.amount)}
        for predicate in consent.predicates
    ]
    uses: JsonObject = {} if consent.uses is None else {"uses": consent.uses}
    return {
        "@context": [CONTEXT],
        "id": f"urn:credgraph:{consent.consent_id}",
        "type": _TYPE,
        "holder": consent.holder,
        "grantedTo": consent.granted_to,
        "purpose": consent.purpose,
        "scope": {
            "claims": list[JsonValue](consent.claims),
            "predicates": predicates,
            "credentials": list[JsonValue](consent.credentials),
        },
        "monitoring": monitoring,
        "validFrom": to_time(consent.valid_from),
        "validUntil": to_time(consent.valid_until),
        **uses,
    }


def read_consent(document: JsonObject, place: str = "") -> Consent:
    """Read an artefact; whether the holder signed it is the proof's matter."""
    shape = shaped(document, place)
    shape.only(_MEMBERS)
    if shape.text("type") != _TYPE or shape.texts("@context", most=4) != (CONTEXT,):
        raise MalformedDocument("not a consent artefact", pointer(place, "type"))
    scope, monitoring = shape.inner("scope"), shape.inner("monitoring")
    return Consent(
        consent_id=shape.text("id", longest=128).removeprefix("urn:credgraph:"),
        holder=parse_did(shape.text("holder"), pointer(place, "holder")),
        granted_to=parse_did(shape.text("grantedTo"), pointer(place, "grantedTo")),
        purpose=shape.text("purpose", longest=64),
        claims=tuple(ClaimPath(path) for path in scope.texts("claims", most=_MOST_CLAIMS)),
        predicates=tuple(_predicate(item) for item in scope.inners("predicates", most=8)),
        monitoring=Monitoring(
            granted=monitoring.flag("granted"),
            until=monitoring.time("until") if "until" in monitoring.members else None,
        ),
        valid_from=shape.time("validFrom"),
        valid_until=shape.time("validUntil"),
        credentials=tuple(
            CredentialUri(uri) for uri in scope.texts("credentials", most=_MOST_CREDENTIALS)
        ),
        uses=shape.integer("uses") if "uses" in shape.members else None,
    )


def consent_digest(document: JsonObject) -> Hash:
    """One name for an artefact, proofs apart. Its random id keeps the digest from being guessed."""
    return sm3_hash(canonical(unsecured(document)))


def _predicate(shape: Shape) -> AtLeast:
    if (shape.text("metric"), shape.text("op")) != ("total", _AT_LEAST):
        raise MalformedDocument("only a total of at least an amount is known", shape.place)
    return AtLeast(amount=parse_amount(shape.text("amount"), pointer(shape.place, "amount")))
