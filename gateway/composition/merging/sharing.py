"""A field is resolved by one subgraph, unless all who resolve it say @shareable."""

from collections.abc import Sequence

from gateway.composition.findings import ErrorCode
from gateway.composition.merging.context import FieldSource, Merge, names_of
from gateway.composition.model import Kind


def check_sharing(merge: Merge, coordinate: str, having: Sequence[FieldSource]) -> None:
    resolving = [
        source
        for source in having
        if source[1].kind is Kind.OBJECT and merge.overrides.resolves(*source)
    ]
    if len(resolving) < 2 or _migrating(merge, resolving):
        return
    alone = [source for source in resolving if not source[2].shareable]
    if having[0][1].name == "Subscription":
        alone = resolving
    if alone:
        merge.findings.error(
            ErrorCode.INVALID_FIELD_SHARING,
            f"{coordinate} is resolved by {names_of(resolving)}, "
            f"and not @shareable in {names_of(alone)}",
            [field.place for *_, field in resolving],
            advice=_advice(having, alone),
        )


def _migrating(merge: Merge, resolving: Sequence[FieldSource]) -> bool:
    """With a label, the field lives in two places until the migration is over."""
    moving = [s for s in resolving if (s[0].name, s[1].name, s[2].name) in merge.overrides.moving]
    return len(resolving) - len(moving) == 1


def _advice(having: Sequence[FieldSource], alone: Sequence[FieldSource]) -> str:
    owner = having[0][1].name
    if owner in ("Mutation", "Subscription"):
        return "let one subgraph have it and rename or remove the others"
    where = names_of(alone)
    return (
        f"add @shareable in {where} if all give the same value; else remove it from all but one, "
        'or move it with @override(from: "...")'
    )
