"""`${NAME}` and `${NAME:-default}` inside the strings of a settings tree."""

import re
from collections.abc import Mapping

from gateway.errors import BadSettings

_PLACEHOLDER = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


def interpolate(value: object, environ: Mapping[str, str], path: str = "") -> object:
    """The same tree with every placeholder filled in; `:-` also covers an empty variable.

    Raises BadSettings for a name that is neither set nor has a default."""
    match value:
        case str():
            return _fill(value, environ, path)
        case Mapping():
            return {
                key: interpolate(item, environ, f"{path}.{key}" if path else str(key))
                for key, item in value.items()
            }
        case list():
            return [
                interpolate(item, environ, f"{path}[{index}]") for index, item in enumerate(value)
            ]
        case _:
            return value


def _fill(text: str, environ: Mapping[str, str], path: str) -> str:
    def replace(found: re.Match[str]) -> str:
        name, default = found.group(1), found.group(2)
        value = environ.get(name, "")
        if value:
            return value
        if default is not None:
            return default
        if name in environ:
            return ""
        raise BadSettings(path, f"the environment variable {name} is not set and has no default")

    return _PLACEHOLDER.sub(replace, text)
