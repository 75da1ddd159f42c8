"""`credgraph check --against OLD`: what a new supergraph changes for the clients of an old one.

The exit code is the severity of the worst change: 0 nothing or safe, 2 dangerous (clients may
behave otherwise), 3 breaking (operations that were valid are no longer). 1: there was no checking.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from graphql import (
    BreakingChange,
    DangerousChange,
    GraphQLError,
    GraphQLSchema,
    build_schema,
    find_schema_changes,
)

from gateway.cli.compose import api_sdl
from gateway.cli.compose_config import read_compose_config
from gateway.cli.compose_report import Findings
from gateway.cli.compose_sources import gather
from gateway.composition import Composed, compose
from gateway.errors import BadSettings, GatewayError
from gateway.spec.names import JOIN_GRAPH_ENUM

SEVERITIES: Final = {"safe": 0, "dangerous": 2, "breaking": 3}


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """One difference that a client may notice."""

    severity: str
    kind: str
    message: str


def run(argv: Sequence[str]) -> int:
    """The severity of the worst change, see the head of this file."""
    options = _parser().parse_args(argv)
    try:
        old = _schema(options.against, _text(options.against))
        new = _new(options)
    except GatewayError as error:
        print(f"credgraph: {error.message}", file=sys.stderr)
        return 1
    if new is None:
        return 1
    changes = changes_between(old, new)
    print(_shown(changes, as_json=options.format == "json"))
    return max((SEVERITIES[each.severity] for each in changes), default=0)


def changes_between(old: GraphQLSchema, new: GraphQLSchema) -> list[Change]:
    """All changes, the worst first."""
    found = [
        Change(_severity(each), each.type.name, each.description)
        for each in find_schema_changes(old, new)
    ]
    return sorted(found, key=lambda each: (-SEVERITIES[each.severity], each.kind, each.message))


def _severity(change: object) -> str:
    if isinstance(change, BreakingChange):
        return "breaking"
    return "dangerous" if isinstance(change, DangerousChange) else "safe"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="credgraph check",
        description="Compare the API schema that the subgraphs compose to with an older one.",
        epilog="exit code: 0 no change or safe, 2 dangerous, 3 breaking, 1 could not be checked",
    )
    parser.add_argument(
        "--against", type=Path, required=True, help="the old API schema or supergraph"
    )
    parser.add_argument(
        "--config",
        type=Path,
        default=Path("schema/supergraph.yaml"),
        help="names the subgraphs (default schema/supergraph.yaml)",
    )
    parser.add_argument("--schema", type=Path, help="take this API schema or supergraph as new")
    parser.add_argument("--format", choices=["text", "json"], default="text")
    return parser


def _new(options: argparse.Namespace) -> GraphQLSchema | None:
    if options.schema is not None:
        return _schema(options.schema, _text(options.schema))
    config = read_compose_config(options.config, None)
    gathered = gather(config)
    result = compose(gathered.sources, unread=gathered.faults)
    if isinstance(result, Composed):
        return _schema(options.config, result.supergraph_sdl)
    findings = Findings(config=config, gathered=gathered, errors=result.errors, hints=())
    for block in findings.as_text():
        print(block, file=sys.stderr)
    return None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadSettings("", f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadSettings("", f"cannot read {path}: it is not UTF-8 text") from None


def _schema(path: Path, sdl: str) -> GraphQLSchema:
    """Supergraphs are compared by what their clients see of them."""
    api = api_sdl(sdl) if f"enum {JOIN_GRAPH_ENUM}" in sdl else sdl
    try:
        return build_schema(api)
    except (GraphQLError, TypeError) as error:
        raise BadSettings("", f"{path} is not a GraphQL schema: {error}") from None


def _shown(changes: Sequence[Change], *, as_json: bool) -> str:
    counts = {name: sum(each.severity == name for each in changes) for name in SEVERITIES}
    if as_json:
        listed = [
            {"severity": each.severity, "kind": each.kind, "message": each.message}
            for each in changes
        ]
        return json.dumps({"counts": counts, "changes": listed}, ensure_ascii=False)
    lines = [f"{each.severity:10}{each.kind}: {each.message}" for each in changes]
    told = ", ".join(f"{counts[name]} {name}" for name in ("breaking", "dangerous", "safe"))
    return "\n".join([*lines, f"credgraph: {told}"])
