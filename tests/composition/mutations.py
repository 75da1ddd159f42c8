"""Mistakes aimed at one code each, made in a random split that would compose without them.

A mistake returns False where the split offers no place for it.
"""

from collections.abc import Callable, Iterator
from random import Random
from typing import Final, TypeAlias

from gateway.composition import SubgraphSource
from tests.composition.case_files import LINK, subgraph
from tests.composition.random_sets import MISTAKES, Graph, Maker, Part, Type, show

Mutation: TypeAlias = Callable[[Maker], bool]


def mutated_set(seed: int) -> tuple[SubgraphSource, ...]:
    """The same seed gives the same subgraphs for ever; mutations take turns by seed."""
    maker = Maker(Random(seed))
    maker.split()
    order = [MUTATIONS[(seed + step) % len(MUTATIONS)] for step in range(len(MUTATIONS))]
    next(filter(None, (mutation(maker) for mutation in order)))
    if seed % 5 == 0:
        maker.random.choice(MISTAKES)(maker)
    return tuple(
        subgraph(name, LINK + show(graph))
        for name, graph in zip("abcd", maker.graphs, strict=False)
    )


def _entities(maker: Maker) -> Iterator[tuple[Graph, str, Type]]:
    found = [
        (graph, name, each)
        for graph in maker.graphs
        for name, each in graph.items()
        if any(text.startswith("@key") for text in each.directives)
    ]
    maker.random.shuffle(found)
    yield from found


def _entity(maker: Maker) -> tuple[Graph, str, Type]:
    return next(_entities(maker))


def _marked(maker: Maker, word: str) -> Iterator[tuple[Type, str, Part]]:
    for graph in maker.graphs:
        for each in graph.values():
            for name, part in each.parts.items():
                if any(text.startswith(word) for text in part.directives):
                    yield each, name, part


def _mark_keys(word: str) -> Mutation:
    """Write another @key on an entity."""

    def mutate(maker: Maker) -> bool:
        _, _, each = _entity(maker)
        each.directives.append(word)
        return True

    return mutate


def _add(name: str, part: Callable[[], Part], *, beside: str = "") -> Mutation:
    """Give an entity another field; `beside` is text of further definitions in its subgraph."""

    def mutate(maker: Maker) -> bool:
        graph, _, each = _entity(maker)
        each.parts[name] = part()
        if beside:
            _define(graph, beside)
        return True

    return mutate


def _define(graph: Graph, text: str) -> None:
    graph[f"Extra{len(graph)}"] = Type("text", rest=[text])


def _beside(text: str, other: str = "") -> Mutation:
    """Definitions in one subgraph, and others in another one."""

    def mutate(maker: Maker) -> bool:
        first, second = maker.random.sample(maker.graphs, 2)
        _define(first, text)
        if other:
            _define(second, other)
        return True

    return mutate


def _change_first(word: str, change: Callable[[Maker, Part], None]) -> Mutation:
    """Change a field that carries a directive."""

    def mutate(maker: Maker) -> bool:
        found = next(_marked(maker, word), None)
        if found is None:
            return False
        change(maker, found[2])
        return True

    return mutate


def _retype(_maker: Maker, part: Part) -> None:
    part.type = "[[Boolean]]"


def _drop_words(_maker: Maker, part: Part) -> None:
    part.directives = []


def _replace(before: str, after: str) -> Callable[[Maker, Part], None]:
    def change(_maker: Maker, part: Part) -> None:
        part.directives = [text.replace(before, after) for text in part.directives]

    return change


