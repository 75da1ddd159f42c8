"""What one subgraph may not say, whatever the others say; one file a subject."""

from collections.abc import Callable
from typing import Final, TypeAlias

from gateway.composition.findings import Findings
from gateway.composition.model import Subgraph
from gateway.composition.rules.contexts import contexts_are_set_and_read
from gateway.composition.rules.costs import costs_stand_where_they_count
from gateway.composition.rules.externals import externals_are_used
from gateway.composition.rules.guards import guards_stand_on_objects
from gateway.composition.rules.interface_objects import interface_keys_reach_implementations
from gateway.composition.rules.keys import keys_select_leaves
from gateway.composition.rules.requires_provides import requirements_and_provisions_are_external
from gateway.composition.rules.sharing import sharing_is_for_objects

Rule: TypeAlias = Callable[[Subgraph, Findings], None]

RULES: Final[tuple[Rule, ...]] = (
    keys_select_leaves,
    requirements_and_provisions_are_external,
    externals_are_used,
    sharing_is_for_objects,
    interface_keys_reach_implementations,
    guards_stand_on_objects,
    costs_stand_where_they_count,
    contexts_are_set_and_read,
)


def check_subgraph(subgraph: Subgraph, findings: Findings) -> None:
    for rule in RULES:
        rule(subgraph, findings)
