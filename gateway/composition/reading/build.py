"""Definitions of one subgraph -> `TypeDef`s, federation's directives turned into facts."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from graphql import (
    BooleanValueNode,
    ConstDirectiveNode,
    DirectiveDefinitionNode,
    EnumTypeDefinitionNode,
    EnumTypeExtensionNode,
    FieldDefinitionNode,
    InputObjectTypeDefinitionNode,
    InputObjectTypeExtensionNode,
    InputValueDefinitionNode,
    InterfaceTypeDefinitionNode,
    InterfaceTypeExtensionNode,
    ListValueNode,
    NamedTypeNode,
    Node,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    StringValueNode,
    UnionTypeDefinitionNode,
    UnionTypeExtensionNode,
    ValueNode,
    print_ast,
)

from gateway.composition import type_ref
from gateway.composition.findings import ErrorCode, Findings, Place
from gateway.composition.model import (
    Applied,
    ArgumentDef,
    DirectiveDef,
    FieldDef,
    Key,
    Kind,
    Override,
    Selection,
    TypeDef,
    ValueDef,
    has,
)
from gateway.composition.reading.document import EXTENSIONS, TypeNodes, fields_of
from gateway.composition.reading.links import Links, place_of
from gateway.spec import names
from gateway.spec.field_set_reader import DirectiveInFieldSetError, FieldSetError, read
from gateway.spec.names import SubgraphName

_BUILT_IN: Final = frozenset({"deprecated", "specifiedBy", "oneOf"})
_OBJECT: Final = (ObjectTypeDefinitionNode, ObjectTypeExtensionNode)
_INTERFACE: Final = (InterfaceTypeDefinitionNode, InterfaceTypeExtensionNode)
_INPUT: Final = (InputObjectTypeDefinitionNode, InputObjectTypeExtensionNode)
_ENUM: Final = (EnumTypeDefinitionNode, EnumTypeExtensionNode)
_UNION: Final = (UnionTypeDefinitionNode, UnionTypeExtensionNode)


class Builder:
    """Builds the types of one subgraph; field sets that can't be read become errors."""

    def __init__(
        self,
        subgraph: SubgraphName,
        links: Links,
        renames: Mapping[str, str],
        findings: Findings,
    ) -> None:
        self._subgraph = subgraph
        self._canonical = links.canonical()
        self._legacy = links.federation[0] == 1
        self._renames = renames
        self._findings = findings

    def type(self, name: str, nodes: Sequence[TypeNodes]) -> TypeDef:
        first = next((node for node in nodes if not isinstance(node, EXTENSIONS)), nodes[0])
        applied = tuple(a for node in nodes for a in self._applied(node.directives))
        extends = has(applied, names.EXTENDS)
        base = not extends and any(not isinstance(node, EXTENSIONS) for node in nodes)
        return TypeDef(
            name=self._renames.get(name, name),
            kind=_kind(first),
            description=next(filter(None, map(_description, nodes)), None),
            applied=_unconsumed(applied),
            place=self._place(first),
            extension=not base,
            marked_extends=extends,
            interface_object=has(applied, names.INTERFACE_OBJECT),
            keys=tuple(key for node in nodes for key in self._keys(name, node, extends)),
            interfaces=_unique(i.name.value for n in nodes for i in _interfaces(n)),
            fields=self._fields(nodes),
            inputs=self._inputs(nodes),
            members=self._members(nodes),
            values=self._values(nodes),
        )

    def _fields(self, nodes: Sequence[TypeNodes]) -> dict[str, FieldDef]:
        built: dict[str, FieldDef] = {}
        for node in nodes:
            if not isinstance(node, _OBJECT + _INTERFACE):
                continue
            around = self._applied(node.directives)
            for each in fields_of(node):
                built[each.name.value] = self._field(node.name.value, each, around)
        return built

    def _inputs(self, nodes: Sequence[TypeNodes]) -> dict[str, ArgumentDef]:
        return {
            each.name.value: self.argument(each)
            for node in nodes
            if isinstance(node, _INPUT)
            for each in node.fields or ()
        }

    def _members(self, nodes: Sequence[TypeNodes]) -> tuple[str, ...]:
        return _unique(
            each.name.value
            for node in nodes
            if isinstance(node, _UNION)
            for each in node.types or ()
        )

    def _values(self, nodes: Sequence[TypeNodes]) -> dict[str, ValueDef]:
        return {
            each.name.value: ValueDef(
                name=each.name.value,
                description=_description(each),
                applied=_unconsumed(self._applied(each.directives)),
                place=self._place(each),
            )
            for node in nodes
            if isinstance(node, _ENUM)
            for each in node.values or ()
        }

    def _field(
        self, owner: str, node: FieldDefinitionNode, around: tuple[Applied, ...]
    ) -> FieldDef:
        applied = self._applied(node.directives)
        coordinate = f"{owner}.{node.name.value}"
        shareable = has(applied, names.SHAREABLE) or has(around, names.SHAREABLE)
        return FieldDef(
            name=node.name.value,
            type=type_ref.renamed(type_ref.of_node(node.type), self._renames),
            arguments={a.name.value: self.argument(a) for a in node.arguments or ()},
            description=_description(node),
            applied=_unconsumed(applied),
            place=self._place(node),
            external=has(applied, names.EXTERNAL) or has(around, names.EXTERNAL),
            shareable=shareable,
            shareable_here=shareable,
            requires=self._selection_of(applied, names.REQUIRES, coordinate),
            provides=self._selection_of(applied, names.PROVIDES, coordinate),
            override=_override(applied),
        )

    def argument(self, node: InputValueDefinitionNode) -> ArgumentDef:
        return ArgumentDef(
            name=node.name.value,
            type=type_ref.renamed(type_ref.of_node(node.type), self._renames),
            default=print_ast(node.default_value) if node.default_value is not None else None,
            description=_description(node),
            applied=_unconsumed(self._applied(node.directives)),
            place=self._place(node),
        )

    def directive(self, node: DirectiveDefinitionNode) -> DirectiveDef:
        return DirectiveDef(
            name=node.name.value,
            arguments={a.name.value: self.argument(a) for a in node.arguments or ()},
            locations=tuple(location.value for location in node.locations),
            repeatable=node.repeatable,
            description=_description(node),
            place=self._place(node),
        )

    def _keys(self, owner: str, node: TypeNodes, extends: bool) -> Iterable[Key]:
        for each in self._applied(node.directives):
            if each.name != names.KEY:
                continue
            selection = self._selection(each, owner)
            if selection is not None:
                resolvable = each.arguments.get("resolvable")
                yield Key(
                    selection=selection,
                    resolvable=not isinstance(resolvable, BooleanValueNode) or resolvable.value,
                    of_extension=extends or isinstance(node, EXTENSIONS),
                )

    def _selection_of(
        self, applied: Sequence[Applied], name: str, coordinate: str
    ) -> Selection | None:
        each = next((a for a in applied if a.name == name), None)
        return self._selection(each, coordinate) if each is not None else None

    def _selection(self, each: Applied, coordinate: str) -> Selection | None:
        text = self._text(each.arguments.get("fields"))
        if text is None:
            self._findings.error(
                ErrorCode(f"{each.name.upper()}_INVALID_FIELDS_TYPE"),
                f"[{self._subgraph}] @{each.name} on {coordinate}: fields must be a string",
                [each.place],
                advice=f'write @{each.name}(fields: "id")',
            )
            return None
        try:
            return Selection(fields=read(text), text=text, place=each.place)
        except FieldSetError as error:
            directive = isinstance(error, DirectiveInFieldSetError)
            ending = "DIRECTIVE_IN_FIELDS_ARG" if directive else "INVALID_FIELDS"
            self._findings.error(
                ErrorCode(f"{each.name.upper()}_{ending}"),
                f"[{self._subgraph}] @{each.name} on {coordinate}: {error} "
                f"(character {error.offset + 1} of {text!r})",
                [each.place],
                advice="remove the directive"
                if directive
                else "name fields of this type, separated by spaces",
            )
            return None

    def _text(self, value: ValueNode | None) -> str | None:
        if isinstance(value, StringValueNode):
            return value.value
        if self._legacy and isinstance(value, ListValueNode):
            parts = [v.value for v in value.values if isinstance(v, StringValueNode)]
            return " ".join(parts) if len(parts) == len(value.values) else None
        return None

    def _applied(self, nodes: Iterable[ConstDirectiveNode] | None) -> tuple[Applied, ...]:
        return tuple(
            Applied(
                name=self._name(node.name.value),
                arguments={a.name.value: a.value for a in node.arguments or ()},
                place=self._place(node),
            )
            for node in nodes or ()
        )

    def _name(self, spelled: str) -> str:
        if spelled in _BUILT_IN:
            return spelled
        return self._canonical.get(spelled, f"@{spelled}")

    def _place(self, node: Node) -> Place:
        return place_of(node, self._subgraph)


