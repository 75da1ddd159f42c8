"""Every rule of a policy module, changed one at a time, as a slip of the hand could."""

import ast
import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, Final

_NEGATED: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
Change = Callable[[Any], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A module in which one node of one function or one named set says something else."""

    module: ModuleType
    target: str
    what: str
    tree: ast.Module

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """The module's own functions run the changed code, whoever imported them, and by now."""
        changed = dict(vars(self.module))
        exec(compile(self.tree, str(self.module.__file__), "exec"), changed)
        before, after = vars(self.module)[self.target], changed[self.target]
        if isinstance(before, FunctionType):
            kept = before.__code__
            before.__code__ = after.__code__
            try:
                yield
            finally:
                before.__code__ = kept
            return
        setattr(self.module, self.target, after)
        try:
            yield
        finally:
            setattr(self.module, self.target, before)


def mutants(module: ModuleType) -> Iterator[Mutant]:
    """All of them, in the order of the text."""
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    for place, statement in enumerate(tree.body):
        target = _target(statement)
        if target is None:
            continue
        for number, node in enumerate(ast.walk(statement)):
            for what, change in _changes(node):
                other = copy.deepcopy(tree)
                change(_nth(other.body[place], number))
                yield Mutant(
                    module=module,
                    target=target,
                    what=what,
                    tree=ast.fix_missing_locations(other),
                )


def _target(statement: ast.stmt) -> str | None:
    """Functions, and the sets and dicts of words that rules go by."""
    if isinstance(statement, ast.FunctionDef):
        return statement.name
    value = statement.value if isinstance(statement, ast.AnnAssign) else None
    if isinstance(value, ast.Call) and isinstance(statement, ast.AnnAssign):
        return statement.target.id if isinstance(statement.target, ast.Name) else None
    return None


def _nth(tree: ast.AST, number: int) -> ast.AST:
    return list(ast.walk(tree))[number]


def _changes(node: ast.AST) -> Iterator[tuple[str, Change]]:
    for field, kind in (("values", ast.BoolOp), ("elts", ast.Set), ("patterns", ast.MatchOr)):
        parts = getattr(node, field) if isinstance(node, kind) else ()
        if len(parts) > 1:
            for index, part in enumerate(parts):
                yield f"without `{ast.unparse(part)}`", _without(field, index)
    yield from _other_tests(node)
    yield from _other_answers(node)


def _other_tests(node: ast.AST) -> Iterator[tuple[str, Change]]:
    match node:
        case ast.Compare(ops=[op]) if type(op) in _NEGATED:
            yield f"not `{ast.unparse(node)}`", _negated
        case ast.If():
            yield f"never `{ast.unparse(node.test)}`", _never
        case ast.comprehension(ifs=[_, *_]):
            yield "for all", _for_all
        case _:
            return


def _other_answers(node: ast.AST) -> Iterator[tuple[str, Change]]:
    match node:
        case ast.Return(value=ast.Constant(value=bool(value))):
            yield f"return {not value}", _returning(ast.Constant(value=not value))
        case ast.Return(value=ast.Constant(value=None)):
            yield "return {}", _returning(ast.Dict(keys=[], values=[]))
        case ast.Dict(keys=keys):
            for index, key in enumerate(keys):
                what = ast.unparse(key) if key else "the rest"
                yield f"without {what}", _without_item(index)
        case _:
            return


def _without(field: str, index: int) -> Change:
    def change(node: Any) -> None:
        getattr(node, field).pop(index)
        rest = getattr(node, field)
        if not isinstance(node, ast.Set) and len(rest) == 1:
            rest *= 2  # neither `or` nor `and` nor `|` stands alone

    return change


def _without_item(index: int) -> Change:
    def change(node: Any) -> None:
        node.keys.pop(index)
        node.values.pop(index)

    return change


def _returning(value: ast.expr) -> Change:
    def change(node: Any) -> None:
        node.value = value

    return change


def _negated(node: Any) -> None:
    node.ops = [_NEGATED[type(node.ops[0])]()]


def _never(node: Any) -> None:
    node.test = ast.Constant(value=False)


def _for_all(node: Any) -> None:
    node.ifs = []
