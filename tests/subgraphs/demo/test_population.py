"""The population: same seed same bytes, exact shares, exact amounts, days on which markets open."""

import hashlib
import statistics
from collections import Counter
from dataclasses import replace
from datetime import date
from itertools import islice, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subgraphs.demo.population import (
    MIX,
    SIZES,
    Dossier,
    Label,
    Scheme,
    Story,
    label_of,
    population,
    served_bytes,
    story_of,
)
from subgraphs.demo.population.chance import Chance
from subgraphs.demo.population.generate import TODAY
from subgraphs.demo.population.issuers import ISSUERS, RESERVED
from subgraphs.demo.population.paths import BUSINESS_DAYS, closes_lived, path
from subgraphs.demo.population.people import private_key_of
from subgraphs.demo.population.records import Issuer
from subgraphs.demo.population.script import disturbances
from subgraphs.demo.population.shown import shown_proofs
from subgraphs.demo.population.weave import HIGHER, THRESHOLD
from subgraphs.rules.calendar import CHINA
from subgraphs.rules.double_count import judge
from subgraphs.vc.money import Fen
from subgraphs.vc.uscc import parse_uscc

CLOSES = closes_lived(TODAY)
STORIES = st.builds(
    lambda seed, index: (seed, story_of(seed, index, SIZES["L"])),
    st.integers(0, 2**64),
    st.integers(0, 99_999),
)
PINNED = "f985bafa9dfab66d"


def digest(seed: int, size: str) -> str:
    whole = hashlib.sha256()
    for story in population(seed, SIZES[size]):
        whole.update(served_bytes(story) + b"\n")
    return whole.hexdigest()[:16]


def total(dossier: Dossier) -> int:
    return sum(account.total for account in dossier.accounts)


def test_one_seed_gives_the_same_bytes_on_every_machine() -> None:
    assert digest(1, "S") == PINNED
    assert digest(2, "S") != PINNED


def test_a_holder_is_made_without_those_before_her() -> None:
    streamed = next(islice(population(7, SIZES["M"]), 900, None))
    assert streamed == story_of(7, 900, SIZES["M"])


@pytest.mark.parametrize("name", ["S", "M"])
def test_the_labels_have_their_exact_shares(name: str) -> None:
    size = SIZES[name]
    found = Counter(label_of(3, index, size) for index in range(size.holders))
    assert found == size.expected()
    assert set(found) == set(Label)


def test_the_industry_size_has_the_shares_of_the_design() -> None:
    size = SIZES["L"]
    assert sum(MIX.values()) == 100
    assert size.expected() == {label: 1_000 * share for label, share in MIX.items()}
    block = Counter(label_of(3, index, size) for index in range(99_900, 100_000))
    assert block == MIX


def test_what_is_served_tells_no_label() -> None:
    for story in population(5, SIZES["S"]):
        served = served_bytes(story)
        words = [*(label.value for label in Label), *(scheme.value for scheme in Scheme)]
        assert not [word for word in words if word.encode() in served]


@given(STORIES)
@settings(max_examples=60, deadline=None)
def test_amounts_are_whole_fen_and_days_are_trading_days(made: tuple[int, Story]) -> None:
    dossier = made[1].dossier
    amounts = [holding.amount for account in dossier.accounts for holding in account.holdings]
    assert all(type(amount) is int and amount >= 0 for amount in amounts)
    assert all(transfer.amount > 0 for transfer in dossier.transfers)
    days: set[date] = {asked.as_of for asked in dossier.asked} | set(dossier.live_closes)
    for transfer in dossier.transfers:
        assert transfer.ordered <= transfer.left
        assert transfer.ordered <= transfer.arrived
        days |= {transfer.ordered, transfer.left, transfer.arrived}
    assert all(CHINA.is_trading_day(day) for day in days)
    assert {asked.as_of for asked in dossier.asked} <= set(dossier.live_closes)


@given(STORIES)
@settings(max_examples=30, deadline=None)
def test_a_path_ends_exactly_and_never_falls_below_nothing(made: tuple[int, Story]) -> None:
    seed, story = made
    account = story.dossier.accounts[0]
    days = list(path(seed, account, story.dossier.transfers, CLOSES))
    assert days[0].settled == account.total
    assert [balance.day for balance in days] == list(CLOSES)
    assert len(days) == BUSINESS_DAYS + 1
    assert all(balance.settled >= 0 and balance.in_transit >= 0 for balance in days)


