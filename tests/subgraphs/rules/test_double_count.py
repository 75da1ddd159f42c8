"""The guard: what is one sum twice, what is not, and that every verdict says why."""

from dataclasses import replace
from datetime import date
from typing import TypedDict, Unpack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subgraphs.rules.double_count import judge
from subgraphs.rules.overlap import (
    LiveCount,
    OverlapVerdict,
    ShownProof,
    SignalKind,
    Verdict,
)
from subgraphs.vc.guard import Direction, Seasoning, TaggedFlow, TaggedLine
from subgraphs.vc.money import Fen, parse_amount
from subgraphs.vc.tags import (
    AccountTag,
    FlowTag,
    PositionTag,
    TagKey,
    account_tag,
    flow_tag,
    position_tag,
    tag_key,
)

DAY = [date(2026, 11, day) for day in (9, 10, 11, 12, 13, 16, 17, 18, 19, 20)]
BAR = parse_amount("3000000.00")


class More(TypedDict, total=False):
    """What a proof may disclose besides its amount."""

    lines: tuple[TaggedLine, ...]
    flows: tuple[TaggedFlow, ...]
    seasoning: Seasoning | None
    reduced: bool


def shown(issuer: str, amount: str, back: int = 9, **more: Unpack[More]) -> ShownProof:
    return ShownProof(
        credential=f"cred-{issuer}-{back}",
        issuer=issuer,
        as_of=DAY[back],
        amount=parse_amount(amount),
        account=AccountTag(f"account-{issuer}"),
        **more,
    )


def seasoned(least: str, since: date = date(2026, 10, 20)) -> Seasoning:
    return Seasoning(since=since, least=parse_amount(least))


def came_in(tag: str, amount: str, back: int, source: str) -> TaggedFlow:
    return TaggedFlow(
        tag=FlowTag(tag),
        direction=Direction.IN,
        amount=parse_amount(amount),
        settled=DAY[back],
        other_end=AccountTag(f"account-{source}"),
    )


def went_out(tag: str, amount: str, settled: int | None) -> TaggedFlow:
    return TaggedFlow(
        tag=FlowTag(tag),
        direction=Direction.OUT,
        amount=parse_amount(amount),
        settled=None if settled is None else DAY[settled],
    )


def kinds(found: OverlapVerdict) -> list[SignalKind]:
    return [signal.kind for signal in found.signals]


def test_the_same_money_through_three_institutions_in_ten_days() -> None:
    found = judge(
        [
            shown("securities", "1300000.00", 0, seasoning=seasoned("1290000.00")),
            shown(
                "fund",
                "1300000.00",
                4,
                flows=(came_in("first", "1300000.00", 2, "securities"),),
                seasoning=seasoned("0.00"),
            ),
            shown(
                "futures",
                "1300000.00",
                9,
                flows=(came_in("second", "1300000.00", 7, "fund"),),
                seasoning=seasoned("0.00"),
            ),
        ],
        needed=BAR,
    )
    assert found.verdict is Verdict.DOUBLE_COUNT
    assert (found.claimed, found.proven) == (Fen(390_000_000), Fen(130_000_000))
    tags = {tag for signal in found.signals for tag in signal.tags}
    assert {"first", "second", "account-securities", "account-fund"} <= tags
    assert {SignalKind.FLOW_TAG, SignalKind.ASOF_SKEW, SignalKind.SEASONING} <= set(kinds(found))


def test_three_institutions_at_one_close_are_three_sums() -> None:
    found = judge(
        [shown("a", "1620000.00"), shown("b", "980000.00"), shown("c", "550000.00")], needed=BAR
    )
    assert (found.verdict, found.proven, found.signals) == (Verdict.CLEAR, Fen(315_000_000), ())


def test_one_position_that_two_institutions_attest_counts_once() -> None:
    line = TaggedLine(tag=PositionTag("units"), amount=parse_amount("1600000.00"))
    found = judge(
        [
            shown("broker", "1700000.00", lines=(line,)),
            shown("manager", "1600000.00", lines=(line,)),
        ],
        needed=BAR,
    )
    assert (found.verdict, found.proven) == (Verdict.DOUBLE_COUNT, parse_amount("1700000.00"))
    assert found.signals[0].tags == ("units",)
    assert found.signals[0].amount == parse_amount("1600000.00")


