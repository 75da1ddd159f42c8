"""A presentation: credentials, what is shown of them, the consent it is made under, the receipt.

One W3C VerifiablePresentation, signed as a whole by the holder for one nonce (`challenge`), one
audience (`domain`) and a short time. Reading checks form and bounds only; examine.py says what
holds and what does not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from subgraphs.vc import proofs
from subgraphs.vc.did import Did, MethodId, parse_did
from subgraphs.vc.disclosure import MOST_DISCLOSURES
from subgraphs.vc.encoding import Hash, sm3_hash, to_base64url
from subgraphs.vc.errors import MalformedDocument
from subgraphs.vc.face import FaceAssertion
from subgraphs.vc.lower_bound import Steps
from subgraphs.vc.proofs import PreparedProof, ProofOptions, Purpose
from subgraphs.vc.shape import Shape, shaped
from subgraphs.vc.strict_json import (
    DEFAULT_LIMITS,
    JsonObject,
    JsonValue,
    Limits,
    canonical,
    check_object,
    parse_object,
    pointer,
)

CONTEXT: Final = (
    "https://www.w3.org/ns/credentials/v2",
    "https://credgraph.example/contexts/presentation/v1",
)
TYPES: Final = ("VerifiablePresentation", "AssetProofPresentation")
MOST_CREDENTIALS: Final = 16
MOST_DID_VERSIONS: Final = 32
_MEMBERS: Final = (
    *("@context", "type", "holder", "verifiableCredential", "shown"),
    *("consent", "faceAssertion", "receipt", "didVersions", "proof"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundReveal:
    """A link of a lower-bound chain: it proves so many units of 10 000 CNY."""

    steps: Steps
    link: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One credential and as much of it as the holder shows; `seasoned` is a link of the chain over
    the seasoned balance, and needs `seasoning` among the disclosures."""

    credential: JsonObject
    disclosures: tuple[str, ...] = ()
    bound: BoundReveal | None = None
    seasoned: BoundReveal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SaltedVersion:
    """A later version of the holder's DID, with the salt that opens its digest on the log."""

    salt: bytes
    version: JsonObject

    def as_json(self) -> JsonObject:
        return {"salt": to_base64url(self.salt), "version": self.version}


@dataclass(frozen=True, slots=True, kw_only=True)
class Presentation:
    """A presentation that was read: its form is right, nothing else is known."""

    holder: Did
    shown: tuple[Shown, ...]
    consent: JsonObject | None
    face_assertion: JsonObject | None
    receipt: JsonObject | None
    did_versions: tuple[SaltedVersion, ...]
    proof: JsonObject
    raw: JsonObject

    @property
    def challenge(self) -> str | None:
        """The nonce it answers, as claimed."""
        return _text_or_none(self.proof.get("challenge"))

    @property
    def audience(self) -> str | None:
        """The DID it is made for, as claimed."""
        return _text_or_none(self.proof.get("domain"))


def build_presentation(
    *,
    holder: Did,
    shown: Sequence[Shown],
    consent: JsonObject | None,
    face_assertion: FaceAssertion | None,
    receipt: JsonObject,
    did_versions: Sequence[SaltedVersion] = (),
) -> JsonObject:
    """The document to sign. `face_assertion` is the one bound to the consent's payload."""
    document: JsonObject = {
        "@context": list[JsonValue](CONTEXT),
        "type": list[JsonValue](TYPES),
        "holder": holder,
        "verifiableCredential": [item.credential for item in shown],
        "shown": [_shown_json(item) for item in shown],
        "receipt": receipt,
    }
    if did_versions:
        document["didVersions"] = [one.as_json() for one in did_versions]
    if consent is not None:
        document["consent"] = consent
    if face_assertion is not None:
        document["faceAssertion"] = face_assertion.as_json()
    return document


