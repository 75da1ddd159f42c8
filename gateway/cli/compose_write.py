"""Files that are replaced whole or not at all."""

import sys
from collections.abc import Mapping
from pathlib import Path


def holds(path: Path, text: str) -> bool:
    """Whether the file already says this."""
    try:
        return path.read_text(encoding="utf-8") == text
    except (OSError, UnicodeDecodeError):
        return False


def write(texts: Mapping[Path, str]) -> bool:
    """Write those that differ; False, with the reason on stderr, where one can't be written."""
    for path, text in texts.items():
        if holds(path, text):
            continue
        partial = path.with_name(f".{path.name}.partial")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            partial.write_text(text, encoding="utf-8")
            partial.replace(path)
        except OSError as error:
            print(f"credgraph: cannot write {path}: {error.strerror}", file=sys.stderr)
            return False
    return True
