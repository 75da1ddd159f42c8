"""What evidence of a chain proves, by kind: the one table that the offline check looks into.

A kind brings two pure functions: `read_chain` makes the verifier's own configuration of a chain out
of its entry in the trust file (BadSettings for anything unknown), and `check` says which head the
evidence puts on that chain, or raises BadProof("anchor", reason). Both are bounded and strict
before any cryptography; neither believes a word that is not hashed or signed under the chain.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class TrustedChain(Protocol):
    """A chain as the verifier configured it."""

    @property
    def kind(self) -> str:
        """The kind of its entry in the trust file: EMBEDDED, EVM, FISCO."""
        ...

    @property
    def chain_id(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchoredHead:
    """What a piece of evidence proves. `consensus`: a quorum of configured validators sealed it."""

    log_id: bytes
    tree_size: int
    root: bytes
    block_number: int
    block_hash: bytes
    block_time: datetime
    consensus: bool


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of evidence. `label` is what a bundle that carries it may claim."""

    chain_kind: str
    label: str
    check: Callable[[Mapping[str, object], TrustedChain], AnchoredHead]
