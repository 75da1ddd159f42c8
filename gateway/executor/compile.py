"""Generates the projection of a flawless tree: straight-line Python, one function per selection.

Laws: what a generated function returns is what `project` would return, without failures; as soon
as it meets anything that would be a failure it raises, and `project` does all the work again with
care. So no path is kept and no error is built on the way most answers take. What is absent from an
object is null: its function starts again with nulls filled in, so that whole objects, which are
the rule, are read by plain subscripts.

All functions of a shape are made anew for each answer, inside one that knows the answer's
conditions (`w0`, …) and what was projected before (`m0`, …): that takes less than handing these
down from call to call.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any, Final, assert_never

from gateway.executor.conditions import holds
from gateway.executor.failures import Failures, ResponsePath
from gateway.executor.leaves import COERCIONS, BadLeaf
from gateway.executor.paths import Tree
from gateway.executor.project import depends_on_type, project
from gateway.executor.source import build, indented
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


# What a flawed tree can raise in generated code: `.get` or `[…]` of no object, an unhashable value.
_FLAWS: Final = (_NeedsCare, BadLeaf, AttributeError, TypeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """The projection of one shape; as `project`, many times faster where nothing is wrong.

    `size` is the length of the generated text, a measure of what keeping it costs."""

    shape: ObjectShape
    generated: Callable[..., Tree]
    whens: tuple[When, ...]
    size: int

    def project(
        self,
        tree: Tree,
        variables: Mapping[str, object],
        failures: Failures,
        *,
        above: ResponsePath = (),
    ) -> Tree | None:
        conditions = [holds(when, variables) for when in self.whens]
        try:
            return self.generated(tree, *conditions)
        except _FLAWS:
            return project(self.shape, tree, variables, failures, above=above)


def compile_projection(shape: ObjectShape, *, shared: frozenset[int] = frozenset()) -> Projection:
    """`shared` are the identities of shapes whose objects may stand at many places at once."""
    writer = _Writer(shared)
    entry = writer.object(shape, or_null=False)
    conditions = "".join(f", w{number}" for number in range(len(writer.whens)))
    lines = [
        f"def project(tree{conditions}):",
        *(f"    m{number} = {{}}" for number in range(len(shared))),
        *(indented(1, line) for line in writer.lines),
        "    try:",
        f"        return {entry}(tree)",
        "    finally:",  # they know themselves, so nothing else would free them and what they made
        f"        {' = '.join(writer.functions)} = None",
    ]
    return Projection(
        shape=shape,
        generated=build("project", lines, writer.namespace),
        whens=tuple(writer.whens),
        size=sum(map(len, lines)),
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
        self.functions: list[str] = []
        self.whens: dict[When, int] = {}
        self.namespace: dict[str, object] = {
            "care": _care,
            "null_or_care": _null_or_care,
            "hidden_or_care": _hidden_or_care,
        }
        for name, (_, coerce) in COERCIONS.items():
            self.namespace[f"req_{name}"] = coerce
            self.namespace[f"opt_{name}"] = _optional(coerce)
        self._names: dict[tuple[int, bool], str] = {}
        self._memos = {identity: number for number, identity in enumerate(sorted(shared))}

    def object(self, shape: ObjectShape, *, or_null: bool) -> str:
        """The name of the function that projects an object of this shape, or null if it may be."""
        known = self._names.get((id(shape), or_null))
        if known is not None:
            return known
        name = self._names[id(shape), or_null] = f"p{len(self._names)}"
        if shape.typename is not None:
            self._selection(name, _applying(shape, shape.typename), shape, or_null=or_null)
        else:
            self._dispatch(name, shape, or_null=or_null)
        return name

    def memo(self, shape: ObjectShape) -> str | None:
        """Where objects of this shape are kept that may stand at many places of an answer."""
        number = self._memos.get(id(shape))
        return None if number is None else f"m{number}"

    def _dispatch(self, name: str, shape: ObjectShape, *, or_null: bool) -> None:
        """By runtime type; types with the same fields share one function."""
        alike: dict[tuple[int, ...], list[str]] = {}
        for type_name in sorted(shape.possible):
            fields = _applying(shape, type_name)
            alike.setdefault(tuple(map(id, fields)), []).append(type_name)
        tests = []
        for number, type_names in enumerate(alike.values()):
            self._selection(f"{name}_{number}", _applying(shape, type_names[0]), shape)
            self.namespace[f"{name}_types{number}"] = frozenset(type_names)
            tests += [f"    if t in {name}_types{number}:", f"        return {name}_{number}(o)"]
        tests.append("    if t.__class__ is str: return None")
        if not any(depends_on_type(field) and field.when == ALWAYS for field in shape.fields):
            self._untyped(f"{name}_u", shape)
            tests += ["    if t is None:", f"        return {name}_u(o)"]
        self.lines += [
            f"def {name}(o):",
            *(["    if o is None: return None"] if or_null else []),
            "    t = o.get('__typename')",
            *tests,
            "    care()",
        ]

    def _untyped(self, name: str, shape: ObjectShape) -> None:
        """An object without type name will do while every field that needs one is left out."""
        fields = tuple(f for f in shape.fields if not depends_on_type(f))
        self._selection(f"{name}_rest", fields, shape)
        guards = [self._guard(field.when) for field in shape.fields if depends_on_type(field)]
        self.lines.append(f"def {name}(o):")
        self.lines += [f"    {guard}care()" for guard in guards]
        self.lines.append(f"    return {name}_rest(o)")

    def _selection(
        self,
        name: str,
        fields: tuple[ShapeField, ...],
        shape: ObjectShape,
        *,
        or_null: bool = False,
    ) -> None:
        made = self._made(fields)
        self.functions.append(name)
        nulls = [f"{key!r}: None" for key in dict.fromkeys(field.key for field in fields)]
        memo = self.memo(shape)
        self.lines += [
            f"def {name}(o):",
            *(["    if o is None: return None"] if or_null else []),
            "    try:",
            *(indented(2, line) for line in made),
            "    except KeyError:",
            f"        r = {name}({{{', '.join([*nulls, '**o'])}}})",
            *([f"    {memo}[id(o)] = r"] if memo else []),
            "    return r",
        ]

    def _made(self, fields: tuple[ShapeField, ...]) -> list[str]:
        """Lines that leave the projected object in `r`."""
        entries = [(repr(field.response_key), self._field(field)) for field in fields]
        always = [field.when == ALWAYS for field in fields]
        if all(always):
            display = ", ".join(f"{key}: {value}" for key, value in entries)
            return [*_object_test(entries), f"r = {{{display}}}"]
        lines = [*_object_test(list(compress(entries, always))), "r = {}"]
        said: set[str] = set()
        for field, (key, value) in zip(fields, entries, strict=True):
            first = [f"{key} not in r"] if key in said else []
            said.add(key)
            lines.append(f"{self._guard(field.when, first)}r[{key}] = {value}")
        return lines

    def _guard(self, when: When, more: Sequence[str] = ()) -> str:
        tests = list(more)
        if when != ALWAYS:
            tests.append(f"w{self.whens.setdefault(when, len(self.whens))}")
        return f"if {' and '.join(tests)}: " if tests else ""

    def _field(self, field: ShapeField) -> str:
        return self._value(field.content, field.non_null, f"(v := o[{field.key!r}])", "v")

    def _value(self, content: Content, non_null: tuple[bool, ...], first: str, again: str) -> str:
        """An expression; `first` reads the value, `again` names it once it was read."""
        required = non_null[0]
        if isinstance(content, RefusedLeaf):  # null, lists or not
            return "care()" if required else "None"
        if len(non_null) == 1:
            return self._leaf(content, first, again, required=required)
        items = self._items(content, non_null[1:], again)
        misfit = "care()" if required else f"null_or_care({again})"
        return f"({items} if {first}.__class__ is list else {misfit})"

    def _items(self, content: Content, non_null: tuple[bool, ...], items: str) -> str:
        item = f"i{len(non_null)}"
        value = self._value(content, non_null, item, item)
        function, _, argument = value.partition("(")
        if argument == f"{item})" and function.isidentifier():
            return f"[*map({function}, {items})]"
        return f"[{value} for {item} in {items}]"

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
        function, memo = self.object(shape, or_null=not required), self.memo(shape)
        known = f"({memo}.get(id({first})) or {function}({again}))"
        call = f"{function}({first})" if memo is None else known
        if not required or shape.typename is not None:
            return call
        return f"(h if (h := {call}) is not None else care())"


def _object_test(entries: Sequence[tuple[str, str]]) -> list[str]:
    """What raises for anything but an object, where no field that is always read does so."""
    return [] if any("o[" in value for _, value in entries) else ["o.keys"]


def _applying(shape: ObjectShape, type_name: str) -> tuple[ShapeField, ...]:
    return tuple(field for field in shape.fields if field.types is None or type_name in field.types)
