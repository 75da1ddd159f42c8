"""The compact SD-JWT: examples of RFC 9901, our own export under each key kind, and forgeries."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from subgraphs.vc import jws, model, sd_jwt
from subgraphs.vc.disclosure import select
from subgraphs.vc.errors import BadDisclosure, BadToken, UnsupportedSuite, VcError
from subgraphs.vc.multikey import VerificationKey
from subgraphs.vc.sd_jwt import SdJwt, Wanted
from subgraphs.vc.strict_json import JsonObject
from tests.kit.credentials import NOW, World, scalar

RFC: Final = json.loads(
    (Path(__file__).parents[2] / "vectors" / "rfc9901" / "examples.json").read_text("utf-8")
)
DAYS = timedelta(days=30)
NONCE, AUDIENCE = "1234567890", "https://verifier.example.org"


@pytest.mark.parametrize("name", ["A.1", "A.2", "A.3", "A.4"])
def test_the_examples_of_rfc_9901_verify_and_show_what_they_say(name: str) -> None:
    example = RFC["examples"][name]
    key = jws.from_web_key(RFC["issuerKey"])
    bound = sd_jwt.parse(example["compact"]).binding is not None
    typ = "vc+sd-jwt" if name == "A.3" else "example+sd-jwt"
    wanted = Wanted(now=datetime(2025, 5, 29, 16, 50, tzinfo=UTC), typ=typ)
    if bound:
        wanted = replace(wanted, nonce=NONCE, audience=AUDIENCE, binding_age=timedelta(days=1))
    shown = sd_jwt.verify(example["compact"], key, wanted)
    assert shown.claims == example["claims"]
    assert (shown.holder is not None) == bound
    assert str(sd_jwt.parse(example["compact"])) == example["compact"]


@dataclass(frozen=True)
class Pair:
    """A key with its signing half, as 64 raw bytes."""

    public: VerificationKey
    sign: Callable[[bytes], bytes]


def p256() -> Pair:
    key = ec.derive_private_key(4711, ec.SECP256R1())

    def sign(data: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)

    return Pair(key.public_key(), sign)


def ed() -> Pair:
    key = ed25519.Ed25519PrivateKey.from_private_bytes(b"e" * 32)
    return Pair(key.public_key(), key.sign)


def sm2_pair(name: str = "issuer") -> Pair:
    key = scalar(name)
    return Pair(key.public_key, key.sign)


PAIRS: Final = {"SGD_SM3_SM2": sm2_pair(), "EdDSA": ed(), "ES256": p256()}
WANTED = Wanted(now=NOW, nonce=NONCE, audience=AUDIENCE)


def exported(issuer: Pair, holder: Pair, algorithm: str = "sm3") -> SdJwt:
    world = World()
    concealed = model.build(
        world.statement(world.anna),
        seed=world.chance(32),
        salts=world.chance.salt,
        algorithm=algorithm,
    )
    start = sd_jwt.prepare(
        concealed,
        key=issuer.public,
        holder=holder.public,
        issued_at=NOW,
        expires=NOW + DAYS,
        kid="key-1",
    )
    chosen = select(concealed.disclosures, [model.TOTAL])
    return sd_jwt.issue(start, issuer.sign(start.encode()), [item.encoded for item in chosen])


def presented(shown: SdJwt, holder: Pair, **change: Any) -> SdJwt:
    said = {"nonce": NONCE, "audience": AUDIENCE, "at": NOW, **change}
    start = sd_jwt.prepare_binding(shown, key=holder.public, **said)
    return sd_jwt.bind(shown, start, holder.sign(start.encode()))


ISSUER, HOLDER, STRANGER = sm2_pair(), sm2_pair("holder"), sm2_pair("stranger")


@pytest.mark.parametrize("algorithm", ["sm3", "sha-256"])
@pytest.mark.parametrize("name", PAIRS)
def test_an_export_shows_the_chosen_claim_and_no_other(name: str, algorithm: str) -> None:
    issuer = PAIRS[name]
    assert jws.algorithm_of(issuer.public) == name
    whole = presented(exported(issuer, HOLDER, algorithm), HOLDER)
    shown = sd_jwt.verify(str(whole), issuer.public, WANTED)
    subject = shown.claims["credentialSubject"]
    assert isinstance(subject, dict)
    assert (subject["total"], subject["assetLines"]) == ("3200000.00", [])
    assert shown.holder == HOLDER.public


@pytest.mark.parametrize("issuer", PAIRS)
@pytest.mark.parametrize("other", PAIRS)
def test_a_key_of_another_kind_never_verifies(issuer: str, other: str) -> None:
    text = str(exported(PAIRS[issuer], HOLDER))
    wanted = Wanted(now=NOW)
    if issuer == other:
        assert sd_jwt.verify(text, PAIRS[other].public, wanted).holder is None
        return
    with pytest.raises(BadToken):
        sd_jwt.verify(text, PAIRS[other].public, wanted)


def refused(text: str, wanted: Wanted = WANTED) -> type[Exception]:
    with pytest.raises(VcError) as caught:
        sd_jwt.verify(text, ISSUER.public, wanted)
    return caught.type


GOOD: Final = presented(exported(ISSUER, HOLDER), HOLDER)
FORGED: Final = "WyJhYWFhYWFhYWFhYWFhYWFhYWFhYSIsInRvdGFsIiwiOTAwMDAwMC4wMCJd"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param("", BadToken, id="nothing"),
        pytest.param(GOOD.issued, BadToken, id="no tilde"),
        pytest.param(GOOD.shown, BadToken, id="key binding taken off"),
        pytest.param(str(replace(GOOD, disclosures=())), BadToken, id="a claim taken off"),
        pytest.param(
            str(replace(GOOD, disclosures=(*GOOD.disclosures, FORGED))), BadDisclosure, id="forged"
        ),
        pytest.param(
            str(presented(replace(GOOD, disclosures=GOOD.disclosures * 2), HOLDER)),
            BadDisclosure,
            id="one claim twice",
        ),
        pytest.param(str(presented(GOOD, STRANGER)), BadToken, id="bound by a stranger"),
        pytest.param(str(presented(GOOD, HOLDER, nonce="0")), BadToken, id="another nonce"),
        pytest.param(str(presented(GOOD, HOLDER, audience="x")), BadToken, id="another audience"),
        pytest.param(
            str(presented(GOOD, HOLDER, at=NOW - timedelta(hours=1))), BadToken, id="kept too long"
        ),
        pytest.param(
            str(presented(GOOD, HOLDER, at=NOW + timedelta(hours=1))), BadToken, id="from tomorrow"
        ),
        pytest.param("~".join([GOOD.issued, *["x"] * 200, ""]), BadToken, id="too many claims"),
        pytest.param("a" * 600_000, BadToken, id="six hundred thousand letters"),
        pytest.param(str(GOOD).replace("~", "~~", 1), BadDisclosure, id="an empty claim"),
        pytest.param(str(GOOD) + "~", BadDisclosure, id="a binding among the claims"),
    ],
)
def test_forgeries(text: str, fault: type[VcError]) -> None:
    assert refused(text) is fault


def test_time_and_type_are_asked() -> None:
    assert refused(str(GOOD), replace(WANTED, now=NOW + DAYS)) is BadToken
    assert refused(str(GOOD), replace(WANTED, now=NOW - timedelta(hours=1))) is BadToken
    assert refused(str(GOOD), replace(WANTED, typ="dc+sd-jwt")) is BadToken


def signed_as(claims: JsonObject) -> str:
    start = jws.signing_input(claims, key=ISSUER.public, typ=sd_jwt.TYP)
    return jws.join(start, ISSUER.sign(start.encode())) + "~"


def test_an_unknown_hash_and_a_holder_without_key() -> None:
    assert refused(signed_as({"_sd_alg": "md5"})) is UnsupportedSuite
    private = {**jws.to_web_key(HOLDER.public), "d": "A" * 43}
    keys: list[JsonObject] = [private, {}, {"kty": "EC", "crv": "P-384", "x": "", "y": ""}]
    for key in keys:
        text = signed_as({"cnf": {"jwk": key}}) + "e30.e30.AA"
        assert refused(text) is BadToken


@pytest.mark.parametrize("name", PAIRS)
def test_keys_travel_as_jwk(name: str) -> None:
    key = PAIRS[name].public
    assert jws.to_web_key(jws.from_web_key(jws.to_web_key(key))) == jws.to_web_key(key)
