"""Reads all subgraphs of one composition; each fault names its subgraph and its place."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from graphql import DocumentNode, ExecutableDefinitionNode, GraphQLSyntaxError, parse

from gateway.composition import type_ref
from gateway.composition.findings import ErrorCode, Findings, Place
from gateway.composition.model import ComposedDirective, Kind, LinkedSpec, Subgraph, TypeDef
from gateway.composition.reading import validity
from gateway.composition.reading.build import Builder
from gateway.composition.reading.document import Sorted, sort_definitions
from gateway.composition.reading.known_directives import LEGACY
from gateway.composition.reading.legacy import upgrade
from gateway.composition.reading.links import (
    Link,
    Links,
    place_of,
    read_links,
    schema_directives,
    text_argument,
)
from gateway.composition.reading.marks import mark
from gateway.composition.reading.own_copies import check_own_copies
from gateway.composition.source import SubgraphSource
from gateway.spec import names
from gateway.spec.names import GraphEnumName, SubgraphName

MAX_TOKENS: Final = 2_000_000
_ROOT_CODES: Final[Mapping[str, ErrorCode]] = {
    "Query": ErrorCode.ROOT_QUERY_USED,
    "Mutation": ErrorCode.ROOT_MUTATION_USED,
    "Subscription": ErrorCode.ROOT_SUBSCRIPTION_USED,
}


def read_subgraphs(sources: Sequence[SubgraphSource], findings: Findings) -> list[Subgraph]:
    """Read, upgrade and mark all subgraphs, in order of name; incomplete if there were errors."""
    ordered = sorted(sources, key=lambda source: source.name)
    graphs = graph_names([source.name for source in ordered])
    read = [
        subgraph
        for source in ordered
        if (subgraph := _read_one(source, graphs[source.name], findings)) is not None
    ]
    marked = [replace(each, types=mark(each.types)) for each in read]
    if not findings.errors and any(each.federation == LEGACY for each in marked):
        check_bases(marked, findings)
    return [
        _upgraded(each, [other for other in marked if other is not each], findings)
        for each in marked
    ]


def check_bases(subgraphs: Sequence[Subgraph], findings: Findings) -> None:
    """Said of the SDL as written: upgrading federation 1 makes every extension a definition."""
    for name in sorted({name for each in subgraphs for name in each.types}):
        found = [s.types[name] for s in subgraphs if name in s.types]
        if name in names.ROOT_TYPES or not all(each.extension for each in found):
            continue
        places = [each.place for each in found]
        where = ", ".join(place.subgraph for place in places)
        findings.error(
            ErrorCode.EXTENSION_WITH_NO_BASE,
            f"{name} is only extended, in {where}",
            places,
            advice=f"define {name} without extend in the subgraph that owns it",
        )


def graph_names(found: Iterable[SubgraphName]) -> dict[SubgraphName, GraphEnumName]:
    """Enum values of `join__Graph`: upper case, unlike each other, never ending in `_1`."""
    taken: set[str] = set()
    graphs: dict[SubgraphName, GraphEnumName] = {}
    for name in found:
        base = re.sub(r"[^A-Za-z0-9_]", "_", name).upper()
        if base[:1].isdigit():
            base = f"_{base}"
        if re.search(r"_\d+$", base):
            base = f"{base}_"
        chosen, number = base, 1
        while chosen in taken:
            chosen, number = f"{base}_{number}", number + 1
        taken.add(chosen)
        graphs[name] = GraphEnumName(chosen)
    return graphs


def _upgraded(each: Subgraph, others: Sequence[Subgraph], findings: Findings) -> Subgraph:
    if each.federation != LEGACY:
        return each
    upgraded = upgrade(each, others)
    for name in sorted(set(each.types) - set(upgraded.types)):
        if _is_referenced(upgraded, name):
            findings.error(
                ErrorCode.TYPE_WITH_ONLY_UNUSED_EXTERNAL,
                f"[{each.name}] {name} has only @external fields, and nothing here uses one",
                [each.types[name].place],
                advice=f"remove {name} here, or let this subgraph resolve a field of it",
            )
    return replace(upgraded, types=mark(upgraded.types))


def _is_referenced(subgraph: Subgraph, name: str) -> bool:
    return any(type_ref.named(field.type) == name for _, field in subgraph.output_fields()) or any(
        name in each.members for each in subgraph.types.values()
    )


def _read_one(source: SubgraphSource, graph: GraphEnumName, findings: Findings) -> Subgraph | None:
    start = Place(subgraph=source.name, line=1, column=1)
    if source.name in {"", "_"}:
        findings.error(
            ErrorCode.INVALID_SUBGRAPH_NAME,
            f"{source.name!r} can't name a subgraph",
            advice="give it a name of letters, digits, - or _",
        )
        return None
    document = _parse(source, start, findings)
    links = read_links(document, source.name, findings) if document is not None else None
    if document is None or links is None:
        return None
    before = len(findings.errors)
    check_own_copies(document, links, source.name, findings)
    found = sort_definitions(document, links)
    renames = _root_renames(found, source.name, start, findings)
    if not validity.check(found, links, source.name, findings):
        return None
    builder = Builder(source.name, links, renames, findings)
    types = (builder.type(name, nodes) for name, nodes in found.types.items())
    subgraph = Subgraph(
        name=source.name,
        graph=graph,
        url=source.url,
        federation=links.federation,
        types=_with_query({each.name: each for each in types}, start),
        directives={name: builder.directive(node) for name, node in found.directives.items()},
        composed=_composed(document, links, found, source.name, findings),
        linked=tuple(
            LinkedSpec(identity=link.identity, version=link.version, place=link.place)
            for link in links.others
        ),
        spelled=links.spelled,
        place=start,
    )
    return subgraph if len(findings.errors) == before else None


def _with_query(types: dict[str, TypeDef], place: Place) -> dict[str, TypeDef]:
    """Every subgraph has a query root, if only to look up entities."""
    if "Query" in types:
        return types
    empty = TypeDef(
        name="Query",
        kind=Kind.OBJECT,
        description=None,
        applied=(),
        place=place,
        extension=True,
        fields={},
        inputs={},
        values={},
    )
    return {**types, empty.name: empty}


def _parse(source: SubgraphSource, start: Place, findings: Findings) -> DocumentNode | None:
    try:
        document = parse(source.sdl, max_tokens=MAX_TOKENS)
        foreign = [d for d in document.definitions if isinstance(d, ExecutableDefinitionNode)]
        if not foreign:
            return document
        place = place_of(foreign[0], source.name)
        message = "an operation or fragment stands among the definitions"
    except GraphQLSyntaxError as error:
        at = next(iter(error.locations or ()), None)
        place = replace(start, line=at.line, column=at.column) if at else start
        message = error.message
    except RecursionError:
        place, message = start, "nested too deeply"
    findings.error(
        ErrorCode.INVALID_GRAPHQL,
        f"[{source.name}] {message}",
        [place],
        advice="correct the text at or just before this place; it must be GraphQL schema text",
    )
    return None


def _root_renames(
    found: Sorted, subgraph: SubgraphName, start: Place, findings: Findings
) -> dict[str, str]:
    renames: dict[str, str] = {}
    for operation, name in found.roots.items():
        standard = operation.capitalize()
        if name == standard:
            continue
        renames[name] = standard
        if standard in found.types:
            findings.error(
                _ROOT_CODES[standard],
                f"[{subgraph}] {name} is the {operation} root, so {standard} can't be another type",
                [place_of(found.types[standard][0], subgraph), start],
                advice=f"rename the type {standard}, or make it the {operation} root",
            )
    return renames


def _composed(
    document: DocumentNode,
    links: Links,
    found: Sorted,
    subgraph: SubgraphName,
    findings: Findings,
) -> tuple[ComposedDirective, ...]:
    spelled = links.spelled.get(names.COMPOSE_DIRECTIVE)
    composed: list[ComposedDirective] = []
    for node in schema_directives(document):
        if spelled is None or node.name.value != spelled:
            continue
        place = place_of(node, subgraph)
        name = text_argument(node, "name") or ""
        fault = _compose_fault(name, links, found)
        link = _link_of(name.removeprefix("@"), links.others)
        if fault or link is None:
            findings.error(
                ErrorCode.DIRECTIVE_COMPOSITION_ERROR,
                f"[{subgraph}] @composeDirective(name: {name!r}): "
                + (fault or "no @link brings this directive"),
                [place],
                advice='link its spec: @link(url: "https://host/name/v0.1", import: ["@name"])',
            )
            continue
        composed.append(
            ComposedDirective(
                name=name.removeprefix("@"), url=link.url, version=link.version, place=place
            )
        )
    return tuple(composed)


def _compose_fault(name: str, links: Links, found: Sorted) -> str:
    if not name.startswith("@"):
        return "the name must begin with @"
    bare = name.removeprefix("@")
    if bare in links.spelled.values():
        return "federation composes its own directives without being asked"
    if bare not in found.directives:
        return "no such directive is defined here"
    return ""


def _link_of(spelled: str, links: Sequence[Link]) -> Link | None:
    for link in links:
        if f"@{spelled}" in link.imports.values():
            return link
        if spelled == link.alias or spelled.startswith(f"{link.alias}__"):
            return link
    return None
