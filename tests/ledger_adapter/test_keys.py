"""Sealed key files, one store per institution, a hardware module behind the same port."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger_adapter.crypto import der, keys, multikey, sm2
from ledger_adapter.crypto.keystore import (
    FileKeyStore,
    KeyId,
    KeyStore,
    KeyStores,
    ModuleKeyStore,
)
from ledger_adapter.crypto.sealing import Passphrase
from ledger_adapter.crypto.sm2 import PrivateKey
from ledger_adapter.errors import BadKey, CryptoError, DecryptionFailed, NoProvider

PASSPHRASE = Passphrase("correct horse battery")
SCALAR = 0x3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8
KEY_1 = KeyId("key-1")


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("keys") / "key.json"
    keys.save_private_key(path, PrivateKey.from_scalar(SCALAR), passphrase=PASSPHRASE)
    return path.read_text()


@pytest.fixture
def path(tmp_path: Path, sealed: str) -> Path:
    (tmp_path / "key.json").write_text(sealed)
    return tmp_path / "key.json"


def test_a_sealed_file_opens_with_its_passphrase_and_shows_no_secret(path: Path) -> None:
    key = keys.load_private_key(path, passphrase=PASSPHRASE, plain=False)
    assert key.scalar() == SCALAR
    text = path.read_text()
    assert '"d"' not in text
    assert "OUUgj" not in text, "the scalar in base64url"
    assert "horse" not in repr(PASSPHRASE)


def test_two_seals_of_one_key_share_nothing(path: Path, sealed: str) -> None:
    keys.save_private_key(path, PrivateKey.from_scalar(SCALAR), passphrase=PASSPHRASE)
    one, two = json.loads(sealed)["sealed"], json.loads(path.read_text())["sealed"]
    assert all(one[name] != two[name] for name in ("salt", "nonce", "box"))


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        pytest.param({"n": 1024}, DecryptionFailed, id="cheaper derivation"),
        pytest.param({"n": 1 << 30}, DecryptionFailed, id="ruinous derivation"),
        pytest.param({"n": True}, DecryptionFailed, id="a cost that is no number"),
        pytest.param({"r": 1}, DecryptionFailed, id="smaller block"),
        pytest.param({"kdf": "none"}, DecryptionFailed, id="another derivation"),
        pytest.param({"enc": "A128GCM"}, DecryptionFailed, id="another cipher"),
        pytest.param({"box": "AAAA"}, DecryptionFailed, id="another box"),
        pytest.param({"box": "!"}, DecryptionFailed, id="no base64url"),
        pytest.param({"nonce": "AAAA"}, DecryptionFailed, id="short nonce"),
        pytest.param({"more": 1}, DecryptionFailed, id="one member more"),
    ],
)
def test_a_changed_box_stays_shut(
    path: Path, change: dict[str, object], fault: type[CryptoError]
) -> None:
    whole = json.loads(path.read_text())
    path.write_text(json.dumps({**whole, "sealed": {**whole["sealed"], **change}}))
    with pytest.raises(fault):
        keys.load_private_key(path, passphrase=PASSPHRASE)


def test_a_box_belongs_to_its_public_half(path: Path, tmp_path: Path) -> None:
    keys.save_private_key(tmp_path / "other.json", PrivateKey.from_scalar(7))
    other = json.loads((tmp_path / "other.json").read_text())
    moved = {**json.loads(path.read_text()), "x": other["x"], "y": other["y"]}
    path.write_text(json.dumps(moved))
    with pytest.raises(DecryptionFailed):
        keys.load_private_key(path, passphrase=PASSPHRASE)


def test_wrong_missing_and_short_passphrases(path: Path) -> None:
    with pytest.raises(DecryptionFailed):
        keys.load_private_key(path, passphrase=Passphrase("correct horse batterY"))
    with pytest.raises(BadKey, match="no passphrase"):
        keys.load_private_key(path)
    with pytest.raises(BadKey, match="12 characters"):
        Passphrase("short")


def test_a_plain_file_is_for_demo_mode_only(tmp_path: Path) -> None:
    path = tmp_path / "plain.json"
    keys.save_private_key(path, PrivateKey.from_scalar(SCALAR))
    assert keys.load_private_key(path).scalar() == SCALAR
    with pytest.raises(BadKey, match="outside demo mode"):
        keys.load_private_key(path, passphrase=PASSPHRASE, plain=False)


class ModuleOnADesk:
    """A hardware module without the hardware: indices in, signatures out, no key ever."""

    def __init__(self, keys_by_index: dict[int, PrivateKey]) -> None:
        self._keys = keys_by_index

    def public_point(self, index: int, /) -> bytes:
        return self._keys[index].public_key.uncompressed()

    def sign_digest(self, index: int, digest: bytes, /) -> der.Signature:
        return sm2.provider().signer(self._keys[index].scalar()).sign(digest)


class CrossedModule(ModuleOnADesk):
    """Signs with the key of the next index."""

    def sign_digest(self, index: int, digest: bytes, /) -> der.Signature:
        return super().sign_digest(index + 1, digest)


A, B = PrivateKey.from_scalar(SCALAR), PrivateKey.from_scalar(SCALAR + 1)


def files(folder: Path) -> KeyStores:
    for name, key in (("inst_a", A), ("inst_b", B)):
        keys.save_private_key(folder / name / "key-1.json", key)
    return KeyStores(lambda name: FileKeyStore(folder / name, plain=True))


def module(folder: Path) -> KeyStores:
    desk = ModuleOnADesk({1: A, 2: B})
    stores: dict[str, KeyStore] = {
        "inst_a": ModuleKeyStore(desk, {KEY_1: 1}),
        "inst_b": ModuleKeyStore(desk, {KEY_1: 2}),
    }
    return KeyStores(lambda name: stores[name])


@pytest.mark.parametrize("kind", [files, module])
def test_a_request_of_one_institution_never_uses_the_key_of_another(
    kind: Callable[[Path], KeyStores], tmp_path: Path
) -> None:
    stores = kind(tmp_path)
    signature = stores.sign("inst_a", KEY_1, b"m")
    assert stores.public_key("inst_a", KEY_1) == A.public_key
    assert A.public_key.verify(b"m", signature)
    assert not B.public_key.verify(b"m", signature)
    with pytest.raises(BadKey):
        stores.sign("inst_a", KeyId("key-2"), b"m")


@pytest.mark.parametrize("name", ["../inst_b/key-1", "", ".hidden", "a/b", "a\0", "k" * 200])
def test_a_key_name_is_no_path(name: str, tmp_path: Path) -> None:
    stores = files(tmp_path)
    with pytest.raises(BadKey):
        stores.sign("inst_a", KeyId(name), b"m")
    with pytest.raises(BadKey):
        stores.sign(name, KEY_1, b"m")


def test_a_module_that_mixes_up_its_keys_is_found_out() -> None:
    store = ModuleKeyStore(CrossedModule({1: A, 2: B}), {KEY_1: 1})
    with pytest.raises(BadKey, match="does not verify"):
        store.sign(KEY_1, b"m")


def test_a_store_is_strict_about_plain_files_unless_told(tmp_path: Path) -> None:
    keys.save_private_key(tmp_path / "key-1.json", A)
    with pytest.raises(BadKey, match="not sealed"):
        FileKeyStore(tmp_path).sign(KEY_1, b"m")


def test_a_provider_can_be_pinned_and_released() -> None:
    first = sm2.active_provider()
    try:
        assert sm2.use_provider("gmssl") == sm2.active_provider() == "gmssl"
        signature = PrivateKey.from_scalar(SCALAR).sign(b"m")
        assert A.public_key.verify(b"m", signature)
    finally:
        assert sm2.use_provider(None) == first
    with pytest.raises(NoProvider, match=re.escape("'tongsuo'")):
        sm2.use_provider("tongsuo")
    assert sm2.active_provider() == first


def command(verb: str, path: Path, passphrase: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ledger_adapter.crypto", verb, str(path)],
        input=f"{passphrase}\n",
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_operator_makes_and_seals_key_files(tmp_path: Path) -> None:
    plain = tmp_path / "plain.json"
    keys.save_private_key(plain, A)
    done = command("seal", plain, PASSPHRASE.text)
    assert done.stdout.strip() == multikey.encode_sm2(A.public_key)
    sealed_key = keys.load_private_key(plain, passphrase=PASSPHRASE, plain=False)
    assert sealed_key.public_key == A.public_key
    made = command("new", tmp_path / "new.json", PASSPHRASE.text)
    shown = command("show", tmp_path / "new.json", PASSPHRASE.text)
    assert made.stdout == shown.stdout != ""


def test_an_operator_is_told_in_one_sentence(tmp_path: Path) -> None:
    keys.save_private_key(tmp_path / "key.json", A, passphrase=PASSPHRASE)
    for verb, passphrase, said in (
        ("new", PASSPHRASE.text, "already"),
        ("show", "another passphrase", "does not open"),
        ("seal", PASSPHRASE.text, "no passphrase was given"),
    ):
        done = command(verb, tmp_path / "key.json", passphrase)
        assert (done.returncode, done.stdout) == (1, "")
        assert said in done.stderr
        assert done.stderr.count("\n") == 1
