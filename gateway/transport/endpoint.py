"""Where a subgraph is reached: a URL taken apart once, not per request."""

import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

from gateway.errors import BadSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What connections are shared by."""

    host: str
    port: int
    tls: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One subgraph's address for requests (`origin`, `target`) and for subscriptions."""

    origin: Origin
    target: str
    authority: str
    subscription_url: str


def parse_endpoint(url: str, subscription_url: str | None = None) -> Endpoint:
    """Raises BadSettings for anything that is not an http or https URL with a host."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise BadSettings("", f"{url!r} is not a URL") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or not url.isascii():
        raise BadSettings("", f"{url!r} is not an http or https URL with a host")
    tls = parts.scheme == "https"
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if any(character <= " " for character in target + parts.netloc):
        raise BadSettings("", f"{url!r} holds blanks or control characters")
    authority = parts.netloc.rpartition("@")[2]
    return Endpoint(
        origin=Origin(host=parts.hostname, port=port or (443 if tls else 80), tls=tls),
        target=target,
        authority=authority,
        subscription_url=subscription_url or f"{'wss' if tls else 'ws'}://{authority}{target}",
    )


def tls_for(origin: Origin) -> ssl.SSLContext | None:
    """A verifying context for https, nothing for http."""
    return ssl.create_default_context() if origin.tls else None
