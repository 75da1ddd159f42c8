"""How long holders wait for an offer, over all: beside its target, and in the analyst's figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from ledger_adapter.port import Envelope
from subgraphs.kit.events import event
from subgraphs.kit.ids import derived_id
from subgraphs.rules.calendar import SHANGHAI
from tests.subgraphs.audit.desk import ANALYST, HASH, ISSUER, REGULATOR, Desk

HEALTH = "{ systemHealth { targets { name unit goal actual met } } }"
STATS = """query($from: DateTime!, $to: DateTime!) {
  auditStats(from: $from, to: $to, groupBy: [INSTITUTION], metric: REQUEST_TO_OFFER_SECONDS) {
    buckets { key { institution { id } } count p50 p95 suppressed } } }"""


def offers(persons: Iterable[int], seconds: int, at: datetime) -> Iterator[Envelope]:
    """Requests, and the offers that come so much later."""
    for person in persons:
        ids = [derived_id(prefix, f"waits {person}") for prefix in ("cred", "hold")]
        for kind, version, moment, more in (
            ("CREDENTIAL_REQUESTED", 1, at, {}),
            ("CREDENTIAL_OFFERED", 3, at + timedelta(seconds=seconds), {"vcHash": HASH}),
        ):
            yield event(
                kind, entity=ids[0], version=version, subjects=ids, institutions=[ISSUER],
                at=moment, body={"issuer": ISSUER, **more},
            )  # fmt: skip


async def target(desk: Desk) -> Any:
    found = (await desk.ask(HEALTH, who=REGULATOR)).only("systemHealth")["targets"]
    (one,) = [each for each in found if each["name"] == "OFFER"]
    return one["goal"], one["actual"], one["met"]


async def test_it_stands_beside_its_target_and_in_the_figures(desk: Desk) -> None:
    """Durations are told by the step they lie under; one person's is never told."""
    at = datetime.now(UTC).replace(day=15, hour=4, minute=0) - timedelta(days=31)
    assert await target(desk) == (3_600, None, None)
    await desk.tell(*offers(range(4), 45, at))
    assert await target(desk) == (3_600, None, None), "four are too few to be told"
    await desk.tell(*offers(range(4, 40), 45, at))
    assert await target(desk) == (3_600, 60, True)
    await desk.tell(*offers(range(40, 60), 5_000, at))
    assert await target(desk) == (3_600, 7_200, False)

    first = at.astimezone(SHANGHAI).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    month: dict[str, object] = {
        "from": first.isoformat(),
        "to": (first + timedelta(days=31)).replace(day=1).isoformat(),
    }
    answer = await desk.ask(STATS, month, who=ANALYST)
    (bucket,) = answer.only("auditStats")["buckets"]
    assert bucket["key"]["institution"]["id"] == ISSUER
    assert (bucket["count"], bucket["p50"], bucket["p95"]) == (60, 60, 7_200)
