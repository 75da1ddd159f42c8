"""What a field set may say, and how a wrong one is refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.spec.field_set import FieldPick, FieldSet, Pick, TypePick, render, walk
from gateway.spec.field_set_reader import FieldSetError, read


def leaf(name: str) -> FieldPick:
    return FieldPick(name=name)


@pytest.mark.parametrize(
    ("text", "want"),
    [
        pytest.param("id", (leaf("id"),), id="one field"),
        pytest.param("{ id }", (leaf("id"),), id="outer braces"),
        pytest.param("id, uscc", (leaf("id"), leaf("uscc")), id="commas are blanks"),
        pytest.param(
            "owner { id }", (FieldPick(name="owner", selections=(leaf("id"),)),), id="nested"
        ),
        pytest.param(
            'price(currency: "CNY")',
            (FieldPick(name="price", arguments=(("currency", '"CNY"'),)),),
            id="arguments",
        ),
        pytest.param(
            "... on Book { isbn }",
            (TypePick(type_condition="Book", selections=(leaf("isbn"),)),),
            id="type condition",
        ),
    ],
)
def test_reads(text: str, want: FieldSet) -> None:
    assert read(text) == want


@pytest.mark.parametrize(
    ("text", "offset", "said"),
    [
        pytest.param("", 0, "at least one", id="empty"),
        pytest.param("id {", 4, "Expected Name", id="unclosed"),
        pytest.param("owner { }", 6, "at least one", id="empty below"),
        pytest.param("a: id", 0, "alias", id="alias"),
        pytest.param("id ...F", 3, "fragment", id="spread"),
        pytest.param("id @skip(if: true)", 0, "directives", id="directive"),
        pytest.param("... { id }", 0, "must name a type", id="bare fragment"),
        pytest.param("f(a: [$v])", 2, "variables", id="variable in a list"),
        pytest.param("id } { id", 0, "one selection", id="two selections"),
        pytest.param("a { " * 40 + "b" + " }" * 40, 94, "deeper", id="too deep"),
        pytest.param("id " * 3000, 5997, "tokens", id="too long"),
    ],
)
def test_refuses_with_the_place(text: str, offset: int, said: str) -> None:
    with pytest.raises(FieldSetError, match=said) as caught:
        read(text)
    assert caught.value.offset == offset


names = st.from_regex(r"[a-z][a-zA-Z0-9]{0,5}", fullmatch=True)
picks: st.SearchStrategy[Pick] = st.recursive(
    names.map(leaf),
    lambda inner: (
        st.builds(
            lambda name, below: FieldPick(name=name, selections=tuple(below)),
            names,
            st.lists(inner, min_size=1, max_size=3),
        )
        | st.builds(
            lambda name, below: TypePick(type_condition=name, selections=tuple(below)),
            names,
            st.lists(inner, min_size=1, max_size=3),
        )
    ),
    max_leaves=10,
)


@settings(max_examples=50, deadline=None)
@given(st.lists(picks, min_size=1, max_size=4).map(tuple))
def test_printing_and_reading_are_inverse(field_set: FieldSet) -> None:
    assert read(render(field_set)) == field_set
    assert len(list(walk(field_set))) >= len(field_set)
