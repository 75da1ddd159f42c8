"""Damaged documents: no crash, no hang, and no reader that accepts what another one refuses.

`make crypto-fuzz` tries thousands; here are a few of each.
"""

import base64
import gzip
import zlib
from datetime import timedelta
from typing import Final, cast

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from hypothesis import assume, given
from hypothesis import strategies as st

from subgraphs.vc import model, proofs, sd_jwt
from subgraphs.vc.did_versions import DidHistory
from subgraphs.vc.disclosure import Concealed, Disclosure, conceal, reveal
from subgraphs.vc.errors import VcError
from subgraphs.vc.multikey import VerificationKey
from subgraphs.vc.presentation import read_presentation
from subgraphs.vc.proofs import Expectation, Purpose
from subgraphs.vc.sd_jwt import Wanted
from subgraphs.vc.status_list import StatusBits, read_status_list
from subgraphs.vc.strict_json import JsonObject, JsonValue, canonical, check, parse
from tests.kit.credentials import NOW, World, scalar
from tests.kit.fuzz import examples
from tests.subgraphs.vc.test_did_versions import END, ONE, THREE, TWO
from tests.subgraphs.vc.test_status_list import EMPTY

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=5,
)


def places(value: JsonValue, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    below: list[tuple[str | int, JsonValue]] = []
    if isinstance(value, dict):
        below = list(value.items())
    elif isinstance(value, list):
        below = list(enumerate(value))
    return [path, *(place for key, item in below for place in places(item, (*path, key)))]


def replaced(value: JsonValue, path: tuple[str | int, ...], new: JsonValue) -> JsonValue:
    if not path:
        return new
    match value, path[0]:
        case dict(), str() as name:
            return {**value, name: replaced(value[name], path[1:], new)}
        case list(), int() as index:
            return [
                replaced(item, path[1:], new) if spot == index else item
                for spot, item in enumerate(value)
            ]
    raise AssertionError(path)


@st.composite
def damaged(draw: st.DrawFn, document: JsonObject) -> JsonObject:
    """A document with one or two members replaced by something else, or moved within it."""
    found: JsonValue = document
    for _ in range(draw(st.integers(1, 2))):
        path = draw(st.sampled_from(places(found)))
        found = replaced(found, path, draw(json_values | st.just(document)))
    assume(isinstance(found, dict))
    return cast("JsonObject", check(found))


WORLD: Final = World()
ANNA: Final = WORLD.anna
HELD: Final = WORLD.credential(ANNA)
KEY: Final = WORLD.issuers[HELD.statement.issuer].public_key
METHOD: Final = f"{HELD.statement.issuer}#key-1"
PRESENTATION: Final = ANNA.present(
    [],
    grant=WORLD.grant(ANNA),
    receipt=WORLD.receipt(ANNA),
    nonce="n",
    audience=HELD.statement.issuer,
)
LIST: Final[JsonObject] = {
    "@context": ["https://www.w3.org/ns/credentials/v2"],
    "id": "https://credgraph.example/status/1",
    "type": ["VerifiableCredential", "BitstringStatusListCredential"],
    "issuer": HELD.statement.issuer,
    "validFrom": "2026-11-22T09:00:00Z",
    "validUntil": "2026-11-23T09:00:00Z",
    "credentialSubject": {
        "type": "BitstringStatusList",
        "statusPurpose": "revocation",
        "encodedList": EMPTY,
    },
}


@given(damaged(HELD.document))
@examples(60)
def test_a_damaged_credential_never_verifies(document: JsonObject) -> None:
    outcome = proofs.verify_by(document, METHOD, KEY, Expectation(purpose=Purpose.ASSERTION))
    same = canonical(proofs.unsecured(document)) == canonical(proofs.unsecured(HELD.document))
    assert same or not outcome.ok
    for reader in (model.read_head, lambda d: model.read_whole(d, HELD.disclosures)):
        quiet(reader, document)


@given(damaged(PRESENTATION))
@examples(40)
def test_a_damaged_presentation_is_read_or_refused(document: JsonObject) -> None:
    quiet(read_presentation, document)


@given(damaged(LIST))
@examples(40)
def test_a_damaged_status_list_is_read_or_refused(document: JsonObject) -> None:
    quiet(read_status_list, document)


@given(st.data())
@examples(60)
def test_a_status_list_we_unpack_is_one_gzip_unpacks_alike(data: st.DataObject) -> None:
    packed = bytearray(base64.urlsafe_b64decode(EMPTY[1:] + "=" * (-len(EMPTY[1:]) % 4)))
    for _ in range(data.draw(st.integers(1, 3))):
        spot = data.draw(st.integers(0, len(packed) - 1))
        packed[spot] = data.draw(st.integers(0, 255))
    text = "u" + base64.urlsafe_b64encode(packed).rstrip(b"=").decode()
    try:
        bits = StatusBits.decode(text)
    except VcError:
        return
    assert gzip.decompress(bytes(packed)) == bits.data


@given(st.integers(0, 3), st.data())
@examples(30)
def test_a_damaged_history_is_no_history(number: int, data: st.DataObject) -> None:
    good = [ONE, TWO, THREE, END]
    bad = list(good)
    bad[number] = data.draw(damaged(good[number]))
    assume(canonical(list[JsonValue](bad)) != canonical(list[JsonValue](good)))
    with pytest.raises(VcError):
        DidHistory.verified(bad)


ISSUER, HOLDER = scalar("issuer"), scalar("holder")
ABROAD = ed25519.Ed25519PrivateKey.from_private_bytes(b"e" * 32)
BODY: Final[JsonObject] = {"a": {"b": "1", "c": [1, 2]}, "d": "x", "e": [{"f": True}]}
HIDDEN: Final = ("/a", "/a/c", "/a/c/*", "/e/0", "/d")


def hidden_by(algorithm: str) -> Concealed:
    return conceal(BODY, HIDDEN, salts=lambda: b"s" * 16, algorithm=algorithm)


@st.composite
def damaged_disclosures(draw: st.DrawFn) -> list[tuple[int, str]]:
    """Which disclosures are shown, in which order, and what is done to each."""
    indices = draw(st.lists(st.integers(0, 5), max_size=7))
    deeds = st.sampled_from(["", "", "", "cut", "pad", "salt", "value", "space"])
    return [(index, draw(deeds)) for index in indices]


def done_to(item: Disclosure, deed: str) -> str:
    match deed:
        case "cut":
            return item.encoded[:-1]
        case "pad":
            return item.encoded + "="
        case "salt":
            return "A" + item.encoded[1:]
        case "value":
            return item.encoded[:-4] + "IjEi"
        case "space":
            return f" {item.encoded}"
        case _:
            return item.encoded


@given(damaged_disclosures())
@examples(60)
def test_both_hashes_and_both_formats_give_one_verdict(deeds: list[tuple[int, str]]) -> None:
    shown: list[JsonValue] = []
    for algorithm, key, sign in (
        ("sm3", ISSUER.public_key, ISSUER.sign),
        ("sha-256", ABROAD.public_key(), ABROAD.sign),
    ):
        concealed = hidden_by(algorithm)
        texts = [
            done_to(concealed.disclosures[index % len(concealed.disclosures)], deed)
            for index, deed in deeds
        ]
        start = sd_jwt.prepare(
            concealed,
            key=key,
            holder=HOLDER.public_key,
            issued_at=NOW,
            expires=NOW + timedelta(days=1),
        )
        compact = str(sd_jwt.issue(start, sign(start.encode()), texts))
        shown.append(verdict_of_body(concealed, texts))
        shown.append(verdict_of_token(compact, key))
    assert all(each == shown[0] for each in shown)


def verdict_of_body(concealed: Concealed, texts: list[str]) -> JsonValue:
    try:
        return reveal(concealed.document, texts).document
    except VcError:
        return None


def verdict_of_token(compact: str, key: VerificationKey) -> JsonValue:
    try:
        claims = sd_jwt.verify(compact, key, Wanted(now=NOW)).claims
    except VcError:
        return None
    return {name: value for name, value in claims.items() if name not in {"iat", "exp", "cnf"}}


@given(st.text(alphabet='{}[]",:~.\\u0123eE+-ntf \ud800é', max_size=40) | st.binary(max_size=40))
@examples(100)
def test_any_text_is_strict_json_or_refused(text: str | bytes) -> None:
    try:
        value = parse(text)
    except VcError:
        return
    assert parse(canonical(value)) == value


@given(st.text(alphabet="aZ09_-~.=\ud800é\n", max_size=60))
@examples(60)
def test_any_text_is_no_sd_jwt(text: str) -> None:
    with pytest.raises(VcError):
        sd_jwt.verify(text, ISSUER.public_key, Wanted(now=NOW, nonce="n"))


def quiet(reader: object, document: JsonObject) -> None:
    """Read it or refuse it: any other exception is a fault."""
    assert callable(reader)
    try:
        reader(document)
    except VcError:
        return


def test_the_example_list_is_what_zlib_says() -> None:
    packed = base64.urlsafe_b64decode(EMPTY[1:] + "=" * (-len(EMPTY[1:]) % 4))
    assert not any(zlib.decompress(packed, 31))
