"""The offline check of an evidence file: one dispute's parts, events and proofs, and its seal.

The seal is the log's own: the digest of the manifest stands in an event on the log, below heads
that the log, and its witnesses where there are any, have signed. The manifest names each part and
each event by digest; each part is signed by the institution that gave it, with a key that the log
registers. Whoever has trust.json needs nothing else. What is signed inside a part is its own, and
is judged by whoever knows such documents. Same laws as `verify.py`: no network, no
clock, strict and bounded reading before any cryptography. A fault names the piece it is in.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias, cast

from ledger_adapter.crypto import multikey, sm3
from ledger_adapter.enclosed import Enclosed, Judge
from ledger_adapter.errors import BadEnvelope, BadProof, CryptoError
from ledger_adapter.evidence.trust import Trust
from ledger_adapter.log.commitment import canonical
from ledger_adapter.verify import Step, Verdict, verify_bundle

TYPE: Final = "CredGraphEvidence"
PART: Final = "CredGraphEvidencePart"
VERSION: Final = 1
MAX_FILE: Final = 1_000_000
MAX_ITEMS: Final = 200
SIGNATURE_SIZE: Final = 64
Json: TypeAlias = Mapping[str, object]

_FILE: Final = {"type", "version", "manifest", "parts", "proofs", "seal"}
_MANIFEST: Final = {
    *("package", "dispute", "subject", "ground", "holder", "openedAt", "sealedAt"),
    *("parts", "events", "keys"),
}
_PART: Final = {"kind", "institution", "method", "digest", "signature"}
_EVENT: Final = {"sequence", "kind", "at", "digest"}
_KEY: Final = {"institution", "name", "method", "publicKeyMultibase", "sequence"}


class Proved(NamedTuple):
    """An event of the case, proved: its envelope, and all steps of its proof."""

    sequence: int
    envelope: Json
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A file that holds: `parts` are the documents in the order of the manifest's list, `enclosed`
    the signatures inside them. Of those some may not hold: a forgery is kept as it was shown."""

    manifest: Json
    manifest_hash: str
    parts: Sequence[object]
    events: Sequence[Proved]
    seal: Verdict
    steps: tuple[Step, ...]
    enclosed: tuple[Enclosed, ...] = ()

    @property
    def faults(self) -> tuple[Enclosed, ...]:
        """Those inside that do not hold."""
        return tuple(one for one in self.enclosed if one.fault is not None)


def digest_of(value: object) -> str:
    """`sm3:` and the digest of the canonical JSON of a value."""
    return f"sm3:{sm3.digest(canonical(value)).hex()}"


def part_message(*, dispute: str, kind: str, institution: str, digest: str) -> bytes:
    """The bytes an institution signs when it gives a part."""
    return canonical(
        {
            "type": PART,
            "version": VERSION,
            "dispute": dispute,
            "kind": kind,
            "institution": institution,
            "digest": digest,
        }
    )


def verify_evidence(raw: bytes, trust: Trust, judge: Judge | None = None) -> Evidence:
    """Check all of it; BadProof names the piece and what is wrong with it. Signatures inside the
    documents are judged by `judge`, with the keys that the log registers, and told one by one."""
    file = _file(raw)
    manifest = _members(file["manifest"], _MANIFEST, "manifest")
    seal = _sealed(file["seal"], manifest, trust)
    events = _events(manifest, file["proofs"], trust)
    _opened(manifest, events)
    keys = _keys(manifest, events)
    parts = _parts(manifest, file["parts"], keys, events)
    names = ", ".join(str(part["kind"]) for part in _list(manifest["parts"], _PART, "manifest"))
    steps = (
        Step("file", f"{len(raw)} bytes, canonical, version {VERSION}"),
        Step("seal", f"manifest {digest_of(manifest)[:20]}... is entry {seal.bundle.leaf_index}"),
        Step("events", f"{len(events)} events, each with its own path to a signed head"),
        Step("dispute", f"{manifest['dispute']}: {manifest['ground']}, opened by the holder"),
        Step("keys", f"{len(keys)} keys of institutions, as the log registers them"),
        Step("parts", f"{len(parts)}, each signed by who gave it: {names or 'none'}"),
        Step("agreed", _agreed(events)),
        Step("trust", seal.trust),
    )
    return Evidence(
        manifest=manifest,
        manifest_hash=digest_of(manifest),
        parts=parts,
        events=events,
        seal=seal,
        steps=steps,
        enclosed=_enclosed(manifest, parts, keys, judge),
    )