def test_a_tag_that_decides_nothing_accuses_nobody() -> None:
    line = TaggedLine(tag=PositionTag("units"), amount=parse_amount("100000.00"))
    rich = [
        shown("broker", "4000000.00", lines=(line,)),
        shown("manager", "100000.00", lines=(line,)),
    ]
    found = judge(rich, needed=BAR)
    assert (found.verdict, found.decisive) == (Verdict.CLEAR, False)
    assert kinds(found) == [SignalKind.POSITION_TAG]
    assert judge(rich).verdict is Verdict.DOUBLE_COUNT  # nobody said what is needed


@pytest.mark.parametrize(
    ("line", "proven"),
    [
        pytest.param(seasoned("1500000.00"), "3000000.00", id="seasoned money was there as well"),
        pytest.param(seasoned("200000.00"), "1700000.00", id="only what was always there"),
        pytest.param(
            seasoned("1500000.00", DAY[8]), "1500000.00", id="a window that begins too late"
        ),
        pytest.param(None, "1500000.00", id="nothing disclosed"),
    ],
)
def test_a_later_proof_reaches_back_by_its_seasoning(line: Seasoning | None, proven: str) -> None:
    found = judge([shown("a", "1500000.00", 5), shown("b", "1500000.00", 9, seasoning=line)])
    assert found.proven == parse_amount(proven)
    assert found.close == (DAY[9] if proven == "1500000.00" else DAY[5])


def test_money_that_had_left_by_the_close_is_no_double_count() -> None:
    found = judge(
        [
            shown("a", "1500000.00", flows=(went_out("t", "900000.00", 7),)),
            shown("b", "1500000.00", flows=(came_in("t", "900000.00", 8, "a"),)),
        ],
        needed=BAR,
    )
    assert (found.verdict, found.score, found.proven) == (Verdict.CLEAR, 0, BAR)
    assert "had left" in found.signals[0].explanation


def test_money_credited_here_and_not_yet_debited_there_counts_once() -> None:
    found = judge(
        [
            shown("a", "1500000.00", flows=(went_out("t", "900000.00", None),)),
            shown("b", "1500000.00", flows=(came_in("t", "900000.00", 9, "a"),)),
        ],
        needed=BAR,
    )
    assert (found.verdict, found.proven) == (Verdict.DOUBLE_COUNT, parse_amount("2100000.00"))


def test_one_proof_shown_anywhere_is_lawful() -> None:
    live = LiveCount(closes=tuple(DAY))
    found = judge([shown("a", "3200000.00", 9)], needed=BAR, live=live)
    assert (found.verdict, found.decisive) == (Verdict.CLEAR, False)


def test_hidden_live_proofs_and_fresh_money_are_two_signs() -> None:
    proofs = [
        shown("a", "1600000.00", 5),
        shown("b", "1600000.00", 9, seasoning=seasoned("100000.00")),
    ]
    assert judge(proofs, needed=BAR).verdict is Verdict.REVIEW
    live = LiveCount(closes=(DAY[2], DAY[3], DAY[5], DAY[9]))
    found = judge(proofs, needed=BAR, live=live)
    assert found.verdict is Verdict.DOUBLE_COUNT
    assert kinds(found)[-1] is SignalKind.LIVE_COUNT
    assert str(DAY[2]) in found.signals[-1].explanation


def test_a_reduction_after_acceptance_is_a_sign() -> None:
    proofs = [
        shown("a", "1600000.00", 5, reduced=True),
        shown("b", "1600000.00", 9, seasoning=seasoned("100000.00")),
    ]
    found = judge(proofs, needed=BAR)
    assert found.verdict is Verdict.DOUBLE_COUNT
    assert SignalKind.REDUCED_AFTER_ACCEPT in kinds(found)


