"""Settings: what is read, and how each mistake is named."""

from collections.abc import Mapping
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from gateway.config import Settings, load_settings
from gateway.config.interpolate import interpolate
from gateway.errors import BadSettings

MINIMAL: Mapping[str, object] = {"supergraph": "graph.graphql"}


def test_only_the_supergraph_is_needed() -> None:
    settings = Settings.from_mapping(MINIMAL)
    assert settings.supergraph == Path("graph.graphql")
    assert (settings.listen.host, settings.listen.port) == ("127.0.0.1", 4000)
    assert not settings.demo
    with pytest.raises(FrozenInstanceError):
        settings.demo = True  # type: ignore[misc]


def test_everything_can_be_said() -> None:
    settings = Settings.from_mapping(
        {
            "supergraph": "g",
            "demo": "true",
            "listen": {"host": "::1", "port": "5000"},
            "auth": {
                "issuers": [{"issuer": "i", "audience": "a", "jwks": "j.json"}],
                "context": {"key": "k.pem", "claims": ["role"], "reuse": 10},
                "leeway": 2,
            },
            "jwt": {"algorithms": {"X": "a.b:C"}},
            "limits": {"depth": 3},
            "timeouts": {"request": "1.5"},
            "subgraphs": {"one": {"url": "https://one.example/graphql"}},
            "forward_headers": ["X-Tenant"],
            "personas": {"reader": {"title": "R", "claims": {"sub": "r", "role": "READER"}}},
            "token_key": "t.pem",
            "graphiql": {"examples": "e"},
        }
    )
    assert settings.demo
    assert settings.listen.port == 5000
    assert settings.auth.context is not None
    assert settings.auth.context.claims == ("role",)
    assert settings.jwt.algorithms == {"X": "a.b:C"}
    assert settings.limits.depth == 3
    assert settings.timeouts.request == 1.5
    assert settings.forward_headers == ("x-tenant",)
    assert settings.personas["reader"].claims["role"] == "READER"


@pytest.mark.parametrize(
    ("change", "key", "problem"),
    [
        pytest.param({"supergraph": None}, "gateway.supergraph", "is missing", id="no supergraph"),
        pytest.param({"supergraph": ""}, "gateway.supergraph", "is missing", id="an empty one"),
        pytest.param({"demoo": True}, "gateway.demoo", "did you mean 'demo'?", id="a misspelt key"),
        pytest.param({"zzz": 1}, "gateway.zzz", "unknown setting", id="a key unlike any"),
        pytest.param(
            {"demo": "perhaps"}, "gateway.demo", "true or false", id="neither true nor false"
        ),
        pytest.param({"listen": []}, "gateway.listen", "mapping", id="a list for a section"),
        pytest.param(
            {"listen": {"port": 70000}}, "gateway.listen.port", "between", id="no such port"
        ),
        pytest.param({"listen": {"port": "x"}}, "gateway.listen.port", "whole number", id="a word"),
        pytest.param(
            {"listen": {"port": 1.5}}, "gateway.listen.port", "whole number", id="half a port"
        ),
        pytest.param({"limits": {"depht": 3}}, "gateway.limits.depht", "'depth'", id="below"),
        pytest.param(
            {"limits": {"depth": 0}}, "gateway.limits.depth", "between", id="no depth at all"
        ),
        pytest.param(
            {"timeouts": {"lag": 0}}, "gateway.timeouts.lag", "more than 0", id="no time at all"
        ),
        pytest.param(
            {"timeouts": {"lag": "nan"}}, "gateway.timeouts.lag", "more than 0", id="no number"
        ),
        pytest.param(
            {"auth": {"issuers": [{"issuer": "i"}]}},
            "gateway.auth.issuers[0].audience",
            "is missing",
            id="inside a list",
        ),
        pytest.param(
            {"auth": {"context": {"key": "k", "reuse": 60}}},
            "gateway.auth.context.reuse",
            "shorter",
            id="tokens used beyond their life",
        ),
        pytest.param(
            {"subgraphs": {"a": {"url": "ftp://x"}}},
            "gateway.subgraphs.a.url",
            "http or https",
            id="another scheme",
        ),
        pytest.param(
            {"forward_headers": ["Host"]},
            "gateway.forward_headers",
            "'host'",
            id="a header of one hop",
        ),
        pytest.param(
            {"forward_headers": ["a\r\nb"]},
            "gateway.forward_headers",
            "forwarded",
            id="a header with a line break",
        ),
        pytest.param(
            {"personas": {"p": {"claims": {}}}},
            "gateway.personas.p.claims",
            "'sub'",
            id="a persona without a subject",
        ),
        pytest.param(
            {"personas": {"p": {"claims": {"sub": "s"}}}},
            "gateway.token_key",
            "is missing",
            id="personas without a key",
        ),
        pytest.param(
            {"demo": True, "listen": {"host": "0.0.0.0"}},
            "gateway.demo",
            "loopback only",
            id="demo for everybody",
        ),
        pytest.param(
            {"demo": True, "listen": {"host": "example.org"}},
            "gateway.demo",
            "loopback only",
            id="demo under a name",
        ),
    ],
)
def test_each_mistake_names_its_key(change: Mapping[str, object], key: str, problem: str) -> None:
    with pytest.raises(BadSettings) as caught:
        Settings.from_mapping({**MINIMAL, **change})
    assert caught.value.key == key
    assert problem in caught.value.message


