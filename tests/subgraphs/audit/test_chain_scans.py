"""What is on chain, for everybody: the last scan of each chain, and the contract on a proof."""

from datetime import UTC, datetime

from ledger_adapter.chains.evm.contract import registry
from ledger_adapter.evidence.evm import TrustedEvm
from ledger_adapter.log.bundle import b64url
from ledger_adapter.port import ChainScan, Shard
from ledger_adapter.store.mongo import MongoAnchors
from subgraphs.audit.schema.proofs import contract_of
from tests.subgraphs.audit.desk import ANALYST, Desk

AT = datetime(2026, 11, 22, 10, tzinfo=UTC)
QUERY = "{ chainScans { chain clean payloads totalBytes height at finding } }"


async def test_the_last_scan_of_each_chain_is_told(desk: Desk) -> None:
    settings = desk.world.settings.ledger
    database = desk.world.base.mongo.database(settings.database)
    kept = MongoAnchors(database, Shard(settings.shard))
    answer = await desk.ask(QUERY, who=ANALYST)
    assert answer.data == {"chainScans": []}
    for chain, finding in (("besu", ""), ("embedded", "block 7 holds a name"), ("besu", "")):
        await kept.see_scan(
            ChainScan(chain=chain, payloads=3, size=700, height=9, at=AT, finding=finding)
        )
    answer = await desk.ask(QUERY, who=ANALYST)
    told = {
        "payloads": 3, "totalBytes": "700", "height": "9", "at": "2026-11-22T10:00:00+00:00",
    }  # fmt: skip
    assert answer.data == {
        "chainScans": [
            {"chain": "besu", "clean": True, "finding": None, **told},
            {"chain": "embedded", "clean": False, "finding": "block 7 holds a name", **told},
        ]
    }


def test_a_contract_is_told_by_its_code_and_who_checked_it() -> None:
    ours = registry().version

    def trusted(code: bytes) -> TrustedEvm:
        return TrustedEvm(
            chain_id="eip155:1337",
            genesis=bytes(32),
            registry=bytes(20),
            code_hash=code,
            validators=(),
        )

    found = contract_of(trusted(ours.code_hash))
    assert found is not None
    assert (found.code_hash, found.checked_by) == (b64url(ours.code_hash), list(ours.checked_by))
    assert found.checked_by
    other = contract_of(trusted(bytes(32)))
    assert other is not None
    assert other.checked_by == [], "nobody here has checked another code"
    assert contract_of(None) is None
