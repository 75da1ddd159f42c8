"""Who may reach whom, and by what."""

from gateway.spec.names import SubgraphName, TypeName
from gateway.supergraph.jumps import Jumps, build_jumps
from gateway.supergraph.possible import Possible, build_possible
from gateway.supergraph.reader import read_supergraph
from tests.planner.golden import case_files, read_case, world_of
from tests.supergraph.texts import JOIN_03

A, B = SubgraphName("a"), SubgraphName("b-b")


def jumps_of(case: str) -> Jumps:
    (path,) = (each for each in case_files() if each.stem == case)
    return world_of(tuple(read_case(path).subgraphs.items())).jumps


def possible() -> Possible:
    return build_possible(read_supergraph(JOIN_03))


def test_a_landing_needs_a_key_that_can_be_entered_by() -> None:
    supergraph = read_supergraph(JOIN_03)
    landings = build_jumps(supergraph, build_possible(supergraph)).landings[TypeName("User")]
    assert [(each.subgraph, [key.text for key in each.keys]) for each in landings] == [
        (A, ["mail { box }"]),
        (B, ["id"]),
    ]


def test_a_chain_of_keys_is_as_long_as_its_fetches() -> None:
    jumps = jumps_of("a_chain_of_keys")
    item, shop, stock = TypeName("Item"), SubgraphName("shop"), SubgraphName("stock")
    assert jumps.distance(item, shop, SubgraphName("catalogue")) == 1
    assert jumps.distance(item, shop, stock) == 2
    assert jumps.distance(item, stock, stock) == 0


def test_an_interface_object_is_entered_by_the_name_of_the_interface() -> None:
    jumps = jumps_of("an_interface_object_and_its_types")
    (stats,) = (each for each in jumps.landings[TypeName("Film")] if not each.typed)
    assert (stats.subgraph, stats.typename) == ("stats", "Medium")
    (telling,) = jumps.interface_landings[TypeName("Medium")]
    assert (telling.subgraph, telling.typed) == ("media", True)


def test_runtime_types_differ_by_subgraph() -> None:
    media = TypeName("Media")
    assert possible().everywhere[media] == {"Book", "Film"}
    assert possible().in_subgraph(A, media).types == {"Book"}


def test_an_interface_object_holds_every_type_and_tells_none() -> None:
    standing = possible().in_subgraph(B, TypeName("Named"))
    assert standing.types == {"User"}
    assert not standing.typed


def test_nothing_stands_where_a_subgraph_has_no_such_type() -> None:
    assert possible().in_subgraph(B, TypeName("Book")).types == frozenset()
