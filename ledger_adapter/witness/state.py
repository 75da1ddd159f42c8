"""What a witness remembers: the last head of each log, and whatever contradicted one.

One file is replaced as a whole before an answer goes out, so that a witness killed at any moment
has never signed what it does not remember. Contradictions go to a second file that only grows.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ledger_adapter.errors import BadSettings
from ledger_adapter.log.checkpoint import Checkpoint, parse_note

MAX_CONFLICTS: Final = 1000
_VERSION: Final = 1


class WitnessState:
    """The files of one witness process; a second process on the same files is refused."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._conflicts_path = path.with_name(path.name + ".conflicts")
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise BadSettings(f"another witness works with {path}") from None
        self._heads = _read(path)
        self._conflicts = _lines(self._conflicts_path)
        self._seen = {_identity(json.loads(line)) for line in self._conflicts}

    def head(self, origin: str) -> Checkpoint | None:
        """The last head this witness has signed for a log."""
        return self._heads.get(origin)

    @property
    def sizes(self) -> Mapping[str, int]:
        """Tree size of each log's last head."""
        return {origin: head.tree_size for origin, head in self._heads.items()}

    def remember(self, head: Checkpoint) -> None:
        """Keep a head; on the disk when this returns."""
        heads = {**self._heads, head.head.origin: head}
        notes = {origin: kept.note().decode() for origin, kept in heads.items()}
        draft = self._path.with_name(self._path.name + ".draft")
        _write(draft, os.O_TRUNC, json.dumps({"version": _VERSION, "heads": notes}, indent=1))
        draft.replace(self._path)
        self._heads = heads

    def record(self, kind: str, kept: Checkpoint, offered: Checkpoint) -> bool:
        """Keep both notes of a contradiction for good; False when it is on record already."""
        row = {"kind": kind, "kept": kept.note().decode(), "offered": offered.note().decode()}
        identity = _identity(row)
        if identity in self._seen or len(self._conflicts) >= MAX_CONFLICTS:
            return False
        line = json.dumps(row)
        _write(self._conflicts_path, os.O_APPEND, line + "\n")
        self._seen.add(identity)
        self._conflicts.append(line)
        return True

    @property
    def conflicts(self) -> list[str]:
        """Every contradiction on record, one JSON text each, oldest first."""
        return list(self._conflicts)

    def close(self) -> None:
        """Let another process take over."""
        os.close(self._lock)


def _read(path: Path) -> dict[str, Checkpoint]:
    if not path.exists():
        return {}
    document = json.loads(path.read_text(encoding="utf-8"))
    if document.get("version") != _VERSION:
        raise BadSettings(f"the witness's state {path} is of another version")
    return {origin: parse_note(note.encode()) for origin, note in document["heads"].items()}


def _lines(path: Path) -> list[str]:
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8")
    return text[: text.rfind("\n") + 1].splitlines()  # a line without end was never answered


def _identity(row: Mapping[str, str]) -> bytes:
    """By the signed bodies: one contradiction signed anew a hundred times is still one."""
    bodies = "\0".join(row[name].partition("\n\n")[0] for name in ("kept", "offered"))
    return hashlib.sha256(bodies.encode()).digest()


def _write(path: Path, how: int, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | how, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
