"""@shareable speaks of resolving a field, which interfaces don't do and streams do alone."""

from gateway.composition.findings import ErrorCode, Findings
from gateway.composition.model import Kind, Subgraph


def sharing_is_for_objects(subgraph: Subgraph, findings: Findings) -> None:
    for owner, field in subgraph.output_fields():
        if owner.kind is Kind.INTERFACE and field.shareable_here:
            findings.error(
                ErrorCode.INVALID_SHAREABLE_USAGE,
                f"[{subgraph.name}] {owner.name}.{field.name} is @shareable on an interface",
                [field.place],
                advice="put @shareable on that field of the implementing types",
            )
        if owner.name == "Subscription" and field.shareable_here:
            findings.error(
                ErrorCode.INVALID_FIELD_SHARING,
                f"[{subgraph.name}] Subscription.{field.name} is @shareable: "
                "which subgraph would serve the stream is nobody's choice",
                [field.place],
                advice="give each subscription field to one subgraph and drop @shareable",
            )
