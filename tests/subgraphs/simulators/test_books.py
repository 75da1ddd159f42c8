"""The simulated books answer the same to everybody, to the fen."""

from datetime import UTC, date, datetime

import pytest

from subgraphs.kit.ids import institution_id
from subgraphs.simulators.core_system import SYSTEM, SimulatedCoreSystem, last_close
from subgraphs.simulators.customers import SimulatedCustomers
from subgraphs.vc.money import format_amount

OWN = institution_id("9131000063159284XQ")


@pytest.mark.parametrize(
    ("account", "total"),
    [
        ("SIM-RICH-ann", "3200000.00"),
        ("SIM-EDGE-ann", "2999999.99"),
        ("SIM-EXACT-ann", "3000000.00"),
        ("SIM-POOR-ann", "120000.00"),
    ],
)
async def test_wealth_follows_from_the_account_number(account: str, total: str) -> None:
    books = SimulatedCoreSystem()

    statement = await books.statement(OWN, account)

    assert statement is not None
    assert format_amount(sum(line.amount for line in statement.lines)) == total  # type: ignore[arg-type]
    assert statement.system == SYSTEM
    assert await books.identity_document(OWN, account) == "TEST-ann"


@pytest.mark.parametrize("account", ["", "SIM-GOLD-ann", "SIM-RICH-", "RICH-ann", "SIM-RICH-安"])
async def test_an_unknown_account_is_nobodys(account: str) -> None:
    books = SimulatedCoreSystem()

    assert await books.statement(OWN, account) is None
    assert await books.identity_document(OWN, account) is None


async def test_a_customer_number_names_a_person() -> None:
    customers = SimulatedCustomers()

    assert await customers.identity_document(OWN, "CUST-ann") == "TEST-ann"
    assert await customers.identity_document(OWN, "ann") is None


@pytest.mark.parametrize(
    ("now", "want"),
    [
        pytest.param("2026-11-19T15:00:00", "2026-11-18", id="a Thursday in Shanghai"),
        pytest.param("2026-11-19T16:00:00", "2026-11-19", id="already Friday in Shanghai"),
        pytest.param("2026-11-22T10:00:00", "2026-11-20", id="a Sunday looks back to Friday"),
        pytest.param("2026-11-23T10:00:00", "2026-11-20", id="a Monday too"),
    ],
)
def test_the_last_close_is_a_weekday_before_today(now: str, want: str) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)

    assert last_close(moment) == date.fromisoformat(want)
