"""One subgraph as composition sees it: types and fields with federation's facts beside them.

Laws: names are canonical (`key`, however the subgraph imported it; `Query`, however it is called
there); nothing of the subgraph protocol (`_entities`, `_service`) is left; frozen.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from graphql import ValueNode, print_ast

from gateway.composition.findings import Place
from gateway.composition.type_ref import TypeRef
from gateway.spec.field_set import FieldSet
from gateway.spec.names import GraphEnumName, SubgraphName


class Kind(StrEnum):
    """What sort of type; the value is the keyword of SDL."""

    SCALAR = "scalar"
    OBJECT = "type"
    INTERFACE = "interface"
    UNION = "union"
    ENUM = "enum"
    INPUT = "input"


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """A directive where it stands.

    `name` is canonical for federation's and GraphQL's own ones (`tag`), however the subgraph
    spells them; a custom one keeps its sign (`@resumable`), so that the two are never confused.
    """

    name: str
    arguments: Mapping[str, ValueNode]
    place: Place

    def text(self) -> str:
        head = f"@{self.name.removeprefix('@')}"
        if not self.arguments:
            return head
        given = ", ".join(f"{key}: {print_ast(value)}" for key, value in self.arguments.items())
        return f"{head}({given})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """A field set as somebody wrote it: read, with its place."""

    fields: FieldSet
    text: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One @key of a type."""

    selection: Selection
    resolvable: bool
    of_extension: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """One @override of a field."""

    source: SubgraphName
    label: str | None
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class ArgumentDef:
    """An argument of a field or directive, or a field of an input type."""

    name: str
    type: TypeRef
    default: str | None
    description: str | None
    applied: tuple[Applied, ...]
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDef:
    """A field of an object or interface."""

    name: str
    type: TypeRef
    arguments: Mapping[str, ArgumentDef]
    description: str | None
    applied: tuple[Applied, ...]
    place: Place
    external: bool = False
    shareable: bool = False
    shareable_here: bool = False
    """Marked @shareable by the team itself, not by being a key."""
    provided: bool = False
    """Named by some @provides of its subgraph: external, and yet resolved on some paths."""
    requires: Selection | None = None
    provides: Selection | None = None
    override: Override | None = None

    @property
    def resolved(self) -> bool:
        """Whether its subgraph gives this field's value at least on some path."""
        return not self.external or self.provided


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueDef:
    """A value of an enum."""

    name: str
    description: str | None
    applied: tuple[Applied, ...]
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeDef:
    """A type of one subgraph, its extensions folded in."""

    name: str
    kind: Kind
    description: str | None
    applied: tuple[Applied, ...]
    place: Place
    extension: bool
    """Only extended here, or marked @extends: some other subgraph is to define it."""
    marked_extends: bool = False
    """Carries @extends, which even a federation 1 type keeps."""
    interface_object: bool = False
    keys: tuple[Key, ...] = ()
    interfaces: tuple[str, ...] = ()
    fields: Mapping[str, FieldDef]
    inputs: Mapping[str, ArgumentDef]
    members: tuple[str, ...] = ()
    values: Mapping[str, ValueDef]


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectiveDef:
    """A directive that the subgraph defines itself."""

    name: str
    arguments: Mapping[str, ArgumentDef]
    locations: tuple[str, ...]
    repeatable: bool
    description: str | None
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposedDirective:
    """A directive that a subgraph asked to carry into the supergraph."""

    name: str
    url: str
    version: tuple[int, int]
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedSpec:
    """A spec that a subgraph links, federation and link themselves aside."""

    identity: str
    version: tuple[int, int]
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Subgraph:
    """One subgraph, read and checked on its own."""

    name: SubgraphName
    graph: GraphEnumName
    url: str
    federation: tuple[int, int]
    """Version of the federation spec; (1, 0) where the SDL has no @link to it."""
    types: Mapping[str, TypeDef]
    directives: Mapping[str, DirectiveDef]
    composed: tuple[ComposedDirective, ...]
    linked: tuple[LinkedSpec, ...]
    spelled: Mapping[str, str]
    """How the subgraph spells federation's directives: canonical name -> name in its SDL."""
    place: Place

    def possible(self, name: str) -> tuple[str, ...]:
        """The object types that a value of this type may have here, in order of definition."""
        found = self.types.get(name)
        if found is None:
            return ()
        if found.kind is Kind.UNION:
            return found.members
        if found.kind is Kind.INTERFACE:
            return tuple(
                each.name
                for each in self.types.values()
                if each.kind is Kind.OBJECT and name in each.interfaces
            )
        return (name,)

    def output_fields(self) -> Iterator[tuple[TypeDef, FieldDef]]:
        for type_def in self.types.values():
            for field_def in type_def.fields.values():
                yield type_def, field_def


def has(applied: tuple[Applied, ...], name: str) -> bool:
    """Whether a directive of that canonical name stands there."""
    return any(each.name == name for each in applied)
