"""Every case file gets the plan it shows, and every document of it fits its subgraph."""

from pathlib import Path

import pytest
from graphql import parse, validate

from gateway.plan.render import render_plan
from tests.kit.federated import Subgraph, Universe
from tests.planner.golden import case_files, fetches, plan_case, read_case

_CASES = [pytest.param(path, id=path.stem) for path in case_files()]


@pytest.mark.parametrize("path", _CASES)
def test_a_case_gets_the_plan_it_shows(path: Path) -> None:
    case = read_case(path)
    assert render_plan(plan_case(case)) == case.plan, "python -m tests.planner writes plans anew"


@pytest.mark.parametrize("path", _CASES)
def test_every_document_is_valid_in_its_subgraph(path: Path) -> None:
    case = read_case(path)
    schemas = {
        name: Subgraph.from_sdl(name, sdl, Universe(rows={})).schema
        for name, sdl in case.subgraphs.items()
    }
    for fetch in fetches(plan_case(case).node):
        assert not validate(schemas[fetch.subgraph], parse(fetch.document)), fetch.document
