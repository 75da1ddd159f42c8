"""The supergraph as data: types, fields, and for each subgraph what it has of them.

Nothing here is computed: these are the facts of the SDL, read once by `reader`. What follows from
them is in `possible` (which objects can stand where) and `jumps` (who may reach whom).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from graphql import DocumentNode

from gateway.spec.field_set import FieldSet
from gateway.spec.names import SubgraphName, TypeName

TypeKind: TypeAlias = Literal["object", "interface", "union", "enum", "scalar", "input"]
RootKind: TypeAlias = Literal["query", "mutation", "subscription"]


@dataclass(frozen=True, slots=True)
class TypeRef:
    """`[T!]` is ("T", (False, True)): one flag for each level, from outside in."""

    name: TypeName
    non_null: tuple[bool, ...]

    @property
    def lists(self) -> int:
        return len(self.non_null) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Subgraph:
    """A subgraph by its name in @join__graph."""

    name: SubgraphName
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One @key of a type in one subgraph; `text` is its canonical form."""

    fields: FieldSet
    text: str
    resolvable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeJoin:
    """What one subgraph has of a type. `interface_object`: it knows the interface as an object."""

    keys: tuple[Key, ...] = ()
    interface_object: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextArgument:
    """An argument of a field that the gateway fills: with what `selection` reads of the nearest
    object above that sets `context`. `type` is as the subgraph declares it."""

    name: str
    type: TypeRef
    type_text: str
    context: str
    selection: FieldSet


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldJoin:
    """What one subgraph has of a field.

    `external`: it is named there, but resolved only where provided. `label` belongs to a
    progressive @override: `override` is true on the side that takes over while the label is active.
    `needs` is a text that is equal for fields which need the same inputs, empty for none.
    """

    type: TypeRef
    external: bool = False
    requires: FieldSet = ()
    contexts: tuple[ContextArgument, ...] = ()
    needs: str = ""
    provides: FieldSet = ()
    override: bool = False
    label: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of an object or interface type. No `joins`: it comes from an interface object."""

    name: str
    type: TypeRef
    joins: Mapping[SubgraphName, FieldJoin]
    inaccessible: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SupergraphType:
    """A named type with its joins; what does not fit its kind is empty.

    `interfaces` and `members` are by subgraph; `values` of an enum are those clients may see;
    `contexts` are set by its objects for what is below them.
    """

    name: TypeName
    kind: TypeKind
    joins: Mapping[SubgraphName, TypeJoin]
    inaccessible: bool = False
    fields: Mapping[str, Field] = field(default_factory=dict)
    interfaces: Mapping[SubgraphName, frozenset[TypeName]] = field(default_factory=dict)
    members: Mapping[SubgraphName, frozenset[TypeName]] = field(default_factory=dict)
    values: frozenset[str] = frozenset()
    contexts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Supergraph:
    """Everything the SDL says. `document` is kept for the API schema."""

    subgraphs: Mapping[SubgraphName, Subgraph]
    types: Mapping[TypeName, SupergraphType]
    roots: Mapping[RootKind, TypeName]
    document: DocumentNode
