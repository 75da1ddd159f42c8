"""The holder's word that ends a credential (随时注销): about one credential, for good.

Its bytes follow from credential and key alone, so that she can sign without asking anybody first;
no time stands in it, because it cannot be done twice: its time is its place on the log.
"""

from typing import Final

from subgraphs.vc import proofs
from subgraphs.vc.did import Did, MethodId
from subgraphs.vc.encoding import Hash, sm3_hash
from subgraphs.vc.model import credential_uri
from subgraphs.vc.proofs import PreparedProof, ProofOptions, Purpose
from subgraphs.vc.strict_json import JsonObject, canonical

CONTEXT: Final = "https://credgraph.example/contexts/consent/v1"
TYPE: Final = "CredentialCancellation"


def build_cancellation(credential: str, holder: Did) -> JsonObject:
    """The document without its proof."""
    return {
        "@context": [CONTEXT],
        "type": TYPE,
        "credential": credential_uri(credential),
        "holder": holder,
    }


def prepare_cancellation(document: JsonObject, method: MethodId) -> PreparedProof:
    """What the holder's key has to sign; the same for the same document and key."""
    options = ProofOptions(verification_method=method, purpose=Purpose.ASSERTION, created=None)
    return proofs.prepare(document, options)


def cancellation_digest(signed: JsonObject) -> Hash:
    """SM3 over the canonical signed document, as CREDENTIAL_CANCELLED carries it."""
    return sm3_hash(canonical(signed))
