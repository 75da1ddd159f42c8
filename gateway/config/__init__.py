"""Settings of the gateway. Only `server` and `cli` may import this room."""

from collections.abc import Mapping
from pathlib import Path

from gateway.config.doors import (
    Cors,
    Documents,
    Errors,
    Http,
    Limits,
    Listen,
    Probes,
    Rate,
    Reload,
    Telemetry,
    Timeouts,
    Tls,
)
from gateway.config.file import read_settings_file
from gateway.config.parts import (
    Auth,
    ContextTokenSettings,
    Graphiql,
    Issuer,
    Jwt,
    Persona,
    SubgraphSettings,
)
from gateway.config.settings import Settings, is_loopback
from gateway.errors import BadSettings


def load_settings(path: Path, environ: Mapping[str, str]) -> Settings:
    """The `gateway:` section of a settings file; other sections belong to other programs.

    Raises BadSettings, naming file, line and key."""
    file = read_settings_file(path, environ)
    section = file.values.get("gateway")
    if not isinstance(section, Mapping):
        raise BadSettings("gateway", f"the section is missing in {path}")
    try:
        return Settings.from_mapping(section)
    except BadSettings as error:
        raise file.locate(error) from None


__all__ = [
    "Auth",
    "ContextTokenSettings",
    "Cors",
    "Documents",
    "Errors",
    "Graphiql",
    "Http",
    "Issuer",
    "Jwt",
    "Limits",
    "Listen",
    "Persona",
    "Probes",
    "Rate",
    "Reload",
    "Settings",
    "SubgraphSettings",
    "Telemetry",
    "Timeouts",
    "Tls",
    "is_loopback",
    "load_settings",
]
