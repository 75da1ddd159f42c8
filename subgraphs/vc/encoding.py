"""Bytes as text, one spelling each: a second spelling of the same bytes is refused."""

import base64
import binascii
import re
from datetime import UTC, date, datetime
from typing import Final, NewType

from ledger_adapter.crypto import sm3
from subgraphs.vc.errors import MalformedDocument

Hash = NewType("Hash", str)
"""`sm3:` and 64 lower-case hex digits."""

_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def to_base64url(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def from_base64url(text: str, place: str = "") -> bytes:
    """The bytes of unpadded base64url; padding, other letters and loose bits are refused."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error) as error:
        raise MalformedDocument("not base64url", place) from error
    if to_base64url(data) != text:
        raise MalformedDocument("not the one base64url spelling", place)
    return data


HASH: Final = re.compile(r"sm3:[0-9a-f]{64}")
"""How `sm3_hash` spells a digest."""


def sm3_hash(data: bytes) -> Hash:
    """SM3 in the spelling the schema and the log use."""
    return Hash(f"sm3:{sm3.digest(data).hex()}")


def to_time(moment: datetime) -> str:
    """RFC 3339 in UTC to the second."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def from_time(text: str, place: str = "") -> datetime:
    """An RFC 3339 time with offset, as UTC."""
    if _TIME.fullmatch(text) is None:
        raise MalformedDocument("not an RFC 3339 time with offset", place)
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise MalformedDocument("no such time", place) from error


def from_date(text: str, place: str = "") -> date:
    """A calendar date, YYYY-MM-DD and nothing else."""
    if _DATE.fullmatch(text) is None:
        raise MalformedDocument("not a date", place)
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise MalformedDocument("no such date", place) from error
