"""Every kind of chain evidence this release can check: the one table of readers and checkers."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from ledger_adapter.errors import BadProof, BadSettings
from ledger_adapter.evidence import block, evm
from ledger_adapter.evidence.kinds import AnchoredHead, Kind, TrustedChain

KINDS: Final[Mapping[str, Kind]] = {block.EVIDENCE_KIND: block.KIND, **evm.KINDS}
READERS: Final[Mapping[str, Callable[[Mapping[str, object]], TrustedChain]]] = {
    block.CHAIN_KIND: block.read_chain,
    evm.CHAIN_KIND: evm.read_chain,
}
LABELS: Final = ("SELF", "WITNESSED", "CONSENSUS")


def read_chain(entry: object) -> TrustedChain:
    """One entry of the trust file's `chains`; its `kind` says which reader knows the rest."""
    kind = entry.get("kind") if isinstance(entry, dict) else None
    reader = READERS.get(kind) if isinstance(kind, str) else None
    if not isinstance(entry, dict) or reader is None:
        raise BadSettings(f"trust: a chain of the unknown kind {kind!r}")
    return reader(entry)


def check_evidence(kind: str, evidence: Mapping[str, object], chain: TrustedChain) -> AnchoredHead:
    """What the evidence proves under the verifier's own configuration of its chain."""
    found = KINDS.get(kind)
    if found is None or found.chain_kind != chain.kind:
        raise BadProof("anchor", f"a chain of kind {chain.kind} has no evidence of kind {kind!r}")
    return found.check(evidence, chain)


def claimed_label(kinds: Iterable[str], *, cosigned: bool) -> str:
    """What a bundle with such evidence says of itself; BadProof for a kind nobody knows here."""
    labels = {"SELF", "WITNESSED"} if cosigned else {"SELF"}
    for kind in kinds:
        if kind not in KINDS:
            raise BadProof("anchor", f"unknown kind of evidence {kind!r}")
        labels.add(KINDS[kind].label)
    return max(labels, key=LABELS.index)
