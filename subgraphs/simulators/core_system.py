"""A simulated core system: account numbers tell person and books, nothing is stored.

`SIM-<profile>-<person>` belongs to the synthetic identity document `TEST-<person>`. It stands in
for an institution's real books and says so in `system`. The profiles are in `books.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from subgraphs.issuer.ports import Statement
from subgraphs.kit.ids import InstitutionId
from subgraphs.simulators import books
from subgraphs.simulators.books import Account

SYSTEM: Final = "simulated-core-system"
_ACCOUNT: Final = re.compile(r"SIM-([A-Z]{1,16})-([a-z0-9-]{1,40})")


class SimulatedCoreSystem:
    """Implements the issuer's CoreSystem."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock = clock

    async def identity_document(self, institution: InstitutionId, account_no: str, /) -> str | None:
        account = _account(institution, account_no)
        return f"TEST-{account.person}" if account else None

    async def statement(self, institution: InstitutionId, account_no: str, /) -> Statement | None:
        account = _account(institution, account_no)
        if account is None:
            return None
        now = self._clock()
        return books.statement(account, now, SYSTEM)


def _account(institution: InstitutionId, account_no: str) -> Account | None:
    found = _ACCOUNT.fullmatch(account_no)
    if found is None or found[1] not in books.PROFILES:
        return None  # every simulated institution knows the same people
    return Account(
        institution=institution, account_no=account_no, profile=found[1], person=found[2]
    )
