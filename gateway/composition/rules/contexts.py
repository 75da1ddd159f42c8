"""@context and @fromContext are read, and not composed yet: said plainly instead of dropped."""

from gateway.composition.findings import ErrorCode, Findings
from gateway.composition.model import Subgraph, has
from gateway.spec import names


def contexts_are_not_composed(subgraph: Subgraph, findings: Findings) -> None:
    for owner, field in subgraph.output_fields():
        for argument in field.arguments.values():
            if has(argument.applied, names.FROM_CONTEXT):
                findings.error(
                    ErrorCode.UNSUPPORTED_FEATURE,
                    f"[{subgraph.name}] {owner.name}.{field.name}({argument.name}:) uses "
                    "@fromContext, which is not composed here",
                    [argument.place],
                    advice="pass the value as an argument, or use @requires",
                )
