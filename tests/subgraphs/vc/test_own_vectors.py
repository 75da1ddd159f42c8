"""The vectors we publish for sm2-sm3-jcs-2026: by our code, by each provider, and by openssl."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from ledger_adapter.crypto import der, sm2, sm3
from ledger_adapter.crypto.multikey import from_multibase58
from ledger_adapter.crypto.sm2 import PROVIDERS, PrivateKey, PublicKey
from ledger_adapter.crypto.sm2_curve import identity_digest
from ledger_adapter.errors import NoProvider
from subgraphs.vc import proofs
from subgraphs.vc.multikey import decode_key
from subgraphs.vc.proofs import Expectation, Purpose
from subgraphs.vc.strict_json import check_object

FILE: Final = Path(__file__).parents[3] / "docs" / "vectors" / "sm2-sm3-jcs-2026.json"
PUBLISHED: Final[dict[str, Any]] = json.loads(FILE.read_text("utf-8"))
VECTORS: Final = [pytest.param(v, id=v["name"]) for v in PUBLISHED["vectors"]]
each_vector = pytest.mark.parametrize("vector", VECTORS)
STEPS: Final = (
    ("canonicalProofConfig", "proofConfigHashHex"),
    ("canonicalDocument", "documentHashHex"),
)
SPKI: Final = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")


def key_of(vector: dict[str, Any]) -> PublicKey:
    key = decode_key(PUBLISHED["keys"][vector["key"]]["publicKeyMultibase"])
    assert isinstance(key, PublicKey)
    return key


@pytest.mark.parametrize("name", ["issuer", "holder"])
def test_the_forms_of_each_key_agree(name: str) -> None:
    record = PUBLISHED["keys"][name]
    private = PrivateKey.from_scalar(int(record["privateKeyHex"], 16))
    point = private.public_key.point
    assert decode_key(record["publicKeyMultibase"]) == private.public_key
    assert (point.x, point.y) == (
        int(record["publicKeyXHex"], 16),
        int(record["publicKeyYHex"], 16),
    )
    secret = from_multibase58(record["secretKeyMultibase"])
    assert secret.hex() == "9026" + record["privateKeyHex"]
    assert identity_digest(point).hex() == record["zHex"]


@each_vector
def test_every_step_of_a_vector_is_ours(vector: dict[str, Any]) -> None:
    document, config = check_object(vector["document"]), check_object(vector["proofConfig"])
    assert proofs.payload(document, config).hex() == vector["hashDataHex"]
    for text, digest in STEPS:
        assert sm3.digest(vector[text].encode()).hex() == vector[digest]
    assert vector["hashDataHex"] == vector["proofConfigHashHex"] + vector["documentHashHex"]
    signed = bytes.fromhex(vector["hashDataHex"])
    assert sm2.signed_digest(key_of(vector), signed).hex() == vector["eHex"]
    assert from_multibase58(vector["proofValue"]).hex() == vector["signatureHex"]


@each_vector
def test_the_secured_document_verifies(vector: dict[str, Any]) -> None:
    document = check_object(vector["securedDocument"])
    method = PUBLISHED["keys"][vector["key"]]["verificationMethod"]
    purpose = Purpose(vector["proofConfig"]["proofPurpose"])
    outcome = proofs.verify_by(document, method, key_of(vector), Expectation(purpose=purpose))
    assert outcome.ok, outcome.reason


@each_vector
@pytest.mark.parametrize("name", list(PROVIDERS))
def test_each_provider_accepts_the_vector_and_not_its_neighbour(
    vector: dict[str, Any], name: str
) -> None:
    try:
        sm2.provider(name)
    except NoProvider as missing:
        pytest.skip(str(missing))
    key, signature = key_of(vector), bytes.fromhex(vector["signatureHex"])
    message = bytes.fromhex(vector["hashDataHex"])
    assert key.verify(message, signature, using=name)
    assert not key.verify(message[:-1] + bytes([message[-1] ^ 1]), signature, using=name)


def speaks_sm2() -> bool:
    if shutil.which("openssl") is None:
        return False
    command = ["openssl", "ecparam", "-list_curves"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "SM2" in done.stdout


COMMANDS: Final = {
    "dgst": "openssl dgst -sm3 -verify key.pem -signature sig -sigopt {id} message",
    "pkeyutl": (
        "openssl pkeyutl -verify -rawin -digest sm3 -pkeyopt {id} -pubin -inkey key.pem "
        "-in message -sigfile sig"
    ),
}


@pytest.mark.skipif(not speaks_sm2(), reason="no openssl command that speaks SM2")
@pytest.mark.parametrize("command", COMMANDS)
@each_vector
def test_the_openssl_command_accepts_the_vector(
    vector: dict[str, Any], command: str, tmp_path: Path
) -> None:
    (tmp_path / "key.der").write_bytes(SPKI + key_of(vector).uncompressed())
    run("openssl pkey -pubin -inform DER -in key.der -out key.pem", tmp_path)
    (tmp_path / "message").write_bytes(bytes.fromhex(vector["hashDataHex"]))
    signature = der.from_raw(bytes.fromhex(vector["signatureHex"]))
    (tmp_path / "sig").write_bytes(der.to_der(signature))
    asked = COMMANDS[command].format(id=f"distid:{PUBLISHED['signerId']}")
    assert run(asked, tmp_path) == 0
    (tmp_path / "message").write_bytes(b"something else")
    assert run(asked, tmp_path) != 0


def run(command: str, folder: Path) -> int:
    done = subprocess.run(command.split(), cwd=folder, capture_output=True, check=False)
    return done.returncode
