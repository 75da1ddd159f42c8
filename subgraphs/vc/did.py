"""DIDs of the method `credgraph` and their documents.

A person's root DID is drawn from its first key, so nobody can register somebody else's; which keys
speak for it today is what a document says, and the identity provider's receipt vouches for that.
An institution's DID is its id.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NewType

import base58

from ledger_adapter.crypto import sm2, sm3
from subgraphs.vc.errors import MalformedDocument
from subgraphs.vc.multikey import VerificationKey, decode_key
from subgraphs.vc.proofs import Purpose
from subgraphs.vc.shape import Shape, shaped
from subgraphs.vc.strict_json import JsonObject, pointer

Did = NewType("Did", str)
MethodId = NewType("MethodId", str)
"""A DID URL that names one key: `<did>#key-1`."""

PREFIX: Final = "did:credgraph:"
_DID: Final = re.compile(r"did:[a-z0-9]{1,16}:[A-Za-z0-9._:%-]{1,128}")
_CONTEXT: Final = ("https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1")
_MOST_METHODS: Final = 16


def parse_did(text: str, place: str = "") -> Did:
    """A DID of any method (no path, query or fragment)."""
    if _DID.fullmatch(text) is None:
        raise MalformedDocument("not a DID", place)
    return Did(text)


def person_did(key: sm2.PublicKey) -> Did:
    """The root DID that a first key founds."""
    encoded: bytes = base58.b58encode(sm3.digest(key.compressed())[:20])
    return Did(PREFIX + encoded.decode("ascii"))


def institution_did(institution_id: str) -> Did:
    """The DID of an institution, from its id."""
    return Did(PREFIX + institution_id.lower())


def method_id(did: Did, number: int = 1) -> MethodId:
    """The id of a DID's n-th key."""
    return MethodId(f"{did}#key-{number}")


def build_did_document(did: Did, keys: Sequence[str], *, first: int = 1) -> JsonObject:
    """A DID document whose Multikeys (`z...`) may all assert and authenticate.

    `first` is the number of the first key: a rotated key takes a new number, never an old one.
    """
    ids = [method_id(did, number) for number in range(first, first + len(keys))]
    return {
        "@context": list(_CONTEXT),
        "id": did,
        "verificationMethod": [
            {"id": id_, "type": "Multikey", "controller": did, "publicKeyMultibase": key}
            for id_, key in zip(ids, keys, strict=True)
        ],
        "authentication": list(ids),
        "assertionMethod": list(ids),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class DidDocument:
    """The keys of a DID and what each may be used for."""

    did: Did
    keys: Mapping[MethodId, VerificationKey]
    purposes: Mapping[Purpose, frozenset[str]]

    def key_for(self, method: str, purpose: Purpose) -> VerificationKey | None:
        """The key behind a method, if the document grants it the purpose."""
        if method not in self.purposes[purpose]:
            return None
        return self.keys.get(MethodId(method))


def parse_did_document(value: JsonObject, place: str = "") -> DidDocument:
    """Read a DID document; every key has to belong to the DID itself."""
    shape = shaped(value, place)
    did = parse_did(shape.text("id"), pointer(place, "id"))
    methods = shape.inners("verificationMethod", most=_MOST_METHODS)
    keys = dict(_method(method, did) for method in methods)
    if len(keys) != len(methods):
        raise MalformedDocument("one key id twice", pointer(place, "verificationMethod"))
    purposes = {purpose: _granted(shape, purpose) for purpose in Purpose}
    return DidDocument(did=did, keys=MappingProxyType(keys), purposes=MappingProxyType(purposes))


def _granted(shape: Shape, purpose: Purpose) -> frozenset[str]:
    return frozenset(shape.texts(purpose.value, most=_MOST_METHODS))


def _method(shape: Shape, did: Did) -> tuple[MethodId, VerificationKey]:
    id_ = shape.text("id")
    if not id_.startswith(f"{did}#") or shape.text("controller") != did:
        raise MalformedDocument("a key of another DID", shape.place)
    if shape.text("type") != "Multikey":
        raise MalformedDocument("only Multikey is known", pointer(shape.place, "type"))
    place = pointer(shape.place, "publicKeyMultibase")
    return MethodId(id_), decode_key(shape.text("publicKeyMultibase"), place)