MUTATIONS: Final[tuple[Mutation, ...]] = (
    _mark_keys('@key(fields: "nowhere")'),
    _mark_keys('@key(fields: "id {")'),
    _mark_keys("@key(fields: 7)"),
    _mark_keys('@key(fields: "id @skip(if: true)")'),
    _add("wrong", lambda: Part("Int", ['@requires(fields: "nowhere")'])),
    _add("wrong", lambda: Part("Int", ["@requires(fields: 7)"])),
    _add("wrong", lambda: Part("Int", ['@provides(fields: "x")'])),
    _add("wrong", lambda: Part("Int", ["@external"])),
    _add("lone", lambda: Part("Int", ["@external"])),
    _add("wrong", lambda: Part("Unknown")),
    _add("wrong", lambda: Part("Int", ["@unknown"])),
    _add("wrong", lambda: Part("Int", ['@override(from: "z", label: "not one!")'])),
    _add("cut", lambda: Part("Int", ["@listSize(assumedSize: 3)"])),
    _add("cut", lambda: Part("[Int]", ["@listSize(assumedSize: -3)"])),
    _add("cut", lambda: Part("[Int]", ['@listSize(slicingArguments: ["none"])'])),
    _add(
        "cut",
        lambda: Part("Page", ['@listSize(assumedSize: 1, sizedFields: ["size"])']),
        beside="type Page { size: Int }",
    ),
    _add("fromAbove", lambda: Part("Int", [], {"a": 'Int @fromContext(field: "$none { x }")'})),
    _add("fromAbove", lambda: Part("Int", [], {"a": 'Int @fromContext(field: "x")'})),
    _change_first("@external", _retype),
    _change_first("@requires", _replace("fields: ", "fields: 3, x: ")),
    _change_first("@override", _drop_words),
    _change_first("@override", _replace('from: "', 'from: "no')),
    _change_first("@shareable", _drop_words),
    _change_first("@provides", _replace('fields: "', 'fields: "no')),
    _beside("type Query { q: Int }"),
    _beside("interface Shape { area: Int @external }"),
    _beside("interface Shape { area: Int @shareable }"),
    _beside('interface Shape { area: Int @requires(fields: "x") }'),
    _beside('interface Shape { area: Int @override(from: "z") }'),
    _beside(
        "interface Shape { area: Int @authenticated }\ntype Square implements Shape { area: Int }"
    ),
    _beside(
        "interface Shape { area: Int @cost(weight: 3) }\ntype Square implements Shape { area: Int }"
    ),
    _beside("interface Shape { area: Int }\ntype Square implements Shape { side: Int }"),
    _beside(
        'interface Shape @key(fields: "id") { id: ID! }\ntype Square implements Shape { id: ID! }'
    ),
    _beside('type Keyed @key(fields: "id") { id(a: Int): ID! }'),
    _beside('type Keyed @key(fields: "in { id }") { in: Inner }\ninterface Inner { id: ID! }'),
    _beside('extend type Lost @key(fields: "id") { id: ID! x: Int }'),
    _beside("type Odd { x: Int }", "enum Odd { X }"),
    _beside("type Odd { x: Int }", "input Odd { x: Int }"),
    _beside("input Given { x: Int }", "input Given { y: Int }"),
    _beside("input Given { x: Int! y: Int }", "input Given { y: Int }"),
    _beside("input Given { x: Int = 1 }", "input Given { x: Int = 2 }"),
    _beside("input Given { x: Int }", "input Given { x: String }"),
    _beside(
        "enum Word { A }\nextend type Query { say(word: Word): Int }",
        "enum Word { B }\nextend type Query { speak(word: Word): Int }",
    ),
    _beside(
        "enum Word { A B }\nextend type Query { say(word: Word): Word }",
        "enum Word { B }",
    ),
    _beside(
        "type Pair @shareable { x(a: Int): Int }", "type Pair @shareable { x(a: String): Int }"
    ),
    _beside(
        "type Pair @shareable { x(a: Int = 1): Int }", "type Pair @shareable { x(a: Int = 2): Int }"
    ),
    _beside("type Pair @shareable { x(a: Int!): Int }", "type Pair @shareable { x: Int }"),
    _beside("type Pair @shareable { x: Int }", "type Pair @shareable { x: String }"),
    _beside("type Pair { x: Int }", "type Pair { x: Int }"),
    _beside(
        "type Pair @shareable { x: Int y: Int }\nextend type Query { pair: Pair @shareable }",
        "type Pair @shareable { x: Int }\nextend type Query { pair: Pair @shareable }",
    ),
    _beside(
        "interface Shape { area: Int }\ntype Square implements Shape { area: Int }",
        "interface Shape { area: Int side: Int }",
    ),
    _beside(
        "extend type Query { any: Either @shareable }\nunion Either = One\ntype One { x: Int }",
        "extend type Query { any: Either @shareable }\nunion Either = Two\ntype Two { x: Int }",
    ),
    _beside("extend type Query { a: Hidden }\ntype Hidden @inaccessible { x: Int }"),
    _beside("extend type Query { a: Empty }\ntype Empty { x: Int @inaccessible }"),
    _beside("extend type Query { a(b: Int! @inaccessible): Int }"),
    _beside("extend type Query @inaccessible { a: Int }"),
    _beside(
        "interface Shape { area: Int }\ntype Square implements Shape { area: Int @inaccessible }\n"
        "extend type Query { shape: Shape }"
    ),
    _beside("extend type Query { a(e: Sort = LOW): Int }\nenum Sort { LOW @inaccessible HIGH }"),
    _beside("extend type Query { mine: Int @tag(name: 3) }"),
    _beside('extend type Query { p: Above }\ntype Above @context(name: "a_b") { x: Int }'),
    _beside(
        'extend type Query { p: Above }\ntype Above @context(name: "c") { x: Int b: Below }\n'
        'type Below { f(a: Int @fromContext(field: "$c { x }")): Int }'
    ),
    _beside(
        'extend type Query { p: Above }\ntype Above @context(name: "c") { x: String b: Below }\n'
        'type Below @key(fields: "id") { id: ID! f(a: Int @fromContext(field: "$c { x }")): Int }'
    ),
    _beside(
        "extend type Query { p: Above b: Below }\n"
        'type Above @context(name: "c") { x: Int b: Below }\n'
        'type Below @key(fields: "id") { id: ID! f(a: Int @fromContext(field: "$c { x }")): Int }'
    ),
    _beside(
        "extend type Query { o: Owned }\n"
        'type Owned @key(fields: "id") { id: ID! x: Int @external '
        'y: Int @requires(fields: "x") }',
        'type Owned @key(fields: "id") { id: ID! x: Int @authenticated }',
    ),
    _beside(
        "extend type Query { o: Owned }\n"
        'type Owned @key(fields: "id") { id: ID! x(a: Int): Int @external '
        'y: Int @requires(fields: "x(a: 1)") }',
        'type Owned @key(fields: "id") { id: ID! x(a: String): Int }',
    ),
    _beside(
        "extend type Query { o: Owned }\n"
        'type Owned @key(fields: "id") { id: ID! x: Int @external @tag(name: "t") '
        'y: Int @requires(fields: "x") }',
        'type Owned @key(fields: "id") { id: ID! x: Int }',
    ),
    _beside(
        'type Moved @key(fields: "id") { id: ID! x: Int @override(from: "a") }',
        'type Moved @key(fields: "id") { id: ID! x: Int @override(from: "a") }',
    ),
    _beside(
        "extend type Query { far: Far }\ntype Far { x: Int }",
        "type Far { y: Int }",
    ),
    _beside(
        'extend type Query { far: Far }\ntype Far @key(fields: "id") { id: ID! }',
        'type Far @key(fields: "no") { no: ID! y: Int }',
    ),
    _beside(
        'type Thing @key(fields: "id") @interfaceObject { id: ID! x: Int }\n'
        "extend type Query { thing: Thing }"
    ),
)
