"""Random federated graphs with data: one truth, split over subgraphs by the rules of federation.

A world is drawn in four steps: which subgraph knows which type by which key, what fields there
are, who resolves them (and what is required, provided, external), and rows that any of the
subgraphs may answer from. A draw that does not compose is thrown away by whoever asked for it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any, Final

from tests.kit.federated import Ref, Row, Universe

LINK: Final = """extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: [
  "@key" "@requires" "@provides" "@external" "@shareable" "@interfaceObject"])
"""
_SCALARS: Final[Mapping[str, tuple[object, ...]]] = {
    "Int": (0, 1, 7, None),
    "String": ("", "x", "id", None),
    "Boolean": (True, False, None),
    "Float": (1.5, -2.0, None),
    "Mood": ("GOOD", "BAD", None),
}
_ROWS: Final = 3


@dataclass(slots=True)
class Field:
    """A field of the truth. `base` is its named type, `wrap` the type with `{}` for the name."""

    name: str
    base: str
    wrap: str = "{}"
    owners: list[str] = field(default_factory=list)
    arguments: str = ""
    requires: str = ""
    provides: str = ""

    @property
    def plain(self) -> bool:
        """A scalar without arguments or inputs, which others may require and provide."""
        return self.base in _SCALARS and not self.arguments and not self.requires

    def text(self, *, shared: bool) -> str:
        requires = f' @requires(fields: "{self.requires}")' if self.requires else ""
        provides = f' @provides(fields: "{self.provides}")' if self.provides else ""
        return (
            f"{self.name}{self.arguments}: {self.wrap.format(self.base)}"
            f"{requires}{provides}{' @shareable' if shared else ''}"
        )


@dataclass(slots=True)
class Entity:
    """`keys` are the field sets by subgraph; a subgraph without keys does not know the type."""

    name: str
    keys: dict[str, list[str]]
    fields: dict[str, Field] = field(default_factory=dict)
    external: dict[str, set[str]] = field(default_factory=dict)
    shared: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Subgraph SDLs and the data behind them all."""

    sdls: Mapping[str, str]
    universe: Universe


def random_world(seed: int) -> World:
    """The same seed gives the same world."""
    return _Maker(Random(seed)).world()


