"""A @key names fields of its own type, without arguments or abstract types."""

from collections.abc import Iterator

from gateway.composition import type_ref
from gateway.composition.findings import ErrorCode, Findings
from gateway.composition.model import Key, Kind, Subgraph, TypeDef
from gateway.composition.rules.selections import fields_picked, misfits

_INTERFACE_KEYS_SINCE = (2, 3)


def keys_select_leaves(subgraph: Subgraph, findings: Findings) -> None:
    for owner in subgraph.types.values():
        for key in owner.keys:
            for code, message, advice in _faults(subgraph, owner, key):
                findings.error(
                    code,
                    f"[{subgraph.name}] "
                    f'@key(fields: "{key.selection.text}") on {owner.name}: {message}',
                    [key.selection.place],
                    advice=advice,
                )


def _faults(subgraph: Subgraph, owner: TypeDef, key: Key) -> Iterator[tuple[ErrorCode, str, str]]:
    if owner.kind is Kind.INTERFACE and subgraph.federation < _INTERFACE_KEYS_SINCE:
        yield (
            ErrorCode.KEY_UNSUPPORTED_ON_INTERFACE,
            "keys on interfaces came with federation 2.3",
            "link federation v2.3 or newer",
        )
    wrong = list(misfits(subgraph.types, owner.name, key.selection.fields))
    for message in wrong:
        yield (
            ErrorCode.KEY_INVALID_FIELDS,
            message,
            f"name fields that {owner.name} has in this subgraph",
        )
    if not wrong:
        yield from _content_faults(subgraph, owner, key)


def _content_faults(
    subgraph: Subgraph, owner: TypeDef, key: Key
) -> Iterator[tuple[ErrorCode, str, str]]:
    for parent, field, _pick in fields_picked(subgraph.types, owner.name, key.selection.fields):
        coordinate = f"{parent.name}.{field.name}"
        if field.arguments:
            yield (
                ErrorCode.KEY_FIELDS_HAS_ARGS,
                f"{coordinate} has arguments",
                "a key field takes none: key on another field",
            )
        kind = _unfit(subgraph, field.type)
        if kind:
            yield (
                ErrorCode.KEY_FIELDS_SELECT_INVALID_TYPE,
                f"{coordinate} is {kind}",
                "key on a field that holds plain values or objects",
            )


def _unfit(subgraph: Subgraph, ref: type_ref.TypeRef) -> str:
    target = subgraph.types.get(type_ref.named(ref))
    if target is not None and target.kind in (Kind.INTERFACE, Kind.UNION):
        article = "an interface" if target.kind is Kind.INTERFACE else "a union"
        return f"{article} ({target.name})"
    return ""
