"""One operation made ready to run: read, checked, planned, compiled. Pure but for the clock.

Whatever is wrong comes back as a `Refusal`, so that it can be remembered like any other outcome.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final, TypeAlias

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    VariableDefinitionNode,
    get_operation_ast,
    parse,
    print_ast,
    specified_rules,
    validate,
)

from gateway.access import Grants, Refusals, Refused
from gateway.engine.messages import EngineOptions
from gateway.engine.positions import Following, followed, positioned
from gateway.engine.refused import refused_errors
from gateway.errors import (
    GatewayError,
    InternalFault,
    ParseFailed,
    TooDeep,
    UnknownOperation,
    ValidationFailed,
)
from gateway.executor.ports import OperationKind
from gateway.executor.program import Program, compile_plan
from gateway.limits import check_document, check_source
from gateway.plan.nodes import Defer, QueryPlan
from gateway.planner.parts import defers
from gateway.supergraph.resumable import Resumable

Plan: TypeAlias = Callable[[DocumentNode, str | None, frozenset[int], bool], QueryPlan]
"""From a document, the operation's name, what is refused of it, and whether to heed @defer."""

Refuse: TypeAlias = Callable[[DocumentNode, OperationDefinitionNode, Grants], Refusals]
Phase: TypeAlias = Callable[[str, float, float], None]

MAX_REPORTED: Final = 20
"""Errors of one document told at once; validation stops there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """An operation that needs nothing but its variables; `refused` is told with each answer.
    `in_parts` is the same with @defer heeded, where there is any."""

    kind: OperationKind
    variables: tuple[VariableDefinitionNode, ...]
    program: Program
    introspection: DocumentNode | None
    in_parts: Program | None = None
    refused: tuple[Refused, ...] = ()
    following: Following | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An operation that cannot run, and what the client is told. `ours`: no fault of the client."""

    errors: tuple[dict[str, object], ...]
    ours: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """Prepares operations over one schema; `phase` is told how long each part took."""

    schema: GraphQLSchema
    plan: Plan
    refuse: Refuse
    options: EngineOptions
    phase: Phase
    resumables: Mapping[str, Resumable] = field(default_factory=dict)

    def prepare(self, query: str, operation_name: str | None, grants: Grants) -> Prepared | Refusal:
        try:
            return self._prepared(query, operation_name, grants)
        except InternalFault as fault:
            return Refusal(errors=(fault.as_graphql(),), ours=True)
        except GatewayError as fault:
            return Refusal(errors=(fault.as_graphql(),))
        except RecursionError:
            return Refusal(errors=(TooDeep(self.options.limits.nesting).as_graphql(),))

    def _prepared(
        self, query: str, operation_name: str | None, grants: Grants
    ) -> Prepared | Refusal:
        times = [perf_counter()]
        document = self._parsed(query)
        operation = _selected(document, operation_name)
        times.append(perf_counter())
        invalid = self._invalid(document)
        times.append(perf_counter())
        if invalid:
            return Refusal(errors=tuple(map(_validation_error, invalid)))
        declared = operation.variable_definitions or ()
        places = positioned(document, operation, self.resumables, self.schema)
        if places is not None:
            document, operation = places.document, places.operation
        refusals = self.refuse(document, operation, grants)
        if refusals.refused and self.options.refusals == "reject":
            return Refusal(errors=refused_errors(refusals.refused, None))
        dry = self.options.refusals == "dry-run"
        refused = frozenset[int]() if dry else refusals.nodes
        plan = self.plan(document, operation_name, refused, False)  # noqa: FBT003 - see Plan
        parts = self._in_parts(document, operation_name, refused)
        plan, following = (plan, None) if places is None else followed(plan, places)
        times.append(perf_counter())
        prepared = Prepared(
            kind=plan.kind,
            variables=_kept(declared),
            program=compile_plan(plan),
            introspection=parse(plan.introspection, no_location=True)
            if plan.introspection
            else None,
            in_parts=parts,
            refused=refusals.refused,
            following=following,
        )
        times.append(perf_counter())
        for name, started, ended in zip(_PHASES, times, times[1:], strict=False):
            self.phase(name, started, ended)
        return prepared

    def _in_parts(
        self, document: DocumentNode, operation_name: str | None, refused: frozenset[int]
    ) -> Program | None:
        if not defers(document):
            return None
        try:
            plan = self.plan(document, operation_name, refused, True)  # noqa: FBT003 - see Plan
        except GatewayError:  # the answer can be had as a whole at least
            return None
        return compile_plan(plan) if isinstance(plan.node, Defer) else None

    def _parsed(self, query: str) -> DocumentNode:
        check_source(query, self.options.limits)
        try:
            document = parse(query, allow_empty_selection_sets=False)
        except GraphQLSyntaxError as error:
            raise ParseFailed(error.message, locations=_locations(error)) from None
        check_document(document, self.options.limits)
        return document

    def _invalid(self, document: DocumentNode) -> Sequence[GraphQLError]:
        rules = list(specified_rules)
        if not self.options.introspection:
            rules.append(NoSchemaIntrospectionCustomRule)
        return validate(
            self.schema,
            document,
            rules,
            max_errors=MAX_REPORTED,
            hide_suggestions=not self.options.introspection,
            allow_empty_selection_sets=False,
        )


_PHASES: Final = ("parse", "validate", "plan", "compile")


def _selected(document: DocumentNode, operation_name: str | None) -> OperationDefinitionNode:
    operation = get_operation_ast(document, operation_name)
    if operation is not None:
        return operation
    if operation_name is not None:
        raise UnknownOperation(f"the document has no operation named {operation_name!r}")
    raise UnknownOperation("name the operation to run: the document has none or several")


def _kept(definitions: Sequence[VariableDefinitionNode]) -> tuple[VariableDefinitionNode, ...]:
    """Copies without locations: a location keeps every token of the document alive."""
    if not definitions:
        return ()
    text = f"query ({' '.join(map(print_ast, definitions))}) {{ __typename }}"
    (operation,) = parse(text, no_location=True).definitions
    return tuple(getattr(operation, "variable_definitions", None) or ())


def _validation_error(error: GraphQLError) -> dict[str, object]:
    formatted: dict[str, object] = {"message": error.message, "locations": _locations(error)}
    return {**formatted, "extensions": {"code": ValidationFailed.code}}


def _locations(error: GraphQLError) -> list[dict[str, int]]:
    return [{"line": place.line, "column": place.column} for place in error.locations or ()]
