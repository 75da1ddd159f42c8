"""Types of the same name, one out of all subgraphs that define it."""

from collections.abc import Iterator, Sequence

from gateway.composition.findings import ErrorCode, HintCode
from gateway.composition.merged import JoinType, MergedType
from gateway.composition.merging.applied import merge_applied
from gateway.composition.merging.context import Merge, TypeSource, listed, names_of
from gateway.composition.merging.contextual import merged_contexts
from gateway.composition.merging.descriptions import merge_descriptions
from gateway.composition.merging.enums import merge_values
from gateway.composition.merging.fields import merge_fields
from gateway.composition.merging.inputs import merge_input_fields
from gateway.composition.model import Kind
from gateway.spec import names
from gateway.spec.field_set import render


def merge_types(merge: Merge) -> dict[str, MergedType]:
    found = sorted({name for each in merge.subgraphs for name in each.types})
    merged: dict[str, MergedType] = {}
    for name in found:
        sources = [(s, s.types[name]) for s in merge.subgraphs if name in s.types]
        kind = _kind(merge, name, sources)
        if kind is not None:
            merged[name] = _merge_type(merge, name, kind, sources)
    return merged


def _merge_type(merge: Merge, name: str, kind: Kind, sources: Sequence[TypeSource]) -> MergedType:
    _hint_differences(merge, name, kind, sources)
    below = merge.guards_below(name) if kind is Kind.INTERFACE else ()
    return MergedType(
        name=name,
        kind=kind,
        description=merge_descriptions(
            name, [(each.description, each.place) for _, each in sources], merge.findings
        ),
        directives=(
            *merge_applied(merge, name, [*((s, each.applied) for s, each in sources), *below]),
            *merged_contexts(sources),
        ),
        joins=tuple(join for source in sources for join in _joins(source)),
        implements=tuple((s.graph, i) for s, each in sources for i in each.interfaces),
        fields=merge_fields(merge, name, sources),
        inputs=merge_input_fields(merge, name, sources) if kind is Kind.INPUT else {},
        members=tuple((s.graph, member) for s, each in sources for member in each.members),
        values=merge_values(merge, name, sources) if kind is Kind.ENUM else {},
    )


def _kind(merge: Merge, name: str, sources: Sequence[TypeSource]) -> Kind | None:
    kinds = {Kind.INTERFACE if each.interface_object else each.kind for _, each in sources}
    if len(kinds) > 1:
        shown = ", ".join(f"{each.kind.value} in {s.name}" for s, each in sources)
        merge.findings.error(
            ErrorCode.TYPE_KIND_MISMATCH,
            f"{name} is {shown}",
            [each.place for _, each in sources],
            advice="give the two things two names",
        )
        return None
    kind = kinds.pop()
    if kind is Kind.INTERFACE and all(each.interface_object for _, each in sources):
        merge.findings.error(
            ErrorCode.INTERFACE_OBJECT_USAGE_ERROR,
            f"{name} is an @interfaceObject everywhere ({names_of(sources)})",
            [each.place for _, each in sources],
            advice=f"one subgraph must define interface {name} with its implementations",
        )
        return None
    return kind


def _joins(source: TypeSource) -> Iterator[JoinType]:
    subgraph, each = source
    if not each.keys:
        yield JoinType(graph=subgraph.graph, interface_object=each.interface_object)
    for key in each.keys:
        yield JoinType(
            graph=subgraph.graph,
            key=render(key.selection.fields),
            extension=key.of_extension,
            resolvable=key.resolvable,
            interface_object=each.interface_object,
        )


def _hint_differences(merge: Merge, name: str, kind: Kind, sources: Sequence[TypeSource]) -> None:
    places = [each.place for _, each in sources]
    if kind is Kind.UNION:
        _hint_members(merge, name, sources)
    if kind not in (Kind.OBJECT, Kind.INTERFACE) or name in names.ROOT_TYPES:
        return
    keyless = [source for source in sources if not source[1].keys]
    if kind is Kind.OBJECT and keyless and len(keyless) < len(sources):
        merge.findings.hint(
            HintCode.INCONSISTENT_ENTITY,
            f"{name} has a @key in some subgraphs and none in {names_of(keyless)}",
            places,
        )
    if len(keyless) == len(sources):
        _hint_fields(merge, name, kind, sources)


def _hint_fields(merge: Merge, name: str, kind: Kind, sources: Sequence[TypeSource]) -> None:
    code = (
        HintCode.INCONSISTENT_OBJECT_VALUE_TYPE_FIELD
        if kind is Kind.OBJECT
        else HintCode.INCONSISTENT_INTERFACE_VALUE_TYPE_FIELD
    )
    for field in dict.fromkeys(f for _, each in sources for f in each.fields):
        missing = [s.name for s, each in sources if field not in each.fields]
        if missing:
            merge.findings.hint(
                code,
                f"{name}.{field} is missing in {listed(missing)}",
                [each.fields[field].place for _, each in sources if field in each.fields],
            )


def _hint_members(merge: Merge, name: str, sources: Sequence[TypeSource]) -> None:
    for member in dict.fromkeys(m for _, each in sources for m in each.members):
        missing = [s.name for s, each in sources if member not in each.members]
        if missing:
            merge.findings.hint(
                HintCode.INCONSISTENT_UNION_MEMBER,
                f"{member} is no member of the union {name} in {listed(missing)}",
                [each.place for _, each in sources if member in each.members],
            )
