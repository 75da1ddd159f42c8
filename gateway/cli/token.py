"""`credgraph token`: a demo token for a persona, in demo mode only."""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from gateway.config import load_settings
from gateway.errors import BadSettings, GatewayError
from gateway.server.personas import demo_personas

_DEMO: Final = "subgraphs/demo/credgraph.yaml"
"""What `make up` runs, seen from the folder where one says `make up`."""


def run(argv: Sequence[str]) -> int:
    """Prints the token alone on one line, so that a shell can use it."""
    parser = argparse.ArgumentParser(prog="credgraph token", description="Print a demo token.")
    parser.add_argument(
        "--config",
        type=Path,
        default=os.environ.get("CREDGRAPH_CONFIG") or _DEMO,
        help=f"settings file (default: $CREDGRAPH_CONFIG, else {_DEMO})",
    )
    parser.add_argument("--persona", required=True, help="a name under gateway.personas")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="CLAIM=VALUE",
        dest="changes",
        help="say another value for a claim; may be given several times",
    )
    parser.add_argument(
        "--ttl", type=float, default=3600.0, metavar="SECONDS", help="lifetime (default 3600)"
    )
    options = parser.parse_args(argv)
    try:
        print(_token(Path(options.config), options.persona, options.changes, options.ttl))
    except GatewayError as error:
        print(f"credgraph: {error.message}", file=sys.stderr)
        return 1
    return 0


def _token(config: Path, persona: str, changes: Sequence[str], lifetime: float) -> str:
    settings = load_settings(config, os.environ)
    personas = demo_personas(settings)
    if personas is None:
        raise BadSettings("gateway.demo", "demo tokens exist in demo mode only, with a token_key")
    claims = dict(_claim(change) for change in changes)
    return personas.token(persona, now=time.time(), lifetime=lifetime, changes=claims)


def _claim(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise BadSettings("--set", f"{text!r} must be CLAIM=VALUE")
    return name, value
