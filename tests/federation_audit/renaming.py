"""The same graph under other names: whoever knows a graph by its names is found out.

`Renaming.of(supergraph)` gives every type, field, argument, input field, enum value and subgraph a
new name. A new name never occurs as a text in data, so that it can be taken back wherever it is
met; an old one may, which is why answers on their way in are read beside their document.
"""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar

from graphql import (
    ArgumentNode,
    DirectiveDefinitionNode,
    DirectiveNode,
    EnumTypeDefinitionNode,
    EnumValueNode,
    FieldNode,
    InputObjectTypeDefinitionNode,
    InputValueDefinitionNode,
    InterfaceTypeDefinitionNode,
    NamedTypeNode,
    NameNode,
    Node,
    ObjectFieldNode,
    ObjectTypeDefinitionNode,
    StringValueNode,
    TypeDefinitionNode,
    Visitor,
    parse,
    print_ast,
    visit,
)
from graphql.language import ast

_KEPT: Final = frozenset(
    {"Query", "Mutation", "Subscription", "ID", "String", "Int", "Float", "Boolean"}
)
_MACHINERY: Final = ("join__", "link__", "core__")
_FIELD_SETS: Final = frozenset({"key", "requires", "provides"})
_TYPE_TEXTS: Final = frozenset({"type", "interface", "member"})
_FIELDED: Final = (
    ObjectTypeDefinitionNode,
    InterfaceTypeDefinitionNode,
    InputObjectTypeDefinitionNode,
)
_NAME: Final = re.compile(r"[_A-Za-z]\w*")

NodeT = TypeVar("NodeT", bound=Node)


