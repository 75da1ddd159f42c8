"""The custodian's receipt that a copy is gone (删除回执): key destroyed, replicas erased.

It is a document of its own, signed with the custodian's key; its digest goes on the log, so that
whoever holds the receipt can show that it was given, and when, without asking anybody.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from subgraphs.vc import proofs
from subgraphs.vc.did import Did, MethodId, parse_did
from subgraphs.vc.encoding import HASH, Hash, sm3_hash, to_time
from subgraphs.vc.errors import MalformedDocument
from subgraphs.vc.model import URN
from subgraphs.vc.multikey import VerificationKey
from subgraphs.vc.proofs import Expectation, ProofOptions, ProofOutcome, Purpose
from subgraphs.vc.shape import shaped
from subgraphs.vc.strict_json import JsonObject, canonical

Sign = Callable[[bytes], bytes]
_TYPE: Final = "CustodyDeletionReceipt"
_MEMBERS: Final = (
    *("type", "object", "contentHash", "keyDestroyedAt", "replicasErased", "erasedAt"),
    *("custodian", "proof"),
)
_MOST_REPLICAS: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What a custodian says of one object. `content_hash` is SM3 of what the holder had sent."""

    object_id: str
    content_hash: Hash
    key_destroyed_at: datetime
    replicas_erased: int
    erased_at: datetime
    custodian: Did


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionReceipt:
    """A receipt that was read; whether its proof holds is verify_deletion's question."""

    erased: Erased
    raw: JsonObject

    @property
    def method(self) -> MethodId | None:
        """The custodian's key that the receipt says it is signed with."""
        found = proofs.method_by(self.raw, self.erased.custodian)
        return None if found is None else MethodId(found)

    @property
    def signature(self) -> str:
        """The custodian's signature, multibase."""
        return str(proofs.proofs_of(self.raw)[0]["proofValue"])


def build_deletion(erased: Erased, *, method: MethodId, sign: Sign) -> JsonObject:
    """The signed receipt."""
    body: JsonObject = {
        "type": _TYPE,
        "object": f"{URN}{erased.object_id}",
        "contentHash": erased.content_hash,
        "keyDestroyedAt": to_time(erased.key_destroyed_at),
        "replicasErased": erased.replicas_erased,
        "erasedAt": to_time(erased.erased_at),
        "custodian": erased.custodian,
    }
    options = ProofOptions(
        verification_method=method, purpose=Purpose.ASSERTION, created=erased.erased_at
    )
    prepared = proofs.prepare(body, options)
    return proofs.attach(body, prepared, sign(prepared.payload))


def parse_deletion(value: JsonObject) -> DeletionReceipt:
    """Read a receipt; the key has to be gone before the last replica was."""
    shape = shaped(value).only(_MEMBERS)
    if shape.text("type") != _TYPE:
        raise MalformedDocument("not a deletion receipt", "/type")
    named = shape.text("object")
    if not named.startswith(URN):
        raise MalformedDocument("not one of our objects", "/object")
    replicas, content = shape.integer("replicasErased"), shape.text("contentHash")
    if not 0 < replicas <= _MOST_REPLICAS or HASH.fullmatch(content) is None:
        raise MalformedDocument("a count of replicas and a digest are expected", "")
    erased = Erased(
        object_id=named.removeprefix(URN),
        content_hash=Hash(content),
        key_destroyed_at=shape.time("keyDestroyedAt"),
        replicas_erased=replicas,
        erased_at=shape.time("erasedAt"),
        custodian=parse_did(shape.text("custodian"), "/custodian"),
    )
    if erased.erased_at < erased.key_destroyed_at or len(proofs.proofs_of(value)) != 1:
        raise MalformedDocument("times or proof do not belong to a receipt", "")
    return DeletionReceipt(erased=erased, raw=value)


def verify_deletion(receipt: DeletionReceipt, key: VerificationKey) -> ProofOutcome:
    """Whether the custodian's key signed it. Whose key that is, the trust register says."""
    method = receipt.method
    if method is None:
        return ProofOutcome(proofs.ProofReason.PROOF_MISSING)
    expected = Expectation(purpose=Purpose.ASSERTION, verification_method=method)
    return proofs.verify_by(receipt.raw, method, key, expected)


def deletion_digest(receipt: JsonObject) -> Hash:
    """SM3 over the canonical signed receipt, as CUSTODY_DELETED carries it."""
    return sm3_hash(canonical(receipt))
