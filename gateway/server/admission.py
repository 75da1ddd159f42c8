"""What stands between any door and the engine: which document, may it run, what does it cost, and
what the caller is told of the outcome. The doors differ in bytes only."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, TypeAlias

from gateway.access import Grants
from gateway.access.denials import Denials
from gateway.auth.context import CallContext
from gateway.auth.viewer import Viewer
from gateway.engine import GatewayRequest, GatewayResponse
from gateway.errors import (
    AddressNotAllowed,
    BadRequest,
    CursorConflict,
    GatewayError,
    ListTooLong,
    NoIntrospection,
    TooCostly,
    TooOften,
)
from gateway.executor.ports import OperationKind
from gateway.limits.cost import ANY_LENGTH, Priced
from gateway.limits.rate import TokenBuckets
from gateway.server.audience import ScopeRules
from gateway.server.caching import CacheHints
from gateway.server.documents import Documents
from gateway.server.granting import Granting
from gateway.server.parameters import Parameters
from gateway.server.ports import GraphQLEngine
from gateway.server.pricing import PriceBook
from gateway.server.telling import Telling
from gateway.spec.message import message

Told: TypeAlias = dict[str, object]

_LOG = logging.getLogger("credgraph.limits")
_FREE: Final = 1  # what an operation that costs nothing takes out of a bucket


@message(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who sends an operation, and what its door knows of it. `headers` go on to subgraphs;
    `wants` are the extras it asked for."""

    viewer: Viewer
    request_id: str
    address: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    wants: frozenset[Literal["plan", "cost"]] = frozenset()
    read_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Introspection:
    """Who may ask for the schema; `claims` names values that suffice besides."""

    allow: Literal["everybody", "authenticated", "nobody"] = "everybody"
    claims: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def allows(self, viewer: Viewer) -> bool:
        """Whether this caller may."""
        if self.allow == "everybody" or (self.allow == "authenticated" and not viewer.anonymous):
            return True
        return any(viewer.claims.get(name) in values for name, values in self.claims.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionRules:
    """Bounds beyond the document's own; 0 for the cost means any."""

    seconds: float = 30.0
    cost: int = 0
    list_size: int = ANY_LENGTH
    warn_only: bool = False
    show_plan: Literal["everybody", "authenticated", "nobody"] = "nobody"
    show_cost: bool = False
    rate_claim: str = "sub"
    introspection: Introspection = field(default_factory=Introspection)
    scope: ScopeRules = field(default_factory=ScopeRules)


@message(frozen=True, slots=True, kw_only=True)
class Admitted:
    """An operation on its way to the engine; `refusal` is its answer when it can't run at all."""

    parameters: Parameters
    caller: Caller
    kind: OperationKind
    request: GatewayRequest
    refusal: GatewayResponse | None = None
    priced: Priced | None = None
    estimate: int = 0
    hints: CacheHints = field(default_factory=CacheHints)


class Admission:
    """One for all doors of the process."""

    def __init__(
        self,
        engine: GraphQLEngine,
        rules: AdmissionRules,
        *,
        documents: Documents,
        telling: Telling,
        prices: PriceBook | None = None,
        buckets: TokenBuckets | None = None,
        granting: Granting | None = None,
        denials: Denials | None = None,
    ) -> None:
        self.engine, self._rules = engine, rules
        self._documents, self._telling = documents, telling
        self._prices, self._buckets = prices, buckets
        self._granting = granting or Granting()
        self._denials = denials

    async def admit(self, given: Parameters, caller: Caller) -> Admitted:
        """Raises ClientFault or NotReady with the reason why it may not run."""
        parameters = self._documents.resolve(given)
        try:
            self._granting.check_address(caller.viewer, caller.address)
        except AddressNotAllowed as refusal:
            self._note([refusal.as_graphql()], caller)
            raise
        grants = self._granting.of(caller.viewer)
        kind = await self.engine.prepare(parameters.query, parameters.operation_name, grants)
        hints = CacheHints()
        request = self._request(parameters, caller, hints, grants)
        if isinstance(kind, GatewayResponse):
            return Admitted(
                parameters=parameters, caller=caller, kind="query", request=request, refusal=kind
            )
        priced = self._price(parameters, caller)
        estimate = self._estimate(priced, parameters)
        self._pay(caller, estimate)
        if kind == "subscription":
            audience = self._rules.scope.audience(caller.viewer, caller.headers)
            request = replace(request, audience=audience)
        return Admitted(
            parameters=parameters,
            caller=caller,
            kind=kind,
            request=request,
            priced=priced,
            estimate=estimate,
            hints=hints,
        )

    def tell(self, admitted: Admitted, response: GatewayResponse) -> Told:
        """The body as this caller sees it."""
        body = response.body
        if "errors" in body:
            body = self.tell_errors_of(admitted, body)
        if "cost" in admitted.caller.wants:
            body = self._with_cost(admitted, body, body.get("data"))
        return body

    def tell_part(self, admitted: Admitted, response: GatewayResponse, whole: object) -> Told:
        """One of several bodies of an answer; the last tells what the `whole` of them costs."""
        body, parts = self.tell_errors_of(admitted, response.body), response.body.get("incremental")
        if isinstance(parts, list):
            body["incremental"] = [self.tell_errors_of(admitted, part) for part in parts]
        if "cost" in admitted.caller.wants and not body["hasNext"]:
            body = self._with_cost(admitted, body, whole)
        return body

    def tell_errors_of(self, admitted: Admitted, body: Told) -> Told:
        """A copy of a body whose errors are as this caller sees them."""
        if "errors" not in body:
            return dict(body)
        return {**body, "errors": self.tell_errors(body["errors"], admitted.caller)}

    def tell_errors(self, errors: object, caller: Caller) -> list[dict[str, Any]]:
        """Errors as this caller sees them."""
        suggest = self._rules.introspection.allows(caller.viewer)
        self._note(errors, caller)
        return [
            self._telling.of(error, caller.request_id, suggest=suggest)
            for error in (errors if isinstance(errors, list) else ())
        ]

    def _note(self, errors: object, caller: Caller) -> None:
        """Count what is a denial, where somebody is told."""
        if self._denials is None or not isinstance(errors, list):
            return
        now = time.time()
        for error in errors:
            self._denials.note(caller.viewer.claims, error, now)

    def tell_fault(self, fault: GatewayError, request_id: str) -> dict[str, Any]:
        """One error of our own."""
        return self._telling.of(fault.as_graphql(), request_id, suggest=True)

    def _with_cost(self, admitted: Admitted, body: Told, data: object) -> Told:
        if not self._rules.show_cost or admitted.priced is None:
            return body
        cost = {"estimated": admitted.estimate, "actual": admitted.priced.actual(data)}
        extensions = body.get("extensions")
        known = extensions if isinstance(extensions, dict) else {}
        return {**body, "extensions": {**known, "cost": cost}}

    def _request(
        self, parameters: Parameters, caller: Caller, hints: CacheHints, grants: Grants
    ) -> GatewayRequest:
        return GatewayRequest(
            query=parameters.query,
            operation_name=parameters.operation_name,
            variables=parameters.variables,
            extensions=parameters.extensions,
            context=CallContext(
                viewer=caller.viewer, headers=caller.headers, cache_control=hints.note
            ),
            timeout=self._rules.seconds,
            allow_mutation=not caller.read_only,
            want_plan="plan" in caller.wants and self._shows_plan(caller.viewer),
            appraise=self._prices.appraise if self._prices and self._rules.show_cost else None,
            grants=grants,
            still_granted=self._granting.watch(caller.viewer, grants, caller.address),
        )

    def _shows_plan(self, viewer: Viewer) -> bool:
        rule = self._rules.show_plan
        return rule == "everybody" or (rule == "authenticated" and not viewer.anonymous)

    def _price(self, parameters: Parameters, caller: Caller) -> Priced | None:
        if self._prices is None:
            return None
        priced = self._prices.find(parameters.query, parameters.operation_name)
        asks = priced is not None and priced.introspects
        if asks and not self._rules.introspection.allows(caller.viewer):
            raise NoIntrospection("the schema may not be asked for")
        return priced

    def _estimate(self, priced: Priced | None, parameters: Parameters) -> int:
        if priced is None:
            return 0
        rules = self._rules
        try:
            estimate = priced.estimate(parameters.variables, rules.list_size)
        except ListTooLong as fault:
            self._broken(fault)
            estimate = priced.estimate(parameters.variables, ANY_LENGTH)
        if rules.cost and estimate > rules.cost:
            self._broken(TooCostly(rules.cost))
        return estimate

    def _broken(self, fault: ListTooLong | TooCostly) -> None:
        if not self._rules.warn_only:
            raise fault
        _LOG.warning("let through: %s", fault.message)

    def _pay(self, caller: Caller, estimate: int) -> None:
        if self._buckets is None:
            return
        name = caller.viewer.claims.get(self._rules.rate_claim)
        who = f"claim {name}" if isinstance(name, str) else f"address {caller.address}"
        wait = self._buckets.spend(who, max(estimate, _FREE), time.monotonic())
        if wait:
            raise TooOften(wait)


def resumed(parameters: Parameters, last_event_id: str | None) -> Parameters:
    """The same request with its place in the stream, as `Last-Event-ID` or `extensions.after`
    told it. Raises CursorConflict when they differ, BadRequest when it is no text."""
    after = parameters.extensions.get("after")
    if after is not None and not isinstance(after, str):
        raise BadRequest("extensions.after must be a string")
    if not last_event_id:
        return parameters
    if after is not None and after != last_event_id:
        raise CursorConflict("Last-Event-ID and extensions.after name different places")
    return Parameters(
        query=parameters.query,
        operation_name=parameters.operation_name,
        variables=parameters.variables,
        extensions={**parameters.extensions, "after": last_event_id},
        document_id=parameters.document_id,
    )
