"""Canonical JSON (RFC 8785), the bytes that everything here hashes and signs.

Most values are texts, lists, small integers and objects with names in ASCII: for those the fast
writer gives the very bytes. All others go to the reference implementation.
"""

from typing import Final, cast

import orjson
import rfc8785

LARGEST: Final = 2**53 - 1
FAULTS: Final = (rfc8785.CanonicalizationError, TypeError, UnicodeError, RecursionError)
"""What `dumps` raises for a value that has no canonical form."""
_TEXTS: Final = frozenset({str})
_SCALARS: Final = frozenset({str, int, bool, type(None)})
_DEEPEST: Final = 200  # the fast writer refuses more than 254 levels


def dumps(value: object) -> bytes:
    """The canonical bytes; one of FAULTS where there are none."""
    if _plain(value):
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    return rfc8785.dumps(value)  # type: ignore[arg-type]  # the library checks the shape itself


def _plain(value: object) -> bool:
    """Whether the fast writer is right: no number but small integers, and names in ASCII, whose
    order by bytes is that by UTF-16. Level by level, so that no nesting costs a call."""
    level = [value]
    for _ in range(_DEEPEST):
        below: list[object] = []
        for one in level:
            inner = _inside(one)
            if inner is None:
                return False
            below += inner
        if not below:
            return True
        level = below
    return False


def _inside(value: object) -> list[object] | None:
    """What is to be looked at below a value; None when the value itself is not plain."""
    kind = type(value)
    if kind is dict:
        members = cast("dict[str, object]", value)
        if not _TEXTS.issuperset(map(type, members)) or not "".join(members).isascii():
            return None
        return [one for one in members.values() if type(one) is not str]
    if kind is list:
        return [one for one in cast("list[object]", value) if type(one) is not str]
    if kind is int and abs(cast("int", value)) > LARGEST:
        return None
    # of a text with a type of its own, an enumeration's word, both write the text
    return [] if kind in _SCALARS or isinstance(value, str) else None
