"""What the client gets, and from where in the internal tree it is read.

While a plan runs there is one *internal tree* of plain dicts and lists, filled by the answers of
the subgraphs. Its laws:

* A key of the tree is an *internal key*, never a client's alias. Two selections of a client that
  call the same field with the same arguments share one internal key; the same field with other
  arguments, or with another type in a subgraph, has another one. The first is the field's own
  name, further ones start with `_cg`, a prefix no field of the supergraph has. So nothing a
  client writes can meet a field that the planner needs for itself.
* `__typename` in the tree is always the runtime object type of the supergraph. Where a subgraph
  knows only a stand-in (an interface object) the planner does not ask it for `__typename`.
* An answer is merged into the tree key by key, objects into objects, lists by index; an object
  wins over null.

The shape turns the tree into the response: names, order, nullability and hidden types are all in
here, so that whoever projects needs no schema.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias


class Guard(NamedTuple):
    """One condition on a Boolean variable: `$variable` has this value."""

    variable: str
    value: bool


When: TypeAlias = tuple[tuple[Guard, ...], ...]
"""Any of (all of guards). `ALWAYS` holds one empty conjunction; `()` never holds."""

ALWAYS: Final[When] = ((),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalarLeaf:
    """A value that is passed on as the subgraph sent it."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnumLeaf:
    """A value clients may see only if it is one of `values`; any other becomes null."""

    name: str
    values: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TypenameLeaf:
    """`__typename`: `name` where the type is known when planning, else the tree's own."""

    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerbatimLeaf:
    """The answer to `__schema` or `__type`, already shaped by whoever answered it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedLeaf:
    """A place the caller may not see: null, whatever its type. Nothing is ever at its key, and
    why it is null is told beside the plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectShape:
    """The selection on one object, for all of its possible runtime types together.

    `typename` is the type where it is an object type. Else it is None, and `possible` holds the
    object types a client may see here: an object that carries another `__typename` in the tree
    becomes null without an error. An object without `__typename` is one whose type nobody asked
    for: then no field of `fields` has `types` and no leaf needs it; if one does, the answer of the
    subgraph was faulty.
    """

    type_name: str
    typename: str | None
    possible: frozenset[str]
    fields: tuple[ShapeField, ...]


Content: TypeAlias = ScalarLeaf | EnumLeaf | TypenameLeaf | VerbatimLeaf | RefusedLeaf | ObjectShape


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapeField:
    """One entry of the response.

    `types` limits it to these runtime types of the object it stands in (None: all of them). One
    `response_key` may occur several times in a shape: with disjoint `types`, or as the same field
    once more, of which the first that is there counts, for its place in the order of the response
    differs with the variables. `when` says under
    which variables it is there at all; conditions of the fields above it are included in neither
    `when`. `non_null` has one flag for each level of the type from outside in: `[T!]` is
    (False, True), so its length less one is the number of lists. `key` is absent from the tree
    where nothing was fetched: that reads as null. `field` is for messages.
    """

    response_key: str
    key: str
    field: str
    types: frozenset[str] | None
    when: When
    non_null: tuple[bool, ...]
    content: Content
