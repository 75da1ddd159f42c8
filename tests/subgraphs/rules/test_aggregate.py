"""Several proofs: one close adds up, the same books count once, what is left out is said."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from subgraphs.rules import AssetEvidence, Evidence, combine_assets
from subgraphs.vc.money import Fen

FRIDAY, MONDAY = date(2026, 11, 20), date(2026, 11, 23)


def shown(
    credential: str,
    issuer: str,
    fen: int,
    as_of: date = FRIDAY,
    evidence: Evidence = Evidence.EXACT,
) -> AssetEvidence:
    return AssetEvidence(
        credential=credential, issuer=issuer, as_of=as_of, amount=Fen(fen), evidence=evidence
    )


def test_nothing_shown_is_no_fact() -> None:
    assert combine_assets([]) is None


def test_one_close_over_three_institutions_adds_up() -> None:
    parts = [
        shown("a", "securities", 162_000_000),
        shown("b", "fund", 98_000_000),
        shown("c", "futures", 55_000_000),
    ]
    found = combine_assets(parts)
    assert found is not None
    assert (found.fact.value, found.fact.evidence) == (315_000_000, Evidence.EXACT)
    assert found.left_out == ()


def test_different_closes_do_not_add_up() -> None:
    found = combine_assets([shown("a", "x", 200), shown("b", "y", 150, MONDAY)])
    assert found is not None
    assert (found.fact.value, found.fact.evidence) == (200, Evidence.LOWER_BOUND)
    assert found.left_out == (("b", "ASOF_SKEW"),)


def test_the_same_books_count_once() -> None:
    found = combine_assets([shown("a", "x", 200), shown("b", "x", 150)])
    assert found is not None
    assert found.fact.value == 200
    assert found.left_out == (("b", "SAME_BOOKS"),)


def test_the_same_credential_twice_is_one_credential() -> None:
    found = combine_assets([shown("a", "x", 200), shown("a", "x", 200)])
    assert found is not None
    assert (found.fact.value, found.fact.evidence) == (200, Evidence.EXACT)
    assert found.left_out == ()


def test_one_bound_makes_the_sum_a_bound() -> None:
    found = combine_assets([shown("a", "x", 1), shown("b", "y", 2, evidence=Evidence.LOWER_BOUND)])
    assert found is not None
    assert (found.fact.value, found.fact.evidence) == (3, Evidence.LOWER_BOUND)


@given(
    st.lists(
        st.builds(
            shown,
            st.sampled_from("abcdef"),
            st.sampled_from("xyz"),
            st.integers(0, 10**6),
            st.sampled_from([FRIDAY, MONDAY]),
        ),
        max_size=8,
    )
)
def test_never_more_than_all_and_the_order_does_not_matter(items: list[AssetEvidence]) -> None:
    found = combine_assets(items)
    turned = combine_assets(items[::-1])
    assert found is None or found.fact.value <= sum(item.amount for item in items)
    assert (found and found.fact) == (turned and turned.fact)
