"""Key ceremony of a development deployment: makes each missing key, touches none that is there.

Production brings its own keys (HSM, sealed files) and distributes trust.json out of band.
"""

import base64
import hashlib
import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger_adapter.chains.evm.settings import load_deployment
from ledger_adapter.crypto import keys, sm2
from ledger_adapter.crypto.sealing import Passphrase
from ledger_adapter.crypto.wrapping import make_master
from ledger_adapter.evidence import evm
from ledger_adapter.evidence.block import trust_entry
from ledger_adapter.verify import write_trust
from subgraphs.demo.deployment import DemoError
from subgraphs.demo.pilot import INSTITUTIONS
from subgraphs.kit.ids import institution_id
from subgraphs.kit.settings import SERVICES

DOMAIN = "credgraph.example"
LOG_ORIGIN = f"{DOMAIN}/log/2026"
WITNESSES = ("witness/one", "witness/two")
NODES = ("node/one", "node/two")
QUORUM = 3  # of the four voters: any two quorums share two


def hold_ceremony(data: Path, passphrase: Passphrase | None = None) -> None:
    """Makes keys/ and trust.json below `data`; DemoError when the folder can't be written.

    SM2 keys are sealed under the passphrase, or plain without one (demo mode only).
    """
    home = data / "keys"
    try:
        (home / "institutions").mkdir(mode=0o700, parents=True, exist_ok=True)
        home.chmod(0o700)
        _once(home / "cursor.key", lambda: secrets.token_hex(16).encode())
        _ed25519_pair(home, "gateway-context")
        _ed25519_pair(home, "token-issuer")
        _jwks(home)
        _sm2(home / "log.json", passphrase)
        for service in SERVICES:
            if not (home / "fields" / service / "master-1.json").exists():
                make_master(home / "fields" / service, passphrase)
        for institution in INSTITUTIONS:
            _sm2(_first_key(home / "institutions", institution.uscc), passphrase)
        log_key = keys.load_public_key(home / "log.json")
        witnesses = {f"{DOMAIN}/{name}": _key(home, name, passphrase) for name in WITNESSES}
        nodes = {f"{DOMAIN}/{name}": _key(home, name, passphrase) for name in NODES}
        write_trust(
            data / "trust.json",
            origin=LOG_ORIGIN,
            keys=[log_key],
            witnesses=witnesses,
            witnesses_needed=1,
            chains=[trust_entry(nodes | witnesses, QUORUM), *_other_chains(data / "chains")],
        )
    except OSError as error:
        raise DemoError(f"the data folder {data} can't be written: {error.strerror}") from error


def give_key(data: Path, uscc: str, passphrase: Passphrase | None = None) -> None:
    """The first key of an institution that joins later."""
    _sm2(_first_key(data / "keys" / "institutions", uscc), passphrase)


def _other_chains(folder: Path) -> list[dict[str, object]]:
    """The chains whose deployment files an operator laid there."""
    found = (load_deployment(file) for file in sorted(folder.glob("*.json")))
    return [evm.trust_entry(deployed.trusted) for deployed in found]


def _key(home: Path, name: str, passphrase: Passphrase | None) -> sm2.PublicKey:
    path = home / f"{name.replace('/', '-')}.json"
    _sm2(path, passphrase)
    return keys.load_public_key(path)


def _once(path: Path, make: Callable[[], bytes]) -> None:
    if path.exists():
        return
    draft = path.with_suffix(f".{os.getpid()}.draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(make())
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)  # a ceremony killed half-way leaves no half a key


def _sm2(path: Path, passphrase: Passphrase | None) -> None:
    if not path.exists():
        keys.save_private_key(path, sm2.PrivateKey.generate(), passphrase=passphrase)


def _first_key(home: Path, uscc: str) -> Path:
    """Each institution has a folder of its own; the file of an older layout moves into it."""
    id_ = institution_id(uscc)
    folder, older = home / id_, home / f"{id_}.json"
    folder.mkdir(mode=0o700, exist_ok=True)
    if older.exists():
        older.rename(folder / "key-1.json")
    return folder / "key-1.json"


def _ed25519_pair(home: Path, name: str) -> None:
    _once(
        home / f"{name}.key.pem",
        lambda: Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )
    _once(
        home / f"{name}.pub.pem",
        lambda: (
            _load_ed25519(home / f"{name}.key.pem")
            .public_key()
            .public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        ),
    )


def _load_ed25519(path: Path) -> Ed25519PrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise DemoError(f"{path} holds no Ed25519 key")
    return key


def _jwks(home: Path) -> None:
    raw = (
        _load_ed25519(home / "token-issuer.key.pem")
        .public_key()
        .public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    )
    x = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    kid = hashlib.sha256(raw).hexdigest()[:16]
    key = {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": kid, "x": x}
    _once(home / "token-issuer.jwks.json", lambda: json.dumps({"keys": [key]}).encode())