class _Maker:
    def __init__(self, chance: Random) -> None:
        self.chance = chance
        names = ["ant", "bee", "cat", "dog", "elk"]
        chance.shuffle(names)
        self.subgraphs = names[: chance.choice([2, 3, 3, 4])]
        self.entities: dict[str, Entity] = {}
        self.abstract: dict[str, dict[str, list[str]]] = {"Face": {}, "Any": {}}
        self.roots: dict[str, Field] = {}
        self.stubs: dict[str, set[str]] = {name: set() for name in self.subgraphs}
        self.values: dict[str, set[str]] = {name: set() for name in self.subgraphs}
        self.whole_face: tuple[str, str] | None = None

    def often(self, percent: int) -> bool:
        return self.chance.randrange(100) < percent

    def some(self, items: list[str], least: int = 1) -> list[str]:
        return self.chance.sample(items, self.chance.randint(min(least, len(items)), len(items)))

    def world(self) -> World:
        for number in range(self.chance.randint(2, 4)):
            self._entity(f"E{number}")
        self._abstract_types()
        for entity in self.entities.values():
            self._fields(entity)
        for entity in self.entities.values():
            for each in list(entity.fields.values()):
                self._needs(entity, each)
        self._roots()
        sdls = {name: self._sdl(name) for name in self.subgraphs}
        universe = _Data(self).universe()
        if self.whole_face and self.often(50):
            sdls["zoo"] = _SECOND_FACE
        return World(sdls=sdls, universe=universe)

    def _entity(self, name: str) -> None:
        homes = self.some(self.subgraphs, 2)
        scheme = self.chance.choice(["id", "id", "id", "code", "both", "deep"])
        if scheme == "code":
            keys = {home: [self.chance.choice(["id", "code"])] for home in homes}
            keys[self.chance.choice(homes)] = ["id", "code"]
        else:
            text = {"id": "id", "both": "id code", "deep": "id place { zip }"}[scheme]
            keys = {home: [text] for home in homes}
        self.entities[name] = Entity(name=name, keys=keys)

    def _abstract_types(self) -> None:
        """Who knows which implementations and members, and perhaps an interface object."""
        for name, known in self.abstract.items():
            everyone = self.some(list(self.entities), 2)
            for subgraph in self.subgraphs:
                here = [each for each in everyone if subgraph in self.entities[each].keys]
                if here and self.often(75):
                    known[subgraph] = self.some(here)
            if name == "Face" and self.often(35):
                self._interface_object(everyone, known)

    def _interface_object(self, everyone: list[str], known: dict[str, list[str]]) -> None:
        entities = [self.entities[name] for name in everyone]
        if any(keys != ["id"] for entity in entities for keys in entity.keys.values()):
            return
        homes = [s for s in self.subgraphs if all(s in entity.keys for entity in entities)]
        far = [s for s in self.subgraphs if not any(s in entity.keys for entity in entities)]
        if homes and far:
            known[homes[0]] = everyone
            self.whole_face = (homes[0], far[0])

    def _fields(self, entity: Entity) -> None:
        homes = list(entity.keys)
        entity.fields["name"] = Field("name", "String", owners=self._owners(homes))
        for number in range(self.chance.randint(2, 6)):
            name = f"f{number}"
            owner = self.chance.choice(homes)
            made = self._field(name, owner)
            made.owners = [owner]
            if made.base in _SCALARS or made.base in self.entities:
                made.owners = self._owners(homes)
            self._introduce(made)
            entity.fields[name] = made

    def _owners(self, homes: list[str]) -> list[str]:
        if self.often(18):
            return self.some(homes, 2)
        return [self.chance.choice(homes)]

    def _field(self, name: str, owner: str) -> Field:
        kinds = ["scalar"] * 8 + ["entity"] * 5 + ["value"] * 2
        kinds += [kind for kind, known in self.abstract.items() for _ in range(3) if owner in known]
        kind = self.chance.choice(kinds)
        if kind == "scalar":
            if self.often(20):
                return Field(name, "String", arguments="(n: Int = 1)")
            base, wrap = (
                self.chance.choice(list(_SCALARS)),
                self.chance.choice(["{}", "{}", "[{}]"]),
            )
            return Field(name, base, wrap)
        base = {"entity": self.chance.choice(list(self.entities)), "value": "Val"}.get(kind, kind)
        wraps = ["{}", "{}", "[{}]", "[{}!]!", "[[{}]!]"]
        wrap = self.chance.choice(wraps)
        arguments = "(first: Int)" if wrap.startswith("[{}") and self.often(25) else ""
        return Field(name, base, wrap, arguments=arguments)

    def _introduce(self, made: Field) -> None:
        """A subgraph that gives a type must know it, if only by its key."""
        for owner in made.owners:
            if made.base == "Val":
                self.values[owner].add("Val")
            if made.base in self.entities and owner not in self.entities[made.base].keys:
                self.stubs[owner].add(made.base)

    def _needs(self, entity: Entity, made: Field) -> None:
        if len(made.owners) > 1:
            return
        (owner,) = made.owners
        if made.base == "String" and made.wrap == "{}" and not made.arguments:
            if self.often(40):
                self._require(entity, made, owner)
        elif made.base in self.entities and self.often(35):
            target = self.entities[made.base]
            found = self._far_fields(target, owner)
            if found and owner in target.keys:
                made.provides = found[0]
                target.external.setdefault(owner, set()).add(found[0])
                target.shared.add(found[0])

    def _require(self, entity: Entity, made: Field, owner: str) -> None:
        found = self._far_fields(entity, owner)
        if not found or made.name == "name":
            return
        entity.external.setdefault(owner, set()).update(found[:2])
        made.requires = " ".join(found[:2])

    def _far_fields(self, entity: Entity, owner: str) -> list[str]:
        found = [f.name for f in entity.fields.values() if f.plain and owner not in f.owners]
        self.chance.shuffle(found)
        return found

    def _roots(self) -> None:
        for subgraph in self.subgraphs:
            for number in range(self.chance.randint(1, 3)):
                made = self._field(f"{subgraph}{number}", subgraph)
                made.owners = [subgraph]
                self._introduce(made)
                self.roots[made.name] = made
            for entity in self.entities.values():
                if subgraph in entity.keys and self.often(50):
                    name = f"{subgraph}{entity.name}"
                    arguments = "(id: ID!)"
                    self.roots[name] = Field(name, entity.name, "{}", [subgraph], arguments)
        for entity in self.entities.values():
            if self.often(30):
                name = f"all{entity.name}"
                homes = self.some(list(entity.keys), 2)
                self.roots[name] = Field(name, entity.name, "[{}]", homes)
        if self.whole_face:
            self.roots["faces"] = Field("faces", "Face", "[{}!]!", [self.whole_face[1]])

    def _sdl(self, subgraph: str) -> str:
        roots = [f for f in self.roots.values() if subgraph in f.owners]
        parts = [f"type Query {{ {'  '.join(f.text(shared=len(f.owners) > 1) for f in roots)} }}"]
        parts += [self._entity_text(entity, subgraph) for entity in self.entities.values()]
        parts += [self._stub_text(self.entities[name]) for name in sorted(self.stubs[subgraph])]
        parts += self._abstract_text(subgraph)
        parts += ["type Val @shareable { a: Int  b: [String] }"] if self.values[subgraph] else []
        body = "\n".join(filter(None, parts))
        if "place {" in body:
            body += "\ntype Place @shareable { zip: ID! }"
        return LINK + body + ("\nenum Mood { GOOD BAD }" if "Mood" in body else "")

    def _entity_text(self, entity: Entity, subgraph: str) -> str:
        keys = entity.keys.get(subgraph)
        if keys is None:
            return ""
        lines = [_KEY_FIELDS[part] for part in _KEY_FIELDS if part in " ".join(keys).split()]
        external = entity.external.get(subgraph, set())
        for made in entity.fields.values():
            if made.name in external:
                lines.append(f"{made.name}: {made.wrap.format(made.base)} @external")
            elif subgraph in made.owners:
                shared = len(made.owners) > 1 or made.name in entity.shared
                lines.append(made.text(shared=shared))
        face = self._has_face(entity.name, subgraph)
        directives = " ".join(f'@key(fields: "{key}")' for key in keys)
        return (
            f"type {entity.name}{' implements Face' if face else ''} {directives}"
            f" {{ {'  '.join(lines)} }}"
        )

    def _stub_text(self, entity: Entity) -> str:
        key = next(iter(entity.keys.values()))[0]
        lines = [_KEY_FIELDS[part] for part in _KEY_FIELDS if part in key.split()]
        return (
            f'type {entity.name} @key(fields: "{key}", resolvable: false) {{ {"  ".join(lines)} }}'
        )

    def _has_face(self, entity: str, subgraph: str) -> bool:
        return entity in self.abstract["Face"].get(subgraph, ())

    def _abstract_text(self, subgraph: str) -> list[str]:
        parts = []
        members = self.abstract["Any"].get(subgraph)
        if members:
            parts.append(f"union Any = {' | '.join(members)}")
        faces = self.abstract["Face"].get(subgraph)
        if faces:
            whole = self.whole_face and self.whole_face[0] == subgraph
            key = ' @key(fields: "id")' if whole else ""
            parts.append(f"interface Face{key} {{ {self._face_fields(faces, subgraph)} }}")
        if self.whole_face and self.whole_face[1] == subgraph:
            parts.append(
                'type Face @interfaceObject @key(fields: "id")'
                " { id: ID!  extra: Int  twice(n: Int = 1): String }"
            )
        return parts

    def _face_fields(self, faces: list[str], subgraph: str) -> str:
        entities = [self.entities[name] for name in faces]
        keys = [" ".join(entity.keys[subgraph]).split() for entity in entities]
        lines = ["id: ID!"] if all("id" in key for key in keys) else []
        if all(
            subgraph in e.fields["name"].owners and "name" not in e.external.get(subgraph, ())
            for e in entities
        ):
            lines.append("name: String")
        return "  ".join(lines) or "name: String"  # no common field: thrown away when composed


