"""Executable subgraphs inside the test process: an SDL and one truth, run by graphql-core.

All subgraphs of a graph answer from one `Universe`, each showing only what its SDL says it has. A
field that is @external and was neither sent in the representation nor @provided answers with an
error, so a planner that asks the wrong subgraph is found out. The same universe answers as a
monolith, which is what a federated answer is compared with.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from inspect import isawaitable
from typing import Any, NamedTuple, TypeAlias

from graphql import (
    DirectiveNode,
    DocumentNode,
    ExecutionResult,
    FieldDefinitionNode,
    FieldNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    InterfaceTypeDefinitionNode,
    InterfaceTypeExtensionNode,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    SelectionSetNode,
    StringValueNode,
    build_ast_schema,
    execute,
    parse,
    subscribe,
    validate,
)
from graphql.language import ast

from gateway.executor.ports import Fault, SubgraphReply, SubgraphRequest
from gateway.spec.names import SubgraphName

Row: TypeAlias = Mapping[str, Any]
Resolver: TypeAlias = Callable[..., Any]
Info: TypeAlias = GraphQLResolveInfo[Any]

_FEDERATION_SDL = """
scalar _Any
scalar FieldSet
scalar federation__FieldSet
scalar link__Import
directive @link(url: String, as: String, for: String, import: [link__Import]) repeatable on SCHEMA
directive @key(fields: String!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE
directive @requires(fields: String!) on FIELD_DEFINITION
directive @provides(fields: String!) on FIELD_DEFINITION
directive @external on OBJECT | FIELD_DEFINITION
directive @shareable repeatable on OBJECT | FIELD_DEFINITION
directive @override(from: String!, label: String) on FIELD_DEFINITION
directive @extends on OBJECT | INTERFACE
directive @interfaceObject on OBJECT
directive @context(name: String!) repeatable on OBJECT | INTERFACE | UNION
directive @fromContext(field: String) on ARGUMENT_DEFINITION
directive @inaccessible on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION
  | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION
scalar federation__Scope
scalar federation__Policy
directive @authenticated on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM
directive @requiresScopes(scopes: [[federation__Scope!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE
  | SCALAR | ENUM
directive @policy(policies: [[federation__Policy!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE
  | SCALAR | ENUM
directive @tag(name: String!) repeatable on FIELD_DEFINITION | OBJECT | INTERFACE | UNION
  | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION
"""

_BASES: Mapping[type, type[ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode]] = {
    ObjectTypeExtensionNode: ObjectTypeDefinitionNode,
    InterfaceTypeExtensionNode: InterfaceTypeDefinitionNode,
}


class Ref(NamedTuple):
    """Points at a row of the universe from another row."""

    type_name: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Universe:
    """Rows by (type, id); `resolvers` by "Type.field" for what no row holds as it is.

    A resolver gets the object (a mapping of what is visible to whoever answers) and the field's
    arguments as keywords. `members` names the object types behind each interface object.
    """

    rows: Mapping[Ref, Row]
    resolvers: Mapping[str, Resolver] = field(default_factory=dict)
    members: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def of_type(self, type_name: str) -> list[Row]:
        wanted = {type_name, *self.members.get(type_name, ())}
        return [row for ref, row in self.rows.items() if ref.type_name in wanted]


@dataclass(frozen=True, slots=True)
class Seen:
    """A row as one subgraph sees it: what the representation brought, what a path provides."""

    row: Row
    given: Row = field(default_factory=dict)
    provided: SelectionSetNode | None = None


class PoisonError(Exception):
    """Somebody asked a subgraph for a field that it does not resolve."""


@dataclass(slots=True)
class Subgraph:
    """One subgraph: validates and executes documents as a server would."""

    name: SubgraphName
    schema: GraphQLSchema
    universe: Universe
    keys: Mapping[str, Sequence[SelectionSetNode]]
    documents: dict[str, DocumentNode] = field(default_factory=dict)

    @classmethod
    def from_sdl(cls, name: str, sdl: str, universe: Universe) -> "Subgraph":
        document = parse(sdl)
        definitions = [
            _as_definition(node, document)
            for node in document.definitions
            if not isinstance(node, ast.SchemaExtensionNode)
        ]
        definitions = [
            node for node in definitions if not isinstance(node, ast.SchemaExtensionNode)
        ]
        keys = {
            node.name.value: _key_sets(node.directives)
            for node in definitions
            if isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode)
        }
        entities = [
            node.name.value
            for node in definitions
            if isinstance(node, ObjectTypeDefinitionNode) and keys[node.name.value]
        ]
        whole = DocumentNode(
            definitions=(
                *_with_entities(definitions, entities),
                *parse(_FEDERATION_SDL).definitions,
            )
        )
        subgraph = cls(SubgraphName(name), build_ast_schema(whole), universe, keys)
        _attach(subgraph.schema, subgraph._resolve, subgraph._see)
        return subgraph

    async def answer(self, request: SubgraphRequest) -> SubgraphReply:
        document = self.documents.get(request.document)
        if document is None:
            document = parse(request.document)
            faults = validate(self.schema, document)
            if faults:
                errors = tuple(dict(fault.formatted) for fault in faults)
                return SubgraphReply(data=None, errors=errors, extensions={})
            self.documents[request.document] = document
        result = execute(
            self.schema,
            document,
            variable_values=dict(request.variables),
            operation_name=request.operation_name,
        )
        assert isinstance(result, ExecutionResult)
        return _reply(result)

    async def events(self, request: SubgraphRequest) -> AsyncIterator[SubgraphReply]:
        document = parse(request.document)
        outcome = subscribe(
            self.schema,
            document,
            variable_values=dict(request.variables),
            operation_name=request.operation_name,
        )
        stream = await outcome if isawaitable(outcome) else outcome
        if isinstance(stream, ExecutionResult):
            yield _reply(stream)
            return
        try:
            async for result in stream:
                yield _reply(result)
        finally:
            await stream.aclose()  # type: ignore[attr-defined]

    def _resolve(self, source: object, info: Info, **arguments: Any) -> Any:
        if info.field_name == "_entities":
            return [self._entity(given) for given in arguments["representations"]]
        definition = info.parent_type.fields[info.field_name].ast_node
        assert definition is not None
        seen = source if isinstance(source, Seen) else Seen({})
        value = self._value(seen, info, definition, arguments)
        return self._see(
            value, _field_set_of(definition, "provides") or _below(seen, info.field_name)
        )

    def _value(
        self,
        seen: Seen,
        info: Info,
        definition: FieldDefinitionNode,
        arguments: Mapping[str, Any],
    ) -> Any:
        name = info.field_name
        if _has(definition, "external") and not _is_key(name, self.keys[info.parent_type.name]):
            if name in seen.given:
                return seen.given[name]
            if _below(seen, name) is None:
                raise PoisonError(f"{self.name} does not resolve {info.parent_type.name}.{name}")
        required = _field_set_of(definition, "requires")
        row = seen.row
        if required is not None:
            missing = {node.name.value for node in _fields(required)} - set(seen.given)
            if missing:
                raise PoisonError(f"{info.parent_type.name}.{name} came without {sorted(missing)}")
            row = {**row, **seen.given}
        return _look_up(self.universe, row, info.parent_type.name, name, arguments)

    def _see(self, value: Any, provided: SelectionSetNode | None = None) -> Any:
        match value:
            case Ref():
                row = self.universe.rows.get(value)
                return None if row is None else Seen(row, provided=provided)
            case list():
                return [self._see(item, provided) for item in value]
            case Mapping() if "__typename" in value:
                return Seen(value, provided=provided)
            case _:
                return value

    def _entity(self, given: Row) -> Seen | None:
        type_name = given["__typename"]
        for key in self.keys[type_name]:
            names = [node.name.value for node in _fields(key)]
            if all(name in given for name in names):
                for row in self.universe.of_type(type_name):
                    if all(_matches(self.universe, row.get(n), given[n]) for n in names):
                        return Seen(row, given=given)
                return None
        raise PoisonError(f"{self.name} was sent a {type_name} without any of its keys")


@dataclass(slots=True)
class LocalClient:
    """The executor's port over in-process subgraphs; remembers what it was asked.

    `tamper` may replace an answer before the executor sees it; `down` names dead subgraphs; with
    a `gate` no answer comes before it is open, and `asked` tells that somebody waits. `late` says
    how many turns of the event loop an answer of a subgraph takes more than those of others.
    """

    subgraphs: Mapping[SubgraphName, Subgraph]
    requests: list[SubgraphRequest] = field(default_factory=list)
    down: set[str] = field(default_factory=set)
    tamper: Callable[[SubgraphRequest, SubgraphReply], SubgraphReply | Fault] | None = None
    gate: asyncio.Event | None = None
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    late: Mapping[str, int] = field(default_factory=dict)

    async def fetch(self, request: SubgraphRequest, /) -> SubgraphReply | Fault:
        self.requests.append(request)
        self.asked.set()
        await (self.gate.wait() if self.gate else asyncio.sleep(0))
        for _ in range(self.late.get(request.subgraph, 0)):
            await asyncio.sleep(0)
        if request.subgraph in self.down:
            return Fault(
                code="SUBREQUEST_CONNECTION_ERROR",
                message=f"subgraph {request.subgraph!r} is down",
                subgraph=request.subgraph,
            )
        reply = await self.subgraphs[request.subgraph].answer(request)
        return self.tamper(request, reply) if self.tamper else reply

    async def subscribe(self, request: SubgraphRequest, /) -> AsyncIterator[SubgraphReply | Fault]:
        self.requests.append(request)
        async for reply in self.subgraphs[request.subgraph].events(request):
            yield reply


def local_client(sdls: Mapping[str, str], universe: Universe) -> LocalClient:
    """A client over one in-process subgraph for each SDL."""
    return LocalClient(
        {SubgraphName(name): Subgraph.from_sdl(name, sdl, universe) for name, sdl in sdls.items()}
    )


def monolith(api_sdl: str, universe: Universe) -> GraphQLSchema:
    """The whole graph as one schema over the same universe: what every answer must equal."""
    schema = build_ast_schema(parse(api_sdl), assume_valid_sdl=True)

    def resolve(source: object, info: Info, **arguments: Any) -> Any:
        row = source if isinstance(source, Mapping) else {}
        value = _look_up(universe, row, info.parent_type.name, info.field_name, arguments)
        return _dereferenced(universe, value)

    _attach(schema, resolve, partial(_dereferenced, universe))
    return schema


def _attach(schema: GraphQLSchema, resolve: Resolver, see: Callable[[Any], Any]) -> None:
    for type_ in schema.type_map.values():
        if type_.name.startswith("__"):
            continue
        if isinstance(type_, GraphQLObjectType):
            for field_ in type_.fields.values():
                field_.resolve = resolve
        elif isinstance(type_, GraphQLInterfaceType | GraphQLUnionType):
            type_.resolve_type = _type_name
    events = schema.subscription_type
    for field_ in events.fields.values() if events else ():
        field_.subscribe = resolve
        field_.resolve = lambda event, _info, **_arguments: see(event)


def _type_name(value: Any, info: Info, _type: object) -> str:
    """The row's own type; an interface object where the subgraph was asked about one."""
    if isinstance(value, Seen):
        asked = value.given.get("__typename", "")
        if isinstance(info.schema.get_type(asked), GraphQLObjectType):
            return str(asked)
        return str(value.row["__typename"])
    return str(value["__typename"])


def _look_up(
    universe: Universe, row: Row, type_name: str, name: str, arguments: Mapping[str, Any]
) -> Any:
    for candidate in (row.get("__typename"), type_name):
        resolver = universe.resolvers.get(f"{candidate}.{name}")
        if resolver is not None:
            return resolver(row, **arguments)
    return row.get(name)


def _dereferenced(universe: Universe, value: Any) -> Any:
    match value:
        case Ref():
            return universe.rows.get(value)
        case list():
            return [_dereferenced(universe, item) for item in value]
        case _:
            return value


def _matches(universe: Universe, have: Any, sent: Any) -> bool:
    have = _dereferenced(universe, have)
    match have, sent:
        case Mapping(), Mapping():
            return all(
                name == "__typename" or _matches(universe, have.get(name), value)
                for name, value in sent.items()
            )
        case list(), list():
            return len(have) == len(sent) and all(map(partial(_matches, universe), have, sent))
        case _:
            return bool(have == sent)


def _reply(result: ExecutionResult) -> SubgraphReply:
    return SubgraphReply(
        data=result.data,
        errors=tuple(dict(error.formatted) for error in result.errors or ()),
        extensions={},
    )


def _as_definition(node: ast.DefinitionNode, document: DocumentNode) -> ast.DefinitionNode:
    """`extend type X` without a `type X` is how federation 1 refers to another subgraph's type."""
    if not isinstance(node, ObjectTypeExtensionNode | InterfaceTypeExtensionNode):
        return node
    kind = _BASES[type(node)]
    for other in document.definitions:
        if isinstance(other, kind) and other.name.value == node.name.value:
            return node
    return kind(
        name=node.name, directives=node.directives, interfaces=node.interfaces, fields=node.fields
    )


def _with_entities(
    definitions: Sequence[ast.DefinitionNode], entities: Sequence[str]
) -> list[ast.DefinitionNode]:
    if not entities:
        return list(definitions)
    union = f"union _Entity = {' | '.join(entities)}"
    entry = "_entities(representations: [_Any!]!): [_Entity]!"
    has_query = any(
        isinstance(node, ObjectTypeDefinitionNode) and node.name.value == "Query"
        for node in definitions
    )
    query = f"{'extend ' if has_query else ''}type Query {{ {entry} }}"
    return [*definitions, *parse(f"{union} {query}").definitions]


def _key_sets(directives: Sequence[DirectiveNode] | None) -> list[SelectionSetNode]:
    return [_fields_argument(node) for node in directives or () if node.name.value == "key"]


def _fields_argument(directive: DirectiveNode) -> SelectionSetNode:
    value = next(arg.value for arg in directive.arguments or () if arg.name.value == "fields")
    assert isinstance(value, StringValueNode)
    return _selection_set(f"{{ {value.value} }}")


def _selection_set(text: str) -> SelectionSetNode:
    operation = parse(text).definitions[0]
    assert isinstance(operation, ast.OperationDefinitionNode)
    return operation.selection_set


def _has(node: FieldDefinitionNode, directive: str) -> bool:
    return any(found.name.value == directive for found in node.directives or ())


def _field_set_of(node: FieldDefinitionNode, directive: str) -> SelectionSetNode | None:
    for found in node.directives or ():
        if found.name.value == directive:
            return _fields_argument(found)
    return None


def _fields(selection_set: SelectionSetNode) -> list[FieldNode]:
    found: list[FieldNode] = []
    for node in selection_set.selections:
        if isinstance(node, FieldNode):
            found.append(node)
        elif isinstance(node, InlineFragmentNode):
            found.extend(_fields(node.selection_set))
    return found


def _below(seen: Seen, name: str) -> SelectionSetNode | None:
    """What `@provides` says about a field here; an empty set where it is a provided leaf."""
    if seen.provided is None:
        return None
    for node in _fields(seen.provided):
        if node.name.value == name:
            return node.selection_set or SelectionSetNode(selections=())
    return None


def _is_key(name: str, keys: Sequence[SelectionSetNode]) -> bool:
    return any(node.name.value == name for key in keys for node in _fields(key))
