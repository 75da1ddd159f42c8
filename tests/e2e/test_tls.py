"""The whole system with TLS between gateway and subgraphs, each side showing its certificate."""

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from subgraphs.demo.deployment import CONFIG, ROOT
from subgraphs.demo.listening import Listener
from tests.e2e.callers import journey_of
from tests.e2e.conftest import started
from tests.kit.stack import Stack
from tests.server.authority import Authority

pytestmark = pytest.mark.e2e
SUBGRAPHS = ("issuer", "wallet", "verifier", "audit")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("tls")
    settings = yaml.safe_load((ROOT / CONFIG).read_text(encoding="utf-8"))
    settings["subgraphs"]["tls"] = {
        **authority.vouch("subgraphs"),
        "client_ca": str(authority.ca),
    }
    ours = {"ca": str(authority.ca), **authority.vouch("gateway")}
    gateway = settings["gateway"]
    for name in SUBGRAPHS:
        gateway["subgraphs"][name] = {"url": secured(gateway["subgraphs"][name]["url"]), **ours}
    feeds = gateway["health"]["feeds"]
    gateway["health"]["feeds"] = {name: secured(url) for name, url in feeds.items()}
    (folder / "credgraph.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CREDGRAPH_CONFIG", str(folder / "credgraph.yaml"))
        with started(folder / "data") as running:
            yield running


def secured(url: str) -> str:
    return url.replace("http://127.0.0.1", "https://localhost")


async def test_a_journey_goes_its_whole_way_and_a_subscriber_hears_of_it(stack: Stack) -> None:
    async with (
        journey_of(stack.deployment) as journey,
        Listener.listening(journey.actors.verifier) as listener,
    ):
        await journey.to_permission()
        await journey.endorse_reduction()
        assert await listener.next_change(journey.credential_id, "CREDENTIAL_ENDORSED")


def knocking(stack: Stack, name: str, scheme: str, context: ssl.SSLContext | bool) -> Any:
    url = f"{scheme}://localhost:{stack.deployment.ports[name]}/health"
    with httpx.Client(verify=context, trust_env=False) as client:
        return client.get(url)


@pytest.mark.parametrize("name", SUBGRAPHS)
def test_whoever_shows_no_certificate_of_ours_is_not_let_in(
    stack: Stack, authority: Authority, name: str, tmp_path: Path
) -> None:
    known = ssl.create_default_context(cafile=authority.ca)
    files = authority.vouch("gateway")
    known.load_cert_chain(files["certificate"], files["key"])
    assert knocking(stack, name, "https", known).status_code == 200
    stranger = ssl.create_default_context(cafile=authority.ca)
    other = Authority(tmp_path, "other").vouch("gateway")
    stranger.load_cert_chain(other["certificate"], other["key"])
    nobody = ssl.create_default_context(cafile=authority.ca)
    for scheme, context in (("https", stranger), ("https", nobody), ("http", False)):
        with pytest.raises(httpx.TransportError):
            knocking(stack, name, scheme, context)
