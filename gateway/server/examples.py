"""The tabs that GraphiQL opens with: a folder of NN-name.graphql files, each with its variables."""

import re
from dataclasses import dataclass
from pathlib import Path

import orjson

_REMARK = re.compile(r"#\s*(title|persona):\s*(.+?)\s*$")
_NUMBER = re.compile(r"^\d+-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """`variables` is JSON text for people; `persona` names whose token the tab starts with."""

    name: str
    title: str
    query: str
    variables: str
    persona: str | None


def read_tabs(folder: Path | None, overrides: Path | None) -> tuple[Tab, ...]:
    """In the order of the file names; a missing folder has no tabs."""
    if folder is None or not folder.is_dir():
        return ()
    changed = _read_json(overrides)
    return tuple(_read_tab(path, changed) for path in sorted(folder.glob("*.graphql")))


def _read_tab(path: Path, changed: dict[str, object]) -> Tab:
    query = path.read_text(encoding="utf-8")
    remarks = _remarks(query)
    title = _NUMBER.sub("", path.stem).replace("-", " ")
    variables = _read_json(path.with_suffix(".json"))
    override = changed.get(path.stem)
    if isinstance(override, dict):
        variables |= override
    return Tab(
        name=path.stem,
        title=remarks.get("title", title),
        query=query,
        variables=_pretty(variables),
        persona=remarks.get("persona"),
    )


def _remarks(query: str) -> dict[str, str]:
    """`# title: ...` and `# persona: ...` among the comment lines at the top."""
    found: dict[str, str] = {}
    for line in query.splitlines():
        if not line.startswith("#"):
            break
        remark = _REMARK.match(line)
        if remark:
            found[remark.group(1)] = remark.group(2)
    return found


def _read_json(path: Path | None) -> dict[str, object]:
    try:
        value = orjson.loads(path.read_bytes()) if path else {}
    except (OSError, orjson.JSONDecodeError):
        return {}
    return value if isinstance(value, dict) else {}


def _pretty(variables: dict[str, object]) -> str:
    return orjson.dumps(variables, option=orjson.OPT_INDENT_2).decode() if variables else ""
