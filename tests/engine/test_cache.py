"""The operation cache holds what was used lately, and never more bytes than it was given."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.access import NOBODY, Grants
from gateway.engine.cache import BoundedCache


def filled(bound: int, **sizes: int) -> BoundedCache[str]:
    cache: BoundedCache[str] = BoundedCache(bound)
    for name, size in sizes.items():
        cache.put((name, None, NOBODY), name, size)
    return cache


def test_what_was_used_least_lately_leaves_first() -> None:
    cache = filled(10, a=4, b=4)
    assert cache.get(("a", None, NOBODY)) == "a"
    cache.put(("c", None, NOBODY), "c", 4)
    assert [name for name, *_ in cache.recent()] == ["c", "a"]


def test_the_operation_name_is_part_of_the_key() -> None:
    cache = filled(10, a=1)
    assert cache.get(("a", "Other", NOBODY)) is None


def test_what_the_caller_holds_is_part_of_the_key() -> None:
    cache = filled(10, a=1)
    assert cache.get(("a", None, Grants(authenticated=True))) is None


def test_what_is_larger_than_the_whole_cache_is_not_kept() -> None:
    cache = filled(10, a=1, b=11)
    assert [name for name, *_ in cache.recent()] == ["a"]


@given(puts=st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(1, 12))))
def test_the_bound_holds(puts: list[tuple[str, int]]) -> None:
    cache: BoundedCache[str] = BoundedCache(20)
    sizes: dict[str, int] = {}
    for name, size in puts:
        cache.put((name, None, NOBODY), name, size)
        sizes[name] = size
        held = [name for name, *_ in cache.recent()]
        assert cache.used == sum(sizes[name] for name in held) <= 20
        assert held[0] == name
