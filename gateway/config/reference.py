"""The settings as a JSON Schema and as a page for people, both made from their declarations."""

from collections.abc import Iterator, Mapping
from dataclasses import MISSING
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin

from gateway.config.record import Record, Setting, settings_of, without_none
from gateway.config.settings import Settings

_FILLED_IN: Final = {"type": "string", "pattern": r"\$\{"}
_HEAD: Final = """# Settings of the gateway

Made by `credgraph config docs` from the code; a test fails when it is stale. One YAML file, section
`gateway:`; `${NAME}` and `${NAME:-default}` come from the environment; an unknown key is an error
that names its line and the nearest key. `credgraph config check --config FILE` says whether a file
is good, `credgraph config schema` prints a JSON Schema for editors.
"""


def json_schema() -> dict[str, object]:
    """A schema for the whole file; other sections are other programs' business."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "CredGraph gateway",
        "type": "object",
        "required": ["gateway"],
        "properties": {"gateway": _record(Settings)},
    }


def settings_page() -> str:
    """The reference, one table a section."""
    return _HEAD + "".join(_tables(Settings, "gateway"))


def setting_names() -> Iterator[str]:
    """Every setting's dotted name; `*` stands for a name of the operator's choice."""
    yield from _walk(Settings, "gateway")


def _record(record: type) -> dict[str, object]:
    properties = {
        each.name: {"description": each.meaning.text, **_schema(each.kind, each)}
        for each in settings_of(record)
    }
    required = [each.name for each in settings_of(record) if each.default is MISSING]
    schema: dict[str, object] = {"type": "object", "additionalProperties": False}
    return {**schema, "properties": properties, **({"required": required} if required else {})}


def _schema(kind: Any, each: Setting) -> dict[str, object]:
    plain = without_none(kind)
    if _is_record(plain):
        return _record(plain)
    origin, inner = get_origin(plain), get_args(plain)
    if origin is Literal:
        return {"enum": [*inner, *([True, False] if "true" in inner else [])]}
    if origin is tuple:
        return {"type": "array", "items": _schema(inner[0], each)}
    if origin is not None:
        return {"type": "object", "additionalProperties": _schema(inner[1], each)}
    if plain in {str, Path}:
        return {"type": "string"}
    if plain is object:
        return {}
    return {"anyOf": [_scalar(plain, each), _FILLED_IN]}


def _scalar(kind: type, each: Setting) -> dict[str, object]:
    if kind is bool:
        return {"type": "boolean"}
    meaning = each.meaning
    bounds: Mapping[str, float | None] = {"minimum": meaning.low, "maximum": meaning.high}
    known = {name: bound for name, bound in bounds.items() if bound is not None}
    return {"type": "integer" if kind is int else "number", **known}


def _tables(record: type, path: str) -> Iterator[str]:
    rows = []
    below: list[str] = []
    for each in settings_of(record):
        inner, name = _inner(each.kind, f"{path}.{each.name}")
        rows.append(f"| `{each.name}` | {_default(each)} | {each.meaning.text} |")
        if inner is not None:
            below.extend(_tables(inner, name))
    about = (record.__doc__ or "").split("\n\n")[0].replace("\n    ", " ").strip()
    yield f"\n## `{path}`\n\n{about}\n\n| setting | default | meaning |\n|---|---|---|\n"
    yield "\n".join(rows) + "\n"
    yield from below


def _walk(record: type, path: str) -> Iterator[str]:
    for each in settings_of(record):
        yield f"{path}.{each.name}"
        inner, name = _inner(each.kind, f"{path}.{each.name}")
        if inner is not None:
            yield from _walk(inner, name)


def _inner(kind: Any, name: str) -> tuple[type[Record] | None, str]:
    """The record below a setting, and how its settings are called."""
    if _is_record(kind):
        return kind, name
    origin, inner = get_origin(kind), get_args(kind)
    if origin is tuple and _is_record(inner[0]):
        return inner[0], f"{name}[]"
    if origin is not None and len(inner) == 2 and _is_record(inner[1]):
        return inner[1], f"{name}.*"
    return None, name


def _is_record(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Record)


def _default(each: Setting) -> str:
    if each.default is MISSING:
        return "required"
    if each.default is MISSING or each.default in (None, ()):
        return ""
    value = each.default
    if isinstance(value, tuple):
        return ", ".join(f"`{item}`" for item in value)
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"
