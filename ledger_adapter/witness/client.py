"""How the log asks its witnesses: all at once, each with a deadline, each answer checked.

The log never waits for a witness longer than the deadline, and never stores a line that does not
hold: a broken witness costs a second, not a checkpoint.
"""

import asyncio
import base64
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import httpx

from ledger_adapter.errors import BadProof
from ledger_adapter.evidence.trust import TrustedWitness
from ledger_adapter.log.checkpoint import (
    COSIGNATURE_KIND,
    Checkpoint,
    NoteSignature,
    parse_decimal,
    parse_signature,
)
from ledger_adapter.log.cosignature import holds

logger = logging.getLogger("credgraph.ledger")

DEADLINE: Final = 1.5
MAX_ANSWER: Final = 65_536
Prove = Callable[[int, int], Awaitable[Sequence[bytes]]]


class WitnessClient:
    """One witness as the log sees it. Remembers which size the witness has reached."""

    def __init__(self, witness: TrustedWitness, url: str, http: httpx.AsyncClient) -> None:
        self.witness, self._url, self._http = witness, url, http
        self._size = 0
        self._complaint = ""

    async def cosign(self, head: Checkpoint, prove: Prove) -> NoteSignature | None:
        """The witness's line, checked; None when it cannot be had now."""
        try:
            async with asyncio.timeout(DEADLINE):
                line = await self._ask(head, prove)
        except (TimeoutError, httpx.HTTPError, BadProof) as fault:
            self._complain(f"{type(fault).__name__} {fault}".strip())
            return None
        self._size, self._complaint = head.tree_size, ""
        return line

    async def _ask(self, head: Checkpoint, prove: Prove) -> NoteSignature:
        answer = await self._post(head, prove)
        if answer.status_code == 409:  # it is elsewhere than we thought; it says where
            self._size = parse_decimal(answer.text.strip(), "witness")
            if not 0 <= self._size <= head.tree_size:
                raise BadProof("witness", f"has signed size {self._size}, beyond this head")
            answer = await self._post(head, prove)
        if answer.status_code != 200:
            raise BadProof("witness", f"{answer.status_code} {answer.text[:200].strip()}")
        return self._checked(answer.text, head)

    async def _post(self, head: Checkpoint, prove: Prove) -> httpx.Response:
        old = min(self._size, head.tree_size)
        path = await prove(old, head.tree_size) if old else ()
        hashes = "".join(base64.b64encode(node).decode() + "\n" for node in path)
        body = f"old {old}\n{hashes}\n".encode() + head.note()
        return await self._http.post(f"{self._url}/add-checkpoint", content=body)

    def _checked(self, text: str, head: Checkpoint) -> NoteSignature:
        line = parse_signature(text.removesuffix("\n"))
        known = (self.witness.name, self.witness.key_id, COSIGNATURE_KIND)
        if (line.name, line.key_id, line.kind) != known:
            raise BadProof("witness", "answered with another key's line")
        if not holds(head.body, line.value, self.witness.key):
            raise BadProof("witness", "its cosignature does not hold")
        return line

    def _complain(self, reason: str) -> None:
        if reason != self._complaint:  # once, not each second
            logger.warning("witness %s: %s", self.witness.name, reason)
        self._complaint = reason


class WitnessGroup:
    """All witnesses of a log."""

    def __init__(self, clients: Sequence[WitnessClient]) -> None:
        self._clients = tuple(clients)

    def missing(self, head: Checkpoint) -> bool:
        """Whether some witness has not signed this head."""
        return any(c.witness.key_id not in head.cosigners for c in self._clients)

    async def cosign(self, head: Checkpoint, prove: Prove) -> tuple[NoteSignature, ...]:
        """The head's signatures with those of the witnesses that answered in time."""
        absent = [c for c in self._clients if c.witness.key_id not in head.cosigners]
        lines = await asyncio.gather(*(client.cosign(head, prove) for client in absent))
        return (*head.signatures, *(line for line in lines if line is not None))
