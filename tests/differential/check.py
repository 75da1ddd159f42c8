"""One operation, asked of the federated graph and of a monolith, as it is and in normal form."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLSchema,
    InlineFragmentNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    is_abstract_type,
    parse,
    visit,
)

from tests.differential.normal_form import normal_form
from tests.differential.operations import undeferred
from tests.engine.pair import Pair, assembled


@dataclass(slots=True)
class Shares:
    """How many operations were tried, and how many of them were of an interesting kind."""

    operations: int = 0
    crossing: int = 0
    abstract: int = 0
    conditional: int = 0
    deferred: int = 0
    graphs: int = 0

    def line(self) -> str:
        """One line for a report, in percent."""
        each = {
            "cross two subgraphs": self.crossing,
            "use abstract types": self.abstract,
            "have conditions": self.conditional,
            "have deferred parts": self.deferred,
        }
        total = max(self.operations, 1)
        shares = ", ".join(f"{100 * count / total:.0f} % {what}" for what, count in each.items())
        return f"{self.operations} operations over {self.graphs} graphs: {shares}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What the federated graph should have said, and what it said."""

    about: str
    operation: str
    variables: Mapping[str, Any]
    want: object
    got: object

    def __str__(self) -> str:
        return (
            f"{self.about}\n{self.operation}\nvariables {json.dumps(self.variables)}\n"
            f"want {json.dumps(self.want)}\ngot  {json.dumps(self.got)}"
        )


async def difference(
    pair: Pair, operation: str, variables: Mapping[str, Any], shares: Shares | None = None
) -> Difference | None:
    """None where all answers are one."""
    pair.client.requests.clear()
    body = await pair.ask(operation, variables=variables)
    if shares is not None:
        _count(pair, operation, shares)
    plain = undeferred(operation)
    whole = pair.whole(plain, variables)

    def differing(about: str, got: object) -> Difference:
        return Difference(
            about=about, operation=operation, variables=variables, want=whole.data, got=got
        )

    if "errors" in body or body["data"] != whole.data:
        return differing("another answer", body)
    if plain != operation:
        bodies = await pair.in_parts(operation, variables=variables)
        if _has_errors(bodies) or assembled(bodies) != whole.data:
            return differing("another answer when its parts are put together", bodies)
    if json.dumps(body["data"]) != json.dumps(whole.data):
        return differing("another order of keys", body["data"])
    normal = normal_form(pair.schema, plain, variables)
    normally = await pair.ask(normal, variables=variables)
    if normally != body:
        return differing(f"another answer in normal form: {normal}", normally)
    return None


def _has_errors(bodies: list[dict[str, Any]]) -> bool:
    parts = [part for body in bodies for part in (body, *body.get("incremental", ()))]
    return any("errors" in part for part in parts) or bodies[-1].get("hasNext", False)


def _count(pair: Pair, operation: str, shares: Shares) -> None:
    shares.operations += 1
    shares.crossing += len({request.subgraph for request in pair.client.requests}) > 1
    shares.conditional += "@skip" in operation or "@include" in operation
    shares.deferred += "@defer" in operation
    shares.abstract += uses_abstract_types(pair.schema, operation)


def uses_abstract_types(schema: GraphQLSchema, operation: str) -> bool:
    """Whether something is selected where the runtime type is not known beforehand."""
    seen = _Abstract(TypeInfo(schema))
    visit(parse(operation), TypeInfoVisitor(seen.types, seen))
    return seen.found


class _Abstract(Visitor):
    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self.types = types
        self.found = False

    def enter_field(self, _node: FieldNode, *_: Any) -> None:
        self.found = self.found or is_abstract_type(self.types.get_parent_type())

    def enter_inline_fragment(self, _node: InlineFragmentNode, *_: Any) -> None:
        self.found = self.found or is_abstract_type(self.types.get_parent_type())

    def enter_fragment_definition(self, _node: FragmentDefinitionNode, *_: Any) -> None:
        self.found = self.found or is_abstract_type(self.types.get_parent_type())


def seeded(*parts: object) -> Random:
    """The same parts give the same chance in every process."""
    return Random("/".join(map(str, parts)))
