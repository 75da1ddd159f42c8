"""Arguments and input fields: what all subgraphs accept, and nothing else."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from graphql import parse_const_value, value_from_ast_untyped

from gateway.composition import type_ref
from gateway.composition.findings import ErrorCode, HintCode, Place
from gateway.composition.merged import JoinField, MergedInput
from gateway.composition.merging.applied import merge_applied
from gateway.composition.merging.context import InputSource, Merge, TypeSource, names_of
from gateway.composition.merging.descriptions import merge_descriptions
from gateway.composition.model import ArgumentDef, Subgraph


@dataclass(frozen=True, slots=True, kw_only=True)
class _Codes:
    """What faults are called, for arguments and for input fields."""

    what: str
    type: ErrorCode
    default: ErrorCode
    required: ErrorCode
    presence: HintCode
    compatible: HintCode


_ARGUMENT: Final = _Codes(
    what="argument",
    type=ErrorCode.FIELD_ARGUMENT_TYPE_MISMATCH,
    default=ErrorCode.FIELD_ARGUMENT_DEFAULT_MISMATCH,
    required=ErrorCode.REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH,
    presence=HintCode.INCONSISTENT_ARGUMENT_PRESENCE,
    compatible=HintCode.INCONSISTENT_BUT_COMPATIBLE_ARGUMENT_TYPE,
)
_INPUT_FIELD: Final = _Codes(
    what="input field",
    type=ErrorCode.FIELD_TYPE_MISMATCH,
    default=ErrorCode.INPUT_FIELD_DEFAULT_MISMATCH,
    required=ErrorCode.REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH,
    presence=HintCode.INCONSISTENT_INPUT_OBJECT_FIELD,
    compatible=HintCode.INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE,
)


def merge_arguments(
    merge: Merge,
    coordinate: str,
    sources: Sequence[tuple[Subgraph, Mapping[str, ArgumentDef], Place]],
) -> dict[str, MergedInput]:
    """Arguments of one field or directive; `sources` are all who resolve or define it."""
    return _merge_all(merge, lambda name: f"{coordinate}({name}:)", sources, _ARGUMENT)


def merge_input_fields(
    merge: Merge, type_name: str, sources: Sequence[TypeSource]
) -> dict[str, MergedInput]:
    merged = _merge_all(
        merge,
        lambda name: f"{type_name}.{name}",
        [(subgraph, each.inputs, each.place) for subgraph, each in sources],
        _INPUT_FIELD,
    )
    if not merged:
        merge.findings.error(
            ErrorCode.EMPTY_MERGED_INPUT_TYPE,
            f"input {type_name} has no field that {names_of(sources)} all define",
            [each.place for _, each in sources],
            advice="define at least one common field, or rename one of the types",
        )
    return merged


def _merge_all(
    merge: Merge,
    coordinate_of: Callable[[str], str],
    sources: Sequence[tuple[Subgraph, Mapping[str, ArgumentDef], Place]],
    codes: _Codes,
) -> dict[str, MergedInput]:
    merged: dict[str, MergedInput] = {}
    for name in dict.fromkeys(name for _, given, _ in sources for name in given):
        having = [(subgraph, given[name]) for subgraph, given, _ in sources if name in given]
        missing = [subgraph for subgraph, given, _ in sources if name not in given]
        coordinate = coordinate_of(name)
        if missing:
            _report_missing(merge, coordinate, having, missing, codes)
        else:
            merged[name] = _merge_one(merge, coordinate, having, codes)
    return merged


def _report_missing(
    merge: Merge,
    coordinate: str,
    having: Sequence[InputSource],
    missing: Sequence[Subgraph],
    codes: _Codes,
) -> None:
    where = names_of([(each, None) for each in missing])
    places = [given.place for _, given in having]
    demanding = [(s, given) for s, given in having if is_required(given)]
    if demanding:
        merge.findings.error(
            codes.required,
            f"{coordinate} is required in {names_of(demanding)} and missing in {where}",
            places,
            advice=f"add the {codes.what} in {where}, or make it optional",
        )
    else:
        merge.findings.hint(
            codes.presence,
            f"{coordinate} is left out of the supergraph: "
            f"{names_of(having)} define it, {where} not",
            places,
        )


def is_required(given: ArgumentDef) -> bool:
    return isinstance(given.type, type_ref.NonNull) and given.default is None


def _merge_one(
    merge: Merge, coordinate: str, having: Sequence[InputSource], codes: _Codes
) -> MergedInput:
    merged = _type(merge, coordinate, having, codes)
    return MergedInput(
        name=having[0][1].name,
        type=merged,
        default=_default(merge, coordinate, having, codes),
        description=merge_descriptions(
            coordinate, [(given.description, given.place) for _, given in having], merge.findings
        ),
        directives=merge_applied(
            merge, coordinate, [(subgraph, given.applied) for subgraph, given in having]
        ),
        joins=_joins(having) if codes is _INPUT_FIELD else (),
    )


def _type(
    merge: Merge, coordinate: str, having: Sequence[InputSource], codes: _Codes
) -> type_ref.TypeRef:
    found = list(dict.fromkeys(given.type for _, given in having))
    merged = type_ref.narrowest(found, merge.is_subtype)
    shown = " and ".join(type_ref.show(each) for each in found)
    places = [given.place for _, given in having]
    if merged is None:
        merge.findings.error(
            codes.type,
            f"{coordinate} is {shown} in {names_of(having)}",
            places,
            advice="give it the same type everywhere (only nullability may differ)",
        )
        return found[0]
    if len(found) > 1:
        merge.findings.hint(
            codes.compatible,
            f"{coordinate} is {shown} in {names_of(having)}; "
            f"{type_ref.show(merged)} is what all accept",
            places,
        )
    return merged


def _default(
    merge: Merge, coordinate: str, having: Sequence[InputSource], codes: _Codes
) -> str | None:
    found = list(dict.fromkeys(given.default for _, given in having))
    if len(found) == 1 or len({_meaning(text) for text in found}) == 1:
        return found[0]
    places = [given.place for _, given in having]
    if None in found:
        merge.findings.hint(
            HintCode.INCONSISTENT_DEFAULT_VALUE_PRESENCE,
            f"{coordinate} has a default in some of {names_of(having)} only; none is kept",
            places,
        )
        return None
    merge.findings.error(
        codes.default,
        f"{coordinate} defaults to {' and '.join(map(str, found))} in {names_of(having)}",
        places,
        advice="agree on one default",
    )
    return found[0]


def _meaning(default: str | None) -> str:
    """`1` and `1.0`, and objects with their fields in another order, mean the same."""
    if default is None:
        return ""
    value = value_from_ast_untyped(parse_const_value(default))
    return repr(_comparable(value))


def _comparable(value: object) -> object:
    match value:
        case bool() | str() | None:
            return value
        case int() | float():
            return float(value)
        case list():
            return [_comparable(item) for item in value]
        case dict():
            return sorted((key, repr(_comparable(item))) for key, item in value.items())
        case _:
            return repr(value)


def _joins(having: Sequence[InputSource]) -> tuple[JoinField, ...]:
    if len({given.type for _, given in having}) == 1:
        return ()
    return tuple(
        JoinField(graph=subgraph.graph, type=type_ref.show(given.type))
        for subgraph, given in having
    )
