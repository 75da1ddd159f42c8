"""What the deployment is to reach, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """`goal`: the actual figure is to be at most this; `span`: a metric of figures it is of."""

    name: str
    meaning: str
    unit: str
    goal: int
    span: str | None = None


TARGETS: Final[tuple[Target, ...]] = (
    Target(
        name="READ_MODEL_LAG",
        meaning="events on the log that audit has not taken in",
        unit="events",
        goal=1_000,
    ),
    Target(
        name="HEAD_AGE",
        meaning="since the log was signed last, while something waits for it",
        unit="seconds",
        goal=30,
    ),
    Target(name="NODES_NOT_UP", meaning="nodes of chains that are not well", unit="nodes", goal=0),
    Target(
        name="REACTION",
        meaning="from an endorsement to the suspended permission, 95 of 100, of a year",
        unit="seconds",
        goal=60,
        span="ENDORSEMENT_TO_SUSPENSION_SECONDS",
    ),
    Target(
        name="OFFER",
        meaning="from a request to the signed offer, 95 of 100, of a year",
        unit="seconds",
        goal=3_600,
        span="REQUEST_TO_OFFER_SECONDS",
    ),
    Target(
        name="CHECK",
        meaning="from a presentation to its checks, 95 of 100, of a year",
        unit="seconds",
        goal=60,
        span="PRESENTATION_TO_CHECK_SECONDS",
    ),
    Target(
        name="COMPLAINTS_OVERDUE",
        meaning="complainants who were not told in time",
        unit="complaints",
        goal=0,
    ),
    Target(
        name="REPORTS_OVERDUE",
        meaning="incidents without their report in time",
        unit="incidents",
        goal=0,
    ),
    Target(name="DRILLS_OVERDUE", meaning="drills not held in time", unit="drills", goal=0),
)
