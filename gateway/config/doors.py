"""How clients reach us and how much of us one of them may use: sections of the settings."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal

from gateway.config.record import Meaning, Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls(Record):
    """Encryption on our own port. Absent: plain HTTP, for loopback or behind a proxy."""

    certificate: Annotated[Path, Meaning("file with our certificate chain (PEM)")]
    key: Annotated[Path, Meaning("file with its private key (PEM)")]
    client_ca: Annotated[
        Path | None, Meaning("authorities one of whose certificates clients need")
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen(Record):
    """Where clients reach us."""

    host: Annotated[str, Meaning("address to listen on")] = "127.0.0.1"
    port: Annotated[int, Meaning("port to listen on; 0 takes a free one", high=65_535)] = 4000
    workers: Annotated[
        int, Meaning("processes behind the port, one a core; see docs/workers.md", low=1, high=256)
    ] = 1
    tls: Annotated[Tls | None, Meaning("serve https and wss")] = None
    proxies: Annotated[
        tuple[str, ...],
        Meaning("addresses or networks of proxies whose `X-Forwarded-For` is believed; nobody's"),
    ] = ()

    def problems(self) -> Iterator[tuple[str, str]]:
        return _networks("proxies", self.proxies)


@dataclass(frozen=True, slots=True, kw_only=True)
class Http(Record):
    """Habits of the HTTP door."""

    csrf: Annotated[
        bool,
        Meaning(
            "refuse simple requests of other sites: a GET, or a stream, that brings neither a JSON"
            " content type nor one of `csrf_headers` must not come from a browser's other origin"
        ),
    ] = True
    csrf_headers: Annotated[
        tuple[str, ...], Meaning("headers no page of another site can send unasked")
    ] = ("x-graphql-csrf", "apollo-require-preflight", "x-apollo-operation-name")
    statuses: Annotated[
        Literal["audit", "2026-08"],
        Meaning(
            "`audit`: as the graphql-http audit wants them; `2026-08`: as that GraphQL-over-HTTP"
            " draft does (294 for partial answers, 422 for what can't be run)"
        ),
    ] = "audit"
    batch: Annotated[
        int, Meaning("requests one body may hold as a list; 0 switches it off", high=50)
    ] = 0
    compress_over: Annotated[
        int, Meaning("answers with more bytes are sent gzipped where accepted")
    ] = 2_048


@dataclass(frozen=True, slots=True, kw_only=True)
class Cors(Record):
    """What pages of some other origins may do; the first policy with the origin counts."""

    origins: Annotated[tuple[str, ...], Meaning("`https://app.example`, or `*` for any")] = ()
    headers: Annotated[
        tuple[str, ...], Meaning("request headers allowed beside the usual ones")
    ] = ("content-type", "authorization")
    credentials: Annotated[bool, Meaning("whether cookies may be sent along")] = False
    max_age: Annotated[int, Meaning("seconds a browser may remember this")] = 7_200

    def problems(self) -> Iterator[tuple[str, str]]:
        if self.credentials and "*" in self.origins:
            yield "origins", "cookies from any origin would let every site act for your users"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits(Record):
    """What one request, one socket and one caller may use."""

    body_bytes: Annotated[int, Meaning("bytes of a body or a frame, after unzipping", low=1)] = (
        1_000_000
    )
    header_bytes: Annotated[int, Meaning("bytes of all headers of a request (431)", low=256)] = (
        32_768
    )
    uri_bytes: Annotated[int, Meaning("bytes of path and query string (414)", low=64)] = 16_384
    tokens: Annotated[int, Meaning("lexical tokens of a document", low=1)] = 10_000
    nesting: Annotated[
        int, Meaning("open brackets in a document; always enforced", low=1, high=500)
    ] = 200
    depth: Annotated[int, Meaning("levels of selections, fragments followed", low=1)] = 40
    aliases: Annotated[int, Meaning("renamed fields", low=1)] = 200
    root_fields: Annotated[int, Meaning("fields at the root of an operation", low=1)] = 50
    directives: Annotated[
        int, Meaning("directives used in an operation, fragments followed", low=1)
    ] = 100
    list_size: Annotated[
        int, Meaning("elements one list may be asked for (`@listSize`)", low=1)
    ] = 1_000
    cost: Annotated[int, Meaning("estimated cost of one operation; 0 switches it off")] = 0
    warn_only: Annotated[bool, Meaning("log what breaks a limit of documents, and let it pass")] = (
        False
    )
    socket_operations: Annotated[
        int, Meaning("operations at once on one socket or stream", low=1)
    ] = 100
    sockets: Annotated[int, Meaning("open sockets of all clients", low=1)] = 10_000
    streams: Annotated[int, Meaning("open event and multipart streams of all clients", low=1)] = (
        10_000
    )
    queued_messages: Annotated[int, Meaning("messages a slow client may leave unread", low=1)] = 256
    queued_bytes: Annotated[int, Meaning("bytes a slow client may leave unread", low=1)] = 4_000_000
    answer_bytes: Annotated[int, Meaning("bytes of one answer of a subgraph", low=1)] = 32_000_000
    connections: Annotated[int, Meaning("connections to one subgraph", low=1)] = 100
    waiting: Annotated[int, Meaning("requests that may wait for one of them", low=1)] = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts(Record):
    """In seconds."""

    request: Annotated[float, Meaning("a whole operation")] = 30.0
    head: Annotated[float, Meaning("a request's headers")] = 10.0
    body: Annotated[float, Meaning("a request's body (408)")] = 20.0
    keep_alive: Annotated[
        int,
        Meaning("an idle connection is kept for; longer than clients and balancers keep theirs"),
    ] = 75
    connect: Annotated[float, Meaning("a connection to a subgraph")] = 3.0
    init: Annotated[float, Meaning("`connection_init` on a new socket")] = 3.0
    lag: Annotated[float, Meaning("how long a full send queue may stay full")] = 10.0
    heartbeat: Annotated[float, Meaning("between two signs of life on a stream or a socket")] = 12.0
    pong: Annotated[float, Meaning("a socket's answer to a ping")] = 20.0
    shutdown: Annotated[float, Meaning("what is under way when the process is asked to end")] = 2.0
    probe: Annotated[float, Meaning("a subgraph's answer to a health probe")] = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents(Record):
    """Operations known beforehand, asked for by `documentId` or by their hash."""

    manifest: Annotated[
        Path | None,
        Meaning("JSON file of trusted documents: an object of id to text, or Apollo's manifest"),
    ] = None
    mode: Annotated[
        Literal["off", "log", "required"],
        Meaning(
            "other operations: `off` takes them, `log` takes and logs them, `required` refuses them"
        ),
    ] = "off"
    apq: Annotated[bool, Meaning("remember documents that clients register by hash (APQ)")] = False
    apq_entries: Annotated[int, Meaning("documents remembered that way", low=1)] = 1_000

    def problems(self) -> Iterator[tuple[str, str]]:
        if self.manifest is None and self.mode != "off":
            yield "manifest", "is missing; which documents are trusted?"
        if self.apq and self.mode == "required":
            yield "apq", "would let anybody register what only the manifest may hold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate(Record):
    """A token bucket per caller, paid by the estimated cost of each operation."""

    refill: Annotated[float, Meaning("cost units a second; 0 switches it off", low=0, high=1e9)] = (
        0.0
    )
    burst: Annotated[int, Meaning("cost units a rested caller may spend at once", low=1)] = 10_000
    claim: Annotated[
        str, Meaning("the claim that names a caller; without it the address counts")
    ] = "sub"
    callers: Annotated[int, Meaning("callers remembered", low=1)] = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors(Record):
    """Which sentences of subgraphs reach clients; codes and paths always do."""

    mask: Annotated[
        bool, Meaning("replace other sentences by a general one; they go to the log")
    ] = True
    subgraphs: Annotated[
        tuple[str, ...],
        Meaning("subgraphs whose every sentence may pass: those that mask their own faults"),
    ] = ()
    codes: Annotated[tuple[str, ...], Meaning("codes whose sentences are meant for clients")] = (
        *("BAD_USER_INPUT", "FORBIDDEN", "NOT_FOUND", "UNAUTHENTICATED", "VALIDATION_FAILED"),
        *("CONFLICT", "TRANSITION_INVALID", "BUSY", "TRY_AGAIN", "RATE_LIMITED"),
        *("CURSOR_EXPIRED", "CURSOR_INVALID"),
    )
    extensions: Annotated[
        tuple[str, ...], Meaning("keys of a subgraph's `extensions` handed on beside `code`")
    ] = ("field", "retryable", "snapshot", "pages")


@dataclass(frozen=True, slots=True, kw_only=True)
class Telemetry(Record):
    """What operators see. Never a token, a variable or the text of a query."""

    metrics: Annotated[bool, Meaning("serve Prometheus metrics at /metrics")] = True
    allow: Annotated[tuple[str, ...], Meaning("networks (CIDR) that may read /metrics")] = (
        "127.0.0.0/8",
        "::1/128",
    )
    otlp: Annotated[
        str | None, Meaning("OTLP/HTTP collector for traces (needs the extra `otel`)")
    ] = None
    service: Annotated[str, Meaning("the name traces carry")] = "credgraph-gateway"
    sample: Annotated[
        float, Meaning("share of requests traced when the caller does not say", low=0, high=1)
    ] = 0.1

    def problems(self) -> Iterator[tuple[str, str]]:
        return _networks("allow", self.allow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Probes(Record):
    """When `/health/ready` says 200: the graph is loaded, every subgraph answers, none lags."""

    every: Annotated[float, Meaning("seconds between two probes of a subgraph")] = 2.0
    optional: Annotated[
        tuple[str, ...], Meaning("subgraphs without which the gateway is ready all the same")
    ] = ()
    feeds: Annotated[
        Mapping[str, str],
        Meaning("pages (http, https) by subgraph that tell in JSON by how many events it `lag`s"),
    ] = field(default_factory=dict)
    lag: Annotated[int, Meaning("events that one of them may lag behind")] = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Reload(Record):
    """When files are read again. SIGHUP always does it."""

    watch: Annotated[bool, Meaning("look whether the supergraph or the manifest has changed")] = (
        True
    )
    every: Annotated[float, Meaning("seconds between two looks")] = 2.0


def _networks(key: str, given: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for network in given:
        try:
            ip_network(network)
        except ValueError:
            yield key, f"{network!r} is no network like 10.0.0.0/8"
