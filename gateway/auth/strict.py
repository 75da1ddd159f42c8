"""A compact JWT taken apart with one reading only: what two parsers could read in two ways is none.

Law: whatever passes here has one text. Unpadded canonical base64url (RFC 7515 §2), JSON objects
without a name twice, without NaN or Infinity, and no deeper than `DEEPEST`. Nothing is verified.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

LONGEST_TOKEN: Final = 8_192
LONGEST_HEADER: Final = 1_024
DEEPEST: Final = 8
_PART: Final = re.compile(rb"[A-Za-z0-9_-]+")
_TYPES: Final = frozenset({"jwt", "at+jwt"})


class BadToken(ValueError):
    """The text is no JWT that we would read; the sentence never holds a part of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """`signed` is what the signature covers. Nothing here is to be believed yet."""

    header: Mapping[str, object]
    claims: Mapping[str, object]
    signed: bytes
    signature: bytes


def take_apart(token: str) -> Parts:
    """Raises BadToken."""
    if len(token) > LONGEST_TOKEN or not token.isascii():
        raise BadToken("too long, or not ASCII")
    parts = token.encode("ascii").split(b".")
    if len(parts) != 3:
        raise BadToken("not three parts")
    if len(parts[0]) > LONGEST_HEADER:
        raise BadToken("the header is too long")
    header, claims = _object(_decoded(parts[0])), _object(_decoded(parts[1]))
    _check_header(header)
    return Parts(
        header=header,
        claims=claims,
        signed=parts[0] + b"." + parts[1],
        signature=_decoded(parts[2]),
    )


def _check_header(header: Mapping[str, object]) -> None:
    """`crit` would name rules we don't keep, `zip` and `b64` change what is signed; a `typ` of
    other tokens (credentials, presentations, key bindings) keeps those from serving as logins."""
    if header.keys() & {"crit", "zip", "b64", "enc"}:
        raise BadToken("the header asks for what we do not do")
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.lower().removeprefix("application/") not in _TYPES:
        raise BadToken("a token of another type")
    if not isinstance(header.get("alg"), str) or not isinstance(header.get("kid", ""), str):
        raise BadToken("the header names no algorithm")


def _decoded(part: bytes) -> bytes:
    if not _PART.fullmatch(part):
        raise BadToken("not base64url without padding")
    try:
        raw = base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4))
    except binascii.Error:
        raise BadToken("not base64url") from None
    if base64.urlsafe_b64encode(raw).rstrip(b"=") != part:
        raise BadToken("loose bits")
    return raw


def _object(raw: bytes) -> dict[str, Any]:
    try:
        value = json.loads(raw, object_pairs_hook=_pairs, parse_constant=_constant)
        deep = _depth(value)
    except (ValueError, RecursionError):
        raise BadToken("not strict JSON") from None
    if not isinstance(value, dict) or deep > DEEPEST:
        raise BadToken("not a JSON object, or nested too deeply")
    return value


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadToken("a name twice")
    return found


def _constant(_: str) -> NoReturn:
    raise BadToken("not a number")


def _depth(value: object) -> int:
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max((_depth(each) for each in below if isinstance(each, dict | list)), default=0)
