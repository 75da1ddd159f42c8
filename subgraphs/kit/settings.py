"""The `subgraphs:` section of the one settings file, read once at the door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final, Literal, cast

from ledger_adapter.crypto.terms import KeyTerms
from ledger_adapter.errors import BadSettings
from subgraphs.kit.mongo import Driver
from subgraphs.kit.mongod import embedded_uri

ServiceName = Literal["issuer", "wallet", "verifier", "audit", "identity"]
SERVICES: Final[tuple[ServiceName, ...]] = ("issuer", "wallet", "verifier", "audit", "identity")

_PLAIN: Final = (
    *("mongodb", "database_prefix", "driver", "demo", "data", "identity_url"),
    *("status_base", "replay_entries", "pause_after"),
)
_FILES: Final = ("cursor_key", "keys", "key_files", "field_keys")
_TOP: Final = frozenset({*_PLAIN, *_FILES, "context", "ledger", "listen", "recovery", "tls"})
DEFAULT_STATUS_BASE: Final = "https://credgraph.example/status"
LONGEST_BASE: Final = 180
_CONTEXT: Final = frozenset({"issuer", "public_key"})
_LEDGER: Final = frozenset({"database", "origin", "shard"})
_LISTEN: Final = frozenset({"host", *SERVICES})
_RECOVERY: Final = frozenset({"wait", "least"})
USUAL_WAIT: Final = timedelta(days=3)
_LONGEST_WAIT: Final = 30 * 86_400
_SHORTEST_WAIT: Final = 3_600
_TLS: Final = frozenset({"certificate", "key", "client_ca"})


class BadSetting(Exception):
    """A settings file that cannot be used; the sentence names the key."""

    code = "SETTINGS_INVALID"

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"subgraphs.{key}: {reason}")
        self.key = key


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextSettings:
    """Whose context tokens are believed."""

    issuer: str
    public_key: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerSettings:
    database: str
    origin: str
    shard: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoverySettings:
    """How long the new key of a lost one waits: what the identity provider signs, and the least
    that the wallet takes."""

    wait: timedelta = USUAL_WAIT
    least: timedelta = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsSettings:
    """Our certificate chain and its key (PEM), and whose certificates the gateway must show."""

    certificate: Path
    key: Path
    client_ca: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the four subgraphs and the identity simulator are told."""

    mongodb: str
    database_prefix: str
    driver: Driver
    demo: bool
    data: Path
    context: ContextSettings
    ledger: LedgerSettings
    identity_url: str
    status_base: str
    replay_entries: int
    pause_after: int
    host: str
    ports: Mapping[ServiceName, int]
    cursor_key: Path
    keys: Path
    field_keys: Path
    key_files: KeyTerms
    recovery: RecoverySettings = RecoverySettings()
    tls: TlsSettings | None = None

    @classmethod
    def from_mapping(cls, values: Mapping[str, object]) -> Settings:
        """Check every key; raises BadSetting."""
        _only(values, _TOP, "")
        listen = _section(values, "listen", _LISTEN)
        context = _section(values, "context", _CONTEXT)
        ledger = _section(values, "ledger", _LEDGER)
        settings = cls(
            mongodb=_mongodb(values),
            database_prefix=_text(values, "database_prefix"),
            driver=_driver(_text(values, "driver")),
            demo=_flag(values, "demo"),
            data=Path(_text(values, "data")),
            context=ContextSettings(
                issuer=_text(context, "issuer", "context."),
                public_key=Path(_text(context, "public_key", "context.")),
            ),
            ledger=LedgerSettings(
                database=_text(ledger, "database", "ledger."),
                origin=_text(ledger, "origin", "ledger."),
                shard=_text(ledger, "shard", "ledger."),
            ),
            identity_url=_text(values, "identity_url"),
            status_base=_status_base(values),
            replay_entries=_bound(values, "replay_entries", "log entries"),
            pause_after=_bound(values, "pause_after", "seconds"),
            host=_text(listen, "host", "listen."),
            ports={name: _port(listen, name) for name in SERVICES},
            cursor_key=Path(_text(values, "cursor_key")),
            keys=Path(_text(values, "keys")),
            field_keys=Path(_text(values, "field_keys")),
            key_files=_key_files(values),
            recovery=_recovery(values),
            tls=_tls(values),
        )
        settings._check_demo_is_loopback()
        return settings

    def _check_demo_is_loopback(self) -> None:
        if self.demo and self.host not in {"127.0.0.1", "::1", "localhost"}:
            raise BadSetting("listen.host", f"demo mode is refused on {self.host}")

    def database(self, name: ServiceName) -> str:
        return f"{self.database_prefix}{name}"


