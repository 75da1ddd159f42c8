"""Random subgraph sets: a schema split over subgraphs by the rules, then a few mistakes made."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Final, TypeAlias

from gateway.composition import SubgraphSource
from tests.composition.case_files import LINK, subgraph

SCALARS: Final = ("Int", "String", "Boolean", "ID", "Float")


@dataclass(slots=True)
class Part:
    """A field, argument or input field as text pieces that mistakes can change."""

    type: str
    directives: list[str] = field(default_factory=list)
    arguments: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Type:
    """A type of one subgraph; `rest` are union members, enum values, or text."""

    keyword: str
    implements: list[str] = field(default_factory=list)
    directives: list[str] = field(default_factory=list)
    parts: dict[str, Part] = field(default_factory=dict)
    rest: list[str] = field(default_factory=list)


Graph: TypeAlias = dict[str, Type]
Mistake: TypeAlias = Callable[["Maker"], None]


def random_set(seed: int, mistakes: int) -> tuple[SubgraphSource, ...]:
    """The same seed gives the same subgraphs for ever."""
    maker = Maker(Random(seed))
    maker.split()
    for _ in range(mistakes):
        maker.random.choice(MISTAKES)(maker)
    return tuple(
        subgraph(name, LINK + show(graph))
        for name, graph in zip("abcd", maker.graphs, strict=False)
    )


class Maker:
    """Splits one random schema over two to four subgraphs."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.graphs: list[Graph] = [{} for _ in range(random.randint(2, 4))]
        self.entities = [f"E{n}" for n in range(random.randint(2, 4))]
        self.values = [f"V{n}" for n in range(random.randint(1, 2))]

    def split(self) -> None:
        for value in self.values:
            self._value(value)
        for entity in self.entities:
            self._entity(entity)
        self._enum_and_input()
        self._interface_and_union()
        self._requires()
        self._provides()
        self._override()
        self._roots()

    def of(self, graph: Graph, name: str, keyword: str = "type") -> Type:
        return graph.setdefault(name, Type(keyword))

    def some(self) -> list[Graph]:
        count = self.random.randint(1, len(self.graphs))
        return self.random.sample(self.graphs, count)

    def scalar(self) -> str:
        wrap = self.random.choice(["{}", "{}", "{}!", "[{}]", "[{}!]!"])
        return wrap.format(self.random.choice(SCALARS))

    def _value(self, name: str) -> None:
        fields = {f"v{n}": self.scalar() for n in range(self.random.randint(1, 3))}
        for graph in self.some():
            each = self.of(graph, name)
            each.directives.append("@shareable")
            each.parts.update({key: Part(text) for key, text in fields.items()})

    def _entity(self, name: str) -> None:
        keys = self.random.choice([["id"], ["id"], ["id", "code"], ["id code"]])
        holders = self.some()
        for graph in holders:
            each = self.of(graph, name)
            for key in keys:
                each.directives.append(f'@key(fields: "{key}")')
                for part in key.split():
                    each.parts[part] = Part("ID!" if part == "id" else "String!")
        for number in range(self.random.randint(2, 5)):
            graph = self.random.choice(holders)
            targets = [t for t in (*self.entities, *self.values) if t in graph]
            ref = self.random.random() < 0.4 and bool(targets)
            text = self.random.choice(targets) if ref else self.scalar()
            made = Part(text)
            if self.random.random() < 0.2:
                made.arguments["n"] = self.random.choice(["Int", "Int = 3", "String"])
            graph[name].parts[f"f{number}"] = made
            if len(holders) > 1 and not ref and self.random.random() < 0.25:
                self._share(name, f"f{number}", holders)

    def _share(self, name: str, key: str, holders: list[Graph]) -> None:
        source = next(g[name].parts[key] for g in holders if key in g[name].parts)
        for graph in self.random.sample(holders, 2):
            graph[name].parts[key] = Part(source.type, ["@shareable"], dict(source.arguments))
        for graph in holders:
            if key in graph[name].parts:
                graph[name].parts[key].directives = ["@shareable"]

    def _enum_and_input(self) -> None:
        for graph in self.some():
            self.of(graph, "Colour", "enum").rest = ["RED", "GREEN"]
            self.of(graph, "Filter", "input").parts = {"a": Part("Int"), "b": Part('String = "x"')}
            query = self.of(graph, "Query")
            number = self.graphs.index(graph)
            query.parts[f"colour{number}"] = Part("Colour", [], {"in": "Filter"})

    def _interface_and_union(self) -> None:
        for number, graph in enumerate(self.graphs):
            here = [name for name in self.entities if name in graph]
            keyed = [n for n in here if "id" in graph[n].parts]
            if keyed and self.random.random() < 0.6:
                self.of(graph, "Node", "interface").parts["id"] = Part("ID!")
                for name in keyed:
                    graph[name].implements = ["Node"]
                self.of(graph, "Query").parts[f"node{number}"] = Part("Node")
            if here and self.random.random() < 0.4:
                self.of(graph, "Any", "union").rest = here
                self.of(graph, "Query").parts[f"any{number}"] = Part("[Any]")

    def _foreign(self) -> tuple[Graph, Graph, str, str] | None:
        """A subgraph, another one, an entity of both, and a plain field only the other has."""
        found = [
            (here, there, name, key)
            for name in self.entities
            for here in self.graphs
            for there in self.graphs
            if here is not there and name in here and name in there
            for key, part in there[name].parts.items()
            if key.startswith("f")
            and key not in here[name].parts
            and part.type.strip("[]!") in SCALARS
            and not part.arguments
        ]
        return self.random.choice(found) if found else None

    def _requires(self) -> None:
        found = self._foreign()
        if found and self.random.random() < 0.7:
            here, there, name, key = found
            here[name].parts[key] = Part(there[name].parts[key].type, ["@external"])
            here[name].parts["made"] = Part("Int", [f'@requires(fields: "{key}")'])

    def _provides(self) -> None:
        found = self._foreign()
        if found and self.random.random() < 0.5:
            here, there, name, key = found
            here[name].parts[key] = Part(there[name].parts[key].type, ["@external"])
            for graph in self.graphs:
                part = graph.get(name, Type("type")).parts.get(key)
                if part and "@external" not in part.directives:
                    part.directives = ["@shareable"]
            number = self.graphs.index(here)
            self.of(here, "Query").parts[f"given{number}"] = Part(
                name, [f'@provides(fields: "{key}")']
            )

    def _override(self) -> None:
        found = self._foreign()
        if found and self.random.random() < 0.4:
            here, there, name, key = found
            source = "abcd"[self.graphs.index(there)]
            here[name].parts[key] = Part(
                there[name].parts[key].type, [f'@override(from: "{source}")']
            )

    def _roots(self) -> None:
        for number, graph in enumerate(self.graphs):
            for name in (*self.entities, *self.values):
                if name in graph and self.random.random() < 0.5:
                    self.of(graph, "Query").parts[f"get{name}{number}"] = Part(name)
        self.of(self.graphs[0], "Query").parts["ping"] = Part("Int")
        if self.entities[0] in self.graphs[-1]:
            self.of(self.graphs[-1], "Subscription").parts["changed"] = Part(self.entities[0])

    def any_type(self, *keywords: str) -> Type | None:
        found = [t for g in self.graphs for t in g.values() if t.keyword in keywords]
        return self.random.choice(found) if found else None

    def any_part(self, *keywords: str) -> tuple[Type, str, Part] | None:
        each = self.any_type(*(keywords or ("type", "interface")))
        if each is None or not each.parts:
            return None
        name = self.random.choice(sorted(each.parts))
        return each, name, each.parts[name]


