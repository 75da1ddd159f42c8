"""Generates the projection of a flawless tree: straight-line Python, one function per selection.

Laws: what a generated function returns is what `project` would return, without failures; as soon
as it meets anything that would be a failure it raises, and `project` does all the work again with
care. So no path is kept and no error is built on the way most answers take.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, assert_never

from gateway.executor.conditions import holds
from gateway.executor.failures import Failures, ResponsePath
from gateway.executor.leaves import COERCIONS, BadLeaf
from gateway.executor.paths import Tree
from gateway.executor.project import depends_on_type, project
from gateway.executor.source import build
from gateway.plan.shape import (
    ALWAYS,
    Content,
    EnumLeaf,
    ObjectShape,
    RefusedLeaf,
    ScalarLeaf,
    ShapeField,
    TypenameLeaf,
    VerbatimLeaf,
    When,
)


class _NeedsCare(Exception):
    """The tree is not flawless."""


# What a flawed tree can raise in generated code: `.get` of no object, an unhashable type name.
_FLAWS: Final = (_NeedsCare, BadLeaf, AttributeError, TypeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """The projection of one shape; as `project`, many times faster where nothing is wrong.

    `size` is the length of the generated text, a measure of what keeping it costs."""

    shape: ObjectShape
    generated: Callable[[Tree, list[bool | dict[int, Tree]]], Tree]
    whens: tuple[When, ...]
    memos: int
    size: int

    def project(
        self,
        tree: Tree,
        variables: Mapping[str, object],
        failures: Failures,
        *,
        above: ResponsePath = (),
    ) -> Tree | None:
        state: list[bool | dict[int, Tree]] = [{} for _ in range(self.memos)]
        state.extend([holds(when, variables) for when in self.whens])
        try:
            return self.generated(tree, state)
        except _FLAWS:
            return project(self.shape, tree, variables, failures, above=above)


def compile_projection(shape: ObjectShape, *, shared: frozenset[int] = frozenset()) -> Projection:
    """`shared` are the identities of shapes whose objects may stand at many places at once."""
    writer = _Writer(shared)
    entry = writer.object(shape)
    return Projection(
        shape=shape,
        generated=build(entry, writer.lines, writer.namespace),
        whens=tuple(writer.whens),
        memos=len(shared),
        size=sum(map(len, writer.lines)),
    )


def _care() -> Any:
    raise _NeedsCare


def _null_or_care(value: Any) -> None:
    if value is not None:
        raise _NeedsCare


def _hidden_or_care(value: Any) -> None:
    if value is not None and value.__class__ is not str:
        raise _NeedsCare


def _optional(coerce: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else coerce(value)


class _Writer:
    """Writes one function for each distinct selection; expressions name the value at hand `v`."""

    def __init__(self, shared: frozenset[int]) -> None:
        self.lines: list[str] = []
        self.whens: dict[When, int] = {}
        self.namespace: dict[str, object] = {
            "care": _care,
            "null_or_care": _null_or_care,
            "hidden_or_care": _hidden_or_care,
        }
        for name, (_, coerce) in COERCIONS.items():
            self.namespace[f"req_{name}"] = coerce
            self.namespace[f"opt_{name}"] = _optional(coerce)
        self._names: dict[int, str] = {}
        self._memos = {identity: number for number, identity in enumerate(sorted(shared))}

    def object(self, shape: ObjectShape) -> str:
        """The name of the function that projects an object of this shape."""
        known = self._names.get(id(shape))
        if known is not None:
            return known
        name = self._names[id(shape)] = f"p{len(self._names)}"
        memo = self._memos.get(id(shape))
        inner = name if memo is None else f"{name}_new"
        if shape.typename is not None:
            self._selection(inner, _applying(shape, shape.typename))
        else:
            self._dispatch(inner, shape)
        if memo is not None:
            self._remember(name, inner, memo)
        return name

    def _remember(self, name: str, inner: str, memo: int) -> None:
        """An object that stands at many places is projected once."""
        self.lines += [
            f"def {name}(o, w):",
            f"    r = w[{memo}].get(id(o))",
            "    if r is None:",
            f"        r = w[{memo}][id(o)] = {inner}(o, w)",
            "    return r",
        ]

    def _dispatch(self, name: str, shape: ObjectShape) -> None:
        """By runtime type; types with the same fields share one function."""
        functions: dict[tuple[int, ...], str] = {}
        table: list[str] = []
        for type_name in sorted(shape.possible):
            fields = _applying(shape, type_name)
            alike = tuple(map(id, fields))
            if alike not in functions:
                functions[alike] = f"{name}_{len(functions)}"
                self._selection(functions[alike], fields)
            table.append(f"{type_name!r}: {functions[alike]}")
        if not any(depends_on_type(field) and field.when == ALWAYS for field in shape.fields):
            self._untyped(f"{name}_u", shape)
            table.append(f"None: {name}_u")
        self.lines += [
            f"{name}_types = {{{', '.join(table)}}}",
            f"def {name}(o, w):",
            "    t = o.get('__typename')",
            f"    f = {name}_types.get(t)",
            "    if f is not None:",
            "        return f(o, w)",
            "    return None if t.__class__ is str else care()",
        ]

    def _untyped(self, name: str, shape: ObjectShape) -> None:
        """An object without type name will do while every field that needs one is left out."""
        self._selection(f"{name}_rest", tuple(f for f in shape.fields if not depends_on_type(f)))
        guards = [self._guard(field.when) for field in shape.fields if depends_on_type(field)]
        self.lines.append(f"def {name}(o, w):")
        self.lines += [f"    {guard}care()" for guard in guards]
        self.lines.append(f"    return {name}_rest(o, w)")

    def _selection(self, name: str, fields: tuple[ShapeField, ...]) -> None:
        entries = [(repr(field.response_key), self._field(field)) for field in fields]
        if all(field.when == ALWAYS for field in fields):
            display = ", ".join(f"{key}: {value}" for key, value in entries)
            body = [f"    return {{{display}}}"]
        else:
            body = ["    r = {}"]
            said: set[str] = set()
            for field, (key, value) in zip(fields, entries, strict=True):
                first = [f"{key} not in r"] if key in said else []
                said.add(key)
                body.append(f"    {self._guard(field.when, first)}r[{key}] = {value}")
            body.append("    return r")
        self.lines += [f"def {name}(o, w):", "    g = o.get", *body]

    def _guard(self, when: When, more: Sequence[str] = ()) -> str:
        tests = list(more)
        if when != ALWAYS:
            number = self.whens.setdefault(when, len(self.whens))
            tests.append(f"w[{len(self._memos) + number}]")
        return f"if {' and '.join(tests)}: " if tests else ""

    def _field(self, field: ShapeField) -> str:
        return self._value(field.content, field.non_null, f"(v := g({field.key!r}))", "v")

    def _value(self, content: Content, non_null: tuple[bool, ...], first: str, again: str) -> str:
        """An expression; `first` reads the value, `again` names it once it was read."""
        required = non_null[0]
        if isinstance(content, RefusedLeaf):  # null, lists or not
            return "care()" if required else "None"
        if len(non_null) == 1:
            return self._leaf(content, first, again, required=required)
        item = f"i{len(non_null)}"
        items = f"[{self._value(content, non_null[1:], item, item)} for {item} in {again}]"
        misfit = "care()" if required else f"null_or_care({again})"
        return f"({items} if {first}.__class__ is list else {misfit})"

    def _leaf(self, content: Content, first: str, again: str, *, required: bool) -> str:
        match content:
            case ScalarLeaf(name=name):
                return self._scalar(name, first, again, required=required)
            case EnumLeaf(values=values):
                known = f"E{len(self.namespace)}"
                self.namespace[known] = values
                misfit = "care()" if required else f"hidden_or_care({again})"
                return f"({again} if {first} in {known} else {misfit})"
            case TypenameLeaf(name=None):
                return f"({again} if {first}.__class__ is str else care())"
            case TypenameLeaf(name=name):
                return repr(name)
            case VerbatimLeaf():
                return first
            case RefusedLeaf():
                return "None"
            case ObjectShape():
                return self._object_value(content, first, again, required=required)
            case _:
                assert_never(content)

    def _scalar(self, name: str, first: str, again: str, *, required: bool) -> str:
        if name in COERCIONS:
            usual = COERCIONS[name][0].__name__
            prefix = "req" if required else "opt"
            return f"({again} if {first}.__class__ is {usual} else {prefix}_{name}({again}))"
        return f"({again} if {first} is not None else care())" if required else first

    def _object_value(self, shape: ObjectShape, first: str, again: str, *, required: bool) -> str:
        function = self.object(shape)
        if not required:
            return f"({function}({again}, w) if {first} is not None else None)"
        if shape.typename is not None:
            return f"{function}({first}, w)"
        return f"(h if (h := {function}({first}, w)) is not None else care())"


def _applying(shape: ObjectShape, type_name: str) -> tuple[ShapeField, ...]:
    return tuple(field for field in shape.fields if field.types is None or type_name in field.types)