def _only(values: Mapping[str, object], known: frozenset[str], place: str) -> None:
    for key in values:
        if key not in known:
            raise BadSetting(f"{place}{key}", "unknown key")


def _section(values: Mapping[str, object], key: str, known: frozenset[str]) -> Mapping[str, object]:
    section = values.get(key)
    if not isinstance(section, Mapping):
        raise BadSetting(key, "a section is expected")
    _only(section, known, f"{key}.")
    return section


def _text(values: Mapping[str, object], key: str, place: str = "") -> str:
    value = values.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)  # YAML reads `shard: 2026` as a number
    if not isinstance(value, str) or not value:
        raise BadSetting(f"{place}{key}", "text is expected")
    return value


def _mongodb(values: Mapping[str, object]) -> str:
    """Empty means the embedded server of this data folder."""
    return str(values.get("mongodb") or embedded_uri(Path(_text(values, "data"))))


def _status_base(values: Mapping[str, object]) -> str:
    """What the URIs of status lists begin with; they stand in credentials, so it never changes."""
    text = _text({"status_base": DEFAULT_STATUS_BASE, **values}, "status_base").rstrip("/")
    if not text.startswith(("http://", "https://")) or len(text) > LONGEST_BASE:
        raise BadSetting("status_base", "an http or https address is expected")
    return text


def _tls(values: Mapping[str, object]) -> TlsSettings | None:
    if values.get("tls") is None:
        return None
    files = _section(values, "tls", _TLS)
    return TlsSettings(
        certificate=Path(_text(files, "certificate", "tls.")),
        key=Path(_text(files, "key", "tls.")),
        client_ca=Path(_text(files, "client_ca", "tls.")) if "client_ca" in files else None,
    )


def _recovery(values: Mapping[str, object]) -> RecoverySettings:
    """Seconds; an hour to 30 days, and any wait at all in demo mode only."""
    if values.get("recovery") is None:
        return RecoverySettings()
    section = _section(values, "recovery", _RECOVERY)
    plain, shortest = RecoverySettings(), 0 if _flag(values, "demo") else _SHORTEST_WAIT
    found = {}
    for key, usual in (("wait", plain.wait), ("least", plain.least)):
        text = str(section.get(key, int(usual.total_seconds())))
        if not text.isdecimal() or not shortest <= int(text) <= _LONGEST_WAIT:
            raise BadSetting(f"recovery.{key}", f"{shortest} to {_LONGEST_WAIT} seconds")
        found[key] = timedelta(seconds=int(text))
    if found["wait"] < found["least"]:
        raise BadSetting("recovery.wait", "shorter than what the wallet takes")
    return RecoverySettings(wait=found["wait"], least=found["least"])


def _flag(values: Mapping[str, object], key: str) -> bool:
    value = values.get(key)
    if value in (True, "true"):
        return True
    if value in (False, "false"):
        return False
    raise BadSetting(key, "true or false is expected")


def _key_files(values: Mapping[str, object]) -> KeyTerms:
    try:
        demo = _flag(values, "demo")
        return KeyTerms.from_mapping(values.get("key_files"), demo=demo, place="key_files")
    except BadSettings as fault:
        raise BadSetting("key_files", str(fault)) from None


def _bound(values: Mapping[str, object], key: str, unit: str) -> int:
    """Optional; 0 is none."""
    text = str(values.get(key) or "0")
    if not text.isdecimal():
        raise BadSetting(key, f"a number of {unit} is expected, 0 for no bound")
    return int(text)


def _port(values: Mapping[str, object], key: str) -> int:
    text = _text(values, key, "listen.")
    if not text.isdecimal() or not 0 < int(text) < 65_536:
        raise BadSetting(f"listen.{key}", "a port number is expected")
    return int(text)


def _driver(text: str) -> Driver:
    if text not in {"motor", "pymongo"}:
        raise BadSetting("driver", "motor or pymongo is expected")
    return cast("Driver", text)