def drop_a_word(maker: Maker) -> None:
    found = maker.any_part("type")
    if found and found[2].directives:
        found[2].directives.pop()


def drop_a_word_of_a_type(maker: Maker) -> None:
    each = maker.any_type("type")
    if each and each.directives:
        each.directives.pop()


def change_a_type(maker: Maker) -> None:
    found = maker.any_part()
    if found:
        found[2].type = maker.scalar()


def flip_a_null(maker: Maker) -> None:
    found = maker.any_part()
    if found:
        text = found[2].type
        found[2].type = text.removesuffix("!") if text.endswith("!") else f"{text}!"


def drop_a_field(maker: Maker) -> None:
    found = maker.any_part()
    if found and len(found[0].parts) > 1:
        del found[0].parts[found[1]]


def add_a_field_elsewhere(maker: Maker) -> None:
    source, target = maker.any_part("type"), maker.any_type("type")
    if source and target:
        target.parts.setdefault(source[1], Part(source[2].type, list(source[2].directives)))


def shut_a_key(maker: Maker) -> None:
    each = maker.any_type("type")
    if each:
        each.directives = [
            d.replace('")', '", resolvable: false)') if d.startswith("@key") else d
            for d in each.directives
        ]


def add_an_argument(maker: Maker) -> None:
    found = maker.any_part("type")
    if found:
        found[2].arguments["extra"] = maker.random.choice(["Int", "Int!", "Int = 1"])


