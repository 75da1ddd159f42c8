"""Published vectors, providers against each other, and input that no library may see."""

import pickle
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger_adapter.crypto import der, keys, multikey, sm2, sm3, sm4
from ledger_adapter.crypto.sm2 import PROVIDERS, PrivateKey, PublicKey
from ledger_adapter.crypto.sm2_curve import G, N, P, Point, encode_uncompressed, multiply
from ledger_adapter.crypto.sm2_provider import Signer, Verifier
from ledger_adapter.errors import (
    BadKey,
    BadMultibase,
    BadSignatureEncoding,
    CryptoError,
    DecryptionFailed,
    NoProvider,
)

SCALAR = 0x3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8
POINT = bytes.fromhex(
    "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
)
SIGNATURE = bytes.fromhex(
    "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
    "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
)
MESSAGE = b"message digest"
KEY = bytes.fromhex("0123456789abcdeffedcba9876543210")


def available() -> list[str]:
    names = []
    for name in PROVIDERS:
        try:
            sm2.provider(name)
        except NoProvider:
            continue
        names.append(name)
    return names


AVAILABLE = available()


@pytest.mark.parametrize(
    ("data", "want"),
    [
        pytest.param(
            b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0", id="abc"
        ),
        pytest.param(
            b"abcd" * 16,
            "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732",
            id="one block",
        ),
    ],
)
def test_sm3_vectors_from_both_sources(data: bytes, want: str) -> None:
    assert sm3.digest(data).hex() == want
    assert sm3.hexdigest(data) == f"sm3:{want}"
    other = sm3.cryptography_state()
    other.update(data[:1])
    copied = other.copy()
    copied.update(data[1:])
    assert copied.digest().hex() == want


def test_sm4_gcm_of_rfc_8998() -> None:
    nonce = bytes.fromhex("00001234567800000000abcd")
    aad = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    plain = b"".join(bytes([b]) * 8 for b in bytes.fromhex("aabbccddeeffeeaa"))
    sealed = sm4.seal(KEY, nonce, plain, aad)
    assert sealed[:8].hex() == "17f399f08c67d5ee"
    assert sealed[-16:].hex() == "83de3541e4c2b58177e065a9bf7b62ec"
    assert sm4.open_(KEY, nonce, sealed, aad) == plain


@pytest.mark.parametrize("spot", [0, 20, -1])
def test_sm4_refuses_whatever_was_changed(spot: int) -> None:
    sealed = bytearray(sm4.seal(KEY, b"n" * 12, b"secret text of the holder", b"aad"))
    sealed[spot] ^= 1
    with pytest.raises(DecryptionFailed):
        sm4.open_(KEY, b"n" * 12, bytes(sealed), b"aad")


@pytest.mark.parametrize(
    ("key", "nonce"),
    [
        pytest.param(b"k" * 15, b"n" * 12, id="short key"),
        pytest.param(b"k" * 32, b"n" * 12, id="long key"),
        pytest.param(b"k" * 16, b"n" * 16, id="long nonce"),
    ],
)
def test_sm4_takes_one_key_and_nonce_size(key: bytes, nonce: bytes) -> None:
    with pytest.raises(BadKey):
        sm4.seal(key, nonce, b"")
    with pytest.raises(DecryptionFailed):
        sm4.open_(KEY, b"n" * 12, b"short")


@pytest.mark.parametrize("name", AVAILABLE)
def test_each_provider_knows_the_standards_example(name: str) -> None:
    key = PrivateKey.from_scalar(SCALAR, using=name)
    assert key.public_key == PublicKey.from_bytes(POINT)
    assert key.public_key.verify(MESSAGE, SIGNATURE, using=name)
    assert not key.public_key.verify(b"message digesT", SIGNATURE, using=name)


def test_the_first_working_provider_is_active() -> None:
    assert sm2.active_provider() == AVAILABLE[0]
    assert "gmssl" in AVAILABLE, "the portable fallback works everywhere"


class BrokenProvider:
    """Verifies anything."""

    name = "broken"

    def signer(self, scalar: int, /) -> Signer:
        return sm2.provider(AVAILABLE[0]).signer(scalar)

    def verifier(self, point: Point, /) -> Verifier:
        return Yes()


