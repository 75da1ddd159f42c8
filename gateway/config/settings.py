"""All settings of the gateway: frozen, read once, handed down in pieces (decision 9)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Final, Self

from gateway.config.parts import (
    Auth,
    ContextTokenSettings,
    Graphiql,
    Issuer,
    Limits,
    Listen,
    Persona,
    SubgraphSettings,
    Timeouts,
)
from gateway.config.section import Section
from gateway.errors import BadSettings

_HEADER_NAME: Final = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+")
_NEVER_FORWARDED: Final = frozenset(
    {"connection", "content-encoding", "content-length", "content-type", "host", "keep-alive"}
    | {"proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding"}
    | {"upgrade", "x-request-id"}
)
"""Headers that belong to one hop, or that the gateway sets itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The `gateway:` section. `personas` name whom demo tokens are for; their claims mean nothing
    to the gateway."""

    supergraph: Path
    listen: Listen = field(default_factory=Listen)
    demo: bool = False
    introspection: bool = True
    expose_plan: bool = False
    access_log: bool = True
    auth: Auth = field(default_factory=Auth)
    limits: Limits = field(default_factory=Limits)
    timeouts: Timeouts = field(default_factory=Timeouts)
    subgraphs: Mapping[str, SubgraphSettings] = field(default_factory=dict)
    forward_headers: tuple[str, ...] = ()
    personas: Mapping[str, Persona] = field(default_factory=dict)
    token_key: Path | None = None
    graphiql: Graphiql = field(default_factory=Graphiql)

    @classmethod
    def from_mapping(cls, values: Mapping[str, object]) -> Self:
        """Raises BadSettings, naming the key, for anything unknown, missing or of a wrong kind."""
        section = Section(values, "gateway")
        token_key = section.optional("token_key")
        demo = section.flag("demo", default=False)
        settings = cls(
            supergraph=Path(section.text("supergraph")),
            listen=Listen.read(section.section("listen")),
            demo=demo,
            introspection=section.flag("introspection", default=True),
            expose_plan=section.flag("expose_plan", default=demo),
            access_log=section.flag("access_log", default=True),
            auth=Auth.read(section.section("auth"), section.section("jwt")),
            limits=Limits.read(section.section("limits")),
            timeouts=Timeouts.read(section.section("timeouts")),
            subgraphs=_subgraphs(section.section("subgraphs")),
            personas=_personas(section.section("personas")),
            token_key=Path(token_key) if token_key else None,
            forward_headers=_header_names(section),
            graphiql=Graphiql.read(section.section("graphiql")),
        )
        section.finish()
        return settings.checked()

    def checked(self) -> Self:
        """Itself, when its parts fit together. Raises BadSettings."""
        if self.demo and not is_loopback(self.listen.host):
            raise BadSettings(
                "gateway.demo",
                f"demo mode hands out tokens to everybody, so it listens on loopback only "
                f"and not on {self.listen.host!r}",
            )
        if self.personas and self.token_key is None:
            raise BadSettings("gateway.token_key", "is missing; personas need a key to sign with")
        return self


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _subgraphs(section: Section) -> dict[str, SubgraphSettings]:
    return {name: SubgraphSettings.read(section.section(name)) for name in section.names()}


def _personas(section: Section) -> dict[str, Persona]:
    return {name: Persona.read(section.section(name)) for name in section.names()}


def _header_names(section: Section) -> tuple[str, ...]:
    names = tuple(name.lower() for name in section.texts("forward_headers"))
    for name in names:
        if name in _NEVER_FORWARDED or not _HEADER_NAME.fullmatch(name):
            raise BadSettings(section.key("forward_headers"), f"{name!r} can't be forwarded")
    return names


__all__ = [
    "Auth",
    "ContextTokenSettings",
    "Graphiql",
    "Issuer",
    "Limits",
    "Listen",
    "Persona",
    "Settings",
    "SubgraphSettings",
    "Timeouts",
    "is_loopback",
]