def prepare_presentation(
    document: JsonObject,
    *,
    method: MethodId,
    nonce: str,
    audience: Did,
    created: datetime,
    expires: datetime,
) -> PreparedProof:
    """The holder's proof over a presentation: purpose authentication, bound and short-lived."""
    options = ProofOptions(
        verification_method=method,
        purpose=Purpose.AUTHENTICATION,
        created=created,
        expires=expires,
        challenge=nonce,
        domain=audience,
    )
    return proofs.prepare(document, options)


def read_presentation(value: object, limits: Limits = DEFAULT_LIMITS) -> Presentation:
    """Read parsed JSON (as a GraphQL argument arrives) under the strict rules."""
    return _read(check_object(value, limits))


def parse_presentation(text: str, limits: Limits = DEFAULT_LIMITS) -> Presentation:
    """Read one from its text."""
    return _read(parse_object(text, limits))


def _read(document: JsonObject) -> Presentation:
    shape = shaped(document).only(_MEMBERS)
    if shape.texts("@context", most=8) != CONTEXT or shape.texts("type", most=8) != TYPES:
        raise MalformedDocument("not an asset-proof presentation", "/type")
    return Presentation(
        holder=parse_did(shape.text("holder"), "/holder"),
        shown=_read_shown(shape),
        consent=_object_or_none(shape, "consent"),
        face_assertion=_object_or_none(shape, "faceAssertion"),
        receipt=_object_or_none(shape, "receipt"),
        did_versions=read_salted_versions(shape),
        proof=shape.inner("proof").members,
        raw=document,
    )


def presentation_digest(presentation: Presentation) -> Hash:
    """One name for exactly this presentation, its proof included: the key of a replay cache."""
    return sm3_hash(canonical(presentation.raw))


def read_salted_versions(shape: Shape, name: str = "didVersions") -> tuple[SaltedVersion, ...]:
    """The versions after the first, in order; their form only. Absent means none."""
    if name not in shape.members:
        return ()
    return tuple(
        SaltedVersion(salt=one.data("salt"), version=one.inner("version").members)
        for one in shape.inners(name, most=MOST_DID_VERSIONS)
    )


def _shown_json(item: Shown) -> JsonObject:
    shown: JsonObject = {
        "credential": item.credential.get("id"),
        "disclosures": list[JsonValue](item.disclosures),
    }
    for name, bound in (("lowerBound", item.bound), ("seasonedBound", item.seasoned)):
        if bound is not None:
            shown[name] = {"steps": bound.steps, "link": to_base64url(bound.link)}
    return shown


def _read_shown(shape: Shape) -> tuple[Shown, ...]:
    credentials = shape.inners("verifiableCredential", most=MOST_CREDENTIALS)
    shown = shape.inners("shown", most=MOST_CREDENTIALS)
    if not credentials or len(credentials) != len(shown):
        raise MalformedDocument("each credential needs its entry in `shown`", "/shown")
    items = tuple(_one_shown(c, s) for c, s in zip(credentials, shown, strict=True))
    if len({str(item.credential["id"]) for item in items}) != len(items):
        raise MalformedDocument("one credential twice", "/verifiableCredential")
    return items


def _one_shown(credential: Shape, shown: Shape) -> Shown:
    shown.only(("credential", "disclosures", "lowerBound", "seasonedBound"))
    if shown.text("credential") != credential.text("id"):
        raise MalformedDocument(
            "an entry for another credential", pointer(shown.place, "credential")
        )
    return Shown(
        credential=credential.members,
        disclosures=shown.texts("disclosures", most=MOST_DISCLOSURES),
        bound=_bound(shown, "lowerBound"),
        seasoned=_bound(shown, "seasonedBound"),
    )


def _bound(shown: Shape, name: str) -> BoundReveal | None:
    if name not in shown.members:
        return None
    bound = shown.inner(name)
    return BoundReveal(steps=Steps(bound.integer("steps")), link=bound.data("link"))


def _object_or_none(shape: Shape, name: str) -> JsonObject | None:
    return shape.inner(name).members if name in shape.members else None


def _text_or_none(value: JsonValue) -> str | None:
    return value if isinstance(value, str) else None