def _agreed(events: Sequence[Proved]) -> str:
    """The texts that the holder signed, as `STAGE.KIND@version`."""
    signed = [cast("Json", one.envelope["body"]) for one in events if _is_agreement(one)]
    texts = {f"{one['agreementStage']}.{one['agreement']}@{one['version']}" for one in signed}
    return ", ".join(sorted(texts)) or "no text of before is proved"


def _is_agreement(event: Proved) -> bool:
    return event.envelope["kind"] == "AGREEMENT_SIGNED"


def _enclosed(
    manifest: Json,
    documents: Sequence[object],
    keys: Mapping[tuple[str, str], str],
    judge: Judge | None,
) -> tuple[Enclosed, ...]:
    if judge is None:
        return ()
    listed = _list(manifest["parts"], _PART, "manifest")
    known = {method: key for (_, method), key in keys.items()}
    return tuple(
        one
        for part, document in zip(listed, documents, strict=True)
        for one in judge(str(part["kind"]), document, known)
    )


def _file(raw: bytes) -> Json:
    if len(raw) > MAX_FILE:
        raise BadProof("file", f"longer than {MAX_FILE} bytes")
    try:
        document = json.loads(raw)
        same = canonical(document) == raw.removesuffix(b"\n")
    except (ValueError, RecursionError, BadEnvelope):
        raise BadProof("file", "not JSON") from None
    if not same:
        raise BadProof("file", "not in canonical form")
    file = _members(document, _FILE, "file")
    if file["type"] != TYPE or file["version"] is not VERSION:
        raise BadProof("file", "unknown type or version")
    return file


def _sealed(seal: object, manifest: Json, trust: Trust) -> Verdict:
    verdict = _proof(seal, trust, "seal")
    envelope = _opening(verdict, "seal")
    if verdict.kind != "EVIDENCE_SEALED":
        raise BadProof("seal", "it is another kind of event")
    if cast("Json", envelope["body"]).get("manifestHash") != digest_of(manifest):
        raise BadProof("manifest", "it is not what was sealed")
    if not {manifest["package"], manifest["dispute"]} <= set(_subjects(envelope)):
        raise BadProof("seal", "it is not the seal of this package")
    return verdict


def _events(manifest: Json, proofs: object, trust: Trust) -> list[Proved]:
    listed = _list(manifest["events"], _EVENT, "manifest")
    if not isinstance(proofs, list) or len(proofs) != len(listed):
        raise BadProof("file", "not one proof for each event of the manifest")
    return [_event(one, proof, trust) for one, proof in zip(listed, proofs, strict=True)]


def _event(listed: Json, proof: object, trust: Trust) -> Proved:
    name = f"event {listed['sequence']}"
    if digest_of(proof) != listed["digest"]:
        raise BadProof(name, "its proof is not the one of the manifest")
    verdict = _proof(proof, trust, name)
    envelope = _opening(verdict, name)
    told = (verdict.bundle.leaf_index, envelope["kind"], envelope["at"])
    if told != (listed["sequence"], listed["kind"], listed["at"]):
        raise BadProof(name, "the manifest says something else of it")
    return Proved(verdict.bundle.leaf_index, envelope, verdict)


def _opened(manifest: Json, events: Sequence[Proved]) -> None:
    for event in events:
        subjects = _subjects(event.envelope)
        if event.envelope["kind"] == "DISPUTE_OPENED" and manifest["dispute"] in subjects:
            body = cast("Json", event.envelope["body"])
            same = body.get("ground") == manifest["ground"] and manifest["holder"] in subjects
            if same and manifest["subject"] in subjects:
                return
    raise BadProof("dispute", "no event of the package opens it")


