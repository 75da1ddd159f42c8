"""Settings taken apart: each door and each check gets its own small record of rules."""

import logging
from typing import Literal

from gateway.access.denials import Denials
from gateway.config import Settings
from gateway.errors import BadSettings, LimitExceeded
from gateway.limits import DocumentLimits
from gateway.limits.rate import RateRules, TokenBuckets
from gateway.server.admission import Admission, AdmissionRules, Introspection
from gateway.server.audience import ScopeRules
from gateway.server.documents import DocumentRules, Documents
from gateway.server.granting import Granting
from gateway.server.health import ProbeRules
from gateway.server.http import HttpRules
from gateway.server.origins import OriginPolicy, Origins
from gateway.server.outbox import OutboxLimits
from gateway.server.ports import GraphQLEngine
from gateway.server.pricing import PriceBook
from gateway.server.statuses import Statuses
from gateway.server.streams import StreamRules
from gateway.server.telling import Telling
from gateway.server.ws import SocketRules
from gateway.spec.names import SubgraphName
from gateway.subscriptions.hub import HubLimits
from gateway.subscriptions.source import Patience
from gateway.transport.endpoint import Endpoint, Trust, parse_endpoint

_LOG = logging.getLogger("credgraph.limits")
_CLOSED = frozenset({"nobody", "false"})


def admission_of(
    settings: Settings,
    engine: GraphQLEngine,
    prices: PriceBook | None,
    documents: Documents,
    granting: Granting,
    *,
    denials: Denials | None = None,
) -> Admission:
    """The one admission of a gateway."""
    rate, limits = settings.rate, settings.limits
    buckets = RateRules(refill=rate.refill, burst=rate.burst, callers=rate.callers)
    rules = AdmissionRules(
        seconds=settings.timeouts.request,
        cost=limits.cost,
        list_size=limits.list_size,
        warn_only=limits.warn_only,
        show_plan=_plan_rule(settings),
        show_cost=settings.shows_cost,
        rate_claim=rate.claim,
        introspection=_introspection(settings),
        scope=ScopeRules(claims=settings.subscriptions.scope),
    )
    return Admission(
        engine,
        rules,
        documents=documents,
        telling=telling_rules(settings),
        prices=prices,
        buckets=TokenBuckets(buckets) if rate.refill else None,
        granting=granting,
        denials=denials,
    )


def telling_rules(settings: Settings) -> Telling:
    errors = settings.errors
    return Telling(
        mask=errors.mask,
        subgraphs=frozenset(errors.subgraphs),
        codes=frozenset(errors.codes),
        extensions=frozenset(errors.extensions),
    )


def _plan_rule(settings: Settings) -> Literal["everybody", "authenticated", "nobody"]:
    """Outside demo mode a plan is never for anonymous callers."""
    if not settings.shows_plan:
        return "nobody"
    return "everybody" if settings.demo else "authenticated"


def is_closed(settings: Settings) -> bool:
    """Whether nobody at all may ask for the schema, special claims apart."""
    return settings.introspection in _CLOSED


def document_limits(settings: Settings) -> DocumentLimits:
    """What one document may hold."""
    limits = settings.limits
    return DocumentLimits(
        tokens=limits.tokens,
        nesting=limits.nesting,
        depth=limits.depth,
        aliases=limits.aliases,
        root_fields=limits.root_fields,
        directives=limits.directives,
        warn=_warn if limits.warn_only else None,
    )


def patience(settings: Settings) -> Patience:
    """How long a broken upstream is tried again."""
    given = settings.subscriptions
    return Patience(whole=given.patience, longest=given.pause, first=min(0.1, given.pause))


def kept_events(settings: Settings) -> HubLimits:
    """What is kept of each stream."""
    given = settings.subscriptions
    return HubLimits(events=given.kept_events, bytes=given.kept_bytes)


def document_rules(settings: Settings) -> DocumentRules:
    """How documents are named."""
    documents = settings.documents
    return DocumentRules(mode=documents.mode, apq=documents.apq, apq_entries=documents.apq_entries)


def http_rules(settings: Settings) -> HttpRules:
    """Bounds of the HTTP door."""
    limits = settings.limits
    return HttpRules(
        body_bytes=limits.body_bytes,
        body_seconds=settings.timeouts.body,
        header_bytes=limits.header_bytes,
        uri_bytes=limits.uri_bytes,
        batch=settings.http.batch,
        compress_over=settings.http.compress_over,
        forward=settings.forward_headers,
        statuses=Statuses(draft=settings.http.statuses == "2026-08"),
    )


def socket_rules(settings: Settings) -> SocketRules:
    """Bounds of the WebSocket door."""
    limits = settings.limits
    return SocketRules(
        sockets=limits.sockets,
        operations=limits.socket_operations,
        init_seconds=settings.timeouts.init,
        forward=settings.forward_headers,
        outbox=outbox_limits(settings),
    )


def stream_rules(settings: Settings) -> StreamRules:
    """Bounds of streams over HTTP."""
    timeouts = settings.timeouts
    return StreamRules(
        heartbeat=timeouts.heartbeat, lag=timeouts.lag, streams=settings.limits.streams
    )


def outbox_limits(settings: Settings) -> OutboxLimits:
    """What a slow client may leave unread."""
    limits = settings.limits
    return OutboxLimits(
        messages=limits.queued_messages,
        slack=2 * limits.socket_operations,
        size=limits.queued_bytes,
        patience=settings.timeouts.lag,
    )


def origins_of(settings: Settings) -> Origins:
    """Which pages may ask."""
    policies = tuple(
        OriginPolicy(
            origins=frozenset(policy.origins),
            headers=policy.headers,
            credentials=policy.credentials,
            max_age=policy.max_age,
        )
        for policy in settings.cors
    )
    names = tuple(name.lower().encode("ascii") for name in settings.http.csrf_headers)
    return Origins(policies=policies, csrf=settings.http.csrf, csrf_headers=names)


def _introspection(settings: Settings) -> Introspection:
    claims = settings.introspection_claims
    if is_closed(settings):
        return Introspection(allow="nobody", claims=claims)
    if settings.introspection == "authenticated":
        return Introspection(allow="authenticated", claims=claims)
    return Introspection(claims=claims)


def _warn(fault: LimitExceeded) -> None:
    _LOG.warning("let through: %s", fault.message)


def probe_rules(settings: Settings) -> ProbeRules:
    """How the subgraphs are watched. Raises BadSettings."""
    health = settings.health
    return ProbeRules(
        timeout=settings.timeouts.probe,
        calm=health.every,
        eager=min(0.25, health.every),
        optional=frozenset(health.optional),
        feeds={SubgraphName(name): _feed(name, settings) for name in health.feeds},
        lag=health.lag,
    )


def _feed(name: str, settings: Settings) -> Endpoint:
    own = settings.subgraphs.get(name)
    trust = Trust(ca=own.ca, certificate=own.certificate, key=own.key) if own else Trust()
    try:
        return parse_endpoint(settings.health.feeds[name], None, trust)
    except BadSettings as error:
        raise BadSettings(f"gateway.health.feeds.{name}", error.problem) from None