class Yes:
    def verify(self, digest: bytes, signature: der.Signature, /) -> bool:
        return True


def test_the_known_answer_test_finds_a_provider_that_accepts_anything() -> None:
    with pytest.raises(NoProvider, match="broken"):
        sm2.known_answer_test(BrokenProvider())


@pytest.mark.parametrize("signer", AVAILABLE)
@pytest.mark.parametrize("verifier", AVAILABLE)
def test_every_provider_verifies_every_other(signer: str, verifier: str) -> None:
    for number in range(3):
        key = PrivateKey.generate(using=signer)
        message = b"m" * number
        signature = key.sign(message)
        public = PublicKey.from_bytes(key.public_key.compressed())
        assert public.verify(message, signature, using=verifier)
        assert not public.verify(message + b"!", signature, using=verifier)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl command here")
def test_the_openssl_command_accepts_our_signatures(tmp_path: Path) -> None:
    key = PrivateKey.generate()
    spki = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")
    (tmp_path / "key.der").write_bytes(spki + encode_uncompressed(key.public_key.point))
    (tmp_path / "message").write_bytes(MESSAGE)
    (tmp_path / "sig").write_bytes(der.to_der(der.from_raw(key.sign(MESSAGE))))
    command = (
        "openssl pkeyutl -verify -rawin -digest sm3 -pkeyopt distid:1234567812345678 "
        "-pubin -inkey key.der -keyform DER -in message -sigfile sig"
    )
    done = subprocess.run(
        command.split(),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Successfully" in done.stdout, done.stderr


@given(st.binary(min_size=64, max_size=64), st.sampled_from(AVAILABLE))
@settings(max_examples=30, deadline=None)
def test_random_signatures_are_false_never_an_exception(signature: bytes, name: str) -> None:
    assert not PublicKey.from_bytes(POINT).verify(MESSAGE, signature, using=name)


@pytest.mark.parametrize(
    "signature",
    [
        pytest.param(SIGNATURE[:-1], id="63 bytes"),
        pytest.param(SIGNATURE + b"\0", id="65 bytes"),
        pytest.param(b"", id="nothing"),
        pytest.param(bytes(32) + SIGNATURE[32:], id="r is 0"),
        pytest.param(SIGNATURE[:32] + bytes(32), id="s is 0"),
        pytest.param(N.to_bytes(32) + SIGNATURE[32:], id="r is n"),
        pytest.param(SIGNATURE[:32] + b"\xff" * 32, id="s beyond n"),
    ],
)
def test_malformed_signatures_are_false(signature: bytes) -> None:
    assert not PublicKey.from_bytes(POINT).verify(MESSAGE, signature)
    with pytest.raises(BadSignatureEncoding):
        der.from_raw(signature)


@given(st.integers(1, N - 1), st.integers(1, N - 1))
@settings(deadline=None)
def test_signatures_keep_their_one_der_form(r: int, s: int) -> None:
    signature = der.Signature(r, s)
    encoded = der.to_der(signature)
    assert der.from_der(encoded) == signature
    assert der.from_raw(der.to_raw(signature)) == signature
    for bad in (encoded + b"\0", encoded[:-1], b"\x31" + encoded[1:]):
        with pytest.raises(BadSignatureEncoding):
            der.from_der(bad)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("30060201000201 01", id="r is 0"),
        pytest.param("300702020001020101", id="leading zero"),
        pytest.param("3006020181020101", id="negative"),
        pytest.param("308106020101020101", id="long length"),
        pytest.param("3009020101020101020101", id="third integer"),
        pytest.param("3080020101020101 0000", id="indefinite length"),
    ],
)
def test_other_der_texts_are_refused(text: str) -> None:
    with pytest.raises(BadSignatureEncoding):
        der.from_der(bytes.fromhex(text))


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\x00", id="infinity"),
        pytest.param(POINT[1:], id="64 bytes without prefix"),
        pytest.param(b"\x06" + POINT[1:], id="hybrid form"),
        pytest.param(POINT[:-1] + b"\x14", id="off the curve"),
        pytest.param(b"\x04" + bytes(64), id="zero point"),
        pytest.param(b"\x02" + P.to_bytes(32), id="x not reduced"),
        pytest.param(b"\x04" + POINT[1:33] + (P + 1).to_bytes(32), id="y not reduced"),
        pytest.param(b"\x02" + (5).to_bytes(32), id="no such x"),
    ],
)
def test_bytes_that_are_no_key_are_refused(raw: bytes) -> None:
    with pytest.raises(BadKey):
        PublicKey.from_bytes(raw)


