"""Arguments that come from a context: the gateway fills them, so clients never see them."""

from collections.abc import Iterator, Mapping, Sequence

from gateway.composition import type_ref
from gateway.composition.contexts import contexts_set_by, global_name, use_of, uses_of
from gateway.composition.findings import ErrorCode, HintCode
from gateway.composition.merged import ContextArgument
from gateway.composition.merging.context import FieldSource, Merge, TypeSource
from gateway.composition.merging.inputs import is_required
from gateway.composition.model import ArgumentDef, FieldDef, Subgraph
from gateway.spec import names


def open_arguments(
    merge: Merge, sources: Sequence[FieldSource]
) -> Iterator[tuple[FieldSource, Mapping[str, ArgumentDef]]]:
    """Each source with the arguments that clients may give."""
    contextual = {
        argument.name: subgraph for subgraph, _, field in sources for argument, _ in uses_of(field)
    }
    for subgraph, owner, field in sources:
        given = {n: a for n, a in field.arguments.items() if n not in contextual}
        for name, other in contextual.items():
            plain = field.arguments.get(name)
            if plain is not None and use_of(plain) is None:
                _report(merge, (subgraph, owner, field), plain, other)
        yield (subgraph, owner, field), given


def _report(merge: Merge, at: FieldSource, plain: ArgumentDef, other: Subgraph) -> None:
    subgraph, owner, field = at
    coordinate = f"{owner.name}.{field.name}({plain.name}:)"
    if is_required(plain):
        merge.findings.error(
            ErrorCode.CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS,
            f"[{subgraph.name}] {coordinate} is required from clients, "
            f'and "{other.name}" takes it from a context',
            [plain.place],
            advice="use @fromContext here too, or make the argument optional",
        )
    else:
        merge.findings.hint(
            HintCode.CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS,
            f"[{subgraph.name}] {coordinate} is left out of the supergraph: "
            f'"{other.name}" takes it from a context',
            [plain.place],
        )


def context_arguments(subgraph: Subgraph, field: FieldDef) -> tuple[ContextArgument, ...]:
    return tuple(
        ContextArgument(
            name=argument.name,
            type=type_ref.show(argument.type),
            context=global_name(subgraph, use.context),
            selection=use.selection,
        )
        for argument, use in uses_of(field)
    )


def merged_contexts(sources: Sequence[TypeSource]) -> tuple[str, ...]:
    """The contexts that a type of the supergraph sets, as directives."""
    return tuple(
        f'@{names.CONTEXT}(name: "{global_name(subgraph, name)}")'
        for subgraph, each in sources
        for name in contexts_set_by(each)
    )
