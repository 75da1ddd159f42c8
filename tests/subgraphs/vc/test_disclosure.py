"""Selective disclosure: what is shown can be believed, what is not stays hidden."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subgraphs.vc.disclosure import Concealed, conceal, general, read_disclosures, reveal, select
from subgraphs.vc.encoding import to_base64url
from subgraphs.vc.errors import BadDisclosure, UnsupportedSuite
from subgraphs.vc.strict_json import JsonObject, JsonValue, check
from tests.kit.credentials import Chance

BODY: JsonObject = {
    "id": "x",
    "lines": [{"kind": "A", "amount": "1"}, {"kind": "B", "amount": "2"}],
    "total": "3",
}
PATHS = ("/lines/*", "/lines/*/amount", "/total")


def concealed(body: JsonObject = BODY) -> Concealed:
    return conceal(body, PATHS, salts=Chance().salt, decoys={"/lines": 3, "": 2})


def encode(*content: object) -> str:
    return to_base64url(json.dumps(content).encode())


def test_the_body_shows_neither_values_nor_their_number() -> None:
    found = concealed().document
    assert set(found) == {"id", "lines", "_sd", "_sd_alg"}
    lines, digests = found["lines"], found["_sd"]
    assert isinstance(lines, list)
    assert isinstance(digests, list)
    assert (len(lines), len(digests)) == (5, 3)
    assert all(isinstance(line, dict) and set(line) == {"..."} for line in lines)
    assert digests == sorted(map(str, digests))


def test_all_disclosures_give_the_body_back() -> None:
    hidden = concealed()
    shown = reveal(hidden.document, [item.encoded for item in hidden.disclosures])
    assert shown.document == BODY
    assert {general(path) for path in shown.paths} == set(PATHS)


def test_an_amount_brings_its_line_with_it_and_nothing_else() -> None:
    hidden = concealed()
    chosen = select(hidden.disclosures, ["/lines/1/amount"])
    assert [item.path for item in chosen] == ["/lines/1", "/lines/1/amount"]
    shown = reveal(hidden.document, [item.encoded for item in chosen])
    assert shown.document == {"id": "x", "lines": [{"kind": "B", "amount": "2"}]}


def test_a_line_may_be_shown_without_its_amount() -> None:
    hidden = concealed()
    chosen = select(hidden.disclosures, ["/lines/*"])
    shown = reveal(hidden.document, [item.encoded for item in chosen])
    assert shown.document == {"id": "x", "lines": [{"kind": "A"}, {"kind": "B"}]}


def test_disclosures_name_their_claims_in_any_order() -> None:
    hidden = concealed()
    mixed = [item.encoded for item in reversed(hidden.disclosures)]
    assert set(read_disclosures(hidden.document, mixed)) == set(hidden.disclosures)


def test_an_unknown_path_is_an_error_on_both_sides() -> None:
    with pytest.raises(BadDisclosure):
        conceal(BODY, ["/nothing"], salts=Chance().salt)
    with pytest.raises(BadDisclosure):
        select(concealed().disclosures, ["/lines/7"])


def double_digest(document: JsonObject) -> JsonObject:
    digests = document["_sd"]
    assert isinstance(digests, list)
    return {**document, "_sd": [*digests, digests[0]]}


def without_digests(document: JsonObject) -> JsonObject:
    return {name: value for name, value in document.items() if name != "_sd"}


def number_for_digest(document: JsonObject) -> JsonObject:
    return {**document, "_sd": [1]}


def claim_in_clear_as_well(document: JsonObject) -> JsonObject:
    return {**document, "total": "4"}


@pytest.mark.parametrize(
    "change", [double_digest, without_digests, number_for_digest, claim_in_clear_as_well]
)
def test_a_body_whose_digests_do_not_fit_is_refused(
    change: Callable[[JsonObject], JsonObject],
) -> None:
    hidden = concealed()
    with pytest.raises(BadDisclosure):
        reveal(change(hidden.document), [item.encoded for item in hidden.disclosures])


SALT = to_base64url(b"0123456789abcdef")


@pytest.mark.parametrize(
    "forged",
    [
        pytest.param(encode(SALT, "total", "9"), id="a claim that no digest calls for"),
        pytest.param(encode("c2hvcnQ", "total", "3"), id="a salt under 128 bits"),
        pytest.param(
            encode("not base64!!!!!!!!!!!!!!", "total", "3"), id="a salt of other letters"
        ),
        pytest.param(encode(SALT, "_sd", []), id="a claim named _sd"),
        pytest.param(encode(SALT, "...", "x"), id="a claim named ..."),
        pytest.param(encode(SALT), id="one element"),
        pytest.param(encode(SALT, "a", "b", "c"), id="four elements"),
        pytest.param(encode(SALT, 1, "b"), id="a number for a name"),
        pytest.param(encode(7, "a", "b"), id="a number for a salt"),
        pytest.param(encode(SALT, "a", 1.5), id="a fraction"),
        pytest.param("e30", id="an object"),
        pytest.param("", id="nothing"),
        pytest.param("=" * 8, id="padding"),
    ],
)
def test_a_forged_disclosure_is_refused(forged: str) -> None:
    hidden = concealed()
    with pytest.raises(BadDisclosure):
        reveal(hidden.document, [hidden.disclosures[0].encoded, forged])


def test_one_disclosure_twice_is_refused() -> None:
    hidden = concealed()
    with pytest.raises(BadDisclosure):
        reveal(hidden.document, [hidden.disclosures[0].encoded] * 2)


def test_a_child_without_its_parent_is_refused() -> None:
    hidden = concealed()
    child = next(item for item in hidden.disclosures if item.path == "/lines/0/amount")
    with pytest.raises(BadDisclosure):
        reveal(hidden.document, [child.encoded])


def test_an_element_of_a_list_cannot_stand_as_a_named_claim() -> None:
    hidden = concealed()
    total = next(item for item in hidden.disclosures if item.path == "/total")
    digests = hidden.document["_sd"]
    assert isinstance(digests, list)
    moved: JsonObject = {**hidden.document, "_sd": [], "lines": [{"...": d} for d in digests]}
    with pytest.raises(BadDisclosure):
        reveal(moved, [total.encoded])


def test_the_hash_is_named_and_known() -> None:
    document: JsonObject = {"_sd_alg": "md5"}
    with pytest.raises(UnsupportedSuite):
        reveal(document, [])


def test_a_body_with_reserved_names_is_not_concealed() -> None:
    for name in ("_sd", "..."):
        with pytest.raises(BadDisclosure):
            conceal({name: "x", "total": "1"}, ["/total"], salts=Chance().salt)


def test_examples_of_rfc_9901() -> None:
    named = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0"
    element = "WyJsa2x4RjVqTVlsR1RQVW92TU5JdkNBIiwgIkZSIl0"
    document: JsonObject = {
        "_sd": ["X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0"],
        "nationalities": [
            {"...": "w0I8EKcdCtUPkGCNUrfwVp2xEgNjtoIDlOxc9-PlOhs"},
            {"...": "pFndjkZ_VCzmyTa6UjlZo3dh-ko8aIKQc9DlGzhaVYo"},
        ],
    }
    shown = reveal(document, [named, element])
    assert shown.document == {"family_name": "Möbius", "nationalities": ["FR"]}


json_objects = st.recursive(
    st.dictionaries(st.sampled_from("abcd"), st.text(max_size=3), max_size=3),
    lambda inner: st.dictionaries(
        st.sampled_from("abcd"), st.lists(inner, max_size=3) | inner, max_size=3
    ),
    max_leaves=8,
)


def every_path(value: JsonValue, path: str = "") -> list[str]:
    if isinstance(value, dict):
        below = [(f"{path}/{name}", inner) for name, inner in value.items()]
    elif isinstance(value, list):
        below = [(f"{path}/{index}", inner) for index, inner in enumerate(value)]
    else:
        return []
    return [p for place, inner in below for p in (place, *every_path(inner, place))]


@given(json_objects, st.data())
def test_any_choice_of_claims_is_hidden_and_comes_back(
    value: dict[str, object], data: st.DataObject
) -> None:
    body = check(value)
    assert isinstance(body, dict)
    paths = every_path(body)
    chosen = data.draw(st.sets(st.sampled_from(paths))) if paths else set()
    hidden = conceal(body, chosen, salts=Chance().salt)
    assert len(hidden.disclosures) == len(chosen)
    mixed = data.draw(st.permutations([item.encoded for item in hidden.disclosures]))
    shown = reveal(hidden.document, mixed)
    assert shown.document == body
    assert set(shown.paths) == chosen
