"""The labelled population asked for figures: whoever knows all of a rare person's story but her
label, where she keeps her money, when she asked, what she showed, learns nothing of her from them.

The judge of `test_figures_tell_nobody.py` counts who stands behind each figure, from the log alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import combinations

import pytest

from ledger_adapter.port import LoggedEvent
from subgraphs.demo.pilot import CAITONG_FUND
from subgraphs.demo.population.generate import SIZES, population
from subgraphs.demo.population.records import Label, Step, Story
from subgraphs.kit.ids import derived_id, institution_id
from tests.subgraphs.audit.test_figures_tell_nobody import (
    FEWEST,
    QUESTIONS,
    Crowd,
    answered,
    behind,
    cells_of,
    persons,
)
from tests.subgraphs.audit.town import Happening, logged, told

SEED = 20_261_122
RARE = (Label.DROP_AFTER_ACCEPT, Label.HOLDER_CANCEL, Label.KEY_LOST, Label.FORGED_OR_TAMPERED)
AS_TOLD = {
    "REQUESTED": ("CREDENTIAL_REQUESTED", ""),
    "PRESENTED": ("PRESENTATION_VERIFIED", "ACCEPTED"),
    "FORGERY_PRESENTED": ("PRESENTATION_VERIFIED", "REJECTED"),
    "ENDORSED_REDUCED": ("PERMISSION_SUSPENDED", ""),
}
"""What the log tells of a step that figures count; two months stand for all."""


def happened(story: Story, step: Step) -> Happening:
    kind, outcome = AS_TOLD[step.kind]
    at = derived_id("inst", step.institution or "")
    return Happening(
        person=story.dossier.index,
        institution=at if kind == "CREDENTIAL_REQUESTED" else institution_id(CAITONG_FUND.uscc),  # type: ignore[arg-type]
        kind=kind,
        month=step.on.month % 2,
        outcome=outcome,
        seconds=3_600 if kind == "PERMISSION_SUSPENDED" else None,
    )


@cache
def town() -> tuple[tuple[LoggedEvent, ...], tuple[Story, ...]]:
    """Everybody's story in order of days, on the log."""
    stories = tuple(population(SEED, SIZES["S"]))
    steps = [
        (step.on, story.dossier.index, place, happened(story, step))
        for story in stories
        for place, step in enumerate(story.dossier.script)
        if step.kind in AS_TOLD
    ]
    ordered = [one for *_, one in sorted(steps, key=lambda step: step[:3])]
    return tuple(logged(told(ordered))), stories


def crowds_at(events: Sequence[LoggedEvent]) -> set[Crowd]:
    """Who stands behind every figure that every question gets at a moment."""
    return {crowd for asked in QUESTIONS for crowd in behind(events, asked).values()}


@pytest.mark.parametrize("label", RARE, ids=lambda label: str(label.value))
def test_before_and_after_a_rare_person_no_figures_differ_by_her(label: Label) -> None:
    events, stories = town()
    (victim, *_) = [story for story in stories if story.label is label]
    holder = derived_id("hold", f"town {victim.dossier.index}")
    places = [n for n, one in enumerate(events) if holder in one.envelope.subjects]
    assert places, "she is on the log"
    crowds: set[Crowd] = set()
    for moment in (places[0], places[-1], places[-1] + 1, len(events)):
        crowds |= crowds_at(events[:moment])
    assert len(crowds) > 5, "there are figures to compare"
    crowds |= {crowd | other for crowd, other in combinations(crowds, 2)}  # sums are figures too
    for crowd, other in combinations(crowds, 2):
        for left in (crowd - other, other - crowd):
            assert not 0 < persons(events, left) < FEWEST, "a difference isolates a few"


def test_the_judge_sees_what_the_figures_are_made_of() -> None:
    """The crowds are those of the answers: as many events as each figure says, for every question
    over the whole population; and the few forgeries show in none of them."""
    events, stories = town()
    forgers = [one for one in stories if one.label is Label.FORGED_OR_TAMPERED]
    assert 0 < len(forgers) < FEWEST
    cells = cells_of(events)
    told_of = False
    for asked in QUESTIONS:
        sums = {one.values: one.count for one in answered(cells, asked)}
        assert sums == {values: len(crowd) for values, crowd in behind(events, asked).items()}
        told_of |= any("ACCEPTED" in values for values in sums)
        assert not any("REJECTED" in values for values in sums)
    assert told_of