@pytest.mark.parametrize(
    ("needed", "decisive"),
    [
        pytest.param("1600000.00", False, id="met without the second proof"),
        pytest.param("1600000.01", True, id="one fen more than is proven"),
        pytest.param("3200000.00", True, id="all that is claimed"),
        pytest.param("3200000.01", False, id="out of reach either way"),
    ],
)
def test_only_what_decides_is_judged(needed: str, *, decisive: bool) -> None:
    proofs = [shown("a", "1600000.00", 5), shown("b", "1600000.00", 9)]
    assert judge(proofs, needed=parse_amount(needed)).decisive is decisive


def test_the_same_issuer_twice_is_one_set_of_books() -> None:
    found = judge([shown("a", "1600000.00", 5), shown("a", "1500000.00", 9)])
    assert (found.claimed, found.proven) == (parse_amount("1600000.00"),) * 2
    assert found.verdict is Verdict.CLEAR


def test_nothing_shown_is_clear() -> None:
    assert judge([]).verdict is Verdict.CLEAR


def test_tags_agree_between_institutions_and_differ_between_persons_and_kinds() -> None:
    anna, bea = tag_key(b"secret", "did:a"), tag_key(b"secret", "did:b")
    assert isinstance(anna, bytes)
    assert anna != bea

    def units(key: TagKey) -> str:
        return position_tag(key, registrar_account="1", product="2")

    assert units(anna) == units(tag_key(b"secret", "did:a")) != units(bea)
    assert account_tag(anna, institution="1", account="2") != units(anna)
    assert flow_tag(anna, "12") != flow_tag(anna, "1")
    assert position_tag(anna, registrar_account="12", product="") != position_tag(
        anna, registrar_account="1", product="2"
    )


PROOFS = st.lists(
    st.builds(
        lambda issuer, fen, back, least, tag, line: ShownProof(
            credential=f"{issuer}{back}",
            issuer=issuer,
            as_of=DAY[back],
            amount=Fen(fen),
            seasoning=None if least is None else Seasoning(since=DAY[0], least=Fen(least)),
            lines=(TaggedLine(tag=PositionTag(tag), amount=Fen(min(line, fen))),),
        ),
        st.sampled_from("wxyz"),
        st.integers(0, 400),
        st.integers(0, 9),
        st.none() | st.integers(0, 400),
        st.sampled_from("pqr"),
        st.integers(0, 400),
    ),
    max_size=6,
    unique_by=lambda proof: proof.credential,
)


@settings(deadline=None)
@given(PROOFS, st.none() | st.integers(1, 900))
def test_verdicts_are_explained_bounded_and_blind_to_order(
    proofs: list[ShownProof], bar: int | None
) -> None:
    needed = None if bar is None else Fen(bar)
    found = judge(proofs, needed=needed)
    turned = judge(proofs[::-1], needed=needed)
    assert 0 <= found.proven <= found.claimed
    assert (found.verdict, found.score, found.proven) == (
        turned.verdict,
        turned.score,
        turned.proven,
    )
    if found.verdict is not Verdict.CLEAR:
        assert found.decisive
        assert found.signals
    assert all(signal.explanation for signal in found.signals)


@given(PROOFS)
@settings(deadline=None)
def test_another_proof_without_tags_never_proves_less(proofs: list[ShownProof]) -> None:
    plain = [replace(proof, lines=()) for proof in proofs]
    best = max((judge(plain[:cut]).proven for cut in range(len(plain))), default=0)
    assert judge(plain).proven >= best


def test_a_position_sold_since_does_not_hide_behind_seasoning() -> None:
    """At the close of the first proof both institutions held the same units."""
    units = TaggedLine(tag=PositionTag("units"), amount=parse_amount("1500000.00"))
    held = Seasoning(since=DAY[0], least=parse_amount("1500000.00"), held=(PositionTag("units"),))
    found = judge(
        [
            shown("broker", "1500000.00", 5, lines=(units,)),
            shown("manager", "1500000.00", 9, seasoning=held),
        ],
        needed=BAR,
    )
    assert found.proven == parse_amount("1500000.00")
