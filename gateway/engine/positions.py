"""Makes a subscription resumable: its document is rewritten so that the events tell their places,
and so that the stream begins after a place that the gateway chooses. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Final

from graphql import (
    ArgumentNode,
    DocumentNode,
    EnumValueNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    NameNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    StringValueNode,
    ValueNode,
    VariableDefinitionNode,
    VariableNode,
    parse_type,
)

from gateway.plan.nodes import QueryPlan
from gateway.plan.shape import ObjectShape, ShapeField
from gateway.subscriptions.place import Marks
from gateway.supergraph.resumable import Resumable

_PREFIX: Final = "resume_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Positioned:
    """A rewritten subscription. `variable` takes the place to begin after; `given` is what the
    client wrote for it: a text, the name of a variable of its own, or nothing. `aliases` are the
    response keys that were added, by what they tell."""

    document: DocumentNode
    operation: OperationDefinitionNode
    variable: str
    given: str | VariableNode | None
    root: str
    aliases: Mapping[str, str]
    used: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """What a prepared subscription knows of places. Plans of equal `identity` are equal."""

    variable: str
    given: str | VariableNode | None
    marks: Marks
    identity: bytes
    used: tuple[str, ...]
    """The client's variables that mean more than a place."""

    def argument(self, variables: Mapping[str, Any]) -> str | None:
        """The cursor that the client gave as the argument."""
        given = self.given
        value = variables.get(given.name.value) if isinstance(given, VariableNode) else given
        return value if isinstance(value, str) and value else None


def positioned(
    document: DocumentNode,
    operation: OperationDefinitionNode,
    resumables: Mapping[str, Resumable],
    schema: GraphQLSchema,
) -> Positioned | None:
    """None for what is no subscription of a resumable field. The document must be valid."""
    if operation.operation.value != "subscription" or not resumables:
        return None
    root_type = schema.subscription_type.name if schema.subscription_type else None
    fragments = {
        each.name.value: each
        for each in document.definitions
        if isinstance(each, FragmentDefinitionNode)
    }
    field = next(_fields(operation.selection_set, fragments), None)
    resumable = resumables.get(field.name.value) if field else None
    if field is None or resumable is None:
        return None
    prefix = _unused(document)
    rewriting = _Rewriting(
        resumable=resumable,
        variable=f"{prefix}after",
        aliases={what: f"{prefix}{what}" for what in resumable.marks},
    )
    rewritten = replace(
        operation,
        selection_set=rewriting.selections(operation.selection_set),
        variable_definitions=(*(operation.variable_definitions or ()), rewriting.definition()),
    )

    def again(node: Any) -> Any:
        if node is operation:
            return rewritten
        if isinstance(node, FragmentDefinitionNode) and node.type_condition.name.value == root_type:
            return replace(node, selection_set=rewriting.selections(node.selection_set))
        return node

    whole = replace(document, definitions=tuple(map(again, document.definitions)))
    return Positioned(
        document=whole,
        operation=rewritten,
        variable=rewriting.variable,
        given=_given(field, resumable.argument),
        root=field.alias.value if field.alias else field.name.value,
        aliases=rewriting.aliases,
        used=tuple(sorted(set(_variables(whole)) - {rewriting.variable})),
    )


