"""The supergraph as data: what the printer prints and what satisfiability is proved on."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.composition.model import Kind
from gateway.composition.type_ref import TypeRef
from gateway.spec.names import GraphEnumName, SubgraphName


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinType:
    """One `@join__type`."""

    graph: GraphEnumName
    key: str | None = None
    extension: bool = False
    resolvable: bool = True
    interface_object: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinField:
    """One `@join__field`; without a graph it says that an interface object resolves the field."""

    graph: GraphEnumName | None = None
    requires: str | None = None
    provides: str | None = None
    type: str | None = None
    external: bool = False
    override: SubgraphName | None = None
    override_label: str | None = None
    used_overridden: bool = False
    contexts: tuple["ContextArgument", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextArgument:
    """An argument that the gateway fills with what a parent gave; clients don't see it."""

    name: str
    type: str
    context: str
    selection: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedInput:
    """An argument, or a field of an input type."""

    name: str
    type: TypeRef
    default: str | None
    description: str | None
    directives: tuple[str, ...]
    joins: tuple[JoinField, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedField:
    """A field of an object or interface."""

    name: str
    type: TypeRef
    arguments: Mapping[str, MergedInput]
    description: str | None
    directives: tuple[str, ...]
    joins: tuple[JoinField, ...]
    """Empty where every subgraph of the type resolves the field alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedValue:
    """A value of an enum."""

    name: str
    description: str | None
    directives: tuple[str, ...]
    graphs: tuple[GraphEnumName, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedType:
    """A type of the supergraph; only the members of its kind are filled."""

    name: str
    kind: Kind
    description: str | None
    directives: tuple[str, ...]
    joins: tuple[JoinType, ...]
    implements: tuple[tuple[GraphEnumName, str], ...]
    fields: Mapping[str, MergedField]
    inputs: Mapping[str, MergedInput]
    members: tuple[tuple[GraphEnumName, str], ...]
    values: Mapping[str, MergedValue]

    @property
    def interfaces(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for _, name in self.implements))

    @property
    def member_names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for _, name in self.members))


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecLink:
    """One `@link` of the supergraph."""

    url: str
    purpose: str | None = None
    imports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Supergraph:
    """Everything that stands in the supergraph SDL."""

    graphs: tuple[tuple[GraphEnumName, SubgraphName, str], ...]
    """Enum value, name and URL of each subgraph."""
    types: Mapping[str, MergedType]
    definitions: tuple[str, ...]
    """SDL of directives (and their scalars) that are not federation's own join and link."""
    links: tuple[SpecLink, ...]
