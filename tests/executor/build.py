"""Short names for shapes and plans written by hand."""

from collections.abc import Iterable

from gateway.plan.nodes import (
    Fetch,
    Flatten,
    Path,
    PlanNode,
    QueryPlan,
    Representation,
    RepresentationField,
    Step,
    Target,
)
from gateway.plan.shape import (
    ALWAYS,
    Content,
    EnumLeaf,
    ObjectShape,
    ScalarLeaf,
    ShapeField,
    TypenameLeaf,
    When,
)
from gateway.spec.names import SubgraphName


def entry(
    name: str,
    content: Content | str = "String",
    *,
    as_: str | None = None,
    key: str | None = None,
    non_null: tuple[bool, ...] = (False,),
    types: Iterable[str] | None = None,
    when: When = ALWAYS,
) -> ShapeField:
    """A field of a shape; a string as content is a scalar."""
    return ShapeField(
        response_key=as_ or name,
        key=key or name,
        field=name,
        types=None if types is None else frozenset(types),
        when=when,
        non_null=non_null,
        content=ScalarLeaf(name=content) if isinstance(content, str) else content,
    )


def typename(name: str | None = None, *, as_: str = "__typename") -> ShapeField:
    return entry("__typename", TypenameLeaf(name=name), as_=as_, non_null=(True,))


def enum(*values: str) -> EnumLeaf:
    return EnumLeaf(name="Enum", values=frozenset(values))


def object_(type_name: str, *fields: ShapeField) -> ObjectShape:
    return ObjectShape(
        type_name=type_name, typename=type_name, possible=frozenset({type_name}), fields=fields
    )


def abstract(type_name: str, possible: Iterable[str], *fields: ShapeField) -> ObjectShape:
    return ObjectShape(
        type_name=type_name, typename=None, possible=frozenset(possible), fields=fields
    )


def fetch(
    subgraph: str, document: str, *, variables: tuple[str, ...] = (), roots: tuple[str, ...] = ()
) -> Fetch:
    return Fetch(
        subgraph=SubgraphName(subgraph),
        kind="query",
        document=document,
        operation_name=None,
        variables=variables,
        roots=roots,
    )


def steps(*parts: str | Step) -> Path:
    """`users@` is a step through one list; each further `@` is one list more."""
    return tuple(
        part if isinstance(part, Step) else Step(key=part.rstrip("@"), lists=part.count("@"))
        for part in parts
    )


def key(name: str, at: str | None = None, *, non_null: bool = False) -> RepresentationField:
    return RepresentationField(name=name, key=at or name, non_null=non_null)


def by_key(
    type_name: str,
    *keys: RepresentationField,
    types: Iterable[str] | None = None,
    requires: tuple[RepresentationField, ...] = (),
) -> Representation:
    return Representation(
        types=None if types is None else frozenset(types),
        typename=type_name,
        keys=keys,
        requires=requires,
    )


def flatten(path: Path, subgraph: str, document: str, *representations: Representation) -> Flatten:
    target = Target(
        path=path,
        response_key="_entities",
        variable="representations",
        representations=representations,
    )
    return Flatten(targets=(target,), fetch=fetch(subgraph, document))


def plan(node: PlanNode | None, shape: ObjectShape) -> QueryPlan:
    return QueryPlan(kind="query", operation_name=None, node=node, shape=shape)