def followed(plan: QueryPlan, found: Positioned) -> tuple[QueryPlan, Following]:
    """The plan without what clients did not ask for, and where the places stand in the tree."""
    added = {alias: what for what, alias in found.aliases.items()}
    keys: dict[str, list[str]] = {what: [] for what in found.aliases}
    root = next((each for each in plan.shape.fields if each.response_key == found.root), None)
    for inner in _inner(root):
        if inner.response_key in added:
            keys[added[inner.response_key]].append(inner.key)
    fields = [_without(each, added) if each is root else each for each in plan.shape.fields]
    bare = replace(plan, shape=replace(plan.shape, fields=tuple(fields)))
    marks = Marks(
        root=root.key if root else found.root,
        keys={what: tuple(dict.fromkeys(each)) for what, each in keys.items()},
    )
    identity = sha256(repr(bare).encode()).digest()
    told = Following(
        variable=found.variable,
        given=found.given,
        marks=marks,
        identity=identity,
        used=found.used,
    )
    return bare, told


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rewriting:
    resumable: Resumable
    variable: str
    aliases: Mapping[str, str]

    def definition(self) -> VariableDefinitionNode:
        return VariableDefinitionNode(
            variable=VariableNode(name=NameNode(value=self.variable)),
            type=parse_type(self.resumable.argument_type, no_location=True),
            directives=(),
        )

    def selections(self, selected: SelectionSetNode) -> SelectionSetNode:
        return replace(selected, selections=tuple(map(self._selection, selected.selections)))

    def _selection(self, node: SelectionNode) -> SelectionNode:
        if isinstance(node, InlineFragmentNode):
            return replace(node, selection_set=self.selections(node.selection_set))
        if isinstance(node, FieldNode) and node.name.value == self.resumable.field:
            return self._field(node)
        return node

    def _field(self, node: FieldNode) -> FieldNode:
        argument = ArgumentNode(
            name=NameNode(value=self.resumable.argument),
            value=VariableNode(name=NameNode(value=self.variable)),
        )
        others = [each for each in node.arguments or () if each.name.value != argument.name.value]
        marks = [
            FieldNode(
                name=NameNode(value=name),
                alias=NameNode(value=self.aliases[what]),
                arguments=(),
                directives=(),
            )
            for what, name in self.resumable.marks.items()
        ]
        selected = node.selection_set.selections if node.selection_set else ()
        return replace(
            node,
            arguments=(*others, argument),
            selection_set=SelectionSetNode(selections=(*selected, *marks)),
        )


def _fields(
    selected: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> Iterator[FieldNode]:
    for node in selected.selections:
        if isinstance(node, FieldNode):
            yield node
        elif isinstance(node, InlineFragmentNode):
            yield from _fields(node.selection_set, fragments)
        else:
            name = getattr(node, "name", None)
            fragment = fragments.get(name.value) if name else None
            if fragment is not None:
                yield from _fields(fragment.selection_set, fragments)


def _given(field: FieldNode, argument: str) -> str | VariableNode | None:
    value: ValueNode | None = next(
        (each.value for each in field.arguments or () if each.name.value == argument), None
    )
    match value:
        case VariableNode():
            return VariableNode(name=NameNode(value=value.name.value))
        case StringValueNode() | IntValueNode() | EnumValueNode():
            return value.value
        case _:
            return None


def _unused(document: DocumentNode) -> str:
    """A prefix of names that the document has none of."""
    taken = _names(document)
    prefix = _PREFIX
    while any(name.startswith(prefix) for name in taken):
        prefix = f"_{prefix}"
    return prefix


def _names(node: Any) -> Iterator[str]:
    if isinstance(node, NameNode):
        yield node.value
        return
    for each in _children(node):
        yield from _names(each)


def _variables(node: Any) -> Iterator[str]:
    """Names of variables that are used, not declared."""
    if isinstance(node, VariableNode):
        yield node.name.value
    elif not isinstance(node, VariableDefinitionNode):
        for each in _children(node):
            yield from _variables(each)


def _children(node: Any) -> Iterator[Any]:
    for key in getattr(node, "keys", ()):
        value = getattr(node, key, None)
        yield from value if isinstance(value, tuple | list) else (value,)


def _inner(field: ShapeField | None) -> tuple[ShapeField, ...]:
    content = field.content if field else None
    return content.fields if isinstance(content, ObjectShape) else ()


def _without(field: ShapeField, names: Mapping[str, str]) -> ShapeField:
    if not isinstance(field.content, ObjectShape):
        return field
    kept = tuple(each for each in field.content.fields if each.response_key not in names)
    return replace(field, content=replace(field.content, fields=kept))