def _keys(manifest: Json, events: Sequence[Proved]) -> dict[tuple[str, str], str]:
    """Keys by institution and method, each as its event on the log says."""
    by_sequence = {event.sequence: event.envelope for event in events}
    found = {}
    for key in _list(manifest["keys"], _KEY, "manifest"):
        institution, method = str(key["institution"]), str(key["method"])
        envelope = by_sequence.get(cast("int", key["sequence"]))
        registers = envelope is not None and envelope["kind"] in _REGISTERS
        if envelope is None or not registers or institution not in _subjects(envelope):
            raise BadProof(f"key {method}", "no event of the package registers it")
        if not _names_key(envelope["body"], method, str(key["publicKeyMultibase"])):
            raise BadProof(f"key {method}", "the log registers another one")
        found[institution, method] = str(key["publicKeyMultibase"])
    return found


_REGISTERS: Final = ("INSTITUTION_REGISTERED", "INSTITUTION_DID_CHANGED")


def _names_key(body: object, method: str, key: str) -> bool:
    """A registration names one key, a later version of a DID each by its method."""
    if isinstance(body, dict):
        if body.get("publicKeyMultibase") == key:
            first = isinstance(body.get("did"), str) and method == f"{body['did']}#key-1"
            if first or body.get("id") == method:
                return True
        return any(_names_key(value, method, key) for value in body.values())
    return isinstance(body, list) and any(_names_key(value, method, key) for value in body)


def _parts(
    manifest: Json,
    documents: object,
    keys: Mapping[tuple[str, str], str],
    events: Sequence[Proved],
) -> list[object]:
    listed = _list(manifest["parts"], _PART, "manifest")
    if not isinstance(documents, list) or len(documents) != len(listed):
        raise BadProof("file", "not one document for each part of the manifest")
    told = {
        (cast("Json", event.envelope["body"]).get("part"), body_digest)
        for event in events
        if event.envelope["kind"] == "EVIDENCE_SUBMITTED"
        and (body_digest := cast("Json", event.envelope["body"]).get("documentDigest"))
    }
    for part, document in zip(listed, documents, strict=True):
        name = f"part {part['kind']}"
        if digest_of(document) != part["digest"]:
            raise BadProof(name, "its document is not the one of the manifest")
        if (part["kind"], part["digest"]) not in told:
            raise BadProof(name, "no event of the package says that it was given")
        _signed(str(manifest["dispute"]), part, keys, name)
    return documents


def _signed(dispute: str, part: Json, keys: Mapping[tuple[str, str], str], name: str) -> None:
    institution = str(part["institution"])
    key = keys.get((institution, str(part["method"])))
    if key is None:
        raise BadProof(name, "signed with a key that the package does not hold")
    message = part_message(
        dispute=dispute,
        kind=str(part["kind"]),
        institution=institution,
        digest=str(part["digest"]),
    )
    if not signature_holds(key, message, str(part["signature"])):
        raise BadProof(name, "the signature of its institution does not hold")


def signature_holds(key: str, message: bytes, signature: str) -> bool:
    """Both texts in multibase base58btc; anything ill-formed does not hold."""
    try:
        value = multikey.from_multibase58(signature)
        return len(value) == SIGNATURE_SIZE and multikey.decode_key(key).verify(message, value)
    except (CryptoError, ValueError):
        return False


def _proof(proof: object, trust: Trust, name: str) -> Verdict:
    try:
        return verify_bundle(canonical(proof), trust)
    except BadProof as fault:
        raise BadProof(name, f"{fault.step}: {fault.reason}") from None


def _opening(verdict: Verdict, name: str) -> Json:
    if verdict.envelope is None:
        raise BadProof(name, "it is not opened")
    return verdict.envelope


def _subjects(envelope: Json) -> Sequence[object]:
    return cast("Sequence[object]", envelope["subjects"])


def _list(value: object, keys: set[str], step: str) -> list[Json]:
    if not isinstance(value, list) or len(value) > MAX_ITEMS:
        raise BadProof(step, f"not a list of at most {MAX_ITEMS}")
    return [_members(one, keys, step) for one in value]


def _members(value: object, keys: set[str], step: str) -> Json:
    if not isinstance(value, dict) or set(value) != keys:
        raise BadProof(step, "members are not the expected ones")
    return cast("Json", value)
