"""Ids tell their type, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subgraphs.kit.ids import (
    ALPHABET,
    NODE_TYPES,
    REGISTRY,
    derived_id,
    institution_id,
    is_id,
    new_id,
    type_of,
)


def test_each_prefix_makes_ids_of_its_type() -> None:
    for kind in REGISTRY:
        assert type_of(new_id(kind.prefix)) == kind.type_name


def test_prefixes_and_types_are_unique() -> None:
    assert len({kind.prefix for kind in REGISTRY}) == len(REGISTRY)
    assert len({kind.type_name for kind in REGISTRY}) == len(REGISTRY)
    assert {"Credential", "Holder", "Institution", "AuditEvent"} <= set(NODE_TYPES)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("cred_", id="prefix alone"),
        pytest.param("cred_" + "0" * 25, id="one short"),
        pytest.param("cred_" + "0" * 27, id="one long"),
        pytest.param("cred_" + "8" + "0" * 25, id="above 128 bits"),
        pytest.param("cred_" + "0" * 25 + "I", id="a letter that Crockford leaves out"),
        pytest.param("cred_" + "0" * 25 + "a", id="small letters"),
        pytest.param("CRED_" + "0" * 26, id="prefix in capitals"),
        pytest.param("nope_" + "0" * 26, id="unknown prefix"),
        pytest.param("cred_" + "0" * 26 + "\n", id="a line end"),
        pytest.param(None, id="nothing"),
        pytest.param({"$ne": ""}, id="an operator"),
    ],
)
def test_what_is_no_id(text: object) -> None:
    assert type_of(text) is None


def test_an_institutions_id_follows_from_its_code() -> None:
    assert institution_id("9131000063159284XQ") == institution_id("9131000063159284XQ")
    assert is_id(institution_id("9131000063159284XQ"), "inst")
    assert not is_id(institution_id("9131000063159284XQ"), "hold")


@given(st.lists(st.text(alphabet=ALPHABET), max_size=3), st.lists(st.text(alphabet=ALPHABET)))
def test_derived_ids_differ_when_their_facts_do(one: list[str], other: list[str]) -> None:
    same = derived_id("accp", *one) == derived_id("accp", *other)

    assert same == (one == other)
