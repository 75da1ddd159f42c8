"""The guard's figures on a labelled population; the table: `python -m bench.double_count`."""

from bench.double_count import holds, measure


def test_round_trips_are_found_and_honest_people_are_left_alone() -> None:
    figures = measure(20_260_523)
    assert holds(figures), figures.verdicts
    assert figures.let_through == 0
