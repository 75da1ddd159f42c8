"""`credgraph plan`: how an operation would be run on a supergraph, as text or JSON."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

from graphql import DocumentNode, GraphQLError, OperationDefinitionNode, parse, validate

from gateway.errors import BadRequest, GatewayError, ParseFailed, ValidationFailed
from gateway.plan.nodes import QueryPlan
from gateway.plan.render import plan_json, render_plan
from gateway.planner import Budget, World, plan_operation
from gateway.spec.names import GUARD_IDENTITIES
from gateway.supergraph.api_schema import build_api_schema
from gateway.supergraph.model import Supergraph
from gateway.supergraph.reader import read_supergraph


def run(argv: Sequence[str]) -> int:
    """0 with the plan on stdout; 1 with the reason on stderr."""
    options = _parser().parse_args(argv)
    try:
        supergraph = read_supergraph(_text(options.supergraph), understood=GUARD_IDENTITIES)
        document = _operations(supergraph, options.operation)
        _one_is_meant(document, options.name)
        plan = plan_operation(
            World.of(supergraph).with_labels(frozenset(options.label)),
            document,
            options.name,
            budget=Budget(clock=monotonic),
        )
    except GatewayError as error:
        print(f"credgraph: {error.message}", file=sys.stderr)
        return 1
    sys.stdout.write(_shown(plan, as_json=options.json))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="credgraph plan", description="Print the plan of an operation."
    )
    parser.add_argument("--supergraph", type=Path, required=True, help="the supergraph SDL")
    parser.add_argument(
        "--operation", type=Path, required=True, help="a GraphQL document ('-': standard input)"
    )
    parser.add_argument("--name", help="which operation, where the document has several")
    parser.add_argument(
        "--label", action="append", default=[], help="an @override label that is active"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    return parser


def _text(path: Path) -> str:
    try:
        return sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise BadRequest(f"cannot read {path}: {reason}") from None


def _operations(supergraph: Supergraph, path: Path) -> DocumentNode:
    try:
        document = parse(_text(path))
    except GraphQLError as error:
        raise ParseFailed(_placed(path, error)) from None
    faults = validate(build_api_schema(supergraph), document)
    if faults:
        raise ValidationFailed("; ".join(_placed(path, fault) for fault in faults))
    return document


def _placed(path: Path, error: GraphQLError) -> str:
    where = "".join(f":{place.line}:{place.column}" for place in (error.locations or ())[:1])
    return f"{path}{where}: {error.message}"


def _one_is_meant(document: DocumentNode, name: str | None) -> None:
    found = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if name is None and len(found) > 1:
        names = ", ".join(sorted(node.name.value for node in found if node.name))
        raise BadRequest(f"the document has several operations: choose one by --name ({names})")


def _shown(plan: QueryPlan, *, as_json: bool) -> str:
    if as_json:
        return json.dumps(plan_json(plan), indent=2, ensure_ascii=False) + "\n"
    return render_plan(plan)
