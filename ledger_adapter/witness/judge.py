"""Whether a witness signs: C2SP tlog-witness `add-checkpoint`, with SM2 for the signatures.

Laws: only logs from the trust file; only heads signed by their key; only heads that extend the
last one signed; remembered before answered. A log that contradicts itself under its own signature
is refused, and both notes stay on record: together they convict it.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from ledger_adapter.asgi import Answer
from ledger_adapter.crypto.sm2 import PrivateKey
from ledger_adapter.errors import BadProof
from ledger_adapter.evidence.trust import TrustedLog
from ledger_adapter.log.checkpoint import (
    MAX_NOTE,
    Checkpoint,
    decode_base64,
    parse_decimal,
    parse_note,
    signature_line,
)
from ledger_adapter.log.cosignature import cosign
from ledger_adapter.log.hashing import HASH_SIZE, profile
from ledger_adapter.log.proofs import check_consistency
from ledger_adapter.witness.state import WitnessState

logger = logging.getLogger("credgraph.witness")

MAX_PATH: Final = 63
MAX_REQUEST: Final = MAX_NOTE + 64 * 48


@dataclass(frozen=True, slots=True)
class Request:
    """A parsed `add-checkpoint`: the size the log believes we know, the proof, the head."""

    old: int
    path: tuple[bytes, ...]
    head: Checkpoint


class _Refusal(Exception):
    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.body)
        self.answer = answer


class Witness:
    """One witness. Calls must not overlap: the state is read, checked and written in one go."""

    def __init__(
        self,
        *,
        name: str,
        key: PrivateKey,
        logs: Sequence[TrustedLog],
        state: WitnessState,
        now: Callable[[], float],
    ) -> None:
        self.name, self._key, self.state, self._now = name, key, state, now
        self._logs = {log.origin: log for log in logs}

    def add_checkpoint(self, raw: bytes) -> Answer:
        """The answer to one request; never raises for what a stranger may send."""
        try:
            request = parse_request(raw)
            self._judge(request)
        except BadProof as fault:
            return Answer(400, f"{fault}\n")
        except _Refusal as refusal:
            return refusal.answer
        self.state.remember(request.head)
        line = cosign(request.head.body, name=self.name, key=self._key, time=int(self._now()))
        return Answer(200, signature_line(line))

    def _judge(self, request: Request) -> None:
        log = self._known(request.head)
        known = self.state.head(log.origin)
        size = known.tree_size if known else 0
        if request.old > request.head.tree_size:
            raise _Refusal(Answer(400, "the old size is greater than the new one\n"))
        if known is not None:
            self._contradiction(known, request.head)
        if request.old != size:
            raise _Refusal(Answer(409, f"{size}\n", "text/x.tlog.size"))
        if known is None:
            if request.path:
                raise _Refusal(Answer(422, "the first head of a log has no proof\n"))
            return
        self._extends(known, request)

    def _known(self, head: Checkpoint) -> TrustedLog:
        log = self._logs.get(head.head.origin)
        if log is None:
            raise _Refusal(Answer(404, "this log is not known here\n"))
        signed = any(
            key.may_sign(head.tree_size) and key.key.verify(head.body, signature.value)
            for signature in head.signatures
            for key in log.keys
            if (signature.name, signature.key_id) == (log.origin, key.key_id)
        )
        if head.head.hash != log.hash or not signed:
            raise _Refusal(Answer(403, "no signature of a key of this log\n"))
        return log

    def _contradiction(self, known: Checkpoint, offered: Checkpoint) -> None:
        """What needs no proof to be seen: two roots for a size, or a later, smaller tree."""
        if offered.tree_size == known.tree_size and offered.root != known.root:
            self._record("FORK", known, offered)
            raise _Refusal(Answer(409, f"{known.tree_size}\n", "text/x.tlog.size"))
        if offered.tree_size < known.tree_size and offered.time > known.time:
            self._record("ROLLBACK", known, offered)

    def _extends(self, known: Checkpoint, request: Request) -> None:
        try:
            check_consistency(
                profile(known.head.hash),
                first=known.tree_size,
                first_root=known.root,
                second=request.head.tree_size,
                second_root=request.head.root,
                path=request.path,
            )
        except BadProof as fault:
            self._record("INCONSISTENT", known, request.head)
            raise _Refusal(Answer(422, f"{fault}\n")) from None

    def _record(self, kind: str, known: Checkpoint, offered: Checkpoint) -> None:
        if self.state.record(kind, known, offered):
            logger.error(
                "%s of %s: size %d after size %d; both notes are on record",
                kind,
                known.head.origin,
                offered.tree_size,
                known.tree_size,
            )


def parse_request(raw: bytes) -> Request:
    """Read a request strictly; BadProof for anything else."""
    top, separator, note = raw.partition(b"\n\n")
    lines = top.decode("ascii", errors="replace").split("\n")
    if not separator or not lines[0].startswith("old ") or len(lines) > 1 + MAX_PATH:
        raise BadProof("request", "not `old N`, hashes, an empty line and a checkpoint")
    path = tuple(decode_base64(line, "request") for line in lines[1:])
    if any(len(node) != HASH_SIZE for node in path):
        raise BadProof("request", "a hash has 32 bytes")
    return Request(parse_decimal(lines[0][4:], "request"), path, parse_note(note))
