"""A settings file: YAML in, plain mapping out, and the line of every key for error messages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from gateway.config.interpolate import interpolate
from gateway.errors import BadSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsFile:
    """What the file said, environment filled in; `lines` maps a dotted key to its line."""

    path: Path
    values: Mapping[str, object]
    lines: Mapping[str, int] = field(default_factory=dict)

    def locate(self, error: BadSettings) -> BadSettings:
        """The same error, naming file and line."""
        line = self.lines.get(error.key)
        place = f"{self.path}:{line}" if line else str(self.path)
        return BadSettings(error.key, f"{error.problem} ({place})")


def read_settings_file(path: Path, environ: Mapping[str, str]) -> SettingsFile:
    """Raises BadSettings with the file's name when it is missing, broken or not a mapping."""
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        values = yaml.safe_load(text)
    except OSError as error:
        raise BadSettings("", f"cannot read the settings file {path}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        problem = " ".join(str(error).split())
        raise BadSettings("", f"{path} is not valid YAML: {problem}") from None
    if not isinstance(values, dict):
        raise BadSettings("", f"{path} must hold a mapping of sections")
    lines = dict(_lines(node, "")) if node is not None else {}
    file = SettingsFile(path=path, values=values, lines=lines)
    try:
        filled = interpolate(values, environ)
    except BadSettings as error:
        raise file.locate(error) from None
    return SettingsFile(path=path, values=_as_mapping(filled), lines=lines)


def _as_mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _lines(node: yaml.Node, path: str) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = f"{path}.{key.value}" if path else str(key.value)
            found.append((below, key.start_mark.line + 1))
            found.extend(_lines(value, below))
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            below = f"{path}[{index}]"
            found.append((below, value.start_mark.line + 1))
            found.extend(_lines(value, below))
    return found
