"""Says why a field can't be fetched: an operation that asks for it, and each way that is shut."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from gateway.composition import type_ref
from gateway.composition.contexts import global_name, uses_of
from gateway.composition.findings import Place
from gateway.composition.model import FieldDef
from gateway.composition.satisfaction.reach import Reach
from gateway.composition.satisfaction.world import Entry, Position, World
from gateway.spec.field_set import render

Path: TypeAlias = tuple[str, ...]
"""Root type, then field names and `... on Type`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stuck:
    """A field that can't be fetched: asked for after `path`, on an object held at `reached`."""

    type: str
    field: str
    reached: tuple[Position, ...]
    path: Path
    contexts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """Message, places and advice of one satisfiability error."""

    message: str
    places: tuple[Place, ...]
    advice: str


def describe(world: World, reach: Reach, stuck: Stuck) -> Explained:
    coordinate = f"{stuck.type}.{stuck.field}"
    here = sorted({at.subgraph for at in stuck.reached})
    owners = list(_owners(world, stuck))
    reasons = [f"{_list(here)} can be reached there, and can't resolve {coordinate}"]
    reasons += [_why_not(world, reach, stuck, owner) for owner in owners]
    target = type_ref.named(world.types[stuck.type].fields[stuck.field].type)
    operation = example_operation(stuck.path, leaf=not world.is_composite(target))
    keys = [render(entry.key) for entry in world.entries(stuck.type)]
    missing = (_unset(world, stuck, owner, world.local(owner, stuck.field)) for owner in owners)
    unset = next(filter(None, missing), "")
    return Explained(
        message=f"{coordinate} can't be fetched by {operation}: " + "; ".join(reasons),
        places=tuple(
            type_def.fields[stuck.field].place
            for owner in owners
            if (type_def := world.type_def(owner)) is not None
        ),
        advice=f'set @context(name: "{unset}") on a type of this path, or close the path'
        if unset
        else _advice(stuck, here, keys),
    )


def example_operation(path: Path, *, leaf: bool) -> str:
    """The shortest operation that walks the path, arguments left out."""
    root, *steps = path
    head = "" if root == "Query" else f"{root.lower()} "
    tail = "" if leaf else " { ... }"
    return f"{head}{{ {' { '.join(steps)}{tail}{' }' * len(steps)}"


def _owners(world: World, stuck: Stuck) -> Iterator[Position]:
    for subgraph in world.subgraphs.values():
        for alias in (stuck.type, *world.types[stuck.type].interfaces):
            at = Position(subgraph.name, alias)
            known = alias == stuck.type or world.is_interface_object(at)
            if known and world.local(at, stuck.field) is not None:
                yield at


def _why_not(world: World, reach: Reach, stuck: Stuck, owner: Position) -> str:
    here = f'"{owner.subgraph}"'
    if any((at.subgraph, at.type) == (owner.subgraph, owner.type) for at in stuck.reached):
        local = world.local(owner, stuck.field)
        unset = _unset(world, stuck, owner, local)
        if unset:
            return f"{here} resolves it with the context {unset}, which nothing above has set"
        requires = render(local.requires.fields) if local and local.requires else ""
        return f'{here} resolves it with @requires(fields: "{requires}"), which can\'t be fetched'
    entries = [e for e in world.entries(stuck.type) if e.subgraph == owner.subgraph]
    if not entries:
        return f"{here} resolves it, but {owner.type} has no resolvable @key there"
    missing = "; ".join(_missing_key(reach, stuck, entry) for entry in entries)
    return f"{here} resolves it, but can't be entered: {missing}"


def _unset(world: World, stuck: Stuck, owner: Position, local: FieldDef | None) -> str:
    subgraph = world.subgraphs[owner.subgraph]
    for _, use in uses_of(local) if local is not None else ():
        if global_name(subgraph, use.context) not in stuck.contexts:
            return use.context
    return ""


def _missing_key(reach: Reach, stuck: Stuck, entry: Entry) -> str:
    missing = tuple(
        pick for pick in entry.key if not reach.satisfied(stuck.type, stuck.reached, (pick,))
    )
    return f'@key(fields: "{render(entry.key)}") needs "{render(missing)}"'


def _advice(stuck: Stuck, here: Sequence[str], keys: Sequence[str]) -> str:
    where = _list(here)
    if keys:
        return f'let {where} resolve the key fields "{keys[0]}" of {stuck.type}, or {stuck.field}'
    return (
        f"give {stuck.type} a @key in the subgraphs that define it, or let {where} resolve "
        f"{stuck.field} as @shareable"
    )


def _list(found: Sequence[str]) -> str:
    return " and ".join(f'"{name}"' for name in found) or "no subgraph"
