"""All settings of the gateway: frozen, read once, handed down in pieces (decision 9)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Final, Literal, Self

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
)
from gateway.config.parts import (
    Auth,
    Graphiql,
    Jwt,
    Persona,
    SubgraphSettings,
)
from gateway.config.record import Meaning, Record
from gateway.config.section import Section
from gateway.config.streams import SubscriptionSettings
from gateway.config.traffic import TrafficSettings
from gateway.errors import BadSettings

_HEADER_NAME: Final = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+")
_NEVER_FORWARDED: Final = frozenset(
    {"connection", "content-encoding", "content-length", "content-type", "host", "keep-alive"}
    | {"proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding"}
    | {"upgrade", "x-request-id", "accept-encoding"}
)
"""Headers that belong to one hop, or that the gateway sets itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Record):
    """The `gateway:` section. What personas claim means nothing to the gateway."""

    supergraph: Annotated[Path, Meaning("file with the composed graph")]
    listen: Annotated[Listen, Meaning("where clients reach us")] = field(default_factory=Listen)
    demo: Annotated[bool, Meaning("demo tokens and GraphiQL without login; loopback only")] = False
    introspection: Annotated[
        Literal["everybody", "authenticated", "nobody", "true", "false"],
        Meaning("who may ask for the schema"),
    ] = "everybody"
    introspection_claims: Annotated[
        Mapping[str, tuple[str, ...]], Meaning("who else may: claims with the values that suffice")
    ] = field(default_factory=dict)
    expose_plan: Annotated[
        bool | None,
        Meaning(
            "show query plans to callers who ask, to anonymous ones in demo mode only;"
            " by default in demo mode"
        ),
    ] = None
    expose_cost: Annotated[
        bool | None, Meaning("show costs to callers who ask; by default in demo mode")
    ] = None
    access_log: Annotated[bool, Meaning("one JSON line a request, an operation and a socket")] = (
        True
    )
    auth: Annotated[Auth, Meaning("who callers are")] = field(default_factory=Auth)
    jwt: Annotated[Jwt, Meaning("how client tokens may be signed")] = field(default_factory=Jwt)
    http: Annotated[Http, Meaning("habits of the HTTP door")] = field(default_factory=Http)
    cors: Annotated[tuple[Cors, ...], Meaning("pages of which other origins may ask")] = ()
    limits: Annotated[Limits, Meaning("what one caller may use")] = field(default_factory=Limits)
    timeouts: Annotated[Timeouts, Meaning("how long things may take")] = field(
        default_factory=Timeouts
    )
    documents: Annotated[Documents, Meaning("operations known beforehand")] = field(
        default_factory=Documents
    )
    rate: Annotated[Rate, Meaning("how much one caller may ask in a while")] = field(
        default_factory=Rate
    )
    errors: Annotated[Errors, Meaning("what clients learn of errors")] = field(
        default_factory=Errors
    )
    telemetry: Annotated[Telemetry, Meaning("metrics and traces")] = field(
        default_factory=Telemetry
    )
    health: Annotated[Probes, Meaning("when the gateway is ready")] = field(default_factory=Probes)
    reload: Annotated[Reload, Meaning("when files are read again")] = field(default_factory=Reload)
    subscriptions: Annotated[
        SubscriptionSettings, Meaning("how subscriptions are followed and shared")
    ] = field(default_factory=SubscriptionSettings)
    traffic: Annotated[TrafficSettings, Meaning("how requests to subgraphs are treated")] = field(
        default_factory=TrafficSettings
    )
    subgraphs: Annotated[
        Mapping[str, SubgraphSettings], Meaning("what differs from the supergraph, by subgraph")
    ] = field(default_factory=dict)
    forward_headers: Annotated[
        tuple[str, ...], Meaning("client headers that go on to subgraphs")
    ] = ()
    personas: Annotated[Mapping[str, Persona], Meaning("whom demo tokens are for")] = field(
        default_factory=dict
    )
    token_key: Annotated[Path | None, Meaning("private key that signs demo tokens")] = None
    graphiql: Annotated[Graphiql, Meaning("the page for browsers")] = field(
        default_factory=Graphiql
    )

    @classmethod
    def from_mapping(cls, values: Mapping[str, object]) -> Self:
        """Raises BadSettings, naming the key, for anything unknown, missing or of a wrong kind."""
        settings = cls.read(Section(values, "gateway"))
        lower = tuple(name.lower() for name in settings.forward_headers)
        return replace(settings, forward_headers=lower)

    def checked(self) -> Self:
        """Itself, when its parts fit together. Raises BadSettings."""
        for key, problem in self.problems():
            raise BadSettings(f"gateway.{key}", problem)
        return self

    @property
    def shows_plan(self) -> bool:
        """Whether a caller may ask for a query plan."""
        return self.demo if self.expose_plan is None else self.expose_plan

    @property
    def shows_cost(self) -> bool:
        """Whether a caller may ask what an operation costs."""
        return self.demo if self.expose_cost is None else self.expose_cost

    def problems(self) -> Iterator[tuple[str, str]]:
        if self.demo and not is_loopback(self.listen.host):
            host = self.listen.host
            yield (
                "demo",
                f"anybody gets tokens then, so it listens on loopback only, not on {host!r}",
            )
        if self.personas and self.token_key is None:
            yield "token_key", "is missing; personas need a key to sign with"
        for name in map(str.lower, self.forward_headers):
            if name in _NEVER_FORWARDED or not _HEADER_NAME.fullmatch(name):
                yield "forward_headers", f"{name!r} can't be forwarded"


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
