"""From settings to a gateway that can be served: every part made here, none of them global."""

import secrets
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from gateway.access.denials import Denials
from gateway.access.perimeter import Perimeter
from gateway.auth.context import (
    REQUEST_ID,
    REQUEST_SEAL,
    CallContext,
    ContextRules,
    ContextTokens,
    request_seal,
)
from gateway.auth.tokens import TokenVerifier
from gateway.config import Settings
from gateway.engine import Engine, EngineOptions
from gateway.errors import BadSettings, BadSupergraph
from gateway.executor.ports import SubgraphRequest
from gateway.server.app import GatewayApp
from gateway.server.crew import UsedTogether
from gateway.server.denied import denials_of
from gateway.server.documents import Documents, Manifest, read_manifest
from gateway.server.granting import Granting
from gateway.server.graphiql import GraphiqlDoor
from gateway.server.health import Health
from gateway.server.http import HttpDoor
from gateway.server.keyfile import signing_key
from gateway.server.keyring import Keyring, address_rules, build_keyring, grant_rules
from gateway.server.metrics import MetricsDoor
from gateway.server.perimeter import perimeter_of
from gateway.server.personas import demo_personas
from gateway.server.ports import GraphQLEngine
from gateway.server.pricing import PriceBook
from gateway.server.rules import (
    admission_of,
    document_limits,
    document_rules,
    http_rules,
    is_closed,
    kept_events,
    origins_of,
    outbox_limits,
    patience,
    probe_rules,
    socket_rules,
    stream_rules,
)
from gateway.server.siblings import Siblings
from gateway.server.single import SingleStreams
from gateway.server.streams import Streams
from gateway.server.traffic import traffic_source, watch_traffic
from gateway.server.ws import SocketDoor
from gateway.spec.names import GUARD_IDENTITIES, SubgraphName
from gateway.supergraph.reader import read_supergraph
from gateway.telemetry.access import AccessLog
from gateway.telemetry.metrics import Metrics
from gateway.telemetry.spans import NoSpans, Spans, Tracers
from gateway.telemetry.subscriptions import SubscriptionMetrics, watch_hubs
from gateway.transport.client import NetworkClient
from gateway.transport.endpoint import Endpoint, Trust, parse_endpoint
from gateway.transport.http import HeaderSource
from gateway.transport.pool import PoolLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """What a process holds: the callable to serve, and what lives beside it."""

    settings: Settings
    app: GatewayApp
    engine: Engine
    client: NetworkClient
    health: Health
    prices: PriceBook
    documents: Documents
    metrics: Metrics
    spans: Spans
    keyring: Keyring
    denials: Denials | None
    perimeter: Perimeter | None

    def files(self) -> list[Path]:
        """What `reload` reads."""
        manifest = self.settings.documents.manifest
        return [self.settings.supergraph, *([manifest] if manifest else [])]

    def reload(self) -> None:
        """Read supergraph and manifest again and swap them in; raises OperatorFault and keeps the
        old ones. Nothing is prepared for the new ones yet: see `Engine.warm`."""
        sdl = read_text(self.settings.supergraph)
        manifest = read_manifest(self.settings.documents.manifest)
        endpoints = endpoints_of(sdl, self.settings)
        self.engine.swap(sdl)
        self.client.use(endpoints)
        self.prices.use(sdl)
        self.documents.use(manifest)


def build_gateway(settings: Settings, siblings: Siblings | None = None) -> Gateway:
    """`siblings` where it is one of several workers. Raises OperatorFault, one clear sentence, for
    a missing or unusable file."""
    sdl = read_text(settings.supergraph)
    pool, traffic = _pool(settings), traffic_source(settings)
    client = NetworkClient(endpoints_of(sdl, settings), header_source(settings), pool, traffic)
    open_to_some = settings.introspection_claims or not is_closed(settings)
    options = EngineOptions(
        limits=document_limits(settings),
        introspection=bool(open_to_some),
        refusals=settings.auth.unauthorized,
        patience=patience(settings),
        kept=kept_events(settings),
    )
    metrics, spans = Metrics(time.monotonic), _spans(settings)
    watch_traffic(metrics, client)
    health = Health(client, probe_rules(settings), siblings)
    tracer = Tracers(metrics, spans, health)
    engine = Engine.from_supergraph(
        sdl,
        client=client,
        options=options,
        tracer=tracer,
        watcher=SubscriptionMetrics(metrics.registry),
    )
    watch_hubs(metrics, engine.hubs)
    prices = PriceBook(sdl)
    documents = Documents(read_manifest(settings.documents.manifest), document_rules(settings))
    keyring = build_keyring(settings, _used_together(settings, siblings))
    denials = denials_of(settings.auth.denials)
    perimeter = perimeter_of(settings.auth.networks)
    if perimeter is not None:
        health.needs["allow-lists"] = lambda: perimeter.known
    return Gateway(
        settings=settings,
        perimeter=perimeter,
        denials=denials,
        keyring=keyring,
        app=build_app(
            settings,
            engine,
            health,
            prices=prices,
            documents=documents,
            metrics=metrics,
            spans=spans,
            keyring=keyring,
            siblings=siblings,
            denials=denials,
            perimeter=perimeter,
        ),
        metrics=metrics,
        spans=spans,
        engine=engine,
        client=client,
        health=health,
        prices=prices,
        documents=documents,
    )


