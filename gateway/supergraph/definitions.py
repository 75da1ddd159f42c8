"""Reads one type definition of a supergraph with everything the subgraphs say about it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from graphql import (
    DirectiveNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    GraphQLError,
    InterfaceTypeDefinitionNode,
    ListTypeNode,
    NamedTypeNode,
    NonNullTypeNode,
    ObjectTypeDefinitionNode,
    TypeDefinitionNode,
    TypeNode,
    UnionTypeDefinitionNode,
    ValueNode,
    parse_type,
)
from graphql.language.ast import ListValueNode, ObjectValueNode

from gateway.errors import BadSupergraph
from gateway.spec import field_set_reader
from gateway.spec.field_set import FieldSet, render
from gateway.spec.names import SubgraphName, TypeName
from gateway.supergraph.arguments import arguments_of, flag_of, named, text_of
from gateway.supergraph.features import Features
from gateway.supergraph.model import (
    ContextArgument,
    Field,
    FieldJoin,
    Key,
    SupergraphType,
    TypeJoin,
    TypeKind,
    TypeRef,
)

_KINDS: Final[Mapping[str, TypeKind]] = {
    "object_type_definition": "object",
    "interface_type_definition": "interface",
    "union_type_definition": "union",
    "enum_type_definition": "enum",
    "scalar_type_definition": "scalar",
    "input_object_type_definition": "input",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionReader:
    """Reads definitions of one document; `graphs` maps the values of join__Graph to names."""

    features: Features
    graphs: Mapping[str, SubgraphName]
    _everybody: dict[SubgraphName, TypeJoin] = field(default_factory=dict)

    def read(self, node: TypeDefinitionNode) -> SupergraphType:
        """The model of one type. Raises BadSupergraph."""
        directives = node.directives or ()
        joins = self._type_joins(directives)
        if isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
            return self._fielded(node, joins)
        members: Mapping[SubgraphName, frozenset[TypeName]] = {}
        values: frozenset[str] = frozenset()
        if isinstance(node, UnionTypeDefinitionNode):
            named_members = frozenset(TypeName(each.name.value) for each in node.types or ())
            members = self._by_graph(directives, "unionMember", "member", named_members, joins)
        if isinstance(node, EnumTypeDefinitionNode):
            values = frozenset(
                value.name.value
                for value in node.values or ()
                if not self._hidden(value.directives or ())
            )
        return SupergraphType(
            name=TypeName(node.name.value),
            kind=_KINDS[node.kind],
            joins=joins,
            inaccessible=self._hidden(directives),
            members=members,
            values=values,
            contexts=self._contexts_set(directives),
        )

    def _fielded(
        self,
        node: ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode,
        joins: Mapping[SubgraphName, TypeJoin],
    ) -> SupergraphType:
        directives = node.directives or ()
        implemented = frozenset(TypeName(each.name.value) for each in node.interfaces or ())
        owner = self._owner(directives)
        return SupergraphType(
            name=TypeName(node.name.value),
            kind=_KINDS[node.kind],
            joins=joins,
            inaccessible=self._hidden(directives),
            fields={each.name.value: self._field(each, joins, owner) for each in node.fields or ()},
            interfaces=self._by_graph(directives, "implements", "interface", implemented, joins),
            contexts=self._contexts_set(directives),
        )

    def _type_joins(self, directives: Iterable[DirectiveNode]) -> dict[SubgraphName, TypeJoin]:
        keys: dict[SubgraphName, list[Key]] = {}
        objects: set[SubgraphName] = set()
        for directive in named(directives, self.features.join.local("type")):
            arguments = arguments_of(directive)
            graph = self._graph(arguments.get("graph"))
            known = keys.setdefault(graph, [])
            if flag_of(arguments.get("isInterfaceObject"), default=False):
                objects.add(graph)
            key = self._key(arguments)
            if key is not None and key not in known:
                known.append(key)
        joins = {
            graph: TypeJoin(keys=tuple(known), interface_object=graph in objects)
            for graph, known in keys.items()
        }
        return joins or dict.fromkeys(self.graphs.values(), TypeJoin())

    def _key(self, arguments: Mapping[str, ValueNode]) -> Key | None:
        fields = self._field_set(arguments.get("key"))
        if not fields:
            return None
        resolvable = flag_of(arguments.get("resolvable"), default=True)
        return Key(fields=fields, text=render(fields), resolvable=resolvable)

    def _owner(self, directives: Iterable[DirectiveNode]) -> SubgraphName | None:
        for directive in named(directives, self.features.join.local("owner")):
            return self._graph(arguments_of(directive).get("graph"))
        return None

    def _by_graph(
        self,
        directives: Iterable[DirectiveNode],
        element: str,
        argument: str,
        everything: frozenset[TypeName],
        joins: Mapping[SubgraphName, TypeJoin],
    ) -> Mapping[SubgraphName, frozenset[TypeName]]:
        """What each subgraph has of interfaces or members; versions that don't say mean all."""
        found: dict[SubgraphName, set[TypeName]] = {}
        for directive in named(directives, self.features.join.local(element)):
            arguments = arguments_of(directive)
            name = text_of(arguments.get(argument)) or ""
            found.setdefault(self._graph(arguments.get("graph")), set()).add(TypeName(name))
        if not found:
            return dict.fromkeys(joins, everything)
        return {graph: frozenset(names) for graph, names in found.items()}

    def _field(
        self,
        node: FieldDefinitionNode,
        joins: Mapping[SubgraphName, TypeJoin],
        owner: SubgraphName | None,
    ) -> Field:
        own_type = type_ref(node.type)
        directives = list(named(node.directives or (), self.features.join.local("field")))
        field_joins: dict[SubgraphName, FieldJoin] = {}
        for directive in directives:
            arguments = arguments_of(directive)
            if "graph" in arguments:
                graph = self._graph(arguments["graph"])
                field_joins[graph] = self._field_join(arguments, own_type)
        if not directives:
            field_joins = dict.fromkeys([owner] if owner else joins, FieldJoin(type=own_type))
        elif not field_joins and owner:  # v0.1: an annotation without a graph speaks of the owner
            field_joins = {owner: self._field_join(arguments_of(directives[0]), own_type)}
        return Field(
            name=node.name.value,
            type=own_type,
            joins=_with_keys(node.name.value, own_type, field_joins, joins)
            if owner
            else field_joins,
            inaccessible=self._hidden(node.directives or ()),
        )

    def _field_join(self, arguments: Mapping[str, ValueNode], own_type: TypeRef) -> FieldJoin:
        requires = self._field_set(arguments.get("requires"))
        text = text_of(arguments.get("type"))
        external = flag_of(arguments.get("external"), default=False)
        overridden = flag_of(arguments.get("usedOverridden"), default=False)
        label = text_of(arguments.get("overrideLabel"))
        contexts = tuple(self._contexts(arguments.get("contextArguments")))
        return FieldJoin(
            type=type_ref(parse_type(text)) if text else own_type,
            external=external or (overridden and label is None),
            requires=requires,
            contexts=contexts,
            needs=_needs(requires, contexts),
            provides=self._field_set(arguments.get("provides")),
            override="override" in arguments,
            label=label,
        )

    def _contexts(self, value: ValueNode | None) -> Iterator[ContextArgument]:
        for item in value.values if isinstance(value, ListValueNode) else ():
            fields = item.fields if isinstance(item, ObjectValueNode) else ()
            given = {field.name.value: text_of(field.value) or "" for field in fields}
            selection = next((f.value for f in fields if f.name.value == "selection"), None)
            try:
                declared = parse_type(given.get("type", ""))
            except GraphQLError as error:
                message = f"the supergraph has a bad context argument: {error.message}"
                raise BadSupergraph(message) from None
            yield ContextArgument(
                name=given.get("name", ""),
                type=type_ref(declared),
                type_text=given.get("type", ""),
                context=given.get("context", ""),
                selection=self._field_set(selection),
            )

    def _field_set(self, value: ValueNode | None) -> FieldSet:
        text = text_of(value)
        if not text:
            return ()
        try:
            return field_set_reader.read(text)
        except field_set_reader.FieldSetError as error:
            raise BadSupergraph(f"the supergraph has a bad field set {text!r}: {error}") from None

    def _graph(self, value: ValueNode | None) -> SubgraphName:
        code = text_of(value) or ""
        if code not in self.graphs:
            raise BadSupergraph(f"the supergraph speaks of a subgraph {code!r} it does not list")
        return self.graphs[code]

    def _contexts_set(self, directives: Iterable[DirectiveNode]) -> frozenset[str]:
        if self.features.context is None:
            return frozenset()
        found = named(directives, self.features.context)
        return frozenset(text_of(arguments_of(each).get("name")) or "" for each in found)

    def _hidden(self, directives: Iterable[DirectiveNode]) -> bool:
        name = self.features.inaccessible
        return name is not None and any(True for _ in named(directives, name))


