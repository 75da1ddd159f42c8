"""The credential as a compact SD-JWT (RFC 9901), for readers who do not speak Data Integrity.

An export, not a second format: the payload is the body with its `_sd` digests, so the same
disclosures open it; `iat`, `exp` and `cnf` (the holder's key) are added, a JWS is the signature.
With key binding the holder signs nonce, audience and the hash of exactly what is shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from subgraphs.vc import jws
from subgraphs.vc.disclosure import MOST_DISCLOSURES, Concealed, digest_named, reveal
from subgraphs.vc.encoding import to_base64url
from subgraphs.vc.errors import BadToken
from subgraphs.vc.multikey import VerificationKey
from subgraphs.vc.proofs import CLOCK_SKEW, unsecured
from subgraphs.vc.shape import shaped
from subgraphs.vc.strict_json import JsonObject

TYP: Final = "vc+sd-jwt"
BINDING_TYP: Final = "kb+jwt"
LONGEST: Final = 524_288


@dataclass(frozen=True, slots=True, kw_only=True)
class SdJwt:
    """The parts of a compact SD-JWT; nothing is verified."""

    issued: str
    disclosures: tuple[str, ...]
    binding: str | None

    @property
    def shown(self) -> str:
        """Everything the key binding covers: all up to the last `~`."""
        return "~".join((self.issued, *self.disclosures, ""))

    def __str__(self) -> str:
        return self.shown + (self.binding or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a reader asks of an SD-JWT. Nonce and audience None: no key binding is asked for."""

    now: datetime
    nonce: str | None = None
    audience: str | None = None
    typ: str = TYP
    binding_age: timedelta = CLOCK_SKEW


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSdJwt:
    """The claims of an SD-JWT that holds; `holder` is the key that bound it, if one was asked."""

    claims: JsonObject
    holder: VerificationKey | None


def prepare(
    concealed: Concealed,
    *,
    key: VerificationKey,
    holder: VerificationKey,
    issued_at: datetime,
    expires: datetime,
    kid: str | None = None,
) -> str:
    """What the issuer's key has to sign. Proofs of the body are left out."""
    claims: JsonObject = {
        **unsecured(concealed.document),
        "iat": int(issued_at.timestamp()),
        "exp": int(expires.timestamp()),
        "cnf": {"jwk": jws.to_web_key(holder)},
    }
    return jws.signing_input(claims, key=key, typ=TYP, kid=kid)


def issue(start: str, signature: bytes, disclosures: Sequence[str]) -> SdJwt:
    """What the holder gets: the signed body and all that opens it."""
    return SdJwt(issued=jws.join(start, signature), disclosures=tuple(disclosures), binding=None)


def prepare_binding(
    shown: SdJwt, *, key: VerificationKey, nonce: str, audience: str, at: datetime
) -> str:
    """What the holder's key has to sign for one reader and one nonce."""
    claims: JsonObject = {
        "iat": int(at.timestamp()),
        "aud": audience,
        "nonce": nonce,
        "sd_hash": _hash_of(shown, jws.claims_of(shown.issued)),
    }
    return jws.signing_input(claims, key=key, typ=BINDING_TYP)


def bind(shown: SdJwt, start: str, signature: bytes) -> SdJwt:
    """The presentation with its key binding."""
    binding = jws.join(start, signature)
    return SdJwt(issued=shown.issued, disclosures=shown.disclosures, binding=binding)


def parse(text: str) -> SdJwt:
    """Take a compact SD-JWT apart; bounds are checked before anything is decoded."""
    if len(text) > LONGEST or text.count("~") > MOST_DISCLOSURES + 1:
        raise BadToken("an SD-JWT larger than we read")
    issued, *disclosures = text.split("~")
    if not disclosures:
        raise BadToken("an SD-JWT ends with `~` or a key binding")
    *shown, binding = disclosures
    return SdJwt(issued=issued, disclosures=tuple(shown), binding=binding or None)


def verify(text: str, key: VerificationKey, wanted: Wanted) -> ShownSdJwt:
    """The shown claims of an SD-JWT of this issuer's key, or VcError."""
    parsed = parse(text)
    token = jws.verify(parsed.issued, key, place="/issued")
    if token.typ != wanted.typ:
        raise BadToken("an SD-JWT of another type", "/issued")
    _timely(token.claims, wanted)
    shown = reveal(token.claims, parsed.disclosures)
    holder = None
    if wanted.nonce is not None or wanted.audience is not None:
        holder = _bound(parsed, token.claims, wanted)
    return ShownSdJwt(claims=shown.document, holder=holder)


def _timely(claims: JsonObject, wanted: Wanted) -> None:
    shape, now = shaped(claims), wanted.now.timestamp()
    skew = CLOCK_SKEW.total_seconds()
    if "exp" in claims and shape.integer("exp") <= now:
        raise BadToken("an SD-JWT that has expired", "/issued")
    for name in ("iat", "nbf"):
        if name in claims and shape.integer(name) > now + skew:
            raise BadToken("an SD-JWT from the future", "/issued")


def _bound(parsed: SdJwt, claims: JsonObject, wanted: Wanted) -> VerificationKey:
    if parsed.binding is None:
        raise BadToken("the key binding is missing", "/binding")
    confirmation = shaped(claims).inner("cnf")
    holder = jws.from_web_key(confirmation.inner("jwk").members, confirmation.place)
    token = jws.verify(parsed.binding, holder, place="/binding")
    said = shaped(token.claims, "/binding")
    answers = (token.typ, said.text("nonce"), said.text("aud"), said.text("sd_hash"))
    if answers != (BINDING_TYP, wanted.nonce, wanted.audience, _hash_of(parsed, claims)):
        raise BadToken("a key binding for another nonce, audience or presentation", "/binding")
    age = wanted.now.timestamp() - said.integer("iat")
    if not -CLOCK_SKEW.total_seconds() <= age <= wanted.binding_age.total_seconds():
        raise BadToken("a key binding of another time", "/binding")
    return holder


def _hash_of(shown: SdJwt, claims: JsonObject) -> str:
    digest = digest_named(claims.get("_sd_alg", "sha-256"))
    return to_base64url(digest(shown.shown.encode("utf-8")))
