"""The sections of the settings, one frozen record each, with their defaults."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from gateway.config.section import Section
from gateway.errors import BadSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """Where clients reach us."""

    host: str = "127.0.0.1"
    port: int = 4000

    @classmethod
    def read(cls, section: Section) -> Self:
        listen = cls(
            host=section.text("host", "127.0.0.1"),
            port=section.whole("port", 4000, high=65_535),
        )
        section.finish()
        return listen


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Somebody whose client tokens we accept, for one audience, by the keys of one JWKS file."""

    issuer: str
    audience: str
    jwks: Path

    @classmethod
    def read(cls, section: Section) -> Self:
        issuer = cls(
            issuer=section.text("issuer"),
            audience=section.text("audience"),
            jwks=Path(section.text("jwks")),
        )
        section.finish()
        return issuer


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextTokenSettings:
    """How we name the viewer to subgraphs: `claims` is the allow-list beside `sub`."""

    key: Path
    issuer: str = "credgraph-gateway"
    claims: tuple[str, ...] = ()
    lifetime: float = 60.0
    reuse: float = 30.0

    @classmethod
    def read(cls, section: Section) -> Self:
        context = cls(
            key=Path(section.text("key")),
            issuer=section.text("issuer", "credgraph-gateway"),
            claims=section.texts("claims"),
            lifetime=section.seconds("lifetime", 60.0, high=300),
            reuse=section.seconds("reuse", 30.0, high=300),
        )
        section.finish()
        if context.reuse >= context.lifetime:
            raise BadSettings(section.key("reuse"), "must be shorter than the lifetime")
        return context


@dataclass(frozen=True, slots=True, kw_only=True)
class Auth:
    """Who callers are. Without issuers nobody is asked and tokens are not looked at."""

    issuers: tuple[Issuer, ...] = ()
    context: ContextTokenSettings | None = None
    algorithms: Mapping[str, str] = field(default_factory=dict)
    leeway: float = 5.0
    cached_tokens: int = 10_000

    @classmethod
    def read(cls, section: Section, jwt: Section) -> Self:
        named = jwt.section("algorithms")
        auth = cls(
            issuers=tuple(Issuer.read(item) for item in section.sections("issuers")),
            context=_context(section),
            algorithms={name: named.text(name) for name in named.names()},
            leeway=section.seconds("leeway", 5.0, high=300),
            cached_tokens=section.whole("cached_tokens", 10_000, low=1),
        )
        section.finish()
        jwt.finish()
        return auth


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one request, one socket and one caller may use."""

    body_bytes: int = 1_000_000
    tokens: int = 10_000
    nesting: int = 200
    depth: int = 40
    aliases: int = 200
    root_fields: int = 50
    socket_operations: int = 100
    sockets: int = 10_000
    queued_messages: int = 256
    queued_bytes: int = 4_000_000
    answer_bytes: int = 32_000_000
    connections: int = 100
    waiting: int = 1_000

    @classmethod
    def read(cls, section: Section) -> Self:
        default = cls()
        limits = cls(
            **{
                bound.name: section.whole(bound.name, getattr(default, bound.name), low=1)
                for bound in fields(cls)
            }
        )
        section.finish()
        return limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """In seconds. `request` covers a whole operation; `lag` is how long a full send queue may
    stay full before its client is told that it lags."""

    request: float = 30.0
    connect: float = 3.0
    init: float = 3.0
    lag: float = 10.0
    heartbeat: float = 12.0
    shutdown: float = 2.0
    probe: float = 2.0

    @classmethod
    def read(cls, section: Section) -> Self:
        default = cls()
        timeouts = cls(
            **{
                span.name: section.seconds(span.name, getattr(default, span.name))
                for span in fields(cls)
            }
        )
        section.finish()
        return timeouts


@dataclass(frozen=True, slots=True, kw_only=True)
class SubgraphSettings:
    """What differs from the supergraph for one subgraph."""

    url: str | None = None
    subscription_url: str | None = None

    @classmethod
    def read(cls, section: Section) -> Self:
        settings = cls(
            url=_url(section, "url", ("http", "https")),
            subscription_url=_url(section, "subscription_url", ("ws", "wss")),
        )
        section.finish()
        return settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """Somebody a demo token can be made for."""

    title: str
    claims: Mapping[str, object]

    @classmethod
    def read(cls, section: Section) -> Self:
        persona = cls(
            title=section.text("title", ""), claims=section.section("claims").everything()
        )
        section.finish()
        if not isinstance(persona.claims.get("sub"), str):
            raise BadSettings(section.key("claims"), "needs a 'sub'")
        return persona


@dataclass(frozen=True, slots=True, kw_only=True)
class Graphiql:
    """The page for browsers. `examples` is a folder of NN-name.graphql (+ .json); the two files
    are optional and read at each page load: `variables` overrides an example's variables by its
    name, `personas` a persona's title and claims."""

    examples: Path | None = None
    variables: Path | None = None
    personas: Path | None = None

    @classmethod
    def read(cls, section: Section) -> Self:
        graphiql = cls(
            examples=_path(section, "examples"),
            variables=_path(section, "variables"),
            personas=_path(section, "personas"),
        )
        section.finish()
        return graphiql


def _path(section: Section, name: str) -> Path | None:
    text = section.optional(name)
    return Path(text) if text else None


def _context(section: Section) -> ContextTokenSettings | None:
    if section.raw("context") is None:
        return None
    return ContextTokenSettings.read(section.section("context"))


def _url(section: Section, name: str, schemes: tuple[str, ...]) -> str | None:
    text = section.optional(name)
    if text is None:
        return None
    try:
        parts = urlsplit(text)
        usable = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise BadSettings(section.key(name), f"must be a URL with {' or '.join(schemes)}")
    return text
