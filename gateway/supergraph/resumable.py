"""Which subscription fields can be followed from a place in their stream: `@resumable`.

`@resumable(cursor, argument)` names a field of the event that is its place in the stream, and the
argument that takes a place to begin after. Three further, optional names make following cheaper:
`sequence` (an ascending number of the event), `previous` (the number of the one before in the
same stream, so that nothing lies between) and `head` (the number of the stream's last event).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graphql import (
    DirectiveNode,
    FieldDefinitionNode,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    print_ast,
)

from gateway.errors import BadSupergraph
from gateway.spec.names import RESUMABLE_IDENTITY
from gateway.supergraph.arguments import arguments_of, named, text_of
from gateway.supergraph.features import local_name
from gateway.supergraph.model import Supergraph, SupergraphType


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumable:
    """What a subscription field says of itself; the last three are fields of the event, or None.

    `argument_type` is GraphQL text, without the `!` that a default may follow."""

    field: str
    cursor: str
    argument: str
    argument_type: str
    sequence: str | None = None
    previous: str | None = None
    head: str | None = None

    @property
    def marks(self) -> Mapping[str, str]:
        """The fields of the event that tell its place, by what they tell."""
        told = {
            "cursor": self.cursor,
            "sequence": self.sequence,
            "previous": self.previous,
            "head": self.head,
        }
        return {what: name for what, name in told.items() if name is not None}


def read_resumables(supergraph: Supergraph) -> Mapping[str, Resumable]:
    """By the name of the subscription field. Raises BadSupergraph where one names what is not
    there."""
    directive = local_name(supergraph.document, RESUMABLE_IDENTITY, "resumable")
    root = supergraph.roots.get("subscription")
    if directive is None or root is None:
        return {}
    found: dict[str, Resumable] = {}
    for definition in supergraph.document.definitions:
        match definition:
            case ObjectTypeDefinitionNode() | ObjectTypeExtensionNode():
                if definition.name.value == root:
                    found.update(_fields(definition, directive, supergraph))
    return found


def _fields(
    definition: ObjectTypeDefinitionNode | ObjectTypeExtensionNode,
    directive: str,
    supergraph: Supergraph,
) -> Iterator[tuple[str, Resumable]]:
    for field in definition.fields or ():
        for applied in named(field.directives or (), directive):
            yield field.name.value, _resumable(field, applied, supergraph)


def _resumable(
    field: FieldDefinitionNode, applied: DirectiveNode, supergraph: Supergraph
) -> Resumable:
    given = {name: text_of(value) for name, value in arguments_of(applied).items()}
    cursor, argument = given.get("cursor"), given.get("argument")
    if not cursor or not argument:
        raise BadSupergraph(f"@resumable of {field.name.value!r} names no cursor or no argument")
    types = {each.name.value: print_ast(each.type) for each in field.arguments or ()}
    if argument not in types:
        raise BadSupergraph(f"@resumable: {field.name.value!r} has no argument {argument!r}")
    resumable = Resumable(
        field=field.name.value,
        cursor=cursor,
        argument=argument,
        argument_type=types[argument].rstrip("!"),
        sequence=given.get("sequence"),
        previous=given.get("previous"),
        head=given.get("head"),
    )
    _check_marks(resumable, _event_type(field, supergraph))
    return resumable


def _event_type(field: FieldDefinitionNode, supergraph: Supergraph) -> SupergraphType | None:
    text = print_ast(field.type).rstrip("!")
    return next((type_ for name, type_ in supergraph.types.items() if name == text), None)


def _check_marks(resumable: Resumable, event: SupergraphType | None) -> None:
    for name in resumable.marks.values():
        if event is None or name not in event.fields:
            raise BadSupergraph(f"@resumable: an event of {resumable.field!r} has no {name!r}")
