"""A chain with everything a test wants to do to it: one room for each backend."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ledger_adapter.chains.port import AnchorHead, Chain
from ledger_adapter.crypto.sm2 import PrivateKey
from ledger_adapter.evidence.kinds import TrustedChain
from ledger_adapter.log.checkpoint import (
    SM2_KIND,
    NoteSignature,
    TreeHead,
    body,
    key_id,
    log_id,
)
from tests.ledger_adapter.kit import AT, KEY, ORIGIN


def head_of(size: int, *, root: bytes = b"", key: PrivateKey = KEY) -> AnchorHead:
    """A signed head of the test log; its root is made from the size unless another is given."""
    root = root or size.to_bytes(32)
    head = TreeHead(origin=ORIGIN, tree_size=size, root=root, hash="SM3", time=AT, previous=None)
    signed = body(head)
    line = NoteSignature(
        name=ORIGIN,
        key_id=key_id(ORIGIN, key.public_key),
        kind=SM2_KIND,
        value=key.sign(signed),
    )
    return AnchorHead(
        log_id=log_id(ORIGIN, key.public_key),
        tree_size=size,
        root=root,
        time=AT,
        body=signed,
        signatures=(line,),
    )


class Steering(Protocol):
    """What a test does to a chain."""

    async def settle(self) -> None:
        """Let the chain make what is pending final."""
        ...

    async def stop_primary(self) -> None:
        """kill -9, or its like, to the node that leads; a backup stays."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainRoom:
    """One chain that knows the test log's key, and how its verifier is configured."""

    chain: Chain
    trusted: TrustedChain
    steer: Steering


Open = Callable[[Path], AbstractAsyncContextManager[ChainRoom]]
