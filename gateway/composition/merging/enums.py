"""Enums: read by clients, all values; written by clients, the common ones; both, equal ones."""

from collections.abc import Sequence

from gateway.composition.findings import ErrorCode, HintCode
from gateway.composition.merged import MergedValue
from gateway.composition.merging.applied import carries, merge_applied
from gateway.composition.merging.context import Merge, TypeSource, ValueSource, listed, names_of
from gateway.composition.merging.descriptions import merge_descriptions
from gateway.composition.model import Subgraph


def merge_values(
    merge: Merge, type_name: str, sources: Sequence[TypeSource]
) -> dict[str, MergedValue]:
    as_input = type_name in merge.input_types
    as_output = type_name in merge.output_types
    if not as_input and not as_output:
        merge.findings.hint(
            HintCode.UNUSED_ENUM_TYPE,
            f"enum {type_name} is used by no field and no argument",
            [each.place for _, each in sources],
        )
    merged: dict[str, MergedValue] = {}
    for name in dict.fromkeys(name for _, each in sources for name in each.values):
        having = [(s, each.values[name]) for s, each in sources if name in each.values]
        missing = [s for s, each in sources if name not in each.values]
        value = _merge_value(merge, f"{type_name}.{name}", having)
        if _kept(merge, (type_name, value), having, missing):
            merged[name] = value
    if not merged:
        merge.findings.error(
            ErrorCode.EMPTY_MERGED_ENUM_TYPE,
            f"enum {type_name} has no value that {names_of(sources)} all define",
            [each.place for _, each in sources],
            advice="an enum that clients write needs common values: define one, or rename the enum",
        )
    return merged


def _kept(
    merge: Merge,
    named: tuple[str, MergedValue],
    having: Sequence[ValueSource],
    missing: Sequence[Subgraph],
) -> bool:
    type_name, value = named
    if not missing or carries(value.directives, "inaccessible"):
        return True
    as_input, as_output = type_name in merge.input_types, type_name in merge.output_types
    where = listed([each.name for each in missing])
    sentence = f"{type_name}.{value.name} is defined in {names_of(having)} and missing in {where}"
    places = [each.place for _, each in having]
    if as_input and as_output:
        merge.findings.error(
            ErrorCode.ENUM_VALUE_MISMATCH,
            f"{sentence}, while {type_name} is both read and written by clients",
            places,
            advice=f"add {value.name} in {where}, mark it @inaccessible until it is everywhere, "
            "or use one enum for reading and another for writing",
        )
    elif as_input:
        merge.findings.hint(
            HintCode.INCONSISTENT_ENUM_VALUE_FOR_INPUT_ENUM,
            f"{sentence}; clients can't write it",
            places,
        )
        return False
    elif as_output:
        merge.findings.hint(HintCode.INCONSISTENT_ENUM_VALUE_FOR_OUTPUT_ENUM, sentence, places)
    return True


def _merge_value(merge: Merge, coordinate: str, having: Sequence[ValueSource]) -> MergedValue:
    return MergedValue(
        name=having[0][1].name,
        description=merge_descriptions(
            coordinate, [(each.description, each.place) for _, each in having], merge.findings
        ),
        directives=merge_applied(merge, coordinate, [(s, each.applied) for s, each in having]),
        graphs=tuple(subgraph.graph for subgraph, _ in having),
    )
