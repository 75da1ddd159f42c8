"""@authenticated, @requiresScopes and @policy guard objects and their fields."""

from gateway.composition.findings import ErrorCode, Findings
from gateway.composition.model import Applied, Kind, Subgraph, TypeDef
from gateway.spec import names


def guards_stand_on_objects(subgraph: Subgraph, findings: Findings) -> None:
    for each in subgraph.types.values():
        if each.kind is not Kind.INTERFACE and not each.interface_object:
            continue
        for applied in each.applied:
            _refuse(subgraph, each, each.name, applied, findings)
        for field in each.fields.values():
            for applied in field.applied:
                _refuse(subgraph, each, f"{each.name}.{field.name}", applied, findings)


def _refuse(
    subgraph: Subgraph, owner: TypeDef, coordinate: str, applied: Applied, findings: Findings
) -> None:
    if applied.name not in names.GUARDS:
        return
    what = "an interface" if owner.kind is Kind.INTERFACE else "an @interfaceObject"
    findings.error(
        ErrorCode.AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE,
        f"[{subgraph.name}] @{applied.name} on {coordinate}: {owner.name} is {what}",
        [applied.place],
        advice=f"put @{applied.name} on the implementing objects and their fields",
    )
