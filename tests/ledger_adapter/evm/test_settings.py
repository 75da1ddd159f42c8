"""An evm chain of the settings file, and the operator's commands that lead to one."""

import asyncio
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from ledger_adapter.chains.evm.__main__ import main
from ledger_adapter.chains.evm.chain import FeeRule, Finality
from ledger_adapter.chains.evm.settings import EvmSettings, load_deployment
from ledger_adapter.errors import BadKey, BadSettings
from ledger_adapter.evidence.trust import write_trust
from tests.ledger_adapter.chains.kit import head_of
from tests.ledger_adapter.evm.anvil import LOG_ID, OWNER, WRITER, anvil
from tests.ledger_adapter.kit import KEY, ORIGIN

GOOD: dict[str, Any] = {
    "name": "besu",
    "kind": "evm",
    "nodes": ["http://10.0.0.1:8545", "https://10.0.0.2"],
    "deployment": "besu.json",
    "key": "key.pem",
}


def test_what_is_left_out_has_a_default() -> None:
    read = EvmSettings.from_mapping(GOOD)
    assert (read.finality, read.fees, read.proof) == (Finality("immediate"), FeeRule(), "receipt")
    assert read.backup_key is None


def test_every_key_is_read() -> None:
    more = {
        "finality": "depth:12",
        "fees": {"legacy": True, "cap": 0},
        "proof": "storage",
        "backup_key": "b.pem",
        "max_head_age": 30,
    }
    read = EvmSettings.from_mapping(GOOD | more)
    assert read.finality == Finality("depth", depth=12)
    assert read.fees == FeeRule(legacy=True, cap=0)
    assert (read.proof, read.backup_key, read.max_head_age) == ("storage", Path("b.pem"), 30)


@pytest.mark.parametrize(
    "wrong",
    [
        {"more": 1},
        {"nodes": []},
        {"nodes": ["ftp://x"]},
        {"nodes": ["http://x", "http://x"]},
        {"key": ""},
        {"finality": "soon"},
        {"finality": "depth:-1"},
        {"fees": {"cap": -1}},
        {"fees": {"cap": "1"}},
        {"fees": {"price": 1}},
        {"proof": "both"},
        {"max_head_age": 0},
    ],
    ids=str,
)
def test_anything_else_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadSettings):
        EvmSettings.from_mapping(GOOD | wrong)


async def test_the_operators_commands_lead_to_a_chain_that_anchors(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_trust(tmp_path / "trust.json", origin=ORIGIN, keys=[KEY.public_key])
    for name, scalar in (("owner", 0x0DE), ("writer", 0x3A1)):
        (tmp_path / name).write_text(f"{scalar:064x}")
    deployment, owner = str(tmp_path / "chain.json"), str(tmp_path / "owner")
    async with anvil() as node:
        common = ["--node", node.url, "--owner", owner, "--price", "20000000000"]
        deploy = ["deploy", *common, "--out", deployment]
        writers = ["writers", *common, "--deployment", deployment]
        writers += ["--trust", str(tmp_path / "trust.json"), "--writer", WRITER.name]
        for arguments in (deploy, writers):
            assert await asyncio.to_thread(main, arguments) == 0
        assert OWNER.name not in capsys.readouterr().out
        assert load_deployment(Path(deployment)).start_block > node.deployed.start_block
        read = EvmSettings.from_mapping({
            **GOOD, "nodes": [node.url], "deployment": deployment, "key": str(tmp_path / "writer")
        })  # fmt: skip
        async with httpx.AsyncClient(timeout=5, trust_env=False) as http:
            with pytest.raises(BadKey):
                read.open(http, log_id=LOG_ID)
            chain = read.open(http, log_id=LOG_ID, plain=True)
            transaction = await chain.prepare(head_of(5), await chain.account())
            await chain.submit(transaction)
            until = time.monotonic() + 20
            while (await chain.status(transaction)).progress != "FINAL":
                assert time.monotonic() < until
            captured = await chain.capture(transaction, head_of(5))
            assert captured.kind == "READ_QUORUM"
