"""Supergraph SDL (join v0.1 to v0.5) to the frozen model.

Laws: the text is parsed, never searched; whatever it says about a subgraph that it does not list
is an error; a type or field without join directives follows the rule of its join version: from
v0.2 on a field without @join__field is in every subgraph that has the type, in v0.1 it belongs to
the type's owner, or to everybody where the type has none.
"""

from collections.abc import Mapping
from typing import Final

from graphql import (
    DirectiveNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    GraphQLError,
    OperationTypeDefinitionNode,
    SchemaDefinitionNode,
    TypeDefinitionNode,
    parse,
)

from gateway.errors import BadSupergraph
from gateway.spec.names import SubgraphName, TypeName
from gateway.supergraph.arguments import arguments_of, named, text_of
from gateway.supergraph.definitions import DefinitionReader
from gateway.supergraph.features import UNDERSTOOD, Features, read_features
from gateway.supergraph.model import RootKind, Subgraph, Supergraph

MAX_TOKENS: Final = 2_000_000


def read_supergraph(sdl: str, *, understood: frozenset[str] = frozenset()) -> Supergraph:
    """Read a supergraph. `understood` names further features (by identity) the caller enforces.

    Raises BadSupergraph, or UnsupportedFeature for a feature it must know and does not.
    """
    document = _parsed(sdl)
    features = read_features(document, UNDERSTOOD | understood)
    graphs = _graphs(document, features)
    definitions = [node for node in document.definitions if isinstance(node, TypeDefinitionNode)]
    reader = DefinitionReader(
        features=features, graphs={code: graph.name for code, graph in graphs.items()}
    )
    types = {
        TypeName(node.name.value): reader.read(node)
        for node in definitions
        if not _is_machinery(node.name.value, features)
    }
    return Supergraph(
        subgraphs={graph.name: graph for graph in graphs.values()},
        types=types,
        roots=_roots(document, types),
        document=document,
    )


def _parsed(sdl: str) -> DocumentNode:
    try:
        return parse(sdl, no_location=True, max_tokens=MAX_TOKENS)
    except GraphQLError as error:
        raise BadSupergraph(f"the supergraph is not GraphQL: {error.message}") from None
    except RecursionError:
        raise BadSupergraph("the supergraph nests too deeply to be read") from None


def _is_machinery(name: str, features: Features) -> bool:
    return any(
        name.startswith(f"{feature.name}__") or name in feature.imports.values()
        for feature in features.by_identity.values()
    )


def _graphs(document: DocumentNode, features: Features) -> Mapping[str, Subgraph]:
    enum_name = features.join.local("Graph")
    for node in document.definitions:
        if isinstance(node, EnumTypeDefinitionNode) and node.name.value == enum_name:
            graphs = {
                value.name.value: _graph(value.directives or (), features, value.name.value)
                for value in node.values or ()
            }
            if graphs:
                return graphs
    raise BadSupergraph(f"the supergraph names no subgraphs: it has no enum {enum_name}")


def _graph(directives: tuple[DirectiveNode, ...], features: Features, code: str) -> Subgraph:
    for directive in named(directives, features.join.local("graph")):
        arguments = arguments_of(directive)
        name = text_of(arguments.get("name")) or code
        return Subgraph(name=SubgraphName(name), url=text_of(arguments.get("url")) or "")
    return Subgraph(name=SubgraphName(code), url="")


def _roots(document: DocumentNode, types: Mapping[TypeName, object]) -> dict[RootKind, TypeName]:
    named_roots: list[OperationTypeDefinitionNode] = [
        operation
        for node in document.definitions
        if isinstance(node, SchemaDefinitionNode)
        for operation in node.operation_types
    ]
    roots: dict[RootKind, TypeName] = {
        operation.operation.value: TypeName(operation.type.name.value) for operation in named_roots
    }
    if "query" not in roots or roots["query"] not in types:
        raise BadSupergraph("the supergraph has no query type")
    return roots
