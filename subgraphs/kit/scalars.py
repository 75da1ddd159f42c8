"""The shared scalars, mapped from NewTypes so that Python and GraphQL name the same thing.

Money never becomes a float: an amount is text from the core system to the client.
"""

from __future__ import annotations

import re
from collections.abc import Callable
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

HASH_FORM: Final = re.compile(r"sm3:[0-9a-f]{64}")
SIGNATURE_FORM: Final = re.compile(r"z[1-9A-HJ-NP-Za-km-z]{60,100}")
DID_FORM: Final = re.compile(r"did:credgraph:[A-Za-z0-9:._-]{1,120}")
DECIMAL_FORM: Final = re.compile(r"(0|[1-9][0-9]{0,14})(\.[0-9]{2})?", re.ASCII)
USCC_FORM: Final = re.compile(r"[0-9A-HJ-NPQRTUWXY]{18}")
BYTES_FORM: Final = re.compile(r"[A-Za-z0-9_-]{0,1400000}")
CURSOR_FORM: Final = re.compile(r"[A-Za-z0-9_-]{1,1024}")


def _parser(name: str, form: re.Pattern[str]) -> Callable[[object], str]:
    def parse(value: object) -> str:
        if not isinstance(value, str) or not form.fullmatch(value):
            raise GraphQLError(f"not a well-formed {name}", extensions={"code": "SCALAR_INVALID"})
        return value

    return parse


def _text(name: str, form: re.Pattern[str], description: str) -> ScalarDefinition:
    return strawberry.scalar(
        name=name, description=description, serialize=str, parse_value=_parser(name, form)
    )


def _as_is(value: object) -> object:
    return value


SCALARS: Final[dict[object, ScalarDefinition]] = {
    Hash: _text("Hash", HASH_FORM, "A digest: `sm3:` and 64 lower-case hex digits (摘要)."),
    Signature: _text(
        "Signature", SIGNATURE_FORM, "A signature r||s in multibase base58btc, led by `z` (签名)."
    ),
    DID: _text("DID", DID_FORM, "A decentralised identifier of this network (分布式标识)."),
    Decimal: _text(
        "Decimal", DECIMAL_FORM, "An exact decimal as text, to the fen; never a float (精确金额)."
    ),
    USCC: _text("USCC", USCC_FORM, "A unified social credit code (统一社会信用代码)."),
    Bytes: _text("Bytes", BYTES_FORM, "Bytes in base64url without padding (字节)."),
    # any text may come in: an ill one is refused by the resolver, with its code
    Cursor: strawberry.scalar(
        name="Cursor",
        description="An opaque position in a list or feed (游标).",
        serialize=str,
        parse_value=str,
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description="A JSON value, passed on as it is (JSON 值).",
        serialize=_as_is,
        parse_value=_as_is,
    ),
}


def is_amount(text: object) -> bool:
    return isinstance(text, str) and DECIMAL_FORM.fullmatch(text) is not None


def json_value(value: object) -> JSON:
    return cast("JSON", value)
