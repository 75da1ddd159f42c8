"""Golden plans: one file a case, with subgraphs, an operation and the plan it must get.

A case file is text in sections. What stands before the first section says what the case shows.
Subgraphs are written without `@link`: a federation 2 header is put before each, unless its section
says `fed1`. `python -m tests.planner` writes the plans anew; the diff is the review.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from graphql import parse, validate

from gateway.composition import Composed, SubgraphSource, compose
from gateway.plan.nodes import Fetch, Flatten, PlanNode, QueryPlan, Subscribe, inner_nodes
from gateway.plan.render import render_plan
from gateway.planner import World, plan_operation
from gateway.supergraph.api_schema import build_api_schema
from gateway.supergraph.reader import read_supergraph

CASES = Path(__file__).parent / "cases"
_HEADER = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key",'
    ' "@requires", "@provides", "@external", "@shareable", "@override", "@interfaceObject",'
    ' "@inaccessible", "@context", "@fromContext"])\n'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case file that was read. `labels` are override labels that are active."""

    title: str
    subgraphs: dict[str, str]
    operation: str
    labels: frozenset[str]
    plan: str


def case_files() -> list[Path]:
    """Every case, in the order of names."""
    return sorted(CASES.glob("*.case"))


def read_case(path: Path) -> Case:
    """Read a case file; a section that is missing is a mistake in the file."""
    title, *sections = path.read_text().split("\n--- ")
    subgraphs: dict[str, str] = {}
    texts: dict[str, str] = {"labels": "", "plan": ""}
    for section in sections:
        head, _, body = section.partition("\n")
        kind, _, rest = head.partition(" ")
        if kind == "subgraph":
            name, _, version = rest.partition(" ")
            subgraphs[name] = body if version == "fed1" else _HEADER + body
        else:
            texts[kind] = body.strip("\n") + "\n"
    return Case(
        title=title.strip(),
        subgraphs=subgraphs,
        operation=texts["operation"],
        labels=frozenset(texts["labels"].split()),
        plan=texts["plan"],
    )


def rewrite(path: Path) -> None:
    """Put the plan of today into the file."""
    text = path.read_text()
    before = text.partition("\n--- plan\n")[0].rstrip()
    path.write_text(f"{before}\n--- plan\n{render_plan(plan_case(read_case(path)))}")


def plan_case(case: Case) -> QueryPlan:
    """Compose, validate and plan."""
    world = world_of(tuple(case.subgraphs.items()))
    document = parse(case.operation)
    faults = validate(build_api_schema(world.supergraph), document)
    assert not faults, faults
    return plan_operation(world.with_labels(case.labels), document, in_parts=True)


@cache
def world_of(subgraphs: tuple[tuple[str, str], ...]) -> World:
    """The world of some subgraphs, composed by ourselves."""
    sources = [
        SubgraphSource(name=name, url=f"http://{name}", sdl=sdl)  # type: ignore[arg-type]
        for name, sdl in subgraphs
    ]
    composed = compose(sources)
    assert isinstance(composed, Composed), composed
    return World.of(read_supergraph(composed.supergraph_sdl))


def fetches(node: PlanNode | None) -> Iterator[Fetch]:
    """Every request of a plan, in the order of the text."""
    if isinstance(node, Fetch):
        yield node
    elif isinstance(node, Flatten | Subscribe):
        yield node.fetch
    for inner in inner_nodes(node):
        yield from fetches(inner)
