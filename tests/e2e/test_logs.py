"""What processes write down holds no secret, no token, no key and nothing of a person.

A whole journey, good and ill calls beside it, with values of which each is known here; then every
byte the processes wrote, and what `config` and a process that cannot start say, is looked through.
"""

import asyncio
import base64
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote

import httpx
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from subgraphs.demo.client import PROTOCOL, Client
from subgraphs.demo.dump import known_of, proof_values
from subgraphs.demo.journey import Journey
from tests.e2e.callers import RecordingClient, journey_of, token_of
from tests.e2e.conftest import started
from tests.kit.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]
PASSPHRASE: Final = "planted-passphrase-of-the-operator"
PASSWORD: Final = "planted-password-of-the-database"
PLANTED: Final = {
    "an argument": "planted-argument-of-a-person",
    "a literal": "planted-literal-of-a-person",
    "a header": "planted-header-of-a-client",
    "a cookie": "planted-cookie-of-a-client",
    "a body that is no JSON": "planted-body-that-is-no-json",
    "a token that is none": "planted.token.of-nobody",
    "a token of a socket": "planted.token.of-a-socket",
    "an id key": "planted-idempotency-key",
}
FEWEST_BYTES: Final = 2_000


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """With key files that a passphrase from the environment opens."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CREDGRAPH_KEY_PASSPHRASE", PASSPHRASE)
        with started(tmp_path_factory.mktemp("logs")) as running:
            yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def played(stack: Stack) -> AsyncIterator[Journey]:
    async with journey_of(stack.deployment) as journey:
        await journey.to_permission()
        await journey.endorse_reduction()
        await ill_calls(stack, journey)
        yield journey


async def ill_calls(stack: Stack, journey: Journey) -> None:
    """What goes wrong is what gets written down: bad tokens, bodies, arguments, literals."""
    bind = (
        "mutation($i: BindCustomerAccountInput!) { bindCustomerAccount(input: $i) { __typename } }"
    )
    given = {"accountNo": PLANTED["an argument"], "did": PLANTED["an argument"]}
    token = token_of(stack.deployment, "issuer")
    async with httpx.AsyncClient(timeout=30) as http:
        good = {"authorization": f"Bearer {token}", "x-planted": PLANTED["a header"]}
        good["cookie"] = f"session={PLANTED['a cookie']}"
        sent: dict[str, object] = {"query": bind, "variables": {"i": given}}
        key = {**given, "clientMutationId": PLANTED["an id key"]}
        await http.post(stack.url, json=sent, headers=good)
        await http.post(stack.url, json={**sent, "variables": {"i": key}}, headers=good)
        await http.post(stack.url, json={**sent, "variables": {"i": [given]}}, headers=good)
        literal = f'{{ node(id: "{PLANTED["a literal"]}") {{ id nothing }} }}'
        for query in (literal, literal.replace(" nothing", ""), literal.replace("}", "")):
            await http.post(stack.url, json={"query": query}, headers=good)
            await http.get(f"{stack.url}?query={quote(query)}", headers=good)
        body = PLANTED["a body that is no JSON"]
        await http.post(stack.url, content=body, headers={"content-type": "application/json"})
        bad = {"authorization": f"Bearer {PLANTED['a token that is none']}"}
        refused = await http.post(stack.url, json=sent, headers=bad)
        assert refused.status_code == 401
        for name in ("issuer", "wallet", "verifier", "audit"):
            door = f"http://127.0.0.1:{stack.deployment.ports[name]}/graphql"
            assert (await http.post(door, json=sent, headers=bad)).status_code == 401
    await ill_socket(stack)


async def ill_socket(stack: Stack) -> None:
    url = stack.url.replace("http", "ws", 1)
    async with connect(url, subprotocols=[Subprotocol(PROTOCOL)]) as socket:
        given = {"authorization": f"Bearer {PLANTED['a token of a socket']}"}
        await socket.send(json.dumps({"type": "connection_init", "payload": given}))
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(socket.recv(), 30)


def written(stack: Stack) -> dict[str, bytes]:
    """What each process has written down."""
    folder = Path(stack.deployment.data) / "logs"
    return {path.name: path.read_bytes() for path in folder.glob("*.log")}


def secrets_of(stack: Stack, journey: Journey) -> Iterator[tuple[str, bytes]]:
    """Everything that nobody may read in a log, by its name."""
    yield "the passphrase", PASSPHRASE.encode()
    yield from ((what, text.encode()) for what, text in PLANTED.items())
    yield from known_of(journey).items()
    for number, text in enumerate(proof_values(journey.presentation)):
        yield f"a proof {number}", text.encode()
    for name in ("holder", "issuer", "verifier"):
        client: Client = getattr(journey.actors, name)
        assert isinstance(client, RecordingClient)
        yield f"the token of the {name}", client.token.encode()
        yield f"its signature, {name}", client.token.rpartition(".")[2].encode()
    yield from keys_in(Path(stack.deployment.data))


def keys_in(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Private and symmetric keys of every key file, in the spellings a log could have them in."""
    for path in sorted((folder / "keys").rglob("*")):
        if not path.is_file() or ".pub" in path.name or path.name.endswith("jwks.json"):
            continue
        if path.suffix == ".pem":
            lines = path.read_text().splitlines()
            yield f"{path.name}, as it is", lines[1].encode()
            yield from spelled(path.name, _raw(path))
        elif path.suffix == ".key":
            yield path.name, path.read_bytes().strip()
        else:
            for name, text in _texts(json.loads(path.read_bytes())):
                yield f"{path.name} {name}", text.encode()


