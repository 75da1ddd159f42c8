"""For what proofs are used, and who may take part: policy as data (R75, R82).

A scenario names the credential schema it reads, the rule sets it decides by, and how many
customers may take part. A new scenario is a new record: no code knows one by name.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, NewType

ScenarioName = NewType("ScenarioName", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One immutable version; `quota` None admits any number. `rule_sets` are `NAME@version`."""

    name: ScenarioName
    version: int
    title: str
    source: str
    schema: str
    rule_sets: tuple[str, ...]
    quota: int | None
    effective_from: date

    @property
    def key(self) -> str:
        """`NAME@version`."""
        return f"{self.name}@{self.version}"


class AdmissionReason(StrEnum):
    """Why somebody does not take part."""

    CUSTOMER_NOT_BOUND = "CUSTOMER_NOT_BOUND"
    QUOTA_FULL = "QUOTA_FULL"
    SCENARIO_NOT_IN_FORCE = "SCENARIO_NOT_IN_FORCE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """All reasons against; admitted when there is none."""

    scenario: str
    reasons: tuple[AdmissionReason, ...]

    @property
    def admitted(self) -> bool:
        return not self.reasons


PILOT: Final = Scenario(
    name=ScenarioName("QUALIFIED_INVESTOR"),
    version=1,
    title="Qualified investor of the pilot (合格投资者认定)",
    source="试点公示 2.4",
    schema="https://credgraph.example/schemas/asset-proof/1",
    rule_sets=("PRIVATE_FUND@1",),
    quota=1_000,
    effective_from=date(2024, 5, 23),
)
INDUSTRY: Final = Scenario(
    name=ScenarioName("QUALIFIED_INVESTOR_INDUSTRY"),
    version=1,
    title="Qualified investor, for any number of customers (合格投资者认定, 不限人数)",
    source="no pilot's form: synthetic people only",
    schema=PILOT.schema,
    rule_sets=PILOT.rule_sets,
    quota=None,
    effective_from=PILOT.effective_from,
)
SCENARIOS: Final[tuple[Scenario, ...]] = (PILOT, INDUSTRY)


class UnknownScenario(LookupError):
    """No scenario of that name is in force on the day."""

    code = "SCENARIO_UNKNOWN"


def scenario_on(name: str, *, on: date, among: Iterable[Scenario] = SCENARIOS) -> Scenario:
    """The latest version in force on the day."""
    found = [one for one in among if one.name == name and one.effective_from <= on]
    if not found:
        raise UnknownScenario(name[:80])
    return max(found, key=lambda one: one.version)


def admit(
    scenario: Scenario, *, bound: bool, taking_part: int, already: bool, on: date
) -> Admission:
    """Whether a customer may take part.

    `bound`: an institution of the scenario has matched her account to her root DID. `taking_part`
    counts the customers admitted before; one who is among them (`already`) keeps her place.
    """
    full = scenario.quota is not None and taking_part >= scenario.quota
    against = (
        (AdmissionReason.CUSTOMER_NOT_BOUND, not bound),
        (AdmissionReason.QUOTA_FULL, full and not already),
        (AdmissionReason.SCENARIO_NOT_IN_FORCE, on < scenario.effective_from),
    )
    return Admission(
        scenario=scenario.key, reasons=tuple(reason for reason, holds in against if holds)
    )