@pytest.mark.parametrize(
    ("text", "want"),
    [
        pytest.param("${A}", "1", id="set"),
        pytest.param("${B:-2}", "2", id="a default"),
        pytest.param("${A:-2}", "1", id="set beats default"),
        pytest.param("${E:-2}", "2", id="empty counts as unset where there is a default"),
        pytest.param("${E}", "", id="empty"),
        pytest.param("x${A}y${B:-}z", "x1yz", id="in the middle"),
        pytest.param("$A {A}", "$A {A}", id="other dollars stay"),
    ],
)
def test_placeholders(text: str, want: str) -> None:
    assert interpolate({"k": [text]}, {"A": "1", "E": ""}) == {"k": [want]}


def test_a_placeholder_without_value_names_variable_and_key() -> None:
    with pytest.raises(BadSettings, match=r"a\.b\[0\]: the environment variable NOPE"):
        interpolate({"a": {"b": ["${NOPE}"]}}, {})


def test_a_file_names_the_line_of_a_mistake(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(
        "ledger: {anything: goes}\ngateway:\n  supergraph: g\n  limits:\n    depht: 3\n"
    )
    with pytest.raises(BadSettings, match=rf"gateway\.limits\.depht: .*'depth'.*{file}:5"):
        load_settings(file, {})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("a: [", "not valid YAML", id="broken"),
        pytest.param("- a", "mapping of sections", id="a list"),
        pytest.param("", "mapping of sections", id="empty"),
        pytest.param("ledger: {}", "the section is missing", id="no section for us"),
        pytest.param("gateway: {supergraph: '${NOPE}'}", "NOPE", id="an unset variable"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, text: str, problem: str) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(text)
    with pytest.raises(BadSettings, match=problem) as caught:
        load_settings(file, {})
    assert "c.yaml" in caught.value.message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"cannot read the settings file .*nope\.yaml"):
        load_settings(tmp_path / "nope.yaml", {})


def test_the_settings_of_the_demo_are_good() -> None:
    file = Path(__file__).parents[2] / "subgraphs" / "demo" / "credgraph.yaml"
    settings = load_settings(file, {"GATEWAY_PORT": "4444"})
    assert settings.demo
    assert settings.listen.port == 4444
    assert set(settings.personas) == {"holder", "issuer", "verifier", "regulator", "analyst"}
