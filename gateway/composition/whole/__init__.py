"""What must hold of the supergraph as a whole, in the order in which it is checked."""

from collections.abc import Callable
from typing import Final, TypeAlias

from gateway.composition.merged import Supergraph
from gateway.composition.merging.context import Merge
from gateway.composition.satisfaction.search import check_satisfiable
from gateway.composition.whole.implementations import interfaces_are_implemented
from gateway.composition.whole.inaccessible import hidden_things_are_not_needed
from gateway.composition.whole.transitive_guards import requirements_are_guarded_alike
from gateway.composition.whole.valid_graphql import supergraph_is_valid_graphql

Check: TypeAlias = Callable[[Supergraph, Merge], None]

ROUNDS: Final[tuple[tuple[Check, ...], ...]] = (
    (interfaces_are_implemented, hidden_things_are_not_needed, requirements_are_guarded_alike),
    (supergraph_is_valid_graphql,),
    (check_satisfiable,),
)
"""A round runs only where those before it found nothing: its findings would repeat theirs."""


def check_whole(supergraph: Supergraph, merge: Merge) -> None:
    for checks in ROUNDS:
        if merge.findings.errors:
            return
        for check in checks:
            check(supergraph, merge)
