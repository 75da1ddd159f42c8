"""The asset proof as JSON Schema (2020-12): what `credentialSchema` points at, one file a version.

`python -m subgraphs.vc.json_schema 2` prints version 2: docs/schemas/asset-proof-2.json.
It describes a body as it is signed or with claims shown: whatever can be withheld is optional.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from subgraphs.vc import guard, lower_bound, model
from subgraphs.vc.asset_proof import SCHEMA_BASE, SCHEMAS, SchemaVersion
from subgraphs.vc.money import CURRENCY
from subgraphs.vc.status_list import StatusPurpose
from subgraphs.vc.strict_json import JsonObject, JsonValue

AMOUNT: Final = r"^(0|[1-9][0-9]{0,14})(\.[0-9]{2})?$"
_TAG: Final = r"^[0-9a-f]{64}$"
_DIGEST: Final = r"^[A-Za-z0-9_-]{43}$"
_DATE: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_CLOCK: Final = r"T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})$"
_TIME: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}" + _CLOCK
_DID: Final = r"^did:[a-z0-9]{1,16}:[A-Za-z0-9._:%-]{1,128}$"


def json_schema(version: SchemaVersion, base: str = SCHEMA_BASE) -> JsonObject:
    """The schema of one version as it is published below `base`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": version.at(base),
        "title": f"Asset proof (资产证明), version {version.version}",
        **_object(
            {
                "@context": {"const": list[JsonValue](model.contexts(version))},
                "id": _text(f"^{model.URN}.{{1,110}}$"),
                "type": {"const": list[JsonValue](model.TYPES)},
                "issuer": _text(_DID),
                "credentialNo": {"type": "string", "minLength": 1, "maxLength": 64},
                "credentialSchema": _object(
                    {"id": _text(_address(version)), "type": {"const": "JsonSchema"}},
                    optional=(),
                ),
                "validFrom": _text(_TIME),
                "validUntil": _text(_TIME),
                "credentialStatus": {"type": "array", "items": _status(), "maxItems": 2},
                "credentialSubject": _subject(version),
                "_sd_alg": {"enum": ["sm3", "sha-256"]},
                "proof": {"type": ["object", "array"]},
            },
            optional=("credentialStatus", "_sd_alg", "proof"),
        ),
    }


def text(version: SchemaVersion) -> str:
    """The file of a version."""
    return json.dumps(json_schema(version), ensure_ascii=False, indent=2) + "\n"


def _subject(version: SchemaVersion) -> JsonObject:
    lines: JsonObject = {
        "type": "array",
        "items": {"oneOf": [_withheld(), _line(version)]},
        "maxItems": model.MOST_LINES,
    }
    tags = _guard() if version.guarded else {}
    return _object(
        {
            "id": _text(_DID),
            "asOf": _text(_DATE),
            "currency": {"const": CURRENCY},
            "assetLines": lines,
            "total": _text(AMOUNT),
            "inTransit": _text(AMOUNT),
            "lowerBound": _lower_bound(),
            "tradingExperience": _experience(),
            **tags,
            "_sd": _digests(),
        },
        optional=("total", "inTransit", "tradingExperience", *tags, "_sd"),
    )


def _guard() -> dict[str, JsonValue]:
    """What version 2 adds; each member is shown as a whole or not at all."""
    direction: JsonObject = {"enum": [each.value for each in guard.Direction]}
    position = _object(
        {"tag": _text(_TAG), "amount": _text(AMOUNT), "_sd": _digests()}, optional=("amount", "_sd")
    )
    flow = _object(
        {
            "tag": _text(_TAG),
            "direction": direction,
            "amount": _text(AMOUNT),
            "settled": _text(_DATE),
            "otherEnd": _text(_TAG),
            "_sd": _digests(),
        },
        optional=("amount", "settled", "otherEnd", "_sd"),
    )
    seasoning = _object(
        {
            "since": _text(_DATE),
            "held": {"type": "array", "items": _text(_TAG)},
            "least": _text(AMOUNT),
            "lowerBound": _lower_bound(),
            "_sd": _digests(),
        },
        optional=("least", "_sd"),
    )
    return {
        "account": _text(_TAG),
        "positions": {"type": "array", "items": position, "maxItems": guard.MOST_POSITIONS},
        "flows": {"type": "array", "items": flow, "maxItems": guard.MOST_FLOWS},
        "seasoning": seasoning,
    }


def _line(version: SchemaVersion) -> JsonObject:
    categories = sorted(category.value for category in version.categories)
    return _object(
        {
            "category": {"enum": list[JsonValue](categories)},
            "amount": _text(AMOUNT),
            "_sd": _digests(),
        },
        optional=("amount", "_sd"),
    )


def _lower_bound() -> JsonObject:
    return _object(
        {
            "alg": {"const": lower_bound.CHAIN},
            "unit": _text(AMOUNT),
            "cap": {"type": "integer", "minimum": 1, "maximum": int(lower_bound.CAP)},
            "commitment": _text(_DIGEST),
            "seed": _text(_DIGEST),
            "_sd": _digests(),
        },
        optional=("seed", "_sd"),
    )


def _experience() -> JsonObject:
    markets: JsonObject = {"type": "array", "items": {"type": "string"}, "maxItems": 16}
    return _object({"firstTradeDate": _text(_DATE), "markets": markets}, optional=())


def _status() -> JsonObject:
    purposes = [purpose.value for purpose in StatusPurpose]
    return _object(
        {
            "id": {"type": "string"},
            "type": {"const": "BitstringStatusListEntry"},
            "statusPurpose": {"enum": list[JsonValue](purposes)},
            "statusListIndex": _text("^(0|[1-9][0-9]{0,8})$"),
            "statusListCredential": {"type": "string", "maxLength": 256},
        },
        optional=("id",),
    )


def _withheld() -> JsonObject:
    return _object({"...": _text(_DIGEST)}, optional=())


def _address(version: SchemaVersion) -> str:
    """Each issuer publishes the schema itself; name and version end the address."""
    return rf"^https?://[^\s#?]{{1,200}}/schemas/{version.name}/{version.version}$"


def _digests() -> JsonObject:
    return {"type": "array", "items": _text(_DIGEST), "uniqueItems": True}


def _text(pattern: str) -> JsonObject:
    return {"type": "string", "pattern": pattern}


def _object(members: Mapping[str, JsonValue], *, optional: Sequence[str]) -> JsonObject:
    required: list[JsonValue] = [name for name in members if name not in optional]
    return {
        "type": "object",
        "properties": dict(members),
        "required": required,
        "additionalProperties": False,
    }


if __name__ == "__main__":
    sys.stdout.write(text(SCHEMAS[f"{SCHEMA_BASE}/asset-proof/{sys.argv[1]}"]))
