"""The offline check of a copy of one's own data: the whole is what the wallet's provider sealed.

Laws: no network, no clock, no store; whom to trust comes from the caller's trust file alone; the
provider's key is read from its registration on the log, never from the seal.
"""

from dataclasses import dataclass
from typing import Final

from ledger_adapter.errors import BadProof
from ledger_adapter.evidence.trust import Trust
from subgraphs.holder.registered import registered_key
from subgraphs.vc.export_seal import ExportSeal, parse_seal, verify_seal
from subgraphs.vc.strict_json import Limits, as_object, parse

PROVIDER: Final = "CLOUD_OPERATOR"
_LIMITS: Final = Limits(size=64_000_000, depth=32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A copy that holds: its seal, who signs for it, how far to trust the log."""

    seal: ExportSeal
    provider: str
    trust: str


def check_export(document: bytes, seal: bytes, registration: bytes, trust: Trust) -> Sealed:
    """`document` and `seal` of `exportMyData`, and the bundle of the provider's registration.
    BadProof names what failed, VcError what does not read."""
    read = parse_seal(as_object(parse(seal)))
    known = registered_key(registration, trust, did=read.issuer, method=read.method, role=PROVIDER)
    if not verify_seal(read, known.key).ok:
        raise BadProof("signature", "the provider did not sign this seal")
    if not read.covers(as_object(parse(document, _LIMITS))):
        raise BadProof("document", "the seal is another document's")
    return Sealed(seal=read, provider=known.name, trust=known.trust)
