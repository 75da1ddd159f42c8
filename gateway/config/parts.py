"""Who callers are, where subgraphs are, what browsers see: sections of the settings."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from gateway.config.record import Meaning, Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer(Record):
    """Somebody whose client tokens we accept, for one audience."""

    issuer: Annotated[str, Meaning("the `iss` of its tokens")]
    audience: Annotated[str, Meaning("the `aud` they must name")]
    jwks: Annotated[str, Meaning("file or URL with its public keys (JWKS)")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextTokenSettings(Record):
    """How we name the viewer to subgraphs."""

    key: Annotated[Path, Meaning("file with the Ed25519 private key that signs")]
    issuer: Annotated[str, Meaning("the `iss` subgraphs must expect")] = "credgraph-gateway"
    claims: Annotated[
        tuple[str, ...], Meaning("claims of the client's token handed on beside `sub`")
    ] = ()
    lifetime: Annotated[float, Meaning("seconds until a token expires", high=300)] = 60.0
    reuse: Annotated[float, Meaning("seconds during which a token is used again", high=300)] = 30.0

    def problems(self) -> Iterator[tuple[str, str]]:
        if self.reuse >= self.lifetime:
            yield "reuse", "must be shorter than the lifetime"


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses(Record):
    """From which networks callers may come, by a claim of their token."""

    claim: Annotated[str, Meaning("the claim that decides, such as an institution or a role")]
    networks: Annotated[
        Mapping[str, tuple[str, ...]],
        Meaning("networks (CIDR, IPv4 and IPv6) by the claim's value"),
    ] = field(default_factory=dict)
    listed: Annotated[
        bool, Meaning("whether a value without networks may come from nowhere at all")
    ] = False

    def problems(self) -> Iterator[tuple[str, str]]:
        for network in (each for given in self.networks.values() for each in given):
            try:
                ip_network(network)
            except ValueError:
                yield "networks", f"{network!r} is no network like 10.0.0.0/8"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessSinkSettings(Record):
    """Who is told of denials: a mutation of a subgraph, called in the gateway's own name."""

    subgraph: Annotated[str, Meaning("the subgraph that takes them")]
    mutation: Annotated[
        str,
        Meaning("the operation's text, with the one variable `$denials` (a list)"),
    ]
    client: Annotated[
        tuple[str, ...], Meaning("claims whose values, together, name the client that was refused")
    ] = ("sub",)
    codes: Annotated[tuple[str, ...], Meaning("codes of errors that are denials")] = (
        *("UNAUTHORIZED_FIELD_OR_TYPE", "FORBIDDEN"),
        "ADDRESS_NOT_ALLOWED",
    )
    every: Annotated[float, Meaning("seconds between two batches", low=0.1, high=3600)] = 15.0
    room: Annotated[int, Meaning("different denials remembered until they are sent", low=1)] = (
        10_000
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSourceSettings(Record):
    """Allow-lists that change while we run: asked of a subgraph in the gateway's own name. Until
    they were read, callers with the claim come from nowhere, and we are not ready."""

    subgraph: Annotated[str, Meaning("the subgraph that tells them")]
    query: Annotated[
        str,
        Meaning(
            "the operation's text, with one field at its root: a list of"
            " `{name, networks: [{network, marked}]}`"
        ),
    ]
    claim: Annotated[str, Meaning("the claim whose value is the name of a caller's list")]
    marked: Annotated[
        Mapping[str, tuple[str, ...]],
        Meaning("claims with the values of those who come from marked networks only"),
    ] = field(default_factory=dict)
    unlisted: Annotated[Literal["refuse", "admit"], Meaning("callers whose name has no list")] = (
        "refuse"
    )
    every: Annotated[float, Meaning("seconds between two looks", low=0.1, high=3600)] = 5.0
    kept: Annotated[
        Path | None, Meaning("file in which the last ones are kept, for a start without the source")
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Auth(Record):
    """Who callers are. Without issuers nobody is asked, tokens are not looked at, and whatever
    the schema guards stays shut."""

    issuers: Annotated[tuple[Issuer, ...], Meaning("whose client tokens are accepted")] = ()
    context: Annotated[
        ContextTokenSettings | None, Meaning("the token subgraphs get; none if absent")
    ] = None
    leeway: Annotated[float, Meaning("seconds by which clocks may differ", high=300)] = 5.0
    refresh: Annotated[
        float, Meaning("seconds after which keys are read again", low=10, high=86_400)
    ] = 600.0
    revoked: Annotated[
        Path | None,
        Meaning(
            "JSON file of what is worth nothing any more:"
            ' {"tokens": [jti], "subjects": {sub: time}}'
        ),
    ] = None
    single_use: Annotated[
        str, Meaning("the claim that, when true, makes a token good once (step-up)")
    ] = "step_up"
    single_use_age: Annotated[
        float, Meaning("seconds since it was issued after which such a token is too old", low=1)
    ] = 300.0
    scope_claims: Annotated[
        tuple[str, ...], Meaning("claims that name scopes, for `@requiresScopes`")
    ] = ("scope", "scp")
    policies: Annotated[
        Mapping[str, str],
        Meaning("for `@policy`: `package.module:function` of the token's claims, by policy"),
    ] = field(default_factory=dict)
    addresses: Annotated[
        tuple[Addresses, ...], Meaning("from where callers may come; every rule must let them pass")
    ] = ()
    networks: Annotated[
        NetworkSourceSettings | None, Meaning("further rules of that kind, told while we run")
    ] = None
    denials: Annotated[
        AccessSinkSettings | None, Meaning("who is told, by client, field and minute; nobody")
    ] = None
    unauthorized: Annotated[
        Literal["filter", "reject", "dry-run"],
        Meaning(
            "selections a caller may not make: null them, refuse the operation, or only tell of it"
        ),
    ] = "filter"
    cached_tokens: Annotated[int, Meaning("checked tokens remembered until they expire", low=1)] = (
        10_000
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Jwt(Record):
    """How client tokens may be signed."""

    algorithms: Annotated[
        Mapping[str, str],
        Meaning("further algorithms by name: `package.module:Class` of a PyJWT Algorithm"),
    ] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubgraphSettings(Record):
    """What differs from the supergraph for one subgraph."""

    url: Annotated[str | None, Meaning("address for requests; the supergraph's if absent")] = None
    subscription_url: Annotated[str | None, Meaning("address for subscriptions (ws, wss)")] = None
    ca: Annotated[
        Path | None, Meaning("file of the authorities trusted for https; the system's")
    ] = None
    certificate: Annotated[
        Path | None, Meaning("our client certificate (chain) for this subgraph")
    ] = None
    key: Annotated[Path | None, Meaning("the private key of that certificate")] = None
    http2: Annotated[
        bool,
        Meaning(
            "ask over HTTP/2: offered over https, known beforehand over http; by a library that"
            " takes some thirty times the CPU of our own HTTP/1.1 client"
        ),
    ] = False
    proxy: Annotated[
        str | None,
        Meaning("outgoing proxy for requests (http, https), by the same library; not for sockets"),
    ] = None
    concurrency: Annotated[
        int | None, Meaning("requests under way at once; only the connections' bound if absent")
    ] = None

    def problems(self) -> Iterator[tuple[str, str]]:
        if self.url is not None and not _is_url(self.url, ("http", "https")):
            yield "url", "must be a URL with http or https"
        if self.proxy is not None and not _is_url(self.proxy, ("http", "https")):
            yield "proxy", "must be a URL with http or https"
        socket = self.subscription_url
        if socket is not None and not _is_url(socket, ("ws", "wss")):
            yield "subscription_url", "must be a URL with ws or wss"
        if (self.certificate is None) != (self.key is None):
            yield "certificate", "a certificate and its key go together"


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona(Record):
    """Somebody a demo token can be made for."""

    title: Annotated[str, Meaning("what people call the persona")] = ""
    claims: Annotated[Mapping[str, object], Meaning("the claims of its tokens")] = field(
        default_factory=dict
    )

    def problems(self) -> Iterator[tuple[str, str]]:
        if not isinstance(self.claims.get("sub"), str):
            yield "claims", "needs a 'sub'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Graphiql(Record):
    """The page for browsers; its files are read at each page load."""

    examples: Annotated[
        Path | None, Meaning("folder of NN-name.graphql (+ .json) shown as tabs")
    ] = None
    variables: Annotated[
        Path | None, Meaning("file overriding an example's variables by its name")
    ] = None
    personas: Annotated[Path | None, Meaning("file overriding a persona's title and claims")] = None
    trust: Annotated[
        Path | None, Meaning("trust file against which the page checks proofs; unset: no panel")
    ] = None


def _is_url(text: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
