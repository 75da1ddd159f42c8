"""The signatures inside credentials and presentations that somebody kept, looked at much later.

A verifier asks whether to accept; this asks only who signed what: no time, nonce or purpose is
held against it. A holder's key is what the receipt inside says; institutions' are handed in.
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from ledger_adapter.enclosed import Enclosed
from subgraphs.vc import model, proofs
from subgraphs.vc.did import Did
from subgraphs.vc.encoding import from_time
from subgraphs.vc.errors import VcError
from subgraphs.vc.examination import Finding, Reason, Terms, TrustRole
from subgraphs.vc.examine import examine
from subgraphs.vc.multikey import VerificationKey, decode_key
from subgraphs.vc.presentation import Presentation, read_presentation
from subgraphs.vc.proofs import Expectation, Purpose
from subgraphs.vc.strict_json import JsonObject, check_object

CREDENTIAL, PRESENTATION = "CREDENTIAL", "PRESENTATION"
MOST_SIGNERS: Final = 32
_WHAT: Final[Mapping[str, str]] = {
    "receipt": "the identity provider's signature on the holder's keys",
    "did-history": "the signatures on the later versions of the holder's DID",
    "holder-proof": "the holder's signature on the presentation",
    "consent": "the holder's signature on the consent",
    "issuer-proof": "the issuer's signature",
    "holder-countersignature": "the holder's countersignature",
    "disclosures": "what is shown is what was signed",
    "lower-bound": "the amount proved is what was signed",
    "seasoned-bound": "the lasting amount proved is what was signed",
}
"""Findings of an examination that a signature stands behind; the others are about terms."""


class Signer(NamedTuple):
    """Who a proof says made it: a method of its DID, and when."""

    did: str
    method: str
    at: datetime


def signers_in(document: object) -> list[Signer]:
    """Every signer that a document names, once each, at most 32."""
    found = dict.fromkeys(_signers(document))
    return list(found)[:MOST_SIGNERS]


def judge(kind: str, document: object, keys: Mapping[str, str]) -> Sequence[Enclosed]:
    """A `ledger_adapter.enclosed.Judge`."""
    look = {CREDENTIAL: _credential, PRESENTATION: _presentation}.get(kind)
    if look is None:
        return ()
    try:
        return tuple(look(check_object(document), _Known(keys)))
    except VcError as fault:
        return (Enclosed(kind, fault.place, "its form", fault.code),)


@dataclass(frozen=True, slots=True)
class _Known:
    """The register of an evidence file: it holds the keys of the time of each signature, and no
    others."""

    keys: Mapping[str, str]

    def key_of(
        self, did: Did, _role: TrustRole, method: str, _at: datetime, /
    ) -> VerificationKey | None:
        return self.key(did, method)

    def key(self, did: Did, method: str) -> VerificationKey | None:
        text = self.keys.get(method)
        return None if text is None or not method.startswith(f"{did}#") else decode_key(text)


def _presentation(document: JsonObject, known: _Known) -> Iterator[Enclosed]:
    presentation = read_presentation(document)
    for finding in examine(presentation, _own_terms(presentation), known).findings:
        if finding.topic in _WHAT and finding.reason is not Reason.CONSENT_MISSING:
            yield Enclosed(PRESENTATION, finding.place, _WHAT[finding.topic], _fault(finding))


def _own_terms(presentation: Presentation) -> Terms:
    """What it says of itself, so that only its signatures are asked."""
    return Terms(
        nonce=presentation.challenge or "",
        audience=Did(presentation.audience or ""),
        now=from_time(str(presentation.proof.get("created"))),
        monitoring=False,
    )


def _fault(finding: Finding) -> str | None:
    return None if finding.reason is None else finding.detail or finding.reason.value


def _credential(document: JsonObject, known: _Known) -> Iterator[Enclosed]:
    """The holder's countersignature is judged in a presentation, where her receipt is."""
    issuer = model.read_head(document).issuer
    method = proofs.method_by(document, issuer) or ""
    key = known.key(issuer, method)
    fault = "PROOF_MISSING" if not method else "KEY_UNKNOWN"
    if key is not None:
        expected = Expectation(purpose=Purpose.ASSERTION)
        fault = proofs.verify_by(document, method, key, expected).reason or ""
    yield Enclosed(CREDENTIAL, "", _WHAT["issuer-proof"], fault or None)


def _signers(document: object) -> Iterator[Signer]:
    waiting = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        if isinstance(value, dict):
            waiting += value.values()
            yield from _signer(value.get("verificationMethod"), value.get("created"))


def _signer(method: object, created: object) -> Iterator[Signer]:
    if not isinstance(method, str) or not isinstance(created, str):
        return
    with contextlib.suppress(VcError):
        yield Signer(method.partition("#")[0], method, from_time(created))
