"""`make flame`: where the time of a request goes, as a flame graph (SVG) of the gateway under load.

py-spy looks at the gateway's stack 500 times a second, native frames apart, while the load of the
contest runs against it. The gateway is py-spy's own child, so that no further right is needed.
"""

import argparse
import os
import signal
import subprocess
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psutil

from bench.contest.contestants import GATEWAY_CORE, ROOT, DidNotStartError, address_of, ours
from bench.contest.rounds import check, load, scene_of, subgraphs
from bench.contest.work import works

_RATE: Final = "500"


def flame(out: Path, *, work: str, seconds: float) -> None:
    """Writes the graph. Raises DidNotStartError."""
    (chosen,) = (each for each in works() if each.key == work)
    with (
        subgraphs(chosen.latency, "yardstick") as address,
        scene_of(address) as scene,
        recorded(ours(scene), out, scene.folder / "log") as url,
    ):
        check(url, chosen.query, chosen.data)
        load(url, chosen.connections, seconds, chosen.asked())


@contextmanager
def recorded(command: list[str], out: Path, log: Path) -> Iterator[str]:
    """A gateway under py-spy, at the address given; the graph is there at the end."""
    spy = Path(sysconfig.get_path("scripts")) / "py-spy"
    record = [str(spy), "record", "--rate", _RATE, "--output", str(out.resolve()), "--"]
    with log.open("w") as said:
        process = subprocess.Popen(
            [*record, *command],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=said,
            stderr=said,
        )
    psutil.Process(process.pid).cpu_affinity([GATEWAY_CORE])
    try:
        yield address_of("CredGraph", log, process)
    finally:
        process.send_signal(signal.SIGINT)  # py-spy writes what it has and ends with its child
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if not out.is_file():
        raise DidNotStartError(log.read_text(encoding="utf-8")[-500:])


def main() -> None:
    """Says where the graph is."""
    parser = argparse.ArgumentParser(prog="python -m bench.flame", description=__doc__)
    parser.add_argument("--work", default="heavy", help="key of a work of the contest")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--out", type=Path, default=Path(".data/flame.svg"))
    options = parser.parse_args()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    flame(options.out, work=options.work, seconds=options.seconds)
    print(f"{options.out}: the {options.work} query; open it in a browser")


if __name__ == "__main__":
    main()
