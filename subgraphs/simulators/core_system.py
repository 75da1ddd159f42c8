"""A simulated core system: account numbers tell person and wealth, nothing is stored.

`SIM-<profile>-<person>` belongs to the synthetic identity document `TEST-<person>`. It stands in
for an institution's real books and says so in `system`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

from subgraphs.issuer.ports import Statement
from subgraphs.kit.ids import InstitutionId
from subgraphs.vc.asset_proof import AssetCategory, AssetLine, TradingExperience
from subgraphs.vc.money import NOTHING, parse_amount

SYSTEM: Final = "simulated-core-system"
_ACCOUNT: Final = re.compile(r"SIM-([A-Z]{1,16})-([a-z0-9-]{1,40})")
_SHANGHAI: Final = timezone(timedelta(hours=8))
_FIRST_TRADE: Final = date(2019, 3, 11)

PROFILES: Final[Mapping[str, tuple[tuple[AssetCategory, str], ...]]] = {
    "RICH": (
        (AssetCategory.BANK_DEPOSIT, "860000.00"),
        (AssetCategory.STOCK, "1620000.00"),
        (AssetCategory.FUND_UNIT, "720000.00"),
    ),
    "EDGE": ((AssetCategory.STOCK, "2000000.00"), (AssetCategory.FUND_UNIT, "999999.99")),
    "EXACT": ((AssetCategory.STOCK, "2000000.00"), (AssetCategory.FUND_UNIT, "1000000.00")),
    "POOR": ((AssetCategory.BANK_DEPOSIT, "120000.00"),),
}


class SimulatedCoreSystem:
    """Implements the issuer's CoreSystem."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock = clock

    async def identity_document(self, institution: InstitutionId, account_no: str, /) -> str | None:
        del institution  # every simulated institution knows the same people
        account = _ACCOUNT.fullmatch(account_no)
        return f"TEST-{account[2]}" if account and account[1] in PROFILES else None

    async def statement(self, institution: InstitutionId, account_no: str, /) -> Statement | None:
        del institution
        account = _ACCOUNT.fullmatch(account_no)
        if account is None or account[1] not in PROFILES:
            return None
        now = self._clock()
        return Statement(
            system=SYSTEM,
            as_of=last_close(now),
            snapshot_at=now,
            lines=tuple(
                AssetLine(category=category, amount=parse_amount(amount))
                for category, amount in PROFILES[account[1]]
            ),
            in_transit=NOTHING,
            trading_experience=TradingExperience(
                first_trade_date=_FIRST_TRADE, markets=("XSHG", "XSHE")
            ),
        )


def last_close(now: datetime) -> date:
    """The last weekday before today in Shanghai; holidays are none of a simulator's business."""
    day = now.astimezone(_SHANGHAI).date() - timedelta(days=1)
    while day.weekday() >= 5:
        day -= timedelta(days=1)
    return day