@given(STORIES)
@settings(max_examples=30, deadline=None)
def test_without_markets_only_transfers_move_a_balance(made: tuple[int, Story]) -> None:
    seed, story = made
    transfers = story.dossier.transfers
    for account in story.dossier.accounts:
        quiet = replace(account, volatility=0, salary=Fen(0))
        for later, earlier in pairwise(path(seed, quiet, transfers, CLOSES)):
            moved = sum(
                (t.amount if t.target == account.account_no and t.arrived == later.day else 0)
                - (t.amount if t.source == account.account_no and t.left == later.day else 0)
                for t in transfers
            )
            assert later.settled - earlier.settled == moved or earlier.settled == 0


def test_a_round_trip_owns_too_little_and_claims_enough_within_ten_days() -> None:
    size = SIZES["M"]
    schemes = set()
    for index in range(size.holders):
        if label_of(11, index, size) is not Label.ROUND_TRIP:
            continue
        story = story_of(11, index, size)
        schemes.add(story.scheme)
        proofs = shown_proofs(11, story.dossier)
        assert 2 <= len(proofs) <= 4
        found = judge(proofs)
        assert found.proven < THRESHOLD <= found.claimed
        places = [CLOSES.index(proof.as_of) for proof in proofs]
        assert max(places) - min(places) <= 10
    assert len(schemes) >= 4


def test_wealth_is_as_designed() -> None:
    totals = [total(story.dossier) for story in population(13, SIZES["M"])]
    assert 90_000_000 < statistics.median(totals) < 170_000_000
    near = [
        amount
        for amount in totals
        if any(bar * 98 <= amount * 100 <= bar * 102 for bar in (THRESHOLD, HIGHER))
    ]
    assert 0.06 <= len(near) / len(totals) <= 0.12
    assert {THRESHOLD - 1, THRESHOLD, THRESHOLD + 1} & set(totals), "edges to the fen"


def test_nobody_can_be_taken_for_a_person() -> None:
    people = [story.dossier.person for story in population(17, SIZES["S"])]
    assert all(person.identity_document.startswith("TEST-") for person in people)
    assert len({person.identity_document for person in people}) == 50
    keys = [private_key_of(17, index).public_key for index in (4, 4, 5)]
    assert keys[0] == keys[1] != keys[2]


@pytest.mark.parametrize("issuer", ISSUERS, ids=lambda issuer: issuer.uscc)
def test_an_invented_issuer_says_so_and_has_a_valid_code(issuer: Issuer) -> None:
    assert parse_uscc(issuer.uscc) == issuer.uscc
    assert issuer.uscc.startswith(RESERVED) is issuer.synthetic
    assert ("合成" in issuer.name) is issuer.synthetic


def test_every_label_leaves_its_trace_in_the_script() -> None:
    kinds = {
        story.label: {step.kind for step in story.dossier.script}
        for story in population(19, SIZES["S"])
    }
    assert any(kind.startswith("ENDORSED_") for kind in kinds[Label.DROP_AFTER_ACCEPT])
    assert "CREDENTIAL_CANCELLED" in kinds[Label.HOLDER_CANCEL]
    assert "KEY_RECOVERED" in kinds[Label.KEY_LOST]
    assert "DISPUTE_OPENED" in kinds[Label.DENIAL_DISPUTE]
    assert "FORGERY_PRESENTED" in kinds[Label.FORGED_OR_TAMPERED]


def test_disturbances_stand_in_order_within_the_population() -> None:
    found = list(disturbances(23, 1_000))
    assert found == list(disturbances(23, 1_000))
    places = [one.after for one in found]
    assert places == sorted(places)
    assert places[-1] < 1_000
    assert {one.kind for one in found} == {"NODE_FAILOVER", "SUBGRAPH_OUTAGE"}


def test_a_long_stream_of_chance_goes_on_where_it_was() -> None:
    draws = Chance("x")
    first = [draws.below(10**9) for _ in range(1_000)]
    again = Chance("x")
    assert [again.below(10**9) for _ in range(1_000)] == first
    assert len(set(first)) > 990


@given(st.integers(0, 10**12), st.integers(1, 9), st.integers())
@settings(deadline=None)
def test_parts_add_up_to_the_fen(amount: int, count: int, seed: int) -> None:
    assert sum(Chance(seed).parts(amount, count)) == amount
