"""Plans for people: text that can be reviewed line by line; and plain dicts for tools."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Final, assert_never

from gateway.plan.nodes import (
    Condition,
    ContextVariable,
    Defer,
    DeferredPart,
    Fetch,
    Flatten,
    Parallel,
    Path,
    PlanNode,
    QueryPlan,
    Representation,
    RepresentationField,
    Sequence,
    Subscribe,
    Target,
    inner_nodes,
)
from gateway.plan.shape import ALWAYS, ObjectShape, When

_INDENT: Final = "  "
_WIDTH: Final = 100


def render_plan(plan: QueryPlan) -> str:
    """The plan as text, one node a line where it fits, what hangs on a node indented below it."""
    lines = [] if plan.node is None else list(_node(plan.node))
    if plan.introspection is not None:
        lines.append("Introspection")
    return "\n".join(lines or ["Nothing"]) + "\n"


def plan_json(plan: QueryPlan) -> dict[str, object]:
    """The plan as plain data. Every dict says in `type` what it is."""
    found = _plain(plan)
    if not isinstance(found, dict):
        raise TypeError(plan)
    return found


def _node(node: PlanNode) -> Iterator[str]:
    match node:
        case Fetch():
            yield from _headed(f"Fetch({node.subgraph})", node.document)
        case Flatten():
            yield from _flatten(node)
        case Sequence() | Parallel():
            yield type(node).__name__
            yield from _inside(node)
        case Condition(when=when):
            yield f"Condition({_when(when)})"
            yield from _inside(node)
        case Subscribe(fetch=fetch):
            yield from _headed(f"Subscribe({fetch.subgraph})", fetch.document)
            yield from _inside(node)
        case Defer(first=first, parts=parts):
            yield from _defer(first, parts)
        case _:
            assert_never(node)


def _inside(node: PlanNode) -> Iterator[str]:
    return _indented(line for inner in inner_nodes(node) for line in _node(inner))


def _defer(first: PlanNode | None, parts: tuple[DeferredPart, ...]) -> Iterator[str]:
    yield "Defer"
    if first is not None:
        yield from _indented(_node(first))
    for number, part in enumerate(parts):
        yield f"Part {number}{_about(part)}"
        yield from _indented(_deferred(part))


def _about(part: DeferredPart) -> str:
    label = "" if part.label is None else f" {part.label!r}"
    when = "" if part.when == ALWAYS else f" if {_when(part.when)}"
    after = f" after {', '.join(map(str, part.after))}" if part.after else ""
    return f"{label}{when}{after}"


def _deferred(part: DeferredPart) -> Iterator[str]:
    yield from _places(part.shape, part.depth)
    if part.node is not None:
        yield from _node(part.node)


def _places(shape: ObjectShape, depth: int, above: str = "") -> Iterator[str]:
    """The objects a part is about, each with the response names it adds there."""
    if depth == 0:
        yield f"{above or 'the root'} + {' '.join(field.response_key for field in shape.fields)}"
    for field in shape.fields if depth else ():
        if isinstance(field.content, ObjectShape):
            here = field.response_key + "@" * (len(field.non_null) - 1)
            yield from _places(field.content, depth - 1, f"{above}.{here}".lstrip("."))


def _flatten(node: Flatten) -> Iterator[str]:
    if len(node.targets) == 1:
        head = f"Flatten({_target(node.targets[0])}) Fetch({node.fetch.subgraph})"
        yield from _headed(f"{head} {_named(node.targets[0])}".rstrip(), node.fetch.document)
        for each in node.targets[0].contexts:
            yield f"{_INDENT}with ${each.variable}: {_sources(each, node.targets[0].path)}"
        return
    yield f"Flatten Fetch({node.fetch.subgraph})"
    for target in node.targets:
        when = "" if target.when == ALWAYS else f" if {_when(target.when)}"
        yield f"{_INDENT}{target.variable}{when}: {_target(target)} {_named(target)}"
    yield from _indented(_headed("", node.fetch.document))


def _headed(head: str, document: str) -> Iterator[str]:
    line = f"{head} {document}".strip()
    if len(line) <= _WIDTH:
        yield line
        return
    if head:
        yield head
    yield from _indented(pretty(document)) if head else pretty(document)


def _indented(lines: Iterator[str]) -> Iterator[str]:
    return (_INDENT + line for line in lines)


def _target(target: Target) -> str:
    return _path(target.path)


def _path(path: Path) -> str:
    return ".".join(step.key + "@" * step.lists + _told(step.types) for step in path)


def _named(target: Target) -> str:
    if not target.representations:
        return ""
    return f"{{ {' '.join(_representation(each) for each in target.representations)} }} =>"


def _representation(each: Representation) -> str:
    told = f"[{'|'.join(sorted(each.types))}]" if each.types not in (None, {each.typename}) else ""
    inside = " ".join(_inputs((*each.keys, *each.requires)))
    return f"... on {each.typename}{told} {{ {inside} }}"


def _sources(variable: ContextVariable, path: Path) -> str:
    """Where a value from above is read, nearest first."""
    return " else ".join(
        f"{_path(path[: each.depth]) or 'root'}{_told(each.types)} {{ {inside} }}"
        for each in variable.sources
        if (inside := " ".join(_inputs(each.fields)))
    )


def _told(types: frozenset[str] | None) -> str:
    return "" if types is None else f"[{'|'.join(sorted(types))}]"


def _inputs(inputs: tuple[RepresentationField, ...]) -> Iterator[str]:
    for each in inputs:
        name = each.name if each.name == each.key else f"{each.name}<-{each.key}"
        told = _told(each.types)
        below = f" {{ {' '.join(_inputs(each.fields))} }}" if each.fields else ""
        yield f"{name}{told}{below}"


def _when(when: When) -> str:
    return " or ".join(
        " and ".join(("" if guard.value else "not ") + f"${guard.variable}" for guard in term)
        for term in when
    )


def pretty(document: str) -> Iterator[str]:
    """A one-line document of ours on several lines: one selection a line."""
    depth = 0
    line = ""
    for token in _tokens(document):
        match token:
            case "{":
                yield _INDENT * depth + f"{line} {{".strip()
                depth, line = depth + 1, ""
            case "}":
                if line:
                    yield _INDENT * depth + line
                depth, line = depth - 1, ""
                yield _INDENT * depth + "}"
            case _ if line and _starts_selection(token, line):
                yield _INDENT * depth + line
                line = token
            case _:
                line = f"{line} {token}".strip()


def _starts_selection(token: str, line: str) -> bool:
    """Whether a token begins a new selection rather than continuing the line."""
    if token.startswith("@") or line.endswith(":") or line.startswith("..."):
        return False
    return not line.startswith(("query", "mutation", "subscription"))


def _tokens(document: str) -> Iterator[str]:
    """Words split at blanks, braces of selections apart; strings and parentheses kept whole."""
    word, depth, quoted = "", 0, False
    previous = ""
    for char in document:
        if char == '"' and previous != "\\":
            quoted = not quoted
        depth += {"(": 1, ")": -1}.get(char, 0) if not quoted else 0
        if depth or quoted or char not in " {}":
            word += char
        else:
            if word:
                yield word
            word = ""
            if char in "{}":
                yield char
        previous = char
    if word:
        yield word


def _plain(value: object) -> object:
    match value:
        case str() | int() | None:
            return value
        case frozenset():
            return sorted(map(str, value))
        case tuple():
            return [_plain(each) for each in value]
        case _ if is_dataclass(value) and not isinstance(value, type):
            own = {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
            return {"type": type(value).__name__, **own}
        case _:
            raise TypeError(type(value).__name__)
