"""The list of backups, as the ledger's commands keep it."""

from datetime import UTC, datetime, timedelta

from ledger_adapter.port import BackupRecord, Shard
from ledger_adapter.store.mongo import MongoAnchors
from tests.subgraphs.audit.desk import ANALYST, ISSUER_DESK, REGULATOR, VERIFIER_DESK, Case, Desk
from tests.subgraphs.kit.gateway import NOBODY

TAKEN = datetime(2026, 1, 22, 2, tzinfo=UTC)
QUERY = """query($n: Int! = 20) { backups(first: $n) {
  digest takenAt ageSeconds logSize documents verifiedAt } }"""


def record(day: int, verified: datetime | None = None) -> BackupRecord:
    return BackupRecord(
        digest="sm3:" + f"{day:02}" * 32,
        size=100 + day,
        documents=1_000,
        taken_at=TAKEN + timedelta(days=day),
        verified_at=verified,
    )


async def test_backups_are_told_newest_first_with_age_and_check(desk: Desk) -> None:
    settings = desk.world.settings.ledger
    database = desk.world.base.mongo.database(settings.database)
    kept = MongoAnchors(database, Shard(settings.shard))
    assert (await desk.ask(QUERY, who=REGULATOR)).data == {"backups": []}
    checked = TAKEN + timedelta(days=2, hours=1)
    for one in (record(1), record(2), record(2, checked), record(2)):
        await kept.see_backup(one)
    two, one = (await desk.ask(QUERY, who=REGULATOR)).only("backups")
    assert (two["digest"], two["logSize"], one["logSize"]) == (record(2).digest, "102", "101")
    assert datetime.fromisoformat(two["verifiedAt"]) == checked, "a later look does not forget it"
    assert one["verifiedAt"] is None
    assert one["ageSeconds"] - two["ageSeconds"] == timedelta(days=1).total_seconds()
    assert len((await desk.ask(QUERY, {"n": 1}, who=REGULATOR)).only("backups")) == 1
    assert (await desk.ask(QUERY, {"n": 0}, who=REGULATOR)).codes == ["FIRST_OUT_OF_RANGE"]


async def test_backups_are_the_regulators_to_see(desk: Desk) -> None:
    for who in (Case("ann").who, ISSUER_DESK, VERIFIER_DESK, ANALYST, NOBODY):
        assert (await desk.ask(QUERY, who=who)).codes == ["FORBIDDEN"]
