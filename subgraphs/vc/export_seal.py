"""What the wallet's provider signs of a copy of all that it holds of a holder (R81).

Laws: the seal names the digest of the whole document, whether it is all there is, and when it was
given; the document itself has no time, so that two copies of an unchanged wallet are the same.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from subgraphs.vc import proofs
from subgraphs.vc.did import Did, MethodId, parse_did
from subgraphs.vc.encoding import Hash, sm3_hash, to_time
from subgraphs.vc.errors import MalformedDocument
from subgraphs.vc.multikey import VerificationKey
from subgraphs.vc.proofs import Expectation, PreparedProof, ProofOptions, ProofOutcome, Purpose
from subgraphs.vc.shape import shaped
from subgraphs.vc.strict_json import JsonObject, canonical

_TYPE: Final = "WalletExportSeal"
_MEMBERS: Final = ("type", "digest", "complete", "sealedAt", "issuer", "proof")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportSeal:
    """A seal that was read; whether it holds is verify_seal's question."""

    digest: Hash
    complete: bool
    sealed_at: datetime
    issuer: Did
    raw: JsonObject

    @property
    def method(self) -> MethodId | None:
        """The provider's key that the seal says it is signed with."""
        found = proofs.method_by(self.raw, self.issuer)
        return None if found is None else MethodId(found)

    def covers(self, document: JsonObject) -> bool:
        """Whether it is the seal of this very document."""
        return sm3_hash(canonical(document)) == self.digest


def prepare_seal(
    digest: Hash, *, complete: bool, issuer: Did, method: MethodId, at: datetime
) -> tuple[JsonObject, PreparedProof]:
    """The seal, and what the provider signs for it."""
    body: JsonObject = {
        "type": _TYPE,
        "digest": digest,
        "complete": complete,
        "sealedAt": to_time(at),
        "issuer": issuer,
    }
    options = ProofOptions(verification_method=method, purpose=Purpose.ASSERTION, created=at)
    return body, proofs.prepare(body, options)


def parse_seal(value: JsonObject) -> ExportSeal:
    """Read a seal."""
    shape = shaped(value).only(_MEMBERS)
    if shape.text("type") != _TYPE:
        raise MalformedDocument("not the seal of an export", "/type")
    return ExportSeal(
        digest=Hash(shape.text("digest", longest=80)),
        complete=shape.flag("complete"),
        sealed_at=shape.time("sealedAt"),
        issuer=parse_did(shape.text("issuer"), "/issuer"),
        raw=value,
    )


def verify_seal(seal: ExportSeal, key: VerificationKey) -> ProofOutcome:
    """Whether the provider's key signed it. Whose key that is, the trust register says."""
    method = seal.method
    if method is None:
        return ProofOutcome(proofs.ProofReason.PROOF_MISSING)
    expected = Expectation(purpose=Purpose.ASSERTION, verification_method=method)
    return proofs.verify_by(seal.raw, method, key, expected)
