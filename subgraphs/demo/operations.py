"""The journey's operations as text: the same files that GraphiQL shows as tabs."""

from functools import cache

from subgraphs.demo.deployment import ROOT

EXAMPLES = ROOT / "schema" / "examples"


@cache
def operation(name: str) -> str:
    """Text of `schema/examples/NN-name.graphql`, found by its name without the number."""
    (path,) = EXAMPLES.glob(f"[0-9][0-9]-{name}.graphql")
    return path.read_text(encoding="utf-8")
