"""What an operation costs: an estimate before it runs, the actual cost of its answer after. Pure.

Laws: the estimate is an upper bound as far as the schema's list sizes are true; `@skip` and
`@include` are not looked at; fragments on different object types exclude one another, so the
dearest of them counts; a fragment is priced once, however often it is spread.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_operation_ast,
)
from graphql.utilities import value_from_ast_untyped

from gateway.errors import ListTooLong
from gateway.limits.weights import MUTATION_WEIGHT, FieldWeight, Weights

_INTROSPECTION: Final = frozenset({"__schema", "__type"})
ANY_LENGTH: Final = 2**53
_ABSENT: Final = "absent"
_REMEMBERED: Final = 64
"""Estimates kept for one operation; clients ask for few different list sizes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    """One selected field; `given` are its slicing arguments, literals or names of variables."""

    key: str
    name: str
    weight: FieldWeight
    extra: int
    given: tuple[object, ...]
    below: "_Selection"


@dataclass(slots=True)
class _Selection:
    """What is selected of one type: for every value, and for values of one object type only."""

    common: list[_Field] = field(default_factory=list)
    by_type: dict[str, list[_Field]] = field(default_factory=dict)

    def all(self) -> Iterable[_Field]:
        yield from self.common
        for fields in self.by_type.values():
            yield from fields


@dataclass(frozen=True, slots=True)
class _Variable:
    name: str
    default: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """A valid operation with its price tag. `introspects`: it asks for the schema; `sized_by` are
    the variables that say how long lists may be."""

    root: _Selection
    base: int
    introspects: bool
    sized_by: tuple[str, ...]
    _estimates: dict[tuple[object, ...], int] = field(default_factory=dict, compare=False)

    def estimate(self, variables: Mapping[str, object], longest: int) -> int:
        """The cost with these variables. Raises ListTooLong for a list longer than `longest`."""
        given = [variables.get(name, _ABSENT) for name in self.sized_by]
        key = (longest, *(each if type(each) is int or each is _ABSENT else None for each in given))
        known = self._estimates.get(key)
        if known is None:
            known = _Estimate(variables, longest).selection(self.root, frozenset(), 1)
            if len(self._estimates) >= _REMEMBERED:
                self._estimates.clear()
            self._estimates[key] = known
        return self.base + known

    def actual(self, data: object) -> int:
        """The cost of what was answered."""
        return self.base + (_actual(self.root, data) if isinstance(data, Mapping) else 0)


def price(document: DocumentNode, name: str | None, weights: Weights) -> Priced | None:
    """None when the document has no such operation."""
    operation = get_operation_ast(document, name)
    if operation is None:
        return None
    kind = operation.operation.value
    pricing = _Pricing(document, operation, weights)
    root = pricing.selection(operation.selection_set, weights.roots[kind])
    base = MUTATION_WEIGHT if kind == "mutation" else 0
    return Priced(
        root=root,
        base=base,
        introspects=pricing.introspects,
        sized_by=tuple(sorted(pricing.sized_by)),
    )


