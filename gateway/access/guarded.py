"""The guards of a supergraph, by type and by field, under whatever names it links them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Self

from graphql import (
    ConstDirectiveNode,
    DocumentNode,
    InterfaceTypeDefinitionNode,
    ListValueNode,
    ObjectTypeDefinitionNode,
    StringValueNode,
    TypeDefinitionNode,
    ValueNode,
)

from gateway.access.grants import NOBODY, Grants
from gateway.errors import BadSupergraph
from gateway.spec import names
from gateway.spec.guards import Guards, Requirement
from gateway.supergraph.arguments import arguments_of, named
from gateway.supergraph.features import local_name

FREE: Final = Guards()


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """Elements without guards are left out. `scopes` and `policies` are all that guards name."""

    types: Mapping[str, Guards]
    fields: Mapping[tuple[str, str], Guards]
    scopes: frozenset[str]
    policies: frozenset[str]

    @classmethod
    def of(cls, types: Mapping[str, Guards], fields: Mapping[tuple[str, str], Guards]) -> Self:
        everything = [*types.values(), *fields.values()]
        return cls(
            types=types,
            fields=fields,
            scopes=frozenset().union(*(_atoms(each.scopes) for each in everything)),
            policies=frozenset().union(*(_atoms(each.policies) for each in everything)),
        )

    def __bool__(self) -> bool:
        return bool(self.types or self.fields)

    def decision(self, grants: Grants) -> Grants:
        """The part of the grants that matters in this graph."""
        if not self:
            return NOBODY
        return grants.only(self.scopes, self.policies, authenticated=bool(self))

    def type(self, name: str) -> Guards:
        return self.types.get(name, FREE)

    def field(self, owner: str, name: str) -> Guards:
        return self.fields.get((owner, name), FREE)


def read_guarded(document: DocumentNode) -> Guarded:
    """The guards of a supergraph's text. Raises BadSupergraph for one that can't be understood,
    for a guard that is misread would be an open door."""
    reader = _Reader(document)
    types: dict[str, Guards] = {}
    fields: dict[tuple[str, str], Guards] = {}
    for node in document.definitions:
        if not isinstance(node, TypeDefinitionNode):
            continue
        owner = node.name.value
        if (guards := reader.guards(node.directives or ())) != FREE:
            types[owner] = guards
        if isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
            for each in node.fields or ():
                if (guards := reader.guards(each.directives or ())) != FREE:
                    fields[owner, each.name.value] = guards
    return Guarded.of(types, fields)


class _Reader:
    def __init__(self, document: DocumentNode) -> None:
        self._authenticated = local_name(
            document, names.AUTHENTICATED_IDENTITY, names.AUTHENTICATED
        )
        self._scopes = local_name(document, names.REQUIRES_SCOPES_IDENTITY, names.REQUIRES_SCOPES)
        self._policies = local_name(document, names.POLICY_IDENTITY, names.POLICY)

    def guards(self, directives: Iterable[ConstDirectiveNode]) -> Guards:
        total = FREE
        for each in self._each(tuple(directives)):
            total = total & each
        return total

    def _each(self, directives: tuple[ConstDirectiveNode, ...]) -> Iterator[Guards]:
        for _ in named(directives, self._authenticated):
            yield Guards(authenticated=True)
        for directive in named(directives, self._scopes):
            yield Guards(scopes=_requirement(arguments_of(directive).get("scopes")))
        for directive in named(directives, self._policies):
            yield Guards(policies=_requirement(arguments_of(directive).get("policies")))


def _requirement(value: ValueNode | None) -> Requirement:
    if not isinstance(value, ListValueNode):
        raise BadSupergraph("a guard of the supergraph does not list what it requires")
    return frozenset(frozenset(_texts(row)) for row in value.values)


def _texts(row: ValueNode) -> Iterator[str]:
    for value in row.values if isinstance(row, ListValueNode) else (row,):
        if not isinstance(value, StringValueNode):
            raise BadSupergraph("a guard of the supergraph requires something that is no text")
        yield value.value


def _atoms(requirement: Requirement) -> frozenset[str]:
    return frozenset[str]().union(*requirement)
