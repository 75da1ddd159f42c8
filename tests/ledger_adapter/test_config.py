"""The ledger's section of the settings file, and the loader that others share."""

import tempfile
from pathlib import Path

import pytest

from ledger_adapter.config import Settings, load_file, load_settings
from ledger_adapter.errors import BadSettings
from subgraphs.demo.ceremony import LOG_ORIGIN
from subgraphs.kit.mongod import embedded_uri

GOOD: dict[str, object] = {"mongodb": "mongodb://x", "key": "keys/log.json"}


def test_defaults_and_the_origin_of_the_log() -> None:
    settings = Settings.from_mapping(GOOD)
    assert settings.log_origin == "credgraph.example/log/2026"
    assert (settings.driver, settings.checkpoint_seconds) == ("motor", 1.0)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        pytest.param({"drvier": "motor"}, "ledger.drvier: unknown key", id="misspelt"),
        pytest.param({"mongodb": ""}, "MONGODB_URI .*running `make up`", id="no database"),
        pytest.param({"key": ""}, "ledger.key is empty", id="no key"),
        pytest.param({"driver": "odbc"}, "ledger.driver", id="no such driver"),
        pytest.param({"shard": 2026}, "ledger.shard: must be text", id="shard as a number"),
        pytest.param({"shard": "a/b"}, "ledger.shard", id="slash in the shard"),
        pytest.param({"origin": "a b"}, "ledger.origin", id="blank in the origin"),
        pytest.param({"checkpoint_seconds": "soon"}, "not a number", id="not a number"),
        pytest.param({"checkpoint_seconds": "nan"}, "between", id="nan"),
        pytest.param({"checkpoint_seconds": 0}, "between", id="too often"),
    ],
)
def test_bad_settings_name_the_key(change: dict[str, object], sentence: str) -> None:
    with pytest.raises(BadSettings, match=sentence):
        Settings.from_mapping({**GOOD, **change})


@pytest.mark.parametrize(
    ("text", "environ", "want"),
    [
        pytest.param("${A}", {"A": "1"}, "1", id="set"),
        pytest.param("${A:-d}", {}, "d", id="default"),
        pytest.param("${A:-d}", {"A": ""}, "d", id="default for empty"),
        pytest.param("x/${A:-d}/${B}", {"B": "b"}, "x/d/b", id="inside text"),
        pytest.param("${A:-}", {}, "", id="empty default"),
        pytest.param("$A {A}", {}, "$A {A}", id="other dollars"),
    ],
)
def test_placeholders(tmp_path: Path, text: str, environ: dict[str, str], want: str) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(f'ledger:\n  list:\n    - "{text}"\n')
    assert load_file(file, environ)["ledger"] == {"list": [want]}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param("a: ${NOPE}", "NOPE is not set", id="variable missing"),
        pytest.param("a: [", "not YAML", id="not YAML"),
        pytest.param("just text", "no sections", id="no sections"),
        pytest.param("a: !!python/object:os.system {}", "not YAML", id="code"),
        pytest.param("gateway: {}", "no section `ledger`", id="no ledger"),
    ],
)
def test_files_that_cannot_be_used(tmp_path: Path, content: str, sentence: str) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(content)
    with pytest.raises(BadSettings, match=sentence):
        load_settings({}, str(file))
    with pytest.raises(BadSettings, match="cannot be read"):
        load_settings({"CREDGRAPH_CONFIG": str(tmp_path / "gone.yaml")})


def test_the_committed_file_is_good() -> None:
    settings = load_settings({"MONGODB_URI": "mongodb://x", "CREDGRAPH_DATA": "/d"})
    assert settings.key == Path("/d/keys/log.json")


def test_witnesses_are_named_with_their_addresses() -> None:
    listed = [{"name": "w.one", "url": "http://127.0.0.1:4011/"}]
    settings = Settings.from_mapping({**GOOD, "witnesses": listed, "trust": "trust.json"})
    assert [(w.name, w.url) for w in settings.witnesses] == [("w.one", "http://127.0.0.1:4011")]
    assert Settings.from_mapping({**GOOD, "witnesses": []}).witnesses == ()
    mistakes: list[object] = [{}, [1], [{"name": "w"}], [{"name": "w", "url": 1}]]
    for wrong in mistakes:
        with pytest.raises(BadSettings, match="witnesses"):
            Settings.from_mapping({**GOOD, "witnesses": wrong})


def test_the_demo_ceremony_and_the_settings_name_one_log() -> None:
    found = load_settings({"MONGODB_URI": "mongodb://x", "CREDGRAPH_DATA": "x"})
    assert found.log_origin == LOG_ORIGIN


def test_without_a_database_the_one_that_runs_here_is_named(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory() as short:  # a socket's path is: pytest's may be too long
        _named(tmp_path / "c.yaml", Path(short) / "d a")


def _named(file: Path, data: Path) -> None:
    file.write_text("ledger:\n  mongodb: ${MONGODB_URI:-}\n  key: log.json\n")
    environ = {"CREDGRAPH_DATA": str(data)}
    with pytest.raises(BadSettings, match="set MONGODB_URI to a replica set"):
        load_settings(environ, str(file))
    socket = data / "mongod" / "mongod.sock"
    socket.parent.mkdir(parents=True)
    socket.touch()
    with pytest.raises(BadSettings) as told:
        load_settings(environ, str(file))
    line = f'export MONGODB_URI="{embedded_uri(data)}"'
    assert str(told.value).endswith(f"that `make up` runs here: {line}")
    mine = load_settings({**environ, "MONGODB_URI": "mongodb://mine"}, str(file))
    assert mine.mongodb == "mongodb://mine"
