"""A subgraph may define federation's own directives and types itself, if it defines the same.

Laws: places may be fewer and null refused where federation allows it; a scalar of the spec may be
copied as a built-in one, since old libraries print it so; federation 1 never checked its field
sets, so neither do we there.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final, cast

from graphql import (
    DirectiveDefinitionNode,
    DocumentNode,
    InputValueDefinitionNode,
    ListTypeNode,
    NamedTypeNode,
    NonNullTypeNode,
    ScalarTypeDefinitionNode,
    ScalarTypeExtensionNode,
    TypeNode,
    parse,
    print_ast,
)

from gateway.composition.findings import ErrorCode, Findings
from gateway.composition.reading.document import is_type
from gateway.composition.reading.known_directives import DIRECTIVES, LEGACY
from gateway.composition.reading.links import Links, place_of
from gateway.spec import names
from gateway.spec.names import SubgraphName

_LEGACY_UNCHECKED: Final = frozenset({names.KEY, names.REQUIRES, names.PROVIDES})


def check_own_copies(
    document: DocumentNode, links: Links, subgraph: SubgraphName, findings: Findings
) -> None:
    """Report every definition of federation's that says something else than federation does."""
    scalars = frozenset(links.types.values())
    for node in document.definitions:
        if isinstance(node, DirectiveDefinitionNode):
            _check_directive(node, links, subgraph, findings)
        elif (
            is_type(node)
            and node.name.value in scalars
            and not isinstance(node, ScalarTypeDefinitionNode | ScalarTypeExtensionNode)
        ):
            findings.error(
                ErrorCode.TYPE_DEFINITION_INVALID,
                f"[{subgraph}] {node.name.value} is federation's, and no scalar here",
                [place_of(node, subgraph)],
                advice=f"remove the definition, or write: scalar {node.name.value}",
            )


def _check_directive(
    node: DirectiveDefinitionNode, links: Links, subgraph: SubgraphName, findings: Findings
) -> None:
    spelled = node.name.value
    name = links.canonical().get(spelled)
    if name is None or (links.federation == LEGACY and name in _LEGACY_UNCHECKED):
        return
    wanted = _definition(spelled, name, tuple(sorted(links.types.items())))
    for fault in _faults(wanted, node, frozenset(links.types.values())):
        findings.error(
            ErrorCode.DIRECTIVE_DEFINITION_INVALID,
            f"[{subgraph}] @{spelled} is federation's and defined otherwise: {fault}",
            [place_of(node, subgraph)],
            advice=f"remove the definition, or write: {_bare(wanted)}",
        )


@lru_cache(maxsize=256)
def _definition(
    spelled: str, canonical: str, types: tuple[tuple[str, str], ...]
) -> DirectiveDefinitionNode:
    signature = DIRECTIVES[canonical].signature.format(**dict(types))
    (node,) = parse(f"directive @{spelled}{signature}", no_location=True).definitions
    return cast(DirectiveDefinitionNode, node)


def _bare(node: DirectiveDefinitionNode) -> str:
    return " ".join(print_ast(node).split())


def _faults(
    wanted: DirectiveDefinitionNode, given: DirectiveDefinitionNode, scalars: frozenset[str]
) -> Iterator[str]:
    if given.repeatable and not wanted.repeatable:
        yield "it is not repeatable"
    allowed = {location.value for location in wanted.locations}
    extra = [each.value for each in given.locations if each.value not in allowed]
    if extra:
        yield f"it can't stand on {', '.join(extra)}"
    theirs, ours = _arguments(wanted), _arguments(given)
    for name in ours:
        if name not in theirs:
            yield f"it has no argument {name}"
    for name, argument in theirs.items():
        copy = ours.get(name)
        if copy is not None:
            yield from _argument_faults(argument, copy, scalars)
        elif isinstance(argument.type, NonNullTypeNode) and argument.default_value is None:
            yield f"its argument {name} is missing"


def _arguments(node: DirectiveDefinitionNode) -> Mapping[str, InputValueDefinitionNode]:
    return {each.name.value: each for each in node.arguments or ()}


def _argument_faults(
    wanted: InputValueDefinitionNode, given: InputValueDefinitionNode, scalars: frozenset[str]
) -> Iterator[str]:
    copy = given.type
    if isinstance(copy, NonNullTypeNode) and not isinstance(wanted.type, NonNullTypeNode):
        copy = copy.type
    if not _same(wanted.type, copy, scalars):
        yield f"its argument {given.name.value} is of type {print_ast(wanted.type)}"
    elif not isinstance(given.type, NonNullTypeNode) and _default(wanted) != _default(given):
        yield f"its argument {given.name.value} defaults to {_default(wanted)}"


def _default(node: InputValueDefinitionNode) -> str:
    return print_ast(node.default_value) if node.default_value is not None else "nothing"


def _same(wanted: TypeNode, given: TypeNode, scalars: frozenset[str]) -> bool:
    match wanted, given:
        case NonNullTypeNode(type=mine), NonNullTypeNode(type=theirs):
            return _same(mine, theirs, scalars)
        case ListTypeNode(type=mine), ListTypeNode(type=theirs):
            return _same(mine, theirs, scalars)
        case NamedTypeNode(), NamedTypeNode():
            if wanted.name.value == given.name.value:
                return True
            return wanted.name.value in scalars and given.name.value in names.BUILT_IN_SCALARS
        case _:
            return False