def _raw(path: Path) -> bytes:
    key = load_pem_private_key(path.read_bytes(), password=None)
    if isinstance(key, Ed25519PrivateKey):
        return key.private_bytes_raw()
    assert isinstance(key, EllipticCurvePrivateKey)
    return key.private_numbers().private_value.to_bytes(32, "big")


def spelled(name: str, key: bytes) -> Iterator[tuple[str, bytes]]:
    yield f"{name}, hex", key.hex().encode()
    yield f"{name}, base64", base64.b64encode(key).rstrip(b"=")
    yield f"{name}, base64url", base64.urlsafe_b64encode(key).rstrip(b"=")


def _texts(value: object, at: str = "") -> Iterator[tuple[str, str]]:
    """What is sealed or secret in a key file; its public half may be told."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if "public" not in name.lower():
                yield from _texts(inner, f"{at}.{name}")
    elif isinstance(value, str) and len(value) >= 32:
        yield at, value


async def test_what_was_planted_is_in_no_log(stack: Stack, played: Journey) -> None:
    logs = written(stack)
    assert set(logs) >= {f"{name}.log" for name in ("gateway", "issuer", "wallet", "verifier")}
    assert len(logs["gateway.log"]) > FEWEST_BYTES, "the gateway's access log is read"
    assert b"UNAUTHENTICATED" in logs["gateway.log"]
    secrets = list(secrets_of(stack, played))
    names = {name for name, _ in secrets}
    assert len(names) > 40, names
    shown = [(what, log) for what, text in secrets for log, told in logs.items() if text in told]
    assert shown == []


async def test_what_is_looked_for_would_be_found(stack: Stack, played: Journey) -> None:
    """The hunt itself: each secret is text enough to be told from chance, and none is empty."""
    assert all(len(text) >= 6 for _, text in secrets_of(stack, played))
    assert played.person.holder_id.startswith("hold_")


SAYING: Final[Mapping[str, tuple[str, ...]]] = {
    "config check": ("-m", "gateway", "config", "check", "--config", "{bad}"),
    "serve": ("-m", "gateway", "serve", "--config", "{bad}"),
    "config docs": ("-m", "gateway", "config", "docs"),
    "a subgraph": ("-m", "subgraphs.issuer"),
    "the ledger": ("-m", "ledger_adapter", "run"),
}


@pytest.mark.parametrize("what", SAYING)
async def test_a_process_that_does_not_start_tells_no_password(
    what: str, stack: Stack, tmp_path: Path
) -> None:
    """Neither the database's password in an address nor the passphrase of the keys."""
    bad = tmp_path / "bad.yaml"
    text = (Path(__file__).parents[2] / "subgraphs/demo/credgraph.yaml").read_text()
    bad.write_text(text.replace("gateway:\n", f"gateway:\n  {PASSWORD[:7]}s: 1\n", 1))
    command = [part.replace("{bad}", str(bad)) for part in SAYING[what]]
    environment = stack.deployment.environment() | {
        "CREDGRAPH_CONFIG": str(bad) if what in {"serve", "config check"} else str(_own(stack)),
        "MONGODB_URI": f"mongodb://operator:{PASSWORD}@127.0.0.1:bad/?replicaSet=x",
        "CREDGRAPH_KEY_PASSPHRASE": PASSPHRASE,
    }
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, *command],
        env=environment,
        capture_output=True,
        timeout=120,
        check=False,
    )
    said = done.stdout + done.stderr
    assert said, "it says why"
    assert (done.returncode == 0) is (what == "config docs")
    for secret in (PASSWORD, PASSPHRASE):
        assert secret.encode() not in said, said.decode()


def _own(stack: Stack) -> str:
    return stack.deployment.environment()["CREDGRAPH_CONFIG"]
