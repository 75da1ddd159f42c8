"""Where a subgraph is reached: a URL taken apart once, not per request."""

import os
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from gateway.errors import BadKey, BadSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Whom we believe over https (the system's authorities by default), and who we say we are."""

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What connections are shared by."""

    host: str
    port: int
    tls: bool
    trust: Trust = field(default_factory=Trust)
    http2: bool = False
    proxy: str | None = None

    @property
    def plain(self) -> bool:
        """Whether our own client, HTTP/1.1 without a proxy, goes there."""
        return not self.http2 and self.proxy is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One subgraph's address for requests (`origin`, `target`) and for subscriptions."""

    origin: Origin
    target: str
    authority: str
    subscription_url: str


def parse_endpoint(
    url: str,
    subscription_url: str | None = None,
    trust: Trust | None = None,
    *,
    http2: bool = False,
    proxy: str | None = None,
) -> Endpoint:
    """`http2` and `proxy` are for requests, not for subscriptions. Raises BadSettings for anything
    that is not an http or https URL with a host."""
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
        origin=Origin(
            host=parts.hostname,
            port=port or (443 if tls else 80),
            tls=tls,
            trust=trust or Trust(),
            http2=http2,
            proxy=proxy,
        ),
        target=target,
        authority=authority,
        subscription_url=subscription_url or f"{'wss' if tls else 'ws'}://{authority}{target}",
    )


def why_not(error: Exception) -> str:
    """Why no connection came about, in a few words: `connection refused`."""
    known = getattr(error, "errno", None)
    return os.strerror(known).lower() if known and known > 0 else type(error).__name__


def tls_for(origin: Origin) -> ssl.SSLContext | None:
    """A verifying context for https, nothing for http. Raises BadKey for unusable files."""
    return tls_of(origin.trust) if origin.tls else None


def tls_of(trust: Trust) -> ssl.SSLContext:
    """A verifying context. Raises BadKey for unusable files."""
    try:
        context = ssl.create_default_context(cafile=trust.ca)
        if trust.certificate is not None:
            context.load_cert_chain(trust.certificate, trust.key)
    except OSError as error:
        raise BadKey(f"the files for https to a subgraph are no good: {error}") from None
    return context