@dataclass(frozen=True, slots=True, kw_only=True)
class Renaming:
    """Old names to new ones.

    `members` are fields, arguments and input fields together, `graphs` are subgraphs as the
    supergraph's own directives call them, `enum_fields` are the old names of fields that give
    enum values.
    """

    types: dict[str, str]
    members: dict[str, str]
    values: dict[str, str]
    subgraphs: dict[str, str]
    graphs: dict[str, str]
    enum_fields: frozenset[str]

    @classmethod
    def of(cls, supergraph: str, seed: int) -> "Renaming":
        document = parse(supergraph)
        found = _Names()
        for node in document.definitions:
            if isinstance(node, TypeDefinitionNode):
                found.take(node)
        chance = random.Random(seed)
        subgraphs = _fresh("s", set(found.subgraphs), chance)
        return cls(
            types=_fresh("T", found.types, chance),
            members=_fresh("f", found.members, chance),
            values=_fresh("V", found.values, chance),
            subgraphs=subgraphs,
            graphs={graph: subgraphs[name].upper() for name, graph in found.subgraphs.items()},
            enum_fields=frozenset(
                name for name, types in found.fields.items() if types & found.enums
            ),
        )

    def supergraph(self, text: str, addresses: Mapping[str, str]) -> str:
        """The supergraph under its new names; `addresses` are by the old names of subgraphs."""
        return print_ast(visit(parse(text), _SupergraphVisitor(self, addresses)))

    def operation(self, text: str) -> str:
        """A client's operation in new names, its aliases among them."""
        forth = _OperationVisitor(self.types, self.members, self.values, alias=False)
        return print_ast(visit(parse(text), forth))

    def original(self, value: Any) -> Any:
        """An answer or the variables of a request with every new name taken back."""
        return _mapped(value, _inverse(self.types | self.members | self.values))

    def request(self, text: str) -> tuple[str, "Reading"]:
        """A gateway's request in old names, and how to read what is answered to it: response
        names stay those that the gateway chose."""
        document = parse(text)
        types, members, values = map(_inverse, (self.types, self.members, self.values))
        reading = _ReadingVisitor(self.enum_fields, members)
        visit(document, reading)
        renamed = visit(document, _OperationVisitor(types, members, values, alias=True))
        return print_ast(renamed), Reading(
            typenames=frozenset(reading.typenames),
            enums=frozenset(reading.enums),
            types=self.types,
            values=self.values,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Which response names of one request hold type names and enum values."""

    typenames: frozenset[str]
    enums: frozenset[str]
    types: Mapping[str, str]
    values: Mapping[str, str]

    def renamed(self, value: Any, key: str | None = None) -> Any:
        """A subgraph's data in new names."""
        match value:
            case dict():
                return {name: self.renamed(item, name) for name, item in value.items()}
            case list():
                return [self.renamed(item, key) for item in value]
            case str() if key in self.typenames:
                return self.types.get(value, value)
            case str() if key in self.enums:
                return self.values.get(value, value)
            case _:
                return value


class _Names:
    """Collects what a supergraph calls its things."""

    def __init__(self) -> None:
        self.types: set[str] = set()
        self.members: set[str] = set()
        self.values: set[str] = set()
        self.subgraphs: dict[str, str] = {}
        self.enums: set[str] = set()
        self.fields: dict[str, set[str]] = {}

    def take(self, node: TypeDefinitionNode) -> None:
        name = node.name.value
        if name.startswith(_MACHINERY):
            if name == "join__Graph":
                assert isinstance(node, EnumTypeDefinitionNode)
                for value in node.values or ():
                    self.subgraphs[_subgraph_name(value)] = value.name.value
            return
        if name not in _KEPT:
            self.types.add(name)
        if isinstance(node, EnumTypeDefinitionNode):
            self.enums.add(name)
            self.values.update(value.name.value for value in node.values or ())
        if isinstance(node, _FIELDED):
            self._take_fields(node)

    def _take_fields(self, node: Any) -> None:
        for field in node.fields or ():
            self.members.add(field.name.value)
            self.fields.setdefault(field.name.value, set()).update(
                _NAME.findall(print_ast(field.type))
            )
            self.members.update(arg.name.value for arg in getattr(field, "arguments", None) or ())


class _SupergraphVisitor(Visitor):
    def __init__(self, renaming: Renaming, addresses: Mapping[str, str]) -> None:
        super().__init__()
        self._renaming = renaming
        self._addresses = addresses
        self._graphs = False

    def enter_directive_definition(self, _node: DirectiveDefinitionNode, *_: Any) -> bool:
        return False

    def enter_schema_definition(self, _node: Any, *_: Any) -> bool:
        return False

    def enter_enum_type_definition(self, node: EnumTypeDefinitionNode, *_: Any) -> None:
        self._graphs = node.name.value == "join__Graph"

    def leave_name(self, node: NameNode, _key: Any, parent: Any, *_: Any) -> Any:
        renaming, name = self._renaming, node.value
        if isinstance(parent, ast.EnumValueDefinitionNode):
            return _named(
                node, (renaming.graphs if self._graphs else renaming.values).get(name, name)
            )
        if isinstance(parent, ast.FieldDefinitionNode | InputValueDefinitionNode):
            return _named(node, renaming.members.get(name, name))
        if isinstance(parent, TypeDefinitionNode | NamedTypeNode):
            return _named(node, renaming.types.get(name, name))
        return None

    def enter_directive(self, node: DirectiveNode, *_: Any) -> Any:
        """Directives are rewritten whole: what is in them are texts about names."""
        pairs = [(arg, self._argument(node.name.value, arg)) for arg in node.arguments or ()]
        new = tuple(arg if text is None else _with_text(arg, text) for arg, text in pairs)
        address = self._address(node)
        return _same_but(node, arguments=address or new)

    def leave_enum_value(self, node: EnumValueNode, *where: Any) -> Any:
        within = any(isinstance(above, DirectiveNode) for above in where[-1])
        names = self._renaming.graphs if within else self._renaming.values
        return _same_but(node, value=names.get(node.value, node.value))

    def leave_object_field(self, node: ObjectFieldNode, *_: Any) -> Any:
        name = node.name.value
        return _same_but(node, name=_named(node.name, self._renaming.members.get(name, name)))

    def _argument(self, directive: str, argument: ArgumentNode) -> str | None:
        if not directive.startswith("join__") or not isinstance(argument.value, StringValueNode):
            return None
        name, text = argument.name.value, argument.value.value
        if name in _FIELD_SETS:
            return self._renaming.operation(f"{{ {text} }}").strip()[1:-1].strip()
        if name in _TYPE_TEXTS:
            types = self._renaming.types
            return _NAME.sub(lambda found: types.get(found[0], found[0]), text)
        if name == "override":
            return self._renaming.subgraphs.get(text, text)
        return None

    def _address(self, node: DirectiveNode) -> tuple[ArgumentNode, ...] | None:
        if node.name.value != "join__graph":
            return None
        old = _text(node, "name")
        texts = {"name": self._renaming.subgraphs[old], "url": self._addresses[old]}
        return tuple(_with_text(arg, texts[arg.name.value]) for arg in node.arguments or ())


class _OperationVisitor(Visitor):
    """Renames what an operation uses; with `alias` its response names stay as they are."""

    def __init__(
        self,
        types: Mapping[str, str],
        members: Mapping[str, str],
        values: Mapping[str, str],
        *,
        alias: bool,
    ) -> None:
        super().__init__()
        self._types, self._members, self._values, self._alias = types, members, values, alias

    def enter_directive(self, node: DirectiveNode, *_: Any) -> bool:
        return False

    def leave_field(self, node: FieldNode, *_: Any) -> FieldNode:
        name = self._members.get(node.name.value, node.name.value)
        alias = node.alias
        if alias is not None and not self._alias:
            alias = _named(alias, self._members.get(alias.value, alias.value))
        if alias is None and self._alias and name != node.name.value:
            alias = node.name
        return _same_but(node, name=_named(node.name, name), alias=alias)

    def leave_argument(self, node: ArgumentNode, *_: Any) -> ArgumentNode:
        name = node.name.value
        return _same_but(node, name=_named(node.name, self._members.get(name, name)))

    def leave_object_field(self, node: ObjectFieldNode, *_: Any) -> ObjectFieldNode:
        name = node.name.value
        return _same_but(node, name=_named(node.name, self._members.get(name, name)))

    def leave_named_type(self, node: NamedTypeNode, *_: Any) -> NamedTypeNode:
        name = node.name.value
        return _same_but(node, name=_named(node.name, self._types.get(name, name)))

    def leave_enum_value(self, node: EnumValueNode, *_: Any) -> EnumValueNode:
        return _same_but(node, value=self._values.get(node.value, node.value))


class _ReadingVisitor(Visitor):
    def __init__(self, enum_fields: frozenset[str], back: Mapping[str, str]) -> None:
        super().__init__()
        self._enum_fields, self._back = enum_fields, back
        self.typenames: set[str] = set()
        self.enums: set[str] = set()

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        key = (node.alias or node.name).value
        name = self._back.get(node.name.value, node.name.value)
        if name == "__typename":
            self.typenames.add(key)
        if name in self._enum_fields:
            self.enums.add(key)


def _fresh(letter: str, names: set[str], chance: random.Random) -> dict[str, str]:
    numbers = list(range(len(names)))
    chance.shuffle(numbers)  # the order of names changes too
    return {
        name: f"{letter}q{number:03d}z" for name, number in zip(sorted(names), numbers, strict=True)
    }


def _inverse(names: Mapping[str, str]) -> dict[str, str]:
    return {new: old for old, new in names.items()}


def _mapped(value: Any, names: Mapping[str, str]) -> Any:
    again = partial(_mapped, names=names)
    match value:
        case dict():
            return {names.get(key, key): again(item) for key, item in value.items()}
        case list():
            return list(map(again, value))
        case str():
            return names.get(value, value)
        case _:
            return value


def _subgraph_name(node: ast.EnumValueDefinitionNode) -> str:
    return next(
        _text(found, "name") for found in node.directives or () if found.name.value == "join__graph"
    )


def _text(node: DirectiveNode, name: str) -> str:
    value = next(arg.value for arg in node.arguments or () if arg.name.value == name)
    assert isinstance(value, StringValueNode)
    return value.value


def _with_text(node: ArgumentNode, text: str) -> ArgumentNode:
    return _same_but(node, value=StringValueNode(value=text))


def _named(node: NameNode, name: str) -> NameNode:
    return _same_but(node, value=name)


def _same_but(node: NodeT, **changes: Any) -> NodeT:
    kept = {key: getattr(node, key, None) for key in node.keys if key != "loc"}
    return type(node)(**kept | changes)
