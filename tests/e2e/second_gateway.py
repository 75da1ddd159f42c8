"""One more gateway process before the same subgraphs, on a port of its own."""

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError

from subgraphs.demo.deployment import HOST, ROOT
from tests.kit.stack import Stack, free_ports

READY_SECONDS = 30.0


@contextmanager
def second_gateway(
    stack: Stack, *, supergraph: Path | None = None, ports: dict[str, int] | None = None
) -> Iterator[str]:
    """Its GraphQL address once it is ready. `ports` replaces those of subgraphs by name."""
    port = free_ports(["gateway"])["gateway"]
    environment = stack.deployment.environment()
    for name, other in (ports or {}).items():
        environment[f"{name.upper()}_PORT"] = str(other)
    command = [sys.executable, "-m", "gateway", "serve", "--port", str(port)]
    command += ["--config", environment["CREDGRAPH_CONFIG"]]
    if supergraph is not None:
        command += ["--supergraph", str(supergraph)]
    log = stack.deployment.data / "logs" / f"gateway-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=output,
            stderr=output, start_new_session=True,
        )  # fmt: skip
    try:
        address = f"http://{HOST}:{port}"
        _wait(f"{address}/health/ready", process, log)
        yield f"{address}/graphql"
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        assert process.poll() is None, log.read_text()[-1500:]
        assert time.monotonic() < deadline, log.read_text()[-1500:]
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if json.load(answer)["status"] == "ready":
                    return
        except (URLError, OSError):
            time.sleep(0.05)
