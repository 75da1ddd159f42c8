"""A shared field gives one value everywhere, so its possible types must agree everywhere."""

from collections.abc import Sequence

from gateway.composition import type_ref
from gateway.composition.findings import ErrorCode, Findings, HintCode
from gateway.composition.merging.context import listed
from gateway.composition.model import FieldDef
from gateway.composition.satisfaction.world import Position, World


def check_runtime_types(
    world: World,
    coordinate: str,
    carriers: Sequence[tuple[Position, FieldDef]],
    findings: Findings,
) -> bool:
    """Report types that only some of the subgraphs on this path know; False where they differ."""
    possible = {
        at.subgraph: world.local_possible(at.subgraph, type_ref.named(field.type))
        for at, field in carriers
    }
    if len(set(possible.values())) < 2:
        return True
    common = frozenset.intersection(*possible.values())
    shown = "; ".join(f"{name}: {', '.join(sorted(types))}" for name, types in possible.items())
    places = [field.place for _, field in carriers]
    if common:
        every = frozenset.union(*possible.values())
        findings.hint(
            HintCode.INCONSISTENT_RUNTIME_TYPES_FOR_SHAREABLE_RETURN,
            f"{coordinate} is shared, and {listed(sorted(every - common))} can't come from all "
            f"who resolve it ({shown})",
            places,
        )
        return False
    findings.error(
        ErrorCode.SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES,
        f"{coordinate} is shared, and no object type can come from all who resolve it ({shown})",
        places,
        advice="define the same possible types in all of them",
    )
    return False
