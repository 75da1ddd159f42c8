"""`credgraph config check | schema | docs`: is a settings file good, and what may be in one."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from gateway.config import load_settings
from gateway.config.reference import json_schema, settings_page
from gateway.errors import GatewayError


def run(argv: Sequence[str]) -> int:
    """0, or 1 with one clear sentence for a file that is no good."""
    parser = argparse.ArgumentParser(prog="credgraph config", description="Settings files.")
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("check", help="say whether a settings file is good")
    check.add_argument("--config", type=Path, required=True)
    commands.add_parser("schema", help="print the JSON Schema of settings files")
    commands.add_parser("docs", help="print the reference of all settings")
    options = parser.parse_args(argv)
    if options.command == "schema":
        print(json.dumps(json_schema(), indent=2))
    elif options.command == "docs":
        print(settings_page(), end="")
    else:
        return _check(options.config)
    return 0


def _check(path: Path) -> int:
    try:
        load_settings(path, os.environ)
    except GatewayError as error:
        print(f"credgraph: {error.message}", file=sys.stderr)
        return 1
    print(f"{path} is good")
    return 0
