"""One meaning per document, and bounded before any work is done."""

import json
from pathlib import Path

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from subgraphs.vc.errors import MalformedJson
from subgraphs.vc.strict_json import Limits, canonical, check, parse, parse_object

VECTORS = Path(__file__).parents[2] / "vectors" / "jcs"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        pytest.param('{"a": 1, "a": 1}', "", id="a key twice, even with one value"),
        pytest.param('{"x": [{"a": 1, "\\u0061": 2}]}', "/x/0", id="a key twice by escape"),
        pytest.param('{"a": 1.5}', "/a", id="a fraction"),
        pytest.param('{"a": 1e3}', "/a", id="an exponent"),
        pytest.param('{"a": [NaN]}', "/a/0", id="NaN"),
        pytest.param('{"a": -Infinity}', "/a", id="infinity"),
        pytest.param('{"a": 9007199254740992}', "/a", id="2^53"),
        pytest.param('{"a": ' + "9" * 4000 + "}", "/a", id="an integer of 4000 digits"),
        pytest.param('{"a~b/c": "\\ud800"}', "/a~0b~1c", id="a lone surrogate"),
        pytest.param('{"\\udc00": 1}', "/\udc00", id="a lone surrogate in a key"),
        pytest.param('{"a": 1} x', "", id="something after the end"),
        pytest.param("", "", id="nothing"),
        pytest.param("[" * 100_000, "", id="a hundred thousand brackets"),
        pytest.param('"' + "x" * 300_000 + '"', "", id="300 kB"),
        pytest.param(b'"\xff"', "", id="not UTF-8"),
        pytest.param(b"\xef\xbb\xbf{}", "", id="a byte order mark"),
    ],
)
def test_refused_with_its_place(text: str | bytes, place: str) -> None:
    with pytest.raises(MalformedJson) as refusal:
        parse(text)
    assert refusal.value.place == place


def test_depth_counts_brackets_outside_strings_only() -> None:
    limits = Limits(depth=2)
    assert parse('{"a": ["[[[[[[", "\\"[[["]}', limits) == {"a": ["[[[[[[", '"[[[']}
    with pytest.raises(MalformedJson):
        parse('{"a": [[1]]}', limits)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({"a": 1.0}, id="a float"),
        pytest.param({1: "a"}, id="a key that is a number"),
        pytest.param({"a": 2**53}, id="2^53"),
        pytest.param(["x" * 200] * 2000, id="too large in sum"),
        pytest.param(b"bytes", id="bytes"),
    ],
)
def test_a_parsed_value_meets_the_same_rules(value: object) -> None:
    with pytest.raises(MalformedJson):
        check(value)


def test_an_object_is_wanted_at_the_root() -> None:
    with pytest.raises(MalformedJson):
        parse_object("[]")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(json_values)
def test_canonical_bytes_read_back_as_the_same_value(value: object) -> None:
    checked = check(value)
    assert parse(canonical(checked)) == checked == value


@given(st.dictionaries(st.text(), json_values, max_size=5))
def test_canonical_form_knows_no_order_of_members(value: dict[str, object]) -> None:
    turned = dict(reversed(value.items()))
    assert canonical(check(turned)) == canonical(check(value))


@pytest.mark.parametrize("name", ["arrays", "french", "structures", "unicode", "values", "weird"])
def test_jcs_test_data_of_its_authors(name: str) -> None:
    value = json.loads((VECTORS / "input" / f"{name}.json").read_text("utf-8"))
    assert canonical(value) == (VECTORS / "output" / f"{name}.json").read_bytes()


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(ANYTHING)
def test_the_fast_writer_gives_the_bytes_of_the_plain_one(value: object) -> None:
    assert canonical(check(value)) == rfc8785.dumps(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("first", range(0, 0x3000, 0x400))
def test_every_character_is_escaped_as_the_rfc_says(first: int) -> None:
    for code in range(first, first + 0x400):
        value = {"name": chr(code), f"x{chr(code)}": 1}
        assert canonical(check(value)) == rfc8785.dumps(value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({"a": 2**53}, id="a large integer"),
        pytest.param({"a": float("nan")}, id="NaN"),
        pytest.param({"a": "\ud800"}, id="a lone surrogate"),
        pytest.param({1: "a"}, id="a key that is no text"),
        pytest.param({"a": b"x"}, id="bytes"),
    ],
)
def test_what_has_no_canonical_form(value: object) -> None:
    with pytest.raises(MalformedJson):
        canonical(value)  # type: ignore[arg-type]
