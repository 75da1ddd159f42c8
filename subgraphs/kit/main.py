"""The door of every process of the subgraphs: environment and settings file in, exit code out."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from ledger_adapter.config import DEFAULT_PATH, load_file
from ledger_adapter.errors import LedgerFault
from subgraphs.kit.mongo import Unreachable
from subgraphs.kit.serve import CannotStart, Open, run
from subgraphs.kit.settings import BadSetting, ServiceName, Settings


def main(name: ServiceName, opened: Open) -> int:
    """Read the settings and serve until a signal."""
    try:
        settings = load(os.environ)  # noqa: TID251  # this is the door
        return run(name, settings, opened)
    except (BadSetting, CannotStart, LedgerFault, Unreachable) as fault:
        print(f"{name}: {fault}", file=sys.stderr)  # noqa: T201  # for the person at the terminal
        return 1


def load(environ: Mapping[str, str]) -> Settings:
    """The `subgraphs:` section of the settings file that CREDGRAPH_CONFIG names."""
    path = Path(environ.get("CREDGRAPH_CONFIG") or DEFAULT_PATH)
    section = load_file(path, environ).get("subgraphs")
    if not isinstance(section, Mapping):
        raise BadSetting("", f"the section is missing in {path}")
    return Settings.from_mapping(section)