_SECOND_FACE: Final = (
    LINK
    + """
type Query { zoo: [[Face]] }
type Face @interfaceObject @key(fields: "id") {
  id: ID!  extra: Int @external  more: String @requires(fields: "extra")  alone: Int
}
"""
)
_KEY_FIELDS: Final = {"id": "id: ID!", "code": "code: String!", "place": "place: Place!"}


class _Data:
    """Rows that agree with what each field's owner knows."""

    def __init__(self, maker: _Maker) -> None:
        self.maker = maker
        self.chance = maker.chance
        self.resolvers: dict[str, Callable[..., Any]] = {}

    def universe(self) -> Universe:
        rows: dict[Ref, Row] = {}
        for entity in self.maker.entities.values():
            for number in range(_ROWS):
                row = self._row(entity, number)
                rows[Ref(entity.name, row["id"])] = row
            for made in entity.fields.values():
                self._resolver(entity.name, made)
        for made in self.maker.roots.values():
            self._root(made, rows)
        for owner in ("Face", *self.maker.entities):
            self.resolvers[f"{owner}.twice"] = lambda row, n: f"{row['id']}*{n}"
            self.resolvers[f"{owner}.more"] = lambda row: f"more {row['extra']}"
        faces = [Ref(name, f"{name}{row}") for row, name in enumerate(self._own_faces()[:_ROWS])]
        self.resolvers["Query.zoo"] = lambda _: [faces, None, [None, *faces[::-1]]]
        members = sorted({name for known in self._faces() for name in known})
        return Universe(rows=rows, resolvers=self.resolvers, members={"Face": members})

    def _faces(self) -> list[list[str]]:
        return list(self.maker.abstract["Face"].values())

    def _own_faces(self) -> list[str]:
        """The types behind the stand-ins."""
        whole = self.maker.whole_face
        return self.maker.abstract["Face"][whole[0]] if whole else []

    def _row(self, entity: Entity, number: int) -> dict[str, Any]:
        id_ = f"{entity.name}{number}"
        row: dict[str, Any] = {"__typename": entity.name, "id": id_, "code": f"c{id_}"}
        row |= {"place": {"__typename": "Place", "zip": f"z{number}"}}
        row |= {"extra": self.chance.choice([None, 1, 2]), "alone": number}
        for made in entity.fields.values():
            if not made.requires:
                row[made.name] = self._value(made, made.wrap)
        return row

    def _value(self, made: Field, wrap: str) -> Any:
        if wrap.startswith("["):
            if not wrap.endswith("!") and self.chance.random() < 0.1:
                return None
            inner = wrap.rstrip("!")[1:-1]
            return [self._value(made, inner) for _ in range(self.chance.randint(0, 3))]
        return self._named(made, optional=not wrap.endswith("!"))

    def _named(self, made: Field, *, optional: bool) -> Any:
        if made.base in _SCALARS:
            return self.chance.choice(_SCALARS[made.base])
        if optional and self.chance.random() < 0.12:
            return None
        if made.base == "Val":
            b = self.chance.choice([None, [], ["u", None]])
            return {"__typename": "Val", "a": self.chance.choice([None, 4]), "b": b}
        type_name = self.chance.choice(self._types(made))
        return Ref(type_name, f"{type_name}{self.chance.randrange(_ROWS)}")

    def _types(self, made: Field) -> list[str]:
        if made.base in self.maker.entities:
            return [made.base]
        whole = self.maker.whole_face
        if made.base == "Face" and whole and made.owners == [whole[1]]:
            return self._own_faces()
        return self.maker.abstract[made.base][made.owners[0]]

    def _resolver(self, owner: str, made: Field) -> None:
        name = made.name
        if made.requires:
            wanted = made.requires.split()
            self.resolvers[f"{owner}.{name}"] = lambda row: "/".join(
                str(self._given(owner, row, each)) for each in wanted
            )
        elif made.arguments.startswith("(n"):
            self.resolvers[f"{owner}.{name}"] = lambda row, n: f"{row[name]}#{n}"
        elif made.arguments:
            self.resolvers[f"{owner}.{name}"] = lambda row, first=None: _first(row[name], first)

    def _given(self, owner: str, row: Row, name: str) -> object:
        """What a requirement asks for: sent along, held in the row, or required itself."""
        return row[name] if name in row else self.resolvers[f"{owner}.{name}"](row)

    def _root(self, made: Field, rows: Mapping[Ref, Row]) -> None:
        name, value = f"Query.{made.name}", self._value(made, made.wrap)
        if made.arguments.startswith("(id"):
            self.resolvers[name] = partial(_by_id, made.base, rows)
        elif made.arguments.startswith("(n"):
            self.resolvers[name] = lambda _, n: f"root{n}"
        elif made.arguments:
            self.resolvers[name] = lambda _, first=None: _first(value, first)
        else:
            self.resolvers[name] = lambda _: value


def _by_id(base: str, rows: Mapping[Ref, Row], _: Row, **given: str) -> Ref | None:
    ref = Ref(base, given["id"])
    return ref if ref in rows else None


def _first(value: list[Any] | None, first: int | None) -> list[Any] | None:
    return value if value is None or first is None else value[:first]
