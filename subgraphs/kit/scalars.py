"""The shared scalars, mapped from NewTypes so that Python and GraphQL name the same thing.

Money never becomes a float: an amount is text from the core system to the client.
"""

from __future__ import annotations

import re
from typing import Final, NewType, cast

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

from subgraphs.kit.ids import USCC

Hash = NewType("Hash", str)
Signature = NewType("Signature", str)
DID = NewType("DID", str)
Decimal = NewType("Decimal", str)
Bytes = NewType("Bytes", str)
Cursor = NewType("Cursor", str)
JSON = NewType("JSON", object)

CURSOR_FORM: Final = re.compile(r"[A-Za-z0-9_-]{1,1024}")
LONGEST: Final = 1_500_000


def _parse(value: object) -> str:
    # the form is checked where the value is used: there its refusal is data, with code and field
    if not isinstance(value, str) or len(value) > LONGEST:
        raise GraphQLError("text is expected", extensions={"code": "SCALAR_INVALID"})
    return value


def _text(name: str, description: str) -> ScalarDefinition:
    return strawberry.scalar(name=name, description=description, serialize=str, parse_value=_parse)


def _as_is(value: object) -> object:
    return value


SCALARS: Final[dict[object, ScalarDefinition]] = {
    Hash: _text("Hash", "A digest: `sm3:` and 64 lower-case hex digits (摘要)."),
    Signature: _text("Signature", "A signature r||s in multibase base58btc, led by `z` (签名)."),
    DID: _text("DID", "A decentralised identifier of this network (分布式标识)."),
    Decimal: _text("Decimal", "An exact decimal as text, to the fen; never a float (精确金额)."),
    USCC: _text("USCC", "A unified social credit code (统一社会信用代码)."),
    Bytes: _text("Bytes", "Bytes in base64url without padding (字节)."),
    Cursor: _text("Cursor", "An opaque position in a list or feed (游标)."),
    JSON: strawberry.scalar(
        name="JSON",
        description="A JSON value, passed on as it is (JSON 值).",
        serialize=_as_is,
        parse_value=_as_is,
    ),
}


def json_value(value: object) -> JSON:
    return cast("JSON", value)
