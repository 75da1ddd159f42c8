"""`credgraph COMMAND ...`: one module per command, each with `run(argv) -> exit code`."""

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Final

COMMANDS: Final[Mapping[str, str]] = {
    "serve": "serve a supergraph",
    "compose": "compose subgraph schemas into a supergraph",
    "check": "tell breaking, dangerous and safe changes against an older schema",
    "explain": "explain a code of composition",
    "plan": "print the plan of an operation",
    "token": "print a demo token for a persona",
    "errors": "print every error code and what it means",
    "config": "check a settings file; print its schema or reference",
}


def main(argv: Sequence[str]) -> int:
    """Run the named command; only its module is loaded, so that small commands stay quick."""
    if argv and argv[0] in COMMANDS:
        code: int = import_module(f"gateway.cli.{argv[0]}").run(argv[1:])
        return code
    wanted_help = bool(argv) and argv[0] in {"-h", "--help", "help"}
    lines = ["usage: credgraph COMMAND [OPTIONS]", ""]
    lines += [f"  {name:10}{purpose}" for name, purpose in COMMANDS.items()]
    print("\n".join(lines), file=sys.stdout if wanted_help else sys.stderr)
    return 0 if wanted_help else 2
