"""Subgraphs -> supergraph. Faults are collected; the result counts only where there were none."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from gateway.composition.findings import ErrorCode, Findings
from gateway.composition.merged import MergedType, SpecLink, Supergraph
from gateway.composition.merging.applied import carries
from gateway.composition.merging.context import Merge, open_merge
from gateway.composition.merging.definitions import (
    composed_definitions,
    executable_definitions,
    hint_specs_apart,
)
from gateway.composition.merging.interface_objects import spread_interface_objects
from gateway.composition.merging.overrides import find_overrides
from gateway.composition.merging.types import merge_types
from gateway.composition.model import Subgraph
from gateway.composition.reading.known_directives import DIRECTIVES
from gateway.spec import names

_SECURITY: Final = "SECURITY"
_SPECS: Final[Mapping[str, tuple[str, str | None, str | None]]] = {
    names.TAG: (f"{names.TAG_IDENTITY}/v0.3", None, None),
    names.INACCESSIBLE: (f"{names.INACCESSIBLE_IDENTITY}/v0.2", _SECURITY, None),
    names.AUTHENTICATED: (f"{names.AUTHENTICATED_IDENTITY}/v0.1", _SECURITY, None),
    names.REQUIRES_SCOPES: (
        f"{names.REQUIRES_SCOPES_IDENTITY}/v0.1",
        _SECURITY,
        "requiresScopes__Scope",
    ),
    names.POLICY: (f"{names.POLICY_IDENTITY}/v0.1", _SECURITY, "policy__Policy"),
    names.COST: (f"{names.COST_IDENTITY}/v0.1", None, None),
    names.LIST_SIZE: (f"{names.COST_IDENTITY}/v0.1", None, None),
    names.CONTEXT: (f"{names.CONTEXT_IDENTITY}/v0.1", _SECURITY, "context__ContextFieldValue"),
}
"""Where a directive that is used links to: URL, purpose, and the scalar it brings."""
_FROM_CONTEXT: Final = (
    "directive @context__fromContext(field: context__ContextFieldValue) on ARGUMENT_DEFINITION"
)


def merge_subgraphs(subgraphs: Sequence[Subgraph], findings: Findings) -> tuple[Supergraph, Merge]:
    overrides = find_overrides(subgraphs, findings)
    merge = open_merge(subgraphs, overrides, findings)
    _check_import_names(merge)
    types = spread_interface_objects(merge, merge_types(merge))
    if not types["Query"].fields:
        findings.error(
            ErrorCode.NO_QUERIES,
            "no subgraph has a query field",
            advice="at least one subgraph needs type Query with a field",
        )
    spec_texts, spec_links = _spec_definitions(_used_directives(types))
    composed_texts, composed_links = composed_definitions(merge)
    hint_specs_apart(merge)
    supergraph = Supergraph(
        graphs=tuple((each.graph, each.name, each.url) for each in subgraphs),
        types=types,
        definitions=(*spec_texts, *executable_definitions(merge), *composed_texts),
        links=(*spec_links, *composed_links),
    )
    return supergraph, merge


def _check_import_names(merge: Merge) -> None:
    """One directive has one name in the supergraph, so subgraphs must agree on it."""
    for name in _SPECS:
        spelled: dict[str, Subgraph] = {}
        for subgraph in merge.subgraphs:
            own = subgraph.spelled.get(name)
            if own is not None and "__" not in own:
                spelled.setdefault(own, subgraph)
        if len(spelled) > 1:
            shown = " and ".join(f"@{own} in {s.name}" for own, s in sorted(spelled.items()))
            merge.findings.error(
                ErrorCode.LINK_IMPORT_NAME_MISMATCH,
                f"@{name} is imported as {shown}",
                [each.place for each in spelled.values()],
                advice="import it by one name everywhere",
            )


def _used_directives(types: Mapping[str, MergedType]) -> list[str]:
    every = {text for each in types.values() for text in _all_directives(each)}
    return [name for name in _SPECS if carries(tuple(every), name)]


def _all_directives(each: MergedType) -> Iterable[str]:
    yield from each.directives
    for value in each.values.values():
        yield from value.directives
    for given in each.inputs.values():
        yield from given.directives
    for field in each.fields.values():
        yield from field.directives
        for argument in field.arguments.values():
            yield from argument.directives


def _spec_definitions(used: Sequence[str]) -> tuple[list[str], list[SpecLink]]:
    texts: list[str] = []
    scalars: list[str] = []
    imports: dict[tuple[str, str | None], list[str]] = {}
    types = {"Scope": "requiresScopes__Scope", "Policy": "policy__Policy", "FieldSet": "FieldSet"}
    for name in used:
        url, purpose, scalar = _SPECS[name]
        names_taken = imports.setdefault((url, purpose), [])
        if name == names.LIST_SIZE:
            names_taken.append(f"@{name}")
        signature = DIRECTIVES[name].signature.format(**types)
        texts.append(f"directive @{name}{signature}")
        if name == names.CONTEXT:
            texts.append(_FROM_CONTEXT)
        if scalar:
            scalars.append(f"scalar {scalar}")
    links = [
        SpecLink(url=url, purpose=purpose, imports=tuple(taken))
        for (url, purpose), taken in imports.items()
    ]
    return [*texts, *scalars], links
