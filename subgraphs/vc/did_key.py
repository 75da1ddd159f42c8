"""did:key: a DID that is its key. For counterparts without a register; it cannot be rotated.

The did:key text lists Ed25519 and P-256; the SM2 form is the same construction over the multicodec
`sm2-pub` and counts as an extension of ours.
"""

from types import MappingProxyType
from typing import Final

from subgraphs.vc.did import Did, DidDocument, MethodId
from subgraphs.vc.errors import MalformedDocument
from subgraphs.vc.multikey import VerificationKey, decode_key, encode_key
from subgraphs.vc.proofs import Purpose
from subgraphs.vc.strict_json import JsonObject

PREFIX: Final = "did:key:"
_CONTEXT: Final = ("https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1")


def key_did(key: VerificationKey) -> Did:
    """The DID of a key."""
    return Did(PREFIX + encode_key(key))


def key_method(did: Did) -> MethodId:
    """The id of its only verification method."""
    return MethodId(f"{did}#{did.removeprefix(PREFIX)}")


def resolve_key_did(did: str, place: str = "") -> DidDocument:
    """The document that the DID spells out; the key is checked to be one."""
    if not did.startswith(PREFIX):
        raise MalformedDocument("not a did:key", place)
    key, method = decode_key(did.removeprefix(PREFIX), place), key_method(Did(did))
    granted = MappingProxyType({purpose: frozenset({str(method)}) for purpose in Purpose})
    return DidDocument(did=Did(did), keys=MappingProxyType({method: key}), purposes=granted)


def key_did_document(did: Did) -> JsonObject:
    """The same as a document for readers elsewhere."""
    resolve_key_did(did)
    method = key_method(did)
    return {
        "@context": list(_CONTEXT),
        "id": did,
        "verificationMethod": [
            {
                "id": method,
                "type": "Multikey",
                "controller": did,
                "publicKeyMultibase": did.removeprefix(PREFIX),
            }
        ],
        "authentication": [method],
        "assertionMethod": [method],
    }
