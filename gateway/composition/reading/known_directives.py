"""The directives that the federation spec brings, and since which version.

Laws: definitions are templates; `{FieldSet}` and its like stand for the name that the subgraph
gives to that type. A subgraph's own copy of such a definition is ignored in favour of these.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.spec import names

Version = tuple[int, int]

FIRST_LINKED: Final[Version] = (2, 0)
LATEST: Final[Version] = (2, 14)
LEGACY: Final[Version] = (1, 0)

_EVERYWHERE: Final = (
    "FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM "
    "| ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION"
)
_GUARDED: Final = "FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM"
_WEIGHED: Final = "ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT"

TYPES: Final = ("FieldSet", "Scope", "Policy", "ContextFieldValue")


@dataclass(frozen=True, slots=True)
class Known:
    """One directive of the spec: everything after its name, and when it came."""

    since: Version
    signature: str
    legacy: bool = False
    """Usable in federation 1 SDL, without any @link."""


DIRECTIVES: Final[Mapping[str, Known]] = {
    names.KEY: Known(
        (2, 0),
        "(fields: {FieldSet}!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE",
        legacy=True,
    ),
    names.REQUIRES: Known((2, 0), "(fields: {FieldSet}!) on FIELD_DEFINITION", legacy=True),
    names.PROVIDES: Known((2, 0), "(fields: {FieldSet}!) on FIELD_DEFINITION", legacy=True),
    names.EXTERNAL: Known((2, 0), "(reason: String) on OBJECT | FIELD_DEFINITION", legacy=True),
    names.EXTENDS: Known((2, 0), " on OBJECT | INTERFACE", legacy=True),
    names.TAG: Known((2, 0), f"(name: String!) repeatable on {_EVERYWHERE} | SCHEMA", legacy=True),
    names.SHAREABLE: Known((2, 0), " repeatable on OBJECT | FIELD_DEFINITION"),
    names.OVERRIDE: Known((2, 0), "(from: String!, label: String) on FIELD_DEFINITION"),
    names.INACCESSIBLE: Known((2, 0), f" on {_EVERYWHERE}"),
    names.COMPOSE_DIRECTIVE: Known((2, 1), "(name: String!) repeatable on SCHEMA"),
    names.INTERFACE_OBJECT: Known((2, 3), " on OBJECT"),
    names.AUTHENTICATED: Known((2, 5), f" on {_GUARDED}"),
    names.REQUIRES_SCOPES: Known((2, 5), f"(scopes: [[{{Scope}}!]!]!) on {_GUARDED}"),
    names.POLICY: Known((2, 6), f"(policies: [[{{Policy}}!]!]!) on {_GUARDED}"),
    names.CONTEXT: Known((2, 8), "(name: String!) repeatable on INTERFACE | OBJECT | UNION"),
    names.FROM_CONTEXT: Known((2, 8), "(field: {ContextFieldValue}) on ARGUMENT_DEFINITION"),
    names.COST: Known((2, 9), f"(weight: Int!) on {_WEIGHED} | SCALAR"),
    names.LIST_SIZE: Known(
        (2, 9),
        "(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], "
        "requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION",
    ),
    names.CACHE_TAG: Known((2, 12), "(format: String!) repeatable on OBJECT | FIELD_DEFINITION"),
}

LINK_SIGNATURE: Final = (
    "(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA"
)

SEPARATE_SPECS: Final[Mapping[str, tuple[str, ...]]] = {
    names.TAG_IDENTITY: (names.TAG,),
    names.INACCESSIBLE_IDENTITY: (names.INACCESSIBLE,),
    names.AUTHENTICATED_IDENTITY: (names.AUTHENTICATED,),
    names.REQUIRES_SCOPES_IDENTITY: (names.REQUIRES_SCOPES,),
    names.POLICY_IDENTITY: (names.POLICY,),
    names.COST_IDENTITY: (names.COST, names.LIST_SIZE),
    names.CONTEXT_IDENTITY: (names.CONTEXT, names.FROM_CONTEXT),
}
"""Specs that a subgraph may link on their own instead of through the federation spec."""


def available(version: Version) -> Mapping[str, Known]:
    """The directives that SDL of this federation version may use."""
    if version == LEGACY:
        return {name: known for name, known in DIRECTIVES.items() if known.legacy}
    return {name: known for name, known in DIRECTIVES.items() if known.since <= version}
