"""Each ill setting is named."""

from datetime import timedelta
from pathlib import Path

import pytest

from subgraphs.kit.main import load
from subgraphs.kit.settings import BadSetting, Settings

GOOD: dict[str, object] = {
    "mongodb": "mongodb://localhost",
    "database_prefix": "credgraph_",
    "driver": "motor",
    "demo": "true",
    "data": ".data",
    "context": {"issuer": "credgraph-gateway", "public_key": "a.pem"},
    "ledger": {"database": "credgraph_ledger", "origin": "credgraph.example/log", "shard": 2026},
    "identity_url": "http://127.0.0.1:4005",
    "listen": {
        "host": "127.0.0.1",
        "issuer": "4001",
        "wallet": 4002,
        "verifier": 4003,
        "audit": 4004,
        "identity": 4005,
    },
    "cursor_key": "cursor.key",
    "field_keys": "fields",
    "keys": "keys",
}


def test_a_whole_section_is_read() -> None:
    settings = Settings.from_mapping(GOOD)

    assert settings.ports["issuer"] == 4001
    assert settings.ledger.shard == "2026"
    assert settings.database("wallet") == "credgraph_wallet"


def test_how_long_a_recovery_waits() -> None:
    usual = Settings.from_mapping(GOOD).recovery
    assert (usual.wait, usual.least) == (timedelta(days=3), timedelta(days=1))
    said = {**GOOD, "demo": False, "recovery": {"wait": "7200", "least": 3600}}
    long = Settings.from_mapping(said).recovery
    assert (long.wait, long.least) == (timedelta(hours=2), timedelta(hours=1))
    demo = Settings.from_mapping({**GOOD, "recovery": {"wait": 0, "least": 0}}).recovery
    assert demo.wait == timedelta()


def test_no_uri_means_the_embedded_server_of_the_data_folder() -> None:
    assert "mongod.sock" in Settings.from_mapping({**GOOD, "mongodb": ""}).mongodb


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        pytest.param({"mongo": "x"}, "subgraphs.mongo:", id="unknown key"),
        pytest.param({"tls": {"certificate": "a"}}, "subgraphs.tls.key:", id="half of a key pair"),
        pytest.param({"driver": "odbc"}, "subgraphs.driver:", id="unknown driver"),
        pytest.param({"demo": "perhaps"}, "subgraphs.demo:", id="a flag in words"),
        pytest.param({"pause_after": "soon"}, "subgraphs.pause_after:", id="a bound in words"),
        pytest.param({"recovery": 3}, "subgraphs.recovery:", id="a wait without a name"),
        pytest.param({"recovery": {"x": 1}}, "subgraphs.recovery.x:", id="a wait of another name"),
        pytest.param({"recovery": {"wait": "3d"}}, "subgraphs.recovery.wait:", id="days"),
        pytest.param({"recovery": {"wait": -1}}, "subgraphs.recovery.wait:", id="less than none"),
        pytest.param({"recovery": {"least": 2_592_001}}, "subgraphs.recovery.least:", id="months"),
        pytest.param({"recovery": {"wait": 86_399}}, "subgraphs.recovery.wait:", id="not taken"),
        pytest.param(
            {"demo": False, "recovery": {"least": 3_599}},
            "subgraphs.recovery.least:",
            id="no time to see it",
        ),
        pytest.param({"ledger": None}, "subgraphs.ledger:", id="no section"),
        pytest.param({"keys": ""}, "subgraphs.keys:", id="empty"),
        pytest.param(
            {"context": {"issuer": "x", "public_key": "y", "z": 1}},
            "subgraphs.context.z:",
            id="unknown key inside",
        ),
        pytest.param(
            {"listen": {**GOOD["listen"], "issuer": "4001x"}},  # type: ignore[dict-item]
            "subgraphs.listen.issuer:",
            id="a port in words",
        ),
        pytest.param(
            {"listen": {**GOOD["listen"], "host": "0.0.0.0"}},  # type: ignore[dict-item]
            "subgraphs.listen.host:",
            id="demo mode for everybody",
        ),
    ],
)
def test_an_ill_setting_is_named(changed: dict[str, object], key: str) -> None:
    with pytest.raises(BadSetting, match=key):
        Settings.from_mapping({**GOOD, **changed})


def test_the_deployments_own_file_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[3])

    assert load({"ISSUER_PORT": "5001", "CREDGRAPH_DATA": "/tmp/x"}).ports["issuer"] == 5001