def _override(applied: Sequence[Applied]) -> Override | None:
    each = next((a for a in applied if a.name == names.OVERRIDE), None)
    if each is None:
        return None
    source, label = each.arguments.get("from"), each.arguments.get("label")
    return Override(
        source=SubgraphName(source.value if isinstance(source, StringValueNode) else ""),
        label=label.value if isinstance(label, StringValueNode) else None,
        place=each.place,
    )


_CONSUMED: Final = frozenset(
    {
        names.KEY,
        names.REQUIRES,
        names.PROVIDES,
        names.EXTERNAL,
        names.EXTENDS,
        names.SHAREABLE,
        names.OVERRIDE,
        names.INTERFACE_OBJECT,
    }
)


def _unconsumed(applied: Sequence[Applied]) -> tuple[Applied, ...]:
    return tuple(each for each in applied if each.name not in _CONSUMED)


def _kind(node: TypeNodes) -> Kind:
    for nodes, kind in (
        (_OBJECT, Kind.OBJECT),
        (_INTERFACE, Kind.INTERFACE),
        (_INPUT, Kind.INPUT),
        (_ENUM, Kind.ENUM),
        (_UNION, Kind.UNION),
    ):
        if isinstance(node, nodes):
            return kind
    return Kind.SCALAR


def _description(node: Node) -> str | None:
    description = getattr(node, "description", None)
    return description.value if description is not None else None


def _unique(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))


def _interfaces(node: TypeNodes) -> tuple[NamedTypeNode, ...]:
    return tuple(node.interfaces or ()) if isinstance(node, _OBJECT + _INTERFACE) else ()
