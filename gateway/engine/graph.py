"""One loaded supergraph with everything that was ever prepared for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final, Self

from graphql import (
    DocumentNode,
    GraphQLSchema,
    OperationDefinitionNode,
    execute_sync,
    get_variable_values,
    print_schema,
)

from gateway.access import NOBODY, Grants, Guarded, Refusals, read_guarded, refuse
from gateway.engine.cache import BoundedCache, Key
from gateway.engine.footprint import footprint
from gateway.engine.messages import EngineOptions
from gateway.engine.prepare import MAX_REPORTED, Preparation, Prepared, Refusal
from gateway.errors import BadVariables
from gateway.executor.ports import Tracer
from gateway.plan.nodes import QueryPlan
from gateway.planner import Budget, World, plan_operation
from gateway.spec.names import GUARD_IDENTITIES
from gateway.supergraph.api_schema import build_api_schema
from gateway.supergraph.reader import read_supergraph
from gateway.supergraph.resumable import read_resumables

_INTROSPECTION_SHARE: Final = 8
_PER_CHARACTER: Final = 8
"""Bytes that an answer takes for each character of its text, rather too many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Operations are found by exact text and name, before anything is parsed.

    `introspections` are answers about the schema itself, by question and variables.
    """

    sdl: str
    schema: GraphQLSchema
    guarded: Guarded
    preparation: Preparation
    operations: BoundedCache[Prepared | Refusal]
    introspections: BoundedCache[dict[str, Any]]

    @classmethod
    def load(cls, sdl: str, options: EngineOptions, tracer: Tracer) -> Self:
        """Raises BadSupergraph."""
        supergraph = read_supergraph(sdl, understood=GUARD_IDENTITIES)
        schema = build_api_schema(supergraph)
        guarded = read_guarded(supergraph.document)
        world = World.of(supergraph)

        def plan(
            document: DocumentNode, name: str | None, refused: frozenset[int], in_parts: bool
        ) -> QueryPlan:
            budget = Budget(clock=monotonic)
            return plan_operation(
                world, document, name, budget=budget, refused=refused, in_parts=in_parts
            )

        def judge(
            document: DocumentNode, operation: OperationDefinitionNode, grants: Grants
        ) -> Refusals:
            spend = Budget(clock=monotonic).spend
            return refuse(guarded, schema, document, operation, grants, spend=spend)

        preparation = Preparation(
            schema=schema,
            plan=plan,
            refuse=judge,
            options=options,
            phase=tracer.phase,
            resumables=read_resumables(supergraph),
        )
        return cls(
            sdl=sdl,
            schema=schema,
            guarded=guarded,
            preparation=preparation,
            operations=BoundedCache(options.cache_bytes),
            introspections=BoundedCache(options.cache_bytes // _INTROSPECTION_SHARE),
        )

    def known(self, query: str, name: str | None, grants: Grants) -> Prepared | Refusal | None:
        """The operation if it is ready already."""
        return self.operations.get((query, name, self.guarded.decision(grants)))

    def operation(self, query: str, name: str | None, grants: Grants) -> Prepared | Refusal:
        """The operation as callers with these grants may have it."""
        decision = self.guarded.decision(grants)
        key: Key = (query, name, decision)
        found = self.operations.get(key)
        if found is None:
            found = self.preparation.prepare(query, name, decision)
            self.operations.put(key, found, footprint(query, found))
        return found

    def coerced(self, prepared: Prepared, given: Mapping[str, object]) -> dict[str, Any] | Refusal:
        """The values of the operation's variables, or why they cannot be had."""
        if not prepared.variables:
            return {}
        values = get_variable_values(
            self.schema, prepared.variables, dict(given), max_errors=MAX_REPORTED
        )
        if isinstance(values, list):
            return Refusal(errors=tuple(BadVariables(e.message).as_graphql() for e in values))
        return values.coerced

    def introspected(self, prepared: Prepared, variables: dict[str, Any]) -> dict[str, Any]:
        """The answers to `__schema` and `__type`, which no subgraph is asked for."""
        if prepared.introspection is None:
            return {}
        text = prepared.program.plan.introspection or ""
        key: Key = (text, repr(sorted(variables.items())), NOBODY)
        found = self.introspections.get(key)
        if found is None:
            result = execute_sync(self.schema, prepared.introspection, variable_values=variables)
            found = result.data or {}
            self.introspections.put(key, found, _PER_CHARACTER * len(repr(found)) + len(key[0]))
        return found

    def api_sdl(self) -> str:
        return print_schema(self.schema)
