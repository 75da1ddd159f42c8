"""Directive definitions of the supergraph: executable ones that all share, and composed ones.

A composed directive takes its definition from the subgraph that links its newest version.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from gateway.composition.findings import ErrorCode, HintCode
from gateway.composition.merged import MergedInput, SpecLink
from gateway.composition.merging.context import Merge, listed
from gateway.composition.merging.inputs import merge_arguments
from gateway.composition.model import (
    Applied,
    ArgumentDef,
    ComposedDirective,
    DirectiveDef,
    LinkedSpec,
    Subgraph,
    has,
)
from gateway.composition.sdl_text import print_description, print_input
from gateway.spec import names

EXECUTABLE: Final = frozenset(
    {
        "QUERY",
        "MUTATION",
        "SUBSCRIPTION",
        "FIELD",
        "FRAGMENT_DEFINITION",
        "FRAGMENT_SPREAD",
        "INLINE_FRAGMENT",
        "VARIABLE_DEFINITION",
    }
)


def executable_definitions(merge: Merge) -> list[str]:
    found = sorted({name for each in merge.subgraphs for name in each.directives})
    return [text for name in found if (text := _executable(merge, name))]


def _executable(merge: Merge, name: str) -> str:
    having = [
        (each, each.directives[name])
        for each in merge.subgraphs
        if name in each.directives and EXECUTABLE.intersection(each.directives[name].locations)
    ]
    if not having or f"@{name}" in merge.composed:
        return ""
    places = [definition.place for _, definition in having]
    missing = [each.name for each in merge.subgraphs if all(each is not s for s, _ in having)]
    if missing:
        merge.findings.hint(
            HintCode.INCONSISTENT_EXECUTABLE_DIRECTIVE_PRESENCE,
            f"@{name} is left out of the supergraph: {listed(missing)} does not define it",
            places,
        )
        return ""
    locations = [
        location
        for location in having[0][1].locations
        if location in EXECUTABLE and all(location in d.locations for _, d in having)
    ]
    if not locations:
        merge.findings.hint(
            HintCode.NO_EXECUTABLE_DIRECTIVE_INTERSECTION,
            f"@{name} is left out of the supergraph: no location is common to all subgraphs",
            places,
        )
        return ""
    _hint_differences(merge, name, having)
    arguments = merge_arguments(merge, f"@{name}", [(s, d.arguments, d.place) for s, d in having])
    repeatable = all(d.repeatable for _, d in having)
    return _print(name, arguments, locations, repeatable, having[0][1].description)


def _hint_differences(
    merge: Merge, name: str, having: Sequence[tuple[Subgraph, DirectiveDef]]
) -> None:
    places = [definition.place for _, definition in having]
    if len({EXECUTABLE.intersection(d.locations) for _, d in having}) > 1:
        merge.findings.hint(
            HintCode.INCONSISTENT_EXECUTABLE_DIRECTIVE_LOCATIONS,
            f"@{name} may stand in other places in other subgraphs; the common ones are kept",
            places,
        )
    if len({d.repeatable for _, d in having}) > 1:
        merge.findings.hint(
            HintCode.INCONSISTENT_EXECUTABLE_DIRECTIVE_REPEATABLE,
            f"@{name} is repeatable in some subgraphs only; it is not in the supergraph",
            places,
        )


def composed_definitions(merge: Merge) -> tuple[list[str], list[SpecLink]]:
    """Definitions and links of the directives that `@composeDirective` asked for."""
    asked: dict[str, list[tuple[Subgraph, ComposedDirective]]] = {}
    for subgraph in merge.subgraphs:
        for each in subgraph.composed:
            asked.setdefault(each.name, []).append((subgraph, each))
    texts: list[str] = []
    imports: dict[str, list[str]] = {}
    for name in sorted(asked):
        chosen = _newest(merge, name, asked[name])
        if chosen is None:
            continue
        subgraph, composed = chosen
        definition = subgraph.directives[name]
        _refuse_hidden_arguments(merge, name, definition)
        texts.append(
            _print(
                name,
                {key: _as_merged(a) for key, a in definition.arguments.items()},
                definition.locations,
                definition.repeatable,
                definition.description,
            )
        )
        imports.setdefault(composed.url, []).append(f"@{name}")
        _hint_losses(merge, name, asked[name])
    return texts, [SpecLink(url=url, imports=tuple(imports[url])) for url in sorted(imports)]


def hint_specs_apart(merge: Merge) -> None:
    """Specs that nobody composes, linked in versions that do not go together."""
    linked: dict[str, list[tuple[Subgraph, LinkedSpec]]] = {}
    for subgraph in merge.subgraphs:
        for each in subgraph.linked:
            linked.setdefault(each.identity, []).append((subgraph, each))
    composed = {each.url.rsplit("/v", 1)[0] for s in merge.subgraphs for each in s.composed}
    for identity in sorted(set(linked) - composed):
        found = linked[identity]
        if len({each.version[0] for _, each in found}) > 1:
            shown = ", ".join(f"{s.name}: v{e.version[0]}.{e.version[1]}" for s, e in found)
            merge.findings.hint(
                HintCode.DIRECTIVE_COMPOSITION_INFO,
                f"{identity} is linked in versions that do not go together ({shown})",
                [each.place for _, each in found],
            )


def _refuse_hidden_arguments(merge: Merge, name: str, definition: DirectiveDef) -> None:
    for argument in definition.arguments.values():
        if has(argument.applied, names.INACCESSIBLE):
            merge.findings.error(
                ErrorCode.DISALLOWED_INACCESSIBLE,
                f"@{name}({argument.name}:) is @inaccessible, and schemas use the directive",
                [argument.place],
                advice="remove @inaccessible there",
            )


def _newest(
    merge: Merge, name: str, asked: Sequence[tuple[Subgraph, ComposedDirective]]
) -> tuple[Subgraph, ComposedDirective] | None:
    identities = {each.url.rsplit("/v", 1)[0] for _, each in asked}
    majors = {each.version[0] for _, each in asked}
    if len(identities) > 1 or len(majors) > 1:
        shown = ", ".join(f"{s.name}: {each.url}" for s, each in asked)
        merge.findings.error(
            ErrorCode.DIRECTIVE_COMPOSITION_ERROR,
            f"@{name} comes from specs that can't be one ({shown})",
            [each.place for _, each in asked],
            advice="link the same spec with the same major version in all subgraphs",
        )
        return None
    return max(asked, key=lambda pair: pair[1].version)


def _hint_losses(
    merge: Merge, name: str, asked: Sequence[tuple[Subgraph, ComposedDirective]]
) -> None:
    composing = {subgraph.name for subgraph, _ in asked}
    for subgraph in merge.subgraphs:
        if subgraph.name in composing:
            continue
        lost = next((a for a in _all_applied(subgraph) if a.name == f"@{name}"), None)
        if lost is not None:
            merge.findings.hint(
                HintCode.DIRECTIVE_NOT_COMPOSED_EVERYWHERE,
                f"[{subgraph.name}] uses @{name} without @composeDirective, so it is lost here",
                [lost.place],
            )
    shapes = {
        tuple((a.name, a.type, a.default) for a in s.directives[name].arguments.values())
        for s, _ in asked
        if name in s.directives
    }
    if len(shapes) > 1:
        merge.findings.hint(
            HintCode.DIRECTIVE_COMPOSITION_WARN,
            f"@{name} has other arguments in other subgraphs; the newest definition is kept",
            [each.place for _, each in asked],
        )


def _all_applied(subgraph: Subgraph) -> Iterator[Applied]:
    for each in subgraph.types.values():
        yield from each.applied
        for value in each.values.values():
            yield from value.applied
        for given in each.inputs.values():
            yield from given.applied
        for field in each.fields.values():
            yield from field.applied
            for argument in field.arguments.values():
                yield from argument.applied


def _as_merged(given: ArgumentDef) -> MergedInput:
    return MergedInput(
        name=given.name,
        type=given.type,
        default=given.default,
        description=given.description,
        directives=(),
    )


def _print(
    name: str,
    arguments: Mapping[str, MergedInput],
    locations: Sequence[str],
    repeatable: bool,
    description: str | None,
) -> str:
    given = ", ".join(print_input(each) for each in arguments.values())
    head = f"directive @{name}" + (f"({given})" if given else "")
    tail = (" repeatable" if repeatable else "") + " on " + " | ".join(locations)
    return f"{print_description(description)}{head}{tail}"