def build_app(
    settings: Settings,
    engine: GraphQLEngine,
    health: Health,
    *,
    prices: PriceBook | None = None,
    documents: Documents | None = None,
    metrics: Metrics | None = None,
    spans: Spans | None = None,
    keyring: Keyring | None = None,
    siblings: Siblings | None = None,
    denials: Denials | None = None,
    perimeter: Perimeter | None = None,
) -> GatewayApp:
    """The doors around an engine."""
    metrics = metrics or Metrics(time.monotonic)
    keyring = keyring or build_keyring(settings)
    tokens = keyring.verifier
    write = _write_line if settings.access_log else None
    worker = siblings.crew.number if siblings is not None else None
    log = AccessLog(write, time.time, metrics.observe, worker)
    known = documents or Documents(Manifest(), document_rules(settings))
    granting = _granting(settings, tokens, perimeter)
    admission = admission_of(settings, engine, prices, known, granting, denials=denials)
    streams = Streams(admission, stream_rules(settings))
    single = SingleStreams(
        admission,
        stream_rules(settings),
        outbox_limits(settings),
        settings.limits.socket_operations,
        alone=siblings is None,
    )
    origins = origins_of(settings)
    sockets = SocketDoor(admission, tokens, origins, socket_rules(settings), log, spans=spans)
    metrics.gauge("open_sockets", "Sockets open now.", lambda: len(sockets))
    metrics.gauge("open_streams", "Streams open now.", lambda: len(streams))
    return GatewayApp(
        http=HttpDoor(
            admission,
            tokens,
            streams=streams,
            single=single,
            origins=origins,
            rules=http_rules(settings),
            spans=spans,
        ),
        sockets=sockets,
        streams=streams,
        single=single,
        health=health,
        graphiql=GraphiqlDoor(
            settings.graphiql, demo_personas(settings), shows_plan=settings.shows_plan
        ),
        log=log,
        metrics=_metrics_door(settings, metrics, siblings),
    )


def _granting(settings: Settings, tokens: TokenVerifier, perimeter: Perimeter | None) -> Granting:
    return Granting(
        rules=grant_rules(settings.auth),
        addresses=address_rules(settings.auth),
        perimeter=perimeter,
        holds=tokens.holds,
    )


def _metrics_door(
    settings: Settings, metrics: Metrics, siblings: Siblings | None
) -> MetricsDoor | None:
    telemetry = settings.telemetry
    return MetricsDoor(metrics, telemetry.allow, siblings) if telemetry.metrics else None


def _used_together(settings: Settings, siblings: Siblings | None) -> UsedTogether | None:
    if siblings is None:
        return None
    return UsedTogether(siblings.crew.folder / "used", settings.auth.cached_tokens)


def endpoints_of(sdl: str, settings: Settings) -> dict[SubgraphName, Endpoint]:
    """Every subgraph's address: the supergraph's, or the settings' where they name another."""
    named = read_supergraph(sdl, understood=GUARD_IDENTITIES).subgraphs
    for name in settings.subgraphs:
        if name not in named:
            raise BadSettings(f"gateway.subgraphs.{name}", "the supergraph has no such subgraph")
    return {name: _endpoint(name, subgraph.url, settings) for name, subgraph in named.items()}


def header_source(settings: Settings) -> HeaderSource:
    """What every request to a subgraph carries: forwarded headers and the viewer's token."""
    mint = _context_tokens(settings)

    def headers(request: SubgraphRequest) -> Mapping[str, str]:
        context = request.context if isinstance(request.context, CallContext) else CallContext()
        if mint is None:
            return context.headers
        if context.own:
            return {"authorization": f"Bearer {mint.own_token(request.subgraph)}"}
        token = mint.token(request.subgraph, context.viewer)
        told = {**context.headers, "authorization": f"Bearer {token}"}
        if REQUEST_ID in told:
            told[REQUEST_SEAL] = request_seal(token, told[REQUEST_ID])
        return told

    return headers


def read_text(path: Path) -> str:
    """Raises BadSupergraph naming the file."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        problem = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise BadSupergraph(f"cannot read the supergraph {path}: {problem}") from None


def _context_tokens(settings: Settings) -> ContextTokens | None:
    context = settings.auth.context
    if context is None:
        return None
    rules = ContextRules(
        issuer=context.issuer,
        claims=context.claims,
        lifetime=context.lifetime,
        reuse=context.reuse,
        cached=settings.auth.cached_tokens,
    )
    key = signing_key(context.key)
    unique: Callable[[], str] = lambda: secrets.token_hex(8)  # noqa: E731 - a name for a seam
    return ContextTokens(key, rules, now=time.time, unique=unique)


def _spans(settings: Settings) -> Spans:
    """Tracing costs memory and start-up time, so its packages are loaded only where it is on."""
    telemetry = settings.telemetry
    if telemetry.otlp is None:
        return NoSpans()
    try:
        otel = import_module("gateway.telemetry.otel")
    except ImportError:
        raise BadSettings("gateway.telemetry.otlp", "needs the extra 'otel'") from None
    spans: Spans = otel.spans_to(telemetry.otlp, telemetry.service, telemetry.sample)
    return spans


def _write_line(line: bytes) -> None:
    """Unbuffered: the last lines before a crash are those that somebody will want."""
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


def _pool(settings: Settings) -> PoolLimits:
    limits = settings.limits
    return PoolLimits(
        connections=limits.connections,
        waiting=limits.waiting,
        answer_bytes=limits.answer_bytes,
        connect_seconds=settings.timeouts.connect,
    )


def _endpoint(name: SubgraphName, url: str, settings: Settings) -> Endpoint:
    own = settings.subgraphs.get(name)
    try:
        return parse_endpoint(
            (own.url if own else None) or url,
            own.subscription_url if own else None,
            Trust(ca=own.ca, certificate=own.certificate, key=own.key) if own else Trust(),
            http2=own is not None and own.http2,
            proxy=own.proxy if own else None,
        )
    except BadSettings as error:
        raise BadSettings(f"gateway.subgraphs.{name}.url", error.problem) from None
