"""How a log hashes (RFC 9162 §2.1): the algorithm is a parameter of the log, the prefixes are not.

Both prefixes are hashed once and copied: twice as fast as hashing prefix and data anew.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ledger_adapter.crypto import sm3
from ledger_adapter.crypto.sm3 import State
from ledger_adapter.errors import BadProof

HASH_SIZE: Final = 32


@dataclass(frozen=True, slots=True)
class HashProfile:
    """One hash algorithm in its three uses."""

    name: str
    empty: bytes
    leaf: Callable[[bytes], bytes]
    node: Callable[[bytes, bytes], bytes]


def _profile(name: str, fresh: Callable[[], State]) -> HashProfile:
    leaf_state, node_state = fresh(), fresh()
    leaf_state.update(b"\x00")
    node_state.update(b"\x01")

    def leaf(entry: bytes) -> bytes:
        state = leaf_state.copy()
        state.update(entry)
        return state.digest()

    def node(left: bytes, right: bytes) -> bytes:
        state = node_state.copy()
        state.update(left + right)
        return state.digest()

    return HashProfile(name, fresh().digest(), leaf, node)


SM3: Final = _profile("SM3", sm3.state)
SHA256: Final = _profile("SHA256", hashlib.sha256)
PROFILES: Final = {profile.name: profile for profile in (SM3, SHA256)}


def profile(name: str) -> HashProfile:
    """The profile of that name; a proof cannot bring its own."""
    if name not in PROFILES:
        raise BadProof("log", f"unknown hash algorithm {name!r}")
    return PROFILES[name]