def change_an_argument(maker: Maker) -> None:
    found = maker.any_part("type")
    if found and found[2].arguments:
        name = sorted(found[2].arguments)[0]
        found[2].arguments[name] = maker.random.choice(["Int", "Int = 4", "String", "[Int]"])


def change_an_enum(maker: Maker) -> None:
    each = maker.any_type("enum")
    if each:
        each.rest = maker.random.choice([["RED"], ["RED", "GREEN", "BLUE"], ["BLUE"]])


def write_the_enum(maker: Maker) -> None:
    found = maker.any_part("input")
    graph = next((g for g in maker.graphs if "Colour" in g and "Filter" in g), None)
    if found and graph:
        graph["Filter"].parts["c"] = Part("Colour")


def change_an_input(maker: Maker) -> None:
    found = maker.any_part("input")
    if found:
        found[2].type = maker.random.choice(["Int", "Int!", 'String = "y"', "Int = 1"])


def extend_an_interface(maker: Maker) -> None:
    each = maker.any_type("interface")
    if each:
        each.parts["f0"] = Part("Int")


def mark_a_field(maker: Maker) -> None:
    found = maker.any_part()
    if found:
        word = maker.random.choice(
            [
                "@external",
                "@shareable",
                "@inaccessible",
                "@authenticated",
                '@tag(name: "x")',
                '@override(from: "a")',
                '@provides(fields: "f0")',
                '@requires(fields: "f1")',
                "@cost(weight: 3)",
                "@listSize(assumedSize: 3)",
            ]
        )
        if not any(word.partition("(")[0] in d for d in found[2].directives):
            found[2].directives.append(word)


def turn_into_another_kind(maker: Maker) -> None:
    each = maker.any_type("union")
    if each:
        each.keyword, each.rest = "enum", ["X"]


def change_a_union(maker: Maker) -> None:
    each = maker.any_type("union")
    if each and len(each.rest) > 1:
        each.rest.pop()


MISTAKES: Final[tuple[Mistake, ...]] = (
    drop_a_word,
    drop_a_word_of_a_type,
    change_a_type,
    flip_a_null,
    drop_a_field,
    add_a_field_elsewhere,
    shut_a_key,
    add_an_argument,
    change_an_argument,
    change_an_enum,
    write_the_enum,
    change_an_input,
    extend_an_interface,
    mark_a_field,
    mark_a_field,
    turn_into_another_kind,
    change_a_union,
)


def show(graph: Graph) -> str:
    return "\n".join(_show_type(name, each) for name, each in graph.items())


def _show_type(name: str, each: Type) -> str:
    if each.keyword == "text":
        return each.rest[0]
    implements = f" implements {' & '.join(each.implements)}" if each.implements else ""
    head = " ".join([f"{each.keyword} {name}{implements}", *each.directives])
    if each.keyword == "union":
        return f"{head} = {' | '.join(each.rest)}"
    if each.keyword == "enum":
        return f"{head} {{ {' '.join(each.rest)} }}"
    return head + " {\n" + "\n".join(_show_part(n, p) for n, p in each.parts.items()) + "\n}"


def _show_part(name: str, part: Part) -> str:
    given = ", ".join(f"{key}: {text}" for key, text in part.arguments.items())
    arguments = f"({given})" if given else ""
    return " ".join([f"  {name}{arguments}: {part.type}", *part.directives])
