"""Graphs and operations that are hard to plan: many near-equal ways, many near-equal fragments."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_LINK: Final = """extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: [
  "@key" "@shareable" "@external" "@requires"])
"""
_TYPES: Final = "ABCDE"
_AFTER: Final = dict(zip(_TYPES, "BCDEA", strict=True))
_MEMBERS: Final = 20
_LINKS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Stress:
    """A graph and an operation over it."""

    name: str
    sdls: Mapping[str, str]
    operation: str


def stresses() -> tuple[Stress, ...]:
    """Every hard case, the easier ones first."""
    fragments = _fragments()
    return (
        Stress(name="seven near-identical subgraphs, 15 places", sdls=_seven(), operation=_own(3)),
        Stress(name="seven near-identical subgraphs, 63 places", sdls=_seven(), operation=_own(5)),
        Stress(
            name="seven subgraphs that share everything, 255 places",
            sdls=_seven(own=False),
            operation=f"{{ root {{ {_shared(7)} }} }}",
        ),
        Stress(
            name="420 fragments on 20 types",
            sdls=fragments,
            operation=f"{{ feed {{ {_nested(1)} }} }}",
        ),
        Stress(
            name="compound keys and requirements in a ring",
            sdls=_ring(),
            operation="{ root { r7 r3 f1 } roots { r1 f2 r5 f6 o { k1 k2 k3 } } }",
        ),
    )


def _seven(*, own: bool = True) -> Mapping[str, str]:
    def type_(name: str, number: int) -> str:
        below = _AFTER[name]
        mine = f"own{name}{number}: Int" if own else ""
        return (
            f'type {name} @key(fields: "id") {{ id: ID!  next: {below} @shareable'
            f"  other: {below} @shareable  name: String @shareable  {mine} }}"
        )

    return {
        f"s{number}": f"{_LINK} type Query {{ root: A @shareable }}\n"
        + "\n".join(type_(name, number) for name in _TYPES)
        for number in range(7)
    }


def _own(depth: int) -> str:
    def selection(name: str, left: int) -> str:
        fields = "id name " + " ".join(f"own{name}{number}" for number in range(7))
        if not left:
            return fields
        below = selection(_AFTER[name], left - 1)
        return f"{fields} next {{ {below} }} other {{ {below} }}"

    return f"{{ root {{ {selection('A', depth)} }} }}"


def _shared(depth: int) -> str:
    if not depth:
        return "id name"
    below = _shared(depth - 1)
    return f"id name next {{ {below} }} other {{ {below} }}"


def _fragments() -> Mapping[str, str]:
    numbers = range(_MEMBERS)
    entity = 'type T{0} @key(fields: "id") {{ id: ID!  {1} }}'
    base = "type Query { feed: [Item!]! }\ninterface Item { id: ID!  rel: [Item!]! }\n"
    base += "\n".join(
        f'type T{i} implements Item @key(fields: "id") {{ id: ID! rel: [Item!]! a{i % 5}: Int }}'
        for i in numbers
    )
    return {
        "base": _LINK + base,
        "more": _LINK + "\n".join(entity.format(i, f"b{i % 3}: Int  c: String") for i in numbers),
        "last": _LINK + "\n".join(entity.format(i, "d: Int") for i in numbers),
    }


def _nested(depth: int) -> str:
    below = f"rel {{ {_nested(depth - 1)} }}" if depth else ""
    each = (f"... on T{i} {{ a{i % 5} b{i % 3} c d {below} }}" for i in range(_MEMBERS))
    return f"id {' '.join(each)}"


def _ring() -> Mapping[str, str]:
    def at(number: int) -> int:
        return number % _LINKS

    def subgraph(i: int) -> str:
        keys = sorted({i, at(i + 1), at(i + 2), at(i + 5), at(i + 3)})
        fields = "  ".join(f"k{j}: ID! @shareable" for j in keys)
        root = "type Query { root: A  roots: [A!]! }\n" if i == 0 else ""
        return f"""{_LINK}{root}type A @key(fields: "k{i} k{at(i + 1)}")
          @key(fields: "k{at(i + 2)} k{at(i + 5)}") @key(fields: "k{at(i + 3)} o {{ k{i} }}") {{
            {fields}  o: O @shareable  f{i}: Int  r{i}: Int @requires(fields: "f{at(i + 3)}")
            f{at(i + 3)}: Int @external }}
          type O {{ k{i}: ID! @shareable }}"""

    return {f"s{number}": subgraph(number) for number in range(_LINKS)}
