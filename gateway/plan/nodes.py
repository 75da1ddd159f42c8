"""What a plan is made of: data without behaviour, run by the executor.

A plan fills the internal tree (see `gateway.plan.shape`) from its root:

* `Fetch` sends one document and merges the answer's `data` into the root of the tree.
* `Flatten` gathers objects of the tree, sends one document about all of them, and merges each
  answer back into the object it was asked for.
* `Sequence` runs its nodes one after the other, `Parallel` all at once.
* `Condition` runs its node if the variables say so.
* `Subscribe` opens a stream; each event starts a new tree, to which `rest` is applied.
* `Defer` stands only at the top: when `first` is done the answer can go out, `parts` follow it.

Documents are final: their response names are internal keys, conditions that concern only parts of
a document stand in it as @skip and @include, and every variable they use is listed in `variables`.
Values for these come from the coerced variables of the operation, as they are; one that the
client left out is left out. So nothing is renamed on the way in or out, except that a
representation is built by its `Representation`.

A fault leaves the tree as it was. Later nodes then find no object, or objects without the fields
they need, and skip them; a `Flatten` that gathered nothing sends nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, assert_never

from gateway.plan.shape import ALWAYS, ObjectShape, When
from gateway.spec.names import SubgraphName

OperationKind: TypeAlias = Literal["query", "mutation", "subscription"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a path down the internal tree.

    Take `key` of the object, then every item through `lists` levels of lists, then, unless
    `types` is None, only the objects whose `__typename` is one of `types`. Nulls and absent keys
    end the way for that branch.
    """

    key: str
    lists: int = 0
    types: frozenset[str] | None = None


Path: TypeAlias = tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RepresentationField:
    """One field of a representation: `name` as the subgraph knows it, read at `key` of the tree.

    With `fields`, the value is an object (or lists of objects, or null) of which just these are
    taken. `types` limits the field to objects whose `__typename` in the tree is one of these. A
    value that is absent from the tree, at any depth, makes the whole representation unsendable.
    So does null where `non_null`. Other nulls are sent.
    """

    name: str
    key: str
    non_null: bool = False
    types: frozenset[str] | None = None
    fields: tuple[RepresentationField, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Representation:
    """How an object of certain runtime types is named to a subgraph.

    The first entry of `Target.representations` whose `types` holds the object's `__typename` is
    used (None: any object, even one without `__typename`). `typename` is what is sent as
    `__typename`: the object's own type, or the interface that the subgraph knows as an object.
    `keys` name the object: if each of them is null, it is not sent. `requires` are the inputs of
    @requires. Representations with equal content are sent once.
    """

    types: frozenset[str] | None
    typename: str
    keys: tuple[RepresentationField, ...]
    requires: tuple[RepresentationField, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextSource:
    """An object on the way to those of a target, `depth` steps of its path down, and what is read
    there if its `__typename` is one of `types` (None: whatever it is)."""

    depth: int
    types: frozenset[str] | None
    fields: tuple[RepresentationField, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextVariable:
    """A variable of a document that depends on where the objects stand: the first of `sources`
    that fits has its value. An object for which there is none, or null where `non_null`, is not
    asked about."""

    variable: str
    non_null: bool
    sources: tuple[ContextSource, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Objects of the tree that a `Flatten` asks about, and where their answers come.

    The objects are those at `path` for which a representation can be built. The list of
    representations goes out as the variable `variable`, empty unless `when` holds; the list that
    comes back at `response_key` of the answer's data has one item for each, in order.

    With `contexts`, objects for which these variables have other values are asked about apart, each
    group with the same document.

    Without `representations` the path leads to objects of the root type: the document is a plain
    query, and its whole `data` is merged into each of the objects (both names are then empty).
    """

    path: Path
    response_key: str
    variable: str
    representations: tuple[Representation, ...]
    contexts: tuple[ContextVariable, ...] = ()
    when: When = ALWAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """One request to one subgraph. `variables` names those of the client's that it uses.

    `roots` are the internal keys at the top of a document that is merged at the root of the tree,
    so that whoever reports a fault can say what it took away.
    """

    subgraph: SubgraphName
    kind: OperationKind
    document: str
    operation_name: str | None
    variables: tuple[str, ...]
    roots: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Flatten:
    """One request about objects already in the tree: all `targets` travel in one document.

    A target with contexts is the only one. A target for which no representation can be built is
    sent as an empty list; if that is so for all of them, nothing is sent.
    """

    targets: tuple[Target, ...]
    fetch: Fetch


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """One after the other. A fault in one does not stop the next."""

    nodes: tuple[PlanNode, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parallel:
    """All at once; the nodes do not read what one another write."""

    nodes: tuple[PlanNode, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """`node` if `when` holds of the variables, else nothing."""

    when: When
    node: PlanNode


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribe:
    """A stream of root answers; `rest` completes the tree of each."""

    fetch: Fetch
    rest: PlanNode | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeferredPart:
    """What one deferred fragment adds to the answer, if `when` holds.

    `shape` is a shape from the root of the response: `depth` fields down stand the objects the
    fragment is about, and there just what nobody before it gives. Each of these objects that the
    client has got makes one payload; null that is not allowed takes no more than its payload.
    `node` runs beside those of other parts, once the parts at the positions `after` are done.
    """

    label: str | None
    when: When
    depth: int
    after: tuple[int, ...]
    node: PlanNode | None
    shape: ObjectShape


@dataclass(frozen=True, slots=True, kw_only=True)
class Defer:
    """The first answer and what follows it, a part always after those it needs.

    Parts that come later than the first write to keys of the tree that nobody else reads."""

    first: PlanNode | None
    parts: tuple[DeferredPart, ...]


PlanNode: TypeAlias = Fetch | Sequence | Parallel | Flatten | Condition | Subscribe | Defer


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryPlan:
    """A whole operation: how to fill the tree, and how to read the answer from it.

    `node` is None where no subgraph is needed. `introspection` is a document holding only the
    operation's `__schema` and `__type` fields under their internal keys, to be answered from the
    API schema with the operation's variables, its data being merged into the root of the tree.
    """

    kind: OperationKind
    operation_name: str | None
    node: PlanNode | None
    shape: ObjectShape
    introspection: str | None = None


def inner_nodes(node: PlanNode | None) -> tuple[PlanNode, ...]:
    """The nodes right below one, in order."""
    match node:
        case Sequence(nodes=nodes) | Parallel(nodes=nodes):
            return nodes
        case Condition(node=inner):
            return (inner,)
        case Subscribe(rest=rest):
            return () if rest is None else (rest,)
        case Defer(first=first, parts=parts):
            below = (first, *(part.node for part in parts))
            return tuple(each for each in below if each is not None)
        case Fetch() | Flatten() | None:
            return ()
        case _:
            assert_never(node)
