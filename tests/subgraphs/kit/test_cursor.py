"""A cursor opens in its own place and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subgraphs.kit.cursor import CursorExpired, CursorInvalid, CursorScope, CursorSealer, Twins

KEY = bytes(range(16))
SEALER = CursorSealer(KEY)
SCOPE = CursorScope(source="log#feed", filter="state=ACTIVE", scope_key="ISSUER|inst_1")


@given(st.integers(min_value=0, max_value=2**53))
def test_it_gives_the_position_back(position: int) -> None:
    assert SEALER.position(SEALER.seal((position,), SCOPE), SCOPE) == position


@given(st.lists(st.integers(-(2**40), 2**40) | st.text(max_size=30) | st.none(), max_size=4))
def test_it_carries_any_parts(parts: list[int | str | None]) -> None:
    assert SEALER.open(SEALER.seal(tuple(parts), SCOPE), SCOPE) == tuple(parts)


def test_equal_positions_give_equal_cursors_and_show_nothing() -> None:
    first, second = SEALER.seal((41,), SCOPE), SEALER.seal((41,), SCOPE)

    assert first == second
    assert first[:20] != SEALER.seal((42,), SCOPE)[:20]


@pytest.mark.parametrize(
    "scope",
    [
        pytest.param(CursorScope(source="log#other", filter="state=ACTIVE"), id="another feed"),
        pytest.param(CursorScope(source="log#feed", filter=""), id="another filter"),
        pytest.param(
            CursorScope(source="log#feed", filter="state=ACTIVE", scope_key="ISSUER|inst_2"),
            id="another viewer",
        ),
    ],
)
def test_it_opens_nowhere_else(scope: CursorScope) -> None:
    with pytest.raises(CursorInvalid):
        SEALER.open(SEALER.seal((1,), SCOPE), scope)


@given(st.data())
def test_one_changed_character_is_refused(data: st.DataObject) -> None:
    cursor = SEALER.seal((123,), SCOPE)
    at = data.draw(st.integers(0, len(cursor) - 1))
    letter = data.draw(st.sampled_from("ABCxyz019-_").filter(lambda one: one != cursor[at]))

    with pytest.raises(CursorInvalid):
        SEALER.open(cursor[:at] + letter + cursor[at + 1 :], SCOPE)


@pytest.mark.parametrize("text", ["", "=", "a", "AAAA", "…", "A" * 2000, "AQ==", "AQ\n"])
def test_other_text_is_no_cursor(text: str) -> None:
    with pytest.raises(CursorInvalid):
        SEALER.open(text, SCOPE)


def test_another_key_opens_nothing() -> None:
    with pytest.raises(CursorInvalid):
        CursorSealer(bytes(16)).open(SEALER.seal((1,), SCOPE), SCOPE)


TWINS = Twins(snapshot="stands", pages="events")


@pytest.mark.parametrize(
    ("replay", "head", "welcome"),
    [
        pytest.param(0, 2**40, True, id="no bound"),
        pytest.param(10, 51, True, id="as far behind as may be"),
        pytest.param(10, 52, False, id="too far behind"),
        pytest.param(10, 3, True, id="ahead of a reader that is late"),
    ],
)
def test_a_subscription_replays_so_many_entries_and_says_what_to_do_beyond(
    replay: int, head: int, *, welcome: bool
) -> None:
    sealer = CursorSealer(KEY, replay=replay)
    cursor = sealer.seal((41,), SCOPE)
    if welcome:
        assert sealer.replayed(cursor, SCOPE, head=head, twins=TWINS) == 41
        return
    with pytest.raises(CursorExpired) as caught:
        sealer.replayed(cursor, SCOPE, head=head, twins=TWINS)
    told = {"code": "CURSOR_EXPIRED", "snapshot": "stands", "pages": "events"}
    assert caught.value.extensions == told
    assert sealer.position(cursor, SCOPE) == 41  # the pages go on from it