def _needs(requires: FieldSet, contexts: Iterable[ContextArgument]) -> str:
    filled = (f"${each.context} {{ {render(each.selection)} }}" for each in contexts)
    return " ".join(filter(None, (render(requires), *filled)))


def type_ref(node: TypeNode) -> TypeRef:
    """A parsed type as name and flags."""
    flags: list[bool] = []
    while True:
        required = isinstance(node, NonNullTypeNode)
        inner = node.type if isinstance(node, NonNullTypeNode) else node
        flags.append(required)
        if isinstance(inner, NamedTypeNode):
            return TypeRef(TypeName(inner.name.value), tuple(flags))
        if not isinstance(inner, ListTypeNode):
            raise BadSupergraph("the supergraph has a type that cannot be read")
        node = inner.type


def _with_keys(
    name: str,
    own_type: TypeRef,
    field_joins: Mapping[SubgraphName, FieldJoin],
    joins: Mapping[SubgraphName, TypeJoin],
) -> Mapping[SubgraphName, FieldJoin]:
    """In v0.1 a subgraph that extends a type has its key fields without saying so."""
    holders = {
        graph: FieldJoin(type=own_type)
        for graph, join in joins.items()
        if any(getattr(pick, "name", None) == name for key in join.keys for pick in key.fields)
    }
    return {**holders, **field_joins}
