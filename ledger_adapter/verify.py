"""The offline check of a proof bundle.

Laws: no network, no clock, no store; whom to trust comes from the caller's trust file, never from
the proof; all reading is bounded and strict before any cryptography; whatever the bundle says is
recomputed or compared with something signed, so that no changed value passes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from ledger_adapter.errors import BadEnvelope, BadProof
from ledger_adapter.evidence.anchors import check_evidence, claimed_label
from ledger_adapter.evidence.kinds import AnchoredHead
from ledger_adapter.evidence.trust import Trust, TrustedLog, load_trust, parse_trust, write_trust
from ledger_adapter.log.bundle import MAX_BUNDLE, Bundle, BundleAnchor, Opening, decode_bundle
from ledger_adapter.log.checkpoint import COSIGNATURE_KIND, Checkpoint, format_time, parse_time
from ledger_adapter.log.commitment import canonical, commit, decode_entry, parse_envelope
from ledger_adapter.log.cosignature import holds
from ledger_adapter.log.hashing import profile
from ledger_adapter.log.proofs import check_consistency, root_from_path

__all__ = [
    "MAX_BUNDLE",
    "Step",
    "Trust",
    "Verdict",
    "check_signatures",
    "load_trust",
    "parse_trust",
    "verify_bundle",
    "write_trust",
]

SELF: Final = "SELF"
WITNESSED: Final = "WITNESSED"
CONSENSUS: Final = "CONSENSUS"
_LABELS: Final = {
    SELF: "the log's own signature, no witness and no chain beside it",
    WITNESSED: "the log's signature, and witnesses that saw one history",
    CONSENSUS: "the log's signature, and a chain whose validators hold the head",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One check that held, in words."""

    name: str
    finding: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A proof that holds: every step, what it proves, and how far to trust it."""

    steps: tuple[Step, ...]
    trust: str
    kind: str
    envelope: Mapping[str, object] | None
    bundle: Bundle


def verify_bundle(raw: bytes, trust: Trust) -> Verdict:
    """Check all of it; BadProof names the step that failed."""
    bundle = decode_bundle(raw)
    log = _log(bundle, trust)
    envelope, commitment = _commitment(bundle)
    kind = decode_entry(bundle.entry).kind
    steps: tuple[Step, ...] = (
        Step("bundle", f"{len(raw)} bytes, canonical, version 1"),
        Step("log", f"{log.origin} is configured, log id {bundle.log_id.hex()[:16]}"),
        commitment,
        _leaf(bundle),
        _path(bundle),
        _checkpoint(bundle, log),
    )
    names, anchors = _witnesses(bundle, trust), _anchors(bundle, trust)
    shown = _label(bundle, names, anchors)
    steps += (
        _witness_step(trust, names),
        _anchor_step(bundle, trust, anchors),
        Step("trust", f"{shown}: {_LABELS[shown]}"),
    )
    return Verdict(steps=steps, trust=shown, kind=kind, envelope=envelope, bundle=bundle)


def _log(bundle: Bundle, trust: Trust) -> TrustedLog:
    log = trust.log(bundle.origin)
    if log is None:
        raise BadProof("log", f"the trust file does not name {bundle.origin!r}")
    if bundle.log_id != log.id:
        raise BadProof("log", "log id is not that of the configured log")
    if bundle.hash != log.hash:
        raise BadProof("log", f"hash is {bundle.hash!r}, the configured log uses {log.hash}")
    if not bundle.origin.endswith("/" + bundle.shard):
        raise BadProof("log", "shard is not that of the origin")
    return log


def _commitment(bundle: Bundle) -> tuple[Mapping[str, object] | None, Step]:
    entry = decode_entry(bundle.entry)
    if bundle.opening is None:
        return None, Step("commit", f"{entry.kind}; not opened, the event itself stays unknown")
    envelope = _envelope(bundle.opening)
    if envelope["kind"] != entry.kind:
        raise BadProof("commit", "envelope and entry are of different kinds")
    expected = commit(
        log_id=bundle.log_id,
        kind=entry.kind,
        envelope=bundle.opening.envelope,
        salt=bundle.opening.salt,
    )
    if expected != entry.commit:
        raise BadProof("commit", "envelope and salt do not open the commitment")
    return envelope, Step("commit", f"envelope {envelope['eventId']} opens the commitment")


def _envelope(opening: Opening) -> Mapping[str, object]:
    try:
        envelope = parse_envelope(opening.envelope)
    except BadEnvelope as fault:
        raise BadProof("commit", str(fault)) from None
    parse_time(cast("str", envelope["at"]))
    if canonical(envelope) != opening.envelope:
        raise BadProof("commit", "envelope is not canonical")
    return envelope


def _leaf(bundle: Bundle) -> Step:
    leaf = profile(bundle.hash).leaf(bundle.entry)
    if leaf != bundle.leaf_hash:
        raise BadProof("leaf", "leaf hash is not that of the entry")
    return Step("leaf", f"{bundle.hash}(00 | entry) = {leaf.hex()[:16]}...")


def _path(bundle: Bundle) -> Step:
    if bundle.tree_size != bundle.checkpoint.tree_size:
        raise BadProof("path", "tree size is not the checkpoint's")
    root = root_from_path(
        profile(bundle.hash),
        leaf=bundle.leaf_hash,
        index=bundle.leaf_index,
        size=bundle.tree_size,
        path=bundle.path,
    )
    if root != bundle.checkpoint.root:
        raise BadProof("path", "the path does not lead to the checkpoint's root")
    return Step(
        "path",
        f"entry {bundle.leaf_index} of {bundle.tree_size}, {len(bundle.path)} siblings, "
        f"root {root.hex()[:16]}...",
    )


def _checkpoint(bundle: Bundle, log: TrustedLog) -> Step:
    signers = check_signatures(bundle.checkpoint, log)
    time = format_time(bundle.checkpoint.time)
    return Step("checkpoint", f"signed by key {', '.join(signers)}, time {time}")


def check_signatures(checkpoint: Checkpoint, log: TrustedLog) -> Sequence[str]:
    """The configured keys that signed a head of this log; BadProof when there is none."""
    if checkpoint.head.origin != log.origin or checkpoint.head.hash != log.hash:
        raise BadProof("checkpoint", "checkpoint is of another log")
    signers = []
    for signature in checkpoint.signatures:
        known = [
            key
            for key in log.keys
            if signature.name == log.origin and key.key_id == signature.key_id
        ]
        for key in known:  # lines by keys nobody configured prove nothing and harm nothing
            if not key.may_sign(checkpoint.tree_size):
                raise BadProof("checkpoint", f"key {key.key_id} may not sign this tree size")
            if not key.key.verify(checkpoint.body, signature.value):
                raise BadProof("checkpoint", f"signature of key {key.key_id} does not hold")
            signers.append(key.key_id)
    if not signers:
        raise BadProof("checkpoint", "no signature by a configured key")
    return signers


def _witnesses(bundle: Bundle, trust: Trust) -> Sequence[str]:
    """Every line of a configured witness must hold; lines of others count for nothing."""
    checkpoint = bundle.checkpoint
    names: list[str] = []
    for line in checkpoint.signatures:
        if line.kind != COSIGNATURE_KIND:
            continue
        for witness in trust.witnesses:
            if witness.key_id != line.key_id:
                continue
            if witness.name != line.name or witness.name in names:
                raise BadProof("witness", f"the line of {witness.name} is not as it must be")
            if not holds(checkpoint.body, line.value, witness.key):
                raise BadProof("witness", f"cosignature of {witness.name} does not hold")
            names.append(witness.name)
    if len(names) < trust.witnesses_needed:
        raise BadProof(
            "witness", f"{trust.witnesses_needed} witnesses are demanded, {len(names)} have signed"
        )
    return names


def _witness_step(trust: Trust, names: Sequence[str]) -> Step:
    if not names:
        return Step("witness", "none that the trust file names")
    return Step("witness", f"{len(names)} of {len(trust.witnesses)}: {', '.join(names)}")


def _anchors(bundle: Bundle, trust: Trust) -> Sequence[AnchoredHead]:
    """Every anchor must be on a configured chain, be of this log, cover the entry, and hold."""
    if trust.chains is None:
        return ()
    found = [_anchored(anchor, bundle, trust) for anchor in bundle.anchors]
    if len({anchor.chain for anchor in bundle.anchors}) != len(found):
        raise BadProof("anchor", "two anchors on one chain")
    if len(found) < trust.anchors_needed:
        raise BadProof("anchor", f"{trust.anchors_needed} anchors are demanded, {len(found)} here")
    return found


def _anchored(anchor: BundleAnchor, bundle: Bundle, trust: Trust) -> AnchoredHead:
    chain = trust.chain(anchor.chain)
    if chain is None:
        raise BadProof("anchor", f"the trust file does not name the chain {anchor.chain[:80]!r}")
    head = check_evidence(anchor.kind, anchor.evidence, chain)
    if head.log_id != bundle.log_id:
        raise BadProof("anchor", "the head on the chain is of another log")
    if bundle.leaf_index >= head.tree_size:
        raise BadProof("anchor", "the head on the chain does not cover the entry")
    mine = (bundle.checkpoint.tree_size, bundle.checkpoint.root)
    (first, first_root), (second, second_root) = sorted([mine, (head.tree_size, head.root)])
    if first == second:
        if first_root != second_root or anchor.consistency:
            raise BadProof("anchor", "the head on the chain is not the signed one")
        return head
    check_consistency(
        profile(bundle.hash),
        first=first,
        first_root=first_root,
        second=second,
        second_root=second_root,
        path=anchor.consistency,
    )
    return head


def _anchor_step(bundle: Bundle, trust: Trust, anchors: Sequence[AnchoredHead]) -> Step:
    if not bundle.anchors:
        return Step("anchor", "none; the head stands on no chain yet")
    if trust.chains is None:
        return Step("anchor", "not looked at: the trust file names no chains")
    places = (
        f"block {head.block_number} of {anchor.chain}, {format_time(head.block_time)}"
        for anchor, head in zip(bundle.anchors, anchors, strict=True)
    )
    return Step("anchor", "; ".join(places))


def _label(bundle: Bundle, witnesses: Sequence[str], anchors: Sequence[AnchoredHead]) -> str:
    """What the evidence shows; a bundle that claims something else is refused."""
    kinds = [anchor.kind for anchor in bundle.anchors]
    claimed = claimed_label(kinds, cosigned=bool(bundle.cosigners))
    state = "FINAL" if bundle.anchors else "CHECKPOINTED"
    if bundle.trust != claimed or bundle.anchor_state != state:
        raise BadProof("trust", "the bundle does not claim what its evidence shows")
    return claimed_label(kinds if anchors else (), cosigned=bool(witnesses))
