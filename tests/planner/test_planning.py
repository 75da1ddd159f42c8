"""Laws that hold for every plan, tried on the graphs of the golden cases."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from graphql import (
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    parse,
    validate,
)
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gateway.errors import PlanningFailed
from gateway.plan.render import plan_json, render_plan
from gateway.planner import Budget, PlanBudgetExceeded, plan_operation
from gateway.supergraph.api_schema import build_api_schema
from tests.kit.federated import Subgraph, Universe
from tests.planner.golden import case_files, fetches, read_case, world_of

_CASES = {path.stem: read_case(path) for path in case_files()}
_CONDITIONS = ["", "", "", " @include(if: $a)", " @skip(if: $b)"]


@st.composite
def operations(draw: Any, schema: GraphQLSchema) -> str:
    """Valid queries with aliases, conditions on types and on variables."""
    assert schema.query_type
    body = _selection(draw, schema, schema.query_type, 4, count())
    used = "a: __typename @include(if: $a) b: __typename @include(if: $b)"
    return f"query ($a: Boolean!, $b: Boolean!) {{ {used} {body} }}"


def _selection(
    draw: Any, schema: GraphQLSchema, type_: GraphQLNamedType, depth: int, numbers: Iterator[int]
) -> str:
    parts = ["__typename"]
    if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
        names = draw(st.lists(st.sampled_from(sorted(type_.fields)), max_size=4))
        parts += [_field(draw, schema, (type_, name), depth, numbers) for name in names]
    if is_abstract_type(type_):
        for member in schema.get_possible_types(type_):
            if draw(st.booleans()):
                inner = _selection(draw, schema, member, depth - 1, numbers)
                condition = draw(st.sampled_from(_CONDITIONS))
                parts.append(f"... on {member.name}{condition} {{ {inner} }}")
    return " ".join(parts)


def _field(
    draw: Any,
    schema: GraphQLSchema,
    place: tuple[GraphQLObjectType | GraphQLInterfaceType, str],
    depth: int,
    numbers: Iterator[int],
) -> str:
    type_, name = place
    field = type_.fields[name]
    given_arguments = ", ".join(
        f"{each}: {1 if str(argument.type).startswith('Int') else chr(34) + '1' + chr(34)}"
        for each, argument in field.args.items()
    )
    arguments = f"({given_arguments})" if given_arguments else ""
    below = ""
    inner = get_named_type(field.type)
    if is_composite_type(inner):
        if depth <= 0:
            return "__typename"
        below = f" {{ {_selection(draw, schema, inner, depth - 1, numbers)} }}"
    condition = draw(st.sampled_from(_CONDITIONS))
    return f"x{next(numbers)}: {name}{arguments}{condition}{below}"


@pytest.mark.parametrize("name", _CASES)
def test_every_document_of_any_plan_is_valid_and_plans_are_stable(name: str) -> None:
    case = _CASES[name]
    world = world_of(tuple(case.subgraphs.items()))
    schema = build_api_schema(world.supergraph)
    subgraphs = {
        each: Subgraph.from_sdl(each, sdl, Universe(rows={})).schema
        for each, sdl in case.subgraphs.items()
    }

    @settings(
        max_examples=8,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(text=operations(schema))
    def holds(text: str) -> None:
        document = parse(text)
        assert not validate(schema, document)
        plan = plan_operation(world, document)
        for fetch in fetches(plan.node):
            parsed = parse(fetch.document)
            assert not validate(subgraphs[fetch.subgraph], parsed), fetch.document
            assert set(fetch.variables) == _variables(fetch.document)
        assert plan_operation(world, parse(text)) == plan
        assert render_plan(plan) == render_plan(plan_operation(world, document))

    holds()


def _variables(document: str) -> set[str]:
    """The client's variables that a document declares."""
    head = document.split("{", 1)[0]
    return {each for each in ("a", "b") if f"${each}:" in head}


def test_a_budget_ends_planning_with_its_own_code() -> None:
    case = _CASES["a_shared_root_field_is_asked_of_every_owner_at_once"]
    world = world_of(tuple(case.subgraphs.items()))
    with pytest.raises(PlanBudgetExceeded) as caught:
        plan_operation(world, parse(case.operation), budget=Budget(paths=20))
    assert caught.value.code == "PLAN_BUDGET_EXCEEDED"


def test_a_budget_of_time_reads_the_clock_it_is_given() -> None:
    case = _CASES["aliases_never_meet_what_the_planner_adds"]
    world = world_of(tuple(case.subgraphs.items()))
    ticks = count(0, 10)
    body = " ".join(f"u{i}: user(id: {i}) {{ posts(first: {i}) name mail }}" for i in range(60))
    budget = Budget(seconds=5, clock=lambda: float(next(ticks)))
    with pytest.raises(PlanBudgetExceeded):
        plan_operation(world, parse(f"{{ {body} }}"), budget=budget)


def test_an_operation_that_is_not_there_cannot_be_planned() -> None:
    case = _CASES["a_chain_of_keys"]
    world = world_of(tuple(case.subgraphs.items()))
    with pytest.raises(PlanningFailed):
        plan_operation(world, parse("query A { offers { left } }"), "B")


def test_the_json_form_names_each_node_and_holds_plain_data_only() -> None:
    case = _CASES["conditions_stay_in_documents_and_around_requests"]
    world = world_of(tuple(case.subgraphs.items()))
    found = plan_json(plan_operation(world, parse(case.operation)))
    assert found["node"]
    text = repr(found)
    assert "'type': 'Condition'" in text
    assert "frozenset" not in text