class _Pricing:
    def __init__(
        self, document: DocumentNode, operation: OperationDefinitionNode, weights: Weights
    ) -> None:
        self.introspects = False
        self.sized_by: set[str] = set()
        self._weights = weights
        self._fragments = {
            node.name.value: node
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }
        self._known: dict[int, _Field] = {}
        self._variables = {
            node.variable.name.value: _Variable(
                node.variable.name.value,
                None if node.default_value is None else value_from_ast_untyped(node.default_value),
            )
            for node in operation.variable_definitions or ()
        }

    def selection(self, node: SelectionSetNode | None, type_name: str) -> _Selection:
        found = _Selection()
        self._collect(found, node, type_name, None, set())
        return found

    def _collect(
        self,
        found: _Selection,
        node: SelectionSetNode | None,
        type_name: str,
        alone: str | None,
        seen: set[tuple[str, str | None]],
    ) -> None:
        """Each fragment counts once in a selection, as it will when the answer is made."""
        for item in node.selections if node else ():
            if isinstance(item, FieldNode):
                target = found.common if alone is None else found.by_type.setdefault(alone, [])
                target.extend(self._field(item, type_name))
                continue
            inner = item
            if isinstance(item, FragmentSpreadNode):
                if (item.name.value, alone) in seen:
                    continue
                seen.add((item.name.value, alone))
                inner = self._fragments[item.name.value]  # type: ignore[assignment]  # both select
            condition = getattr(inner, "type_condition", None)
            on = condition.name.value if condition else type_name
            narrower = on in self._weights.objects and on != type_name
            below = getattr(inner, "selection_set", None)
            self._collect(found, below, on, on if narrower else alone, seen)

    def _field(self, node: FieldNode, type_name: str) -> list[_Field]:
        """Nothing for `__typename` and introspection, which cost nothing."""
        name = node.name.value
        self.introspects = self.introspects or name in _INTROSPECTION
        weight = self._weights.fields.get((type_name, name))
        if weight is None:
            return []
        if id(node) not in self._known:
            self._known[id(node)] = self._priced(node, weight)
        return [self._known[id(node)]]

    def _priced(self, node: FieldNode, weight: FieldWeight) -> _Field:
        given = {each.name.value: each.value for each in node.arguments or ()}
        slicing = weight.size.slicing if weight.size else ()
        defaults = weight.size.defaults if weight.size else {}
        values = tuple(
            self._value(given[each]) if each in given else defaults.get(each) for each in slicing
        )
        return _Field(
            key=(node.alias or node.name).value,
            name=node.name.value,
            weight=weight,
            extra=sum(cost for each, cost in weight.arguments.items() if each in given),
            given=values,
            below=self.selection(node.selection_set, weight.type),
        )

    def _value(self, node: object) -> object:
        variable = getattr(getattr(node, "name", None), "value", None)
        if variable in self._variables and type(node).__name__ == "VariableNode":
            self.sized_by.add(variable)
            return self._variables[variable]
        return value_from_ast_untyped(node)  # type: ignore[arg-type]  # a value of an argument


class _Estimate:
    """One evaluation; shared selections are added up once for each size they are met with."""

    def __init__(self, variables: Mapping[str, object], longest: int) -> None:
        self._variables, self._longest = variables, longest
        self._known: dict[tuple[int, frozenset[str], int], int] = {}

    def selection(self, selection: _Selection, sized: frozenset[str], size: int) -> int:
        key = id(selection), sized, size if sized else 1
        if key not in self._known:
            alone = (self._total(each, sized, size) for each in selection.by_type.values())
            common = self._total(selection.common, sized, size)
            self._known[key] = common + max(alone, default=0)
        return self._known[key]

    def _total(self, fields: list[_Field], sized: frozenset[str], size: int) -> int:
        return sum(self._field(each, sized, size) for each in fields)

    def _field(self, each: _Field, sized: frozenset[str], size: int) -> int:
        own = _own_size(each, self._variables)
        if own > self._longest:
            raise ListTooLong(self._longest)
        passed = each.weight.size.sized if each.weight.size else frozenset()
        one = each.weight.weight + self.selection(each.below, passed, own)
        if not each.weight.is_list:
            return each.extra + one
        times = size if each.name in sized else own if not passed else 1
        return each.extra + times * one


def _own_size(each: _Field, variables: Mapping[str, object]) -> int:
    """The largest size that its slicing arguments ask for, else the assumed one."""
    rule = each.weight.size
    if rule is None:
        return 1
    asked = [
        value
        for given in each.given
        if isinstance(value := _filled(given, variables), int) and not isinstance(value, bool)
    ]
    return max(0, *asked) if asked else rule.assumed


def _filled(given: object, variables: Mapping[str, object]) -> object:
    if isinstance(given, _Variable):
        return variables.get(given.name, given.default)
    return given


def _actual(selection: _Selection, data: Mapping[str, object]) -> int:
    seen: dict[str, list[_Field]] = {}
    for each in selection.all():
        if each.key in data:
            seen.setdefault(each.key, []).append(each)
    return sum(_actual_field(fields, data[key]) for key, fields in seen.items())


def _actual_field(fields: list[_Field], value: object) -> int:
    below = _Selection([inner for each in fields for inner in each.below.all()])
    first = fields[0]
    return first.extra + sum(
        first.weight.weight + (_actual(below, one) if isinstance(one, Mapping) else 0)
        for one in _leaves(value)
    )


def _leaves(value: object) -> Iterable[object]:
    if isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif value is not None:
        yield value
