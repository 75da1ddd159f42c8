"""The settings file: YAML with `${NAME}` and `${NAME:-default}`, one section a program.

This is a door: the only place of the ledger that knows the environment, which is handed in.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, Self, cast
from urllib.parse import quote

import yaml

from ledger_adapter.crypto.terms import KeyTerms
from ledger_adapter.errors import BadSettings

DEFAULT_PATH: Final = "subgraphs/demo/credgraph.yaml"
_PLACEHOLDER: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")
_ORIGIN: Final = re.compile(r"[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*")
_SHARD: Final = re.compile(r"[A-Za-z0-9._-]{1,32}")

Driver = Literal["motor", "pymongo"]


def load_file(path: Path, environ: Mapping[str, str]) -> Mapping[str, object]:
    """The whole file, placeholders filled in; BadSettings in one sentence when it cannot be."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise BadSettings(f"settings file {path} cannot be read: {fault.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as fault:
        raise BadSettings(f"settings file {path} is not YAML: {fault}") from None
    if not isinstance(document, dict):
        raise BadSettings(f"settings file {path} has no sections")
    return cast("Mapping[str, object]", _interpolate(document, environ))


def _interpolate(value: object, environ: Mapping[str, str]) -> object:
    match value:
        case str():
            return _PLACEHOLDER.sub(lambda found: _filled(found, environ), value)
        case dict():
            return {str(key): _interpolate(item, environ) for key, item in value.items()}
        case list():
            return [_interpolate(item, environ) for item in value]
        case _:
            return value


def _filled(found: re.Match[str], environ: Mapping[str, str]) -> str:
    name, default = found.group(1), found.group(2)
    value = environ.get(name, "")
    if value or (name in environ and default is None):
        return value
    if default is None:
        raise BadSettings(f"the environment variable {name} is not set and has no default")
    return cast("str", default)


@dataclass(frozen=True, slots=True)
class WitnessSettings:
    """A witness: its name in the trust file, and where it answers."""

    name: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The `ledger:` section."""

    mongodb: str
    database: str = "credgraph_ledger"
    origin: str = "credgraph.example/log"
    shard: str = "2026"
    key: Path
    next_key: Path | None = None
    ed25519_key: Path | None = None
    demo: bool = False
    key_files: KeyTerms = field(default_factory=KeyTerms)
    driver: Driver = "motor"
    checkpoint_seconds: float = 1.0
    lease_seconds: float = 3.0
    trust: Path | None = None
    witnesses: tuple[WitnessSettings, ...] = ()
    chains: tuple[Mapping[str, object], ...] = ()
    anchor_mode: Literal["ROOT", "ROOT_AND_COMMITMENT"] = "ROOT"
    anchor_seconds: float = 10.0
    heartbeat_seconds: float = 3600.0
    scan_seconds: float = 600.0

    @property
    def log_origin(self) -> str:
        """The first line of every checkpoint: the origin with its shard."""
        return f"{self.origin}/{self.shard}"

    @classmethod
    def from_mapping(cls, values: Mapping[str, object]) -> Self:
        """Every key checked; unknown ones are refused by name."""
        known = set(cls.__dataclass_fields__)
        for name in values:
            if name not in known:
                raise BadSettings(f"ledger.{name}: unknown key (known: {', '.join(sorted(known))})")
        text = {name: _text(name, value) for name, value in values.items() if name not in _NOT_TEXT}
        for name in ("mongodb", "key"):
            if not text.get(name):
                raise BadSettings(f"ledger.{name} is empty{_HINTS[name]}")
        _check_words(text)
        seconds = {name: _seconds(name, values[name]) for name in _SECONDS if name in values}
        demo = _flag("demo", values.get("demo", False))
        fields: dict[str, object] = {
            **text,
            **seconds,
            "key": Path(text["key"]),
            "trust": Path(text["trust"]) if text.get("trust") else None,
            "witnesses": _witnesses(values.get("witnesses", [])),
            "ed25519_key": Path(text["ed25519_key"]) if text.get("ed25519_key") else None,
            "next_key": Path(text["next_key"]) if text.get("next_key") else None,
            "chains": _chains(values.get("chains", [])),
            "demo": demo,
            "key_files": KeyTerms.from_mapping(
                values.get("key_files"), demo=demo, place="ledger.key_files"
            ),
        }
        return cls(**fields)  # type: ignore[arg-type]  # every field was checked above


def _check_words(text: Mapping[str, str]) -> None:
    if not _ORIGIN.fullmatch(text.get("origin", "o")):
        raise BadSettings("ledger.origin: words of letters, digits, '.', '_', '-', with '/'")
    if not _SHARD.fullmatch(text.get("shard", "s")):
        raise BadSettings("ledger.shard: up to 32 letters, digits, '.', '_' or '-'")
    for name, words in _WORDS.items():
        if text.get(name, words[0]) not in words:
            raise BadSettings(f"ledger.{name}: {' or '.join(words)}")


_WORDS: Final = {"driver": ("motor", "pymongo"), "anchor_mode": ("ROOT", "ROOT_AND_COMMITMENT")}
_SECONDS: Final = (
    "checkpoint_seconds",
    "lease_seconds",
    "anchor_seconds",
    "heartbeat_seconds",
    "scan_seconds",
)
_NOT_TEXT: Final = (*_SECONDS, "witnesses", "chains", "demo", "key_files")
_HINTS: Final = {
    "mongodb": ": set MONGODB_URI to a replica set (docs/audit.md has that of a running `make up`),"
    " or start everything with `make up`",
    "key": ": name the file of the log's SM2 key",
}


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise BadSettings(f"ledger.{name}: must be text")
    return value


def _flag(name: str, value: object) -> bool:
    if value not in (True, False, "true", "false"):
        raise BadSettings(f"ledger.{name}: true or false")
    return value in (True, "true")


def _seconds(name: str, value: object) -> float:
    try:
        seconds = float(cast("float", value))
    except (TypeError, ValueError):
        raise BadSettings(f"ledger.{name}: not a number") from None
    if not (math.isfinite(seconds) and 0.05 <= seconds <= 3600):
        raise BadSettings(f"ledger.{name}: between 0.05 and 3600")
    return seconds


def _witnesses(value: object) -> tuple[WitnessSettings, ...]:
    if not isinstance(value, list):
        raise BadSettings("ledger.witnesses: a list of {name, url}")
    for item in value:
        if not isinstance(item, Mapping) or set(item) != {"name", "url"}:
            raise BadSettings("ledger.witnesses: each has exactly name and url")
        if not all(isinstance(text, str) for text in item.values()):
            raise BadSettings("ledger.witnesses: name and url are text")
    return tuple(WitnessSettings(item["name"], item["url"].rstrip("/")) for item in value)


def _chains(value: object) -> tuple[Mapping[str, object], ...]:
    """Each chain's own settings are read by its kind; here only that it has a kind and a name."""
    if not isinstance(value, list):
        raise BadSettings("ledger.chains: a list")
    for item in value:
        named = isinstance(item, Mapping) and isinstance(item.get("name"), str)
        if not named or item.get("kind") not in ("embedded", "evm"):
            raise BadSettings("ledger.chains: each has a name and a kind (embedded, evm)")
    if len({item["name"] for item in value}) != len(value):
        raise BadSettings("ledger.chains: two chains have one name")
    return tuple(value)


def load_settings(environ: Mapping[str, str], path: str | None = None) -> Settings:
    """The ledger's section of the file that `path` or CREDGRAPH_CONFIG names."""
    file = Path(path or environ.get("CREDGRAPH_CONFIG") or DEFAULT_PATH)
    section = load_file(file, environ).get("ledger")
    if not isinstance(section, Mapping):
        raise BadSettings(f"settings file {file} has no section `ledger`")
    running = _running(environ)
    if section.get("mongodb") == "" and running is not None:
        raise BadSettings(
            "ledger.mongodb is empty; for the database that `make up` runs here: "
            f'export MONGODB_URI="{running}"'
        )
    return Settings.from_mapping(section)


def _running(environ: Mapping[str, str]) -> str | None:
    """Where the mongod of the data folder answers, if it runs; a command is never sent there
    unasked, as `restore` might be meant for another one."""
    data = Path(environ.get("CREDGRAPH_DATA") or ".data").resolve()
    socket = data / "mongod" / "mongod.sock"
    there = f"mongodb://{quote(str(socket), safe='')}/?directConnection=true"
    return there if socket.exists() else None
