"""matrix.csv: who sees which field of which type. Written by hand from the rules of visibility; the
code it is held against is not read for it.

`at` says how an object of the type is reached: `node` by its id, `Type.field` from that field of
that type, `root` for the fields of Query. `with` means: seen exactly as what leads there (pages of
lists, answers to mutations, frames of feeds: whoever has the frame has its fields).
Cells: `yes` there is a value, `no` there is none, `unset` nobody has set one in this story, `may`
whether there is one depends on the moment (anchors come later), or the change may be tried.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from graphql import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    get_named_type,
    is_input_object_type,
    is_leaf_type,
    is_object_type,
    is_required_input_field,
)

from tests.access.world import ROLES

ROOT: Final = Path(__file__).parents[2]
FILE: Final = Path(__file__).with_name("matrix.csv")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    type: str
    field: str
    at: str
    cells: Mapping[str, str]


def read_matrix() -> list[Row]:
    with FILE.open(encoding="utf-8", newline="") as file:
        return [
            Row(
                type=line["type"],
                field=line["field"],
                at=line["at"],
                cells={role: line[role] for role in ROLES},
            )
            for line in csv.DictReader(file)
        ]


@cache
def api() -> GraphQLSchema:
    return build_schema((ROOT / "schema" / "api.graphql").read_text(encoding="utf-8"))


def output_fields(schema: GraphQLSchema) -> Iterator[tuple[str, str]]:
    """Every field of every object type that a client can see."""
    for name, type_ in sorted(schema.type_map.items()):
        if is_object_type(type_) and not name.startswith("__"):
            for field in type_.fields:
                yield name, field


def selection(schema: GraphQLSchema, field: GraphQLField) -> str:
    """Enough below a field to see whether there is something."""
    type_ = get_named_type(field.type)
    if is_leaf_type(type_):
        return ""
    if not isinstance(type_, GraphQLObjectType) or "edges" not in type_.fields:
        return " { __typename }"
    node = get_named_type(get_named_type(type_.fields["edges"].type).fields["node"].type)
    named = " id" if "id" in getattr(node, "fields", {}) else ""  # tells whose things are listed
    return f" {{ edges {{ node {{ __typename{named} }} }} }}"


def is_there(value: object) -> bool:
    """A page without edges is nothing; an empty list is."""
    if isinstance(value, dict) and "edges" in value:
        return bool(value["edges"])
    return value is not None and value != []


_SCALARS: Final[Mapping[str, object]] = {
    "Boolean": True,
    "Bytes": "c2VhbGVk",
    "DID": "did:credgraph:2MpgfkVSfDYFkXqq8TE5M5m2EY6q",
    "Date": "2026-11-20",
    "DateTime": "2030-01-01T00:00:00Z",
    "Decimal": "1.00",
    "Hash": "sm3:" + "0" * 64,
    "Int": 1,
    "JSON": {},
    "Signature": "z" + "1" * 64,
    "String": "ASSETS_FELL",
}
_NAMED: Final[Mapping[str, object]] = {
    "categories": ["STOCK"],
    "metric": "FINANCIAL_ASSETS",
    "effect": "REDUCED",
    "ruleSet": "PRIVATE_FUND",
    "purpose": "PRIVATE_FUND",
    "product": "PRIVATE_FUND",
    "channel": "APP",
    "ground": "USE_DENIED",
    "stage": "CUSTODY",
    "state": "WITHDRAWN",
    "preparedId": "prep_" + "0" * 26,
    "incidentId": "inci_" + "0" * 26,
    "drillId": "dril_" + "0" * 26,
}
_IDS: Final[Mapping[str, str]] = {
    "credentialId": "Credential",
    "complaintId": "Complaint",
    "disputeId": "Dispute",
    "exitId": "ExitCase",
    "institutionId": "Institution",
    "subjectId": "Presentation",
    "consentId": "Consent",
    "custodyId": "CustodyObject",
    "grantedTo": "Institution",
    "id": "Credential",
    "issuerId": "Institution",
    "presentationId": "Presentation",
    "qualificationId": "Qualification",
    "requestId": "PresentationRequest",
    "walletItemId": "WalletItem",
}


def changes(
    schema: GraphQLSchema, fields: Sequence[str], ids: Mapping[str, str]
) -> tuple[str, dict[str, Any]]:
    """Well-formed calls of mutations about the objects of the story, in one document."""
    mutation = schema.mutation_type
    assert mutation is not None
    kinds = {field: mutation.fields[field].args["input"].type for field in fields}
    heads = ", ".join(f"${field}: {kind}" for field, kind in kinds.items())
    calls = " ".join(f"{field}(input: ${field}) {{ __typename }}" for field in fields)
    given = {field: _input(get_named_type(kind), ids) for field, kind in kinds.items()}
    return f"mutation Try({heads}) {{ {calls} }}", given


def _input(kind: Any, ids: Mapping[str, str]) -> dict[str, object]:
    return {
        name: _value(name, field.type, ids)
        for name, field in kind.fields.items()
        if is_required_input_field(field)
    }


def _value(name: str, type_: Any, ids: Mapping[str, str]) -> object:
    if name in _NAMED:
        return _NAMED[name]
    if name in _IDS:
        return ids[_IDS[name]]
    kind = get_named_type(type_)
    value: object = (
        _input(kind, ids) if is_input_object_type(kind) else _SCALARS.get(kind.name, "X")
    )
    return [value] if "[" in str(type_) else value