def test_both_forms_give_one_key() -> None:
    key = PublicKey.from_bytes(POINT)
    assert PublicKey.from_bytes(key.compressed()) == key
    assert key.uncompressed() == POINT
    assert multiply(SCALAR) == key.point
    assert multiply(1) == G
    assert PrivateKey.from_scalar(N - 2).public_key.point.x == multiply(2).x


def test_who_plays_both_ends_takes_nothing_but_what_was_signed() -> None:
    key, other = PrivateKey.generate(), PrivateKey.generate()
    before = key.sign(MESSAGE)
    with sm2.own_signatures_hold():
        own = key.sign(MESSAGE)
        assert key.public_key.verify(MESSAGE, own)
        assert key.public_key.verify(MESSAGE, before), "an older one is checked"
        assert not key.public_key.verify(b"message digesT", own)
        assert not key.public_key.verify(MESSAGE, own[:-1] + bytes([own[-1] ^ 1]))
        assert not other.public_key.verify(MESSAGE, own)
    assert key.public_key.verify(MESSAGE, own), "it is a signature for everybody"


@pytest.mark.parametrize("scalar", [0, -1, N - 1, N, N + 5, 2**256])
def test_private_keys_lie_in_their_range(scalar: int) -> None:
    with pytest.raises(BadKey):
        PrivateKey.from_scalar(scalar)


def test_a_private_key_shows_no_secret() -> None:
    key = PrivateKey.from_scalar(SCALAR)
    assert f"{SCALAR:x}" not in repr(key).lower()
    assert str(SCALAR) not in repr(key)
    with pytest.raises(TypeError):
        pickle.dumps(key)


def test_multikey_is_one_text_for_one_key() -> None:
    key = PublicKey.from_bytes(POINT)
    text = multikey.encode_sm2(key)
    assert text.startswith("zEPJ")
    assert multikey.decode(text) == key


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("z", id="no digits"),
        pytest.param("m" + "A" * 40, id="another base"),
        pytest.param("z0OIl", id="letters outside the alphabet"),
        pytest.param(" zEPJ", id="blank before"),
        pytest.param("zEPJ\n", id="newline after"),
        pytest.param("z" + "1" * 600, id="too long"),
        pytest.param("z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp", id="Ed25519"),
    ],
)
def test_other_texts_are_no_sm2_multikey(text: str) -> None:
    with pytest.raises(BadMultibase):
        multikey.decode(text)


def test_key_files_are_private_and_whole(tmp_path: Path) -> None:
    key = PrivateKey.generate()
    path = tmp_path / "deep" / "log.json"
    keys.save_private_key(path, key)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert keys.load_private_key(path).public_key == key.public_key
    assert [file.name for file in path.parent.iterdir()] == ["log.json"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param('"sm2p256v1"', '"P-256"', id="another curve"),
        pytest.param('"kty"', '"kyt"', id="member missing"),
        pytest.param('"x": "', '"x": "A', id="too long a number"),
        pytest.param("{", "", id="not JSON"),
    ],
)
def test_other_key_files_are_refused_without_telling_the_secret(
    tmp_path: Path, old: str, new: str
) -> None:
    path = tmp_path / "key.json"
    keys.save_private_key(path, PrivateKey.from_scalar(SCALAR))
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(CryptoError) as refused:
        keys.load_private_key(path)
    assert "OUUgj" not in str(refused.value)


def test_a_key_file_of_two_halves_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    keys.save_private_key(path, PrivateKey.from_scalar(SCALAR))
    whole = path.read_text()
    keys.save_private_key(path, PrivateKey.from_scalar(SCALAR + 1))
    mixed = "\n".join(
        theirs if '"d"' in theirs else ours
        for ours, theirs in zip(whole.split("\n"), path.read_text().split("\n"), strict=True)
    )
    path.write_text(mixed)
    with pytest.raises(BadKey, match="halves"):
        keys.load_private_key(path)
