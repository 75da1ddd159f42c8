"""Bounds of an operation, checked on the parsed document before it is validated and planned.

Laws: each fragment is measured once, so a document of n nodes costs n steps however often its
fragments are spread; a fragment that spreads itself counts as empty there, since validation will
refuse it anyway.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)

from gateway.errors import TooDeep, TooManyAliases, TooManyDirectives, TooManyRootFields
from gateway.limits.model import DocumentLimits


@dataclass(frozen=True, slots=True)
class _Size:
    """What a selection set amounts to. `fields` are those of its own level."""

    depth: int = 0
    aliases: int = 0
    fields: int = 0
    directives: int = 0


def check_document(document: DocumentNode, limits: DocumentLimits) -> None:
    """Raises TooDeep, TooManyAliases, ... for the first operation that is too
    large; every operation is checked, since any of them may be the one to run."""
    measure = _Measure(document)
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            size = measure.selection_set(definition.selection_set)
            own = _Size(directives=len(definition.directives or ()))
            _check(_add((size, own)), limits)


def _check(size: _Size, limits: DocumentLimits) -> None:
    if size.depth > limits.depth:
        limits.broken(TooDeep(limits.depth))
    if size.aliases > limits.aliases:
        limits.broken(TooManyAliases(limits.aliases))
    if size.fields > limits.root_fields:
        limits.broken(TooManyRootFields(limits.root_fields))
    if size.directives > limits.directives:
        limits.broken(TooManyDirectives(limits.directives))


class _Measure:
    def __init__(self, document: DocumentNode) -> None:
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self._known: dict[str, _Size] = {}

    def selection_set(self, node: SelectionSetNode | None) -> _Size:
        return _add(self._selection(item) for item in node.selections) if node else _Size()

    def _selection(self, node: SelectionNode) -> _Size:
        own = _Size(directives=len(node.directives or ()))
        return _add((own, self._below(node)))

    def _below(self, node: SelectionNode) -> _Size:
        if isinstance(node, FieldNode):
            below = self.selection_set(node.selection_set)
            alias = node.alias is not None and node.alias.value != node.name.value
            return _Size(below.depth + 1, below.aliases + alias, 1, below.directives)
        if isinstance(node, FragmentSpreadNode):
            return self._fragment(node.name.value)
        return self.selection_set(getattr(node, "selection_set", None))

    def _fragment(self, name: str) -> _Size:
        if name not in self._known:
            self._known[name] = _Size()
            fragment = self._fragments.get(name)
            self._known[name] = self.selection_set(fragment.selection_set if fragment else None)
        return self._known[name]


def _add(sizes: Iterable[_Size]) -> _Size:
    depth = aliases = fields = directives = 0
    for size in sizes:
        depth = max(depth, size.depth)
        aliases += size.aliases
        fields += size.fields
        directives += size.directives
    return _Size(depth, aliases, fields, directives)
