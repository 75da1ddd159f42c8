"""Is the SDL of a subgraph a valid GraphQL schema, federation's directives taken as defined?"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final

from graphql import (
    DefinitionNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    EnumTypeExtensionNode,
    GraphQLError,
    InputObjectTypeDefinitionNode,
    InputObjectTypeExtensionNode,
    InterfaceTypeDefinitionNode,
    InterfaceTypeExtensionNode,
    NamedTypeNode,
    NameNode,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    OperationType,
    OperationTypeDefinitionNode,
    ScalarTypeDefinitionNode,
    ScalarTypeExtensionNode,
    SchemaDefinitionNode,
    UnionTypeDefinitionNode,
    UnionTypeExtensionNode,
    build_ast_schema,
    parse,
    validate_schema,
)
from graphql.validation.validate import validate_sdl

from gateway.composition.findings import ErrorCode, Findings, Place
from gateway.composition.reading.document import EXTENSIONS, Sorted, TypeNodes
from gateway.composition.reading.known_directives import DIRECTIVES, LINK_SIGNATURE
from gateway.composition.reading.links import Links
from gateway.composition.reading.values import ill_values
from gateway.spec.names import LINK, SubgraphName

_BASE: Final[Mapping[type[DefinitionNode], type[DefinitionNode]]] = {
    ObjectTypeExtensionNode: ObjectTypeDefinitionNode,
    InterfaceTypeExtensionNode: InterfaceTypeDefinitionNode,
    InputObjectTypeExtensionNode: InputObjectTypeDefinitionNode,
    EnumTypeExtensionNode: EnumTypeDefinitionNode,
    UnionTypeExtensionNode: UnionTypeDefinitionNode,
    ScalarTypeExtensionNode: ScalarTypeDefinitionNode,
}
_EDITS: Final = tuple(
    (re.compile(pattern), advice)
    for pattern, advice in (
        (r"^Unknown type '(\w+)'", r"define \1 in this subgraph, or correct the name"),
        (r"^Unknown directive '(@\w+)'", r"define directive \1 here, or remove it"),
        (r"^Unknown argument '(\w+)' on directive '(@\w+)'", r"remove \1 from \2"),
        (r"^Interface field (\w+)\.(\w+) expected but (\w+) ", r"add \2 to \3, as \1 has it"),
        (r"^Interface field (\w+)\.(\w+) expects type (\S+) but", r"give it the type \3"),
        (r"must define one or more fields", "give the type a field, or remove it"),
        (r"^There can be only one type named '(\w+)'", r"write extend before the second type \1"),
        (r"^Field '(\w+)\.(\w+)' (already exists|can only)", r"remove one of the two \2 of \1"),
        (r"can only include type", "name each member once"),
        (r"is required(,| but)", "give the directive that argument"),
        (r"has invalid default value", "give a default of the argument's type, or none"),
        (r"does not fit it\.$", "give the directive a value of that type"),
        (r"may not be used on", "remove the directive, or move it to where it may stand"),
    )
)
"""What to do about GraphQL's own messages, the most frequent ones first."""
_STAND_IN: Final = "type Query { _: Boolean }"
"""A subgraph needs no query of its own; a GraphQL schema does."""


def check(found: Sorted, links: Links, subgraph: SubgraphName, findings: Findings) -> bool:
    """Report everything that GraphQL itself refuses; False where there was anything."""
    document = _complete(found, links)
    faults: Sequence[GraphQLError] = validate_sdl(document)
    if not faults:
        try:
            schema = build_ast_schema(document, assume_valid_sdl=True)
            faults = [*validate_schema(schema), *ill_values(document, schema)]
        except (GraphQLError, TypeError) as error:
            faults = [error if isinstance(error, GraphQLError) else GraphQLError(str(error))]
    for fault in faults:
        findings.error(
            ErrorCode.INVALID_GRAPHQL,
            f"[{subgraph}] {fault.message}",
            _places(fault, subgraph),
            advice=_advice(fault.message, links),
        )
    return not faults


def _complete(found: Sorted, links: Links) -> DocumentNode:
    definitions: list[DefinitionNode] = [*found.directives.values(), *_spec_definitions(links)]
    for nodes in found.types.values():
        definitions.extend(_with_base(nodes))
    roots = _played(found)
    if "query" not in roots and "Query" not in found.types:
        definitions.extend(parse(_STAND_IN, no_location=True).definitions)
        roots["query"] = "Query"
    definitions.append(
        SchemaDefinitionNode(
            operation_types=tuple(
                OperationTypeDefinitionNode(
                    operation=OperationType(operation),
                    type=NamedTypeNode(name=NameNode(value=name)),
                )
                for operation, name in roots.items()
            )
        )
    )
    return DocumentNode(definitions=tuple(definitions))


def _played(found: Sorted) -> dict[str, str]:
    wanted = {each.value: each.value.capitalize() for each in OperationType} | dict(found.roots)
    return {
        operation: name
        for operation, name in wanted.items()
        if name in found.types or (operation in found.roots and operation != "query")
    }


def _with_base(nodes: Sequence[TypeNodes]) -> Iterator[DefinitionNode]:
    if not all(isinstance(node, EXTENSIONS) for node in nodes):
        yield from nodes
        return
    first, *rest = nodes
    given = {key: getattr(first, key) for key in first.keys if hasattr(first, key)}
    yield _BASE[type(first)](**given)
    yield from rest


def _spec_definitions(links: Links) -> Iterable[DefinitionNode]:
    lines = [f"directive @{LINK}{LINK_SIGNATURE}", "scalar link__Import", "scalar link__Purpose"]
    for canonical, spelled in links.spelled.items():
        signature = DIRECTIVES[canonical].signature.format(**links.types)
        lines.append(f"directive @{spelled}{signature}")
    lines.extend(f"scalar {name}" for name in links.types.values())
    return _parsed("\n".join(lines))


@lru_cache(maxsize=64)
def _parsed(sdl: str) -> tuple[DefinitionNode, ...]:
    """Subgraphs of one team spell federation alike, so the text is nearly always the same."""
    return tuple(parse(sdl, no_location=True).definitions)


def _places(fault: GraphQLError, subgraph: SubgraphName) -> list[Place]:
    return [
        Place(subgraph=subgraph, line=node.loc.start_token.line, column=node.loc.start_token.column)
        for node in fault.nodes or ()
        if node.loc is not None
    ]


def _advice(message: str, links: Links) -> str:
    for canonical in DIRECTIVES:
        if message == f"Unknown directive '@{canonical}'.":
            spelled = links.spelled.get(canonical)
            since = "{}.{}".format(*DIRECTIVES[canonical].since)
            if spelled is None:
                return f"link federation v{since} or newer and import @{canonical}"
            return f'add "@{canonical}" to the import list of @link, or write @{spelled}'
    for pattern, advice in _EDITS:
        found = pattern.search(message)
        if found:
            return found.expand(advice)
    return "correct the SDL at this place"
