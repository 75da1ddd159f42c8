"""What a voter remembers: one file of JSON lines that only grows, each line on disk when written.

In memory lie the offsets of the lines, not the blocks. A line cut short by a crash was never
answered for, and is cut off at the next start.
"""

import fcntl
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, cast

from ledger_adapter.errors import BadProof, BadSettings
from ledger_adapter.evidence.block import (
    Block,
    Vote,
    block_json,
    parse_block,
    parse_votes,
    transaction_hash,
    votes_json,
)


class Ballot(NamedTuple):
    """The right to propose: the greatest one counts. `node` tells apart who had the same idea."""

    epoch: int
    node: str

    def json(self) -> dict[str, object]:
        return {"epoch": self.epoch, "node": self.node}


NOBODY = Ballot(0, "")


def parse_ballot(value: object) -> Ballot:
    """BadProof for anything else."""
    if not isinstance(value, dict) or set(value) != {"epoch", "node"}:
        raise BadProof("request", "a ballot has epoch and node")
    epoch, node = value["epoch"], value["node"]
    if type(epoch) is not int or not 0 <= epoch < 2**53 or not isinstance(node, str):
        raise BadProof("request", "a ballot has a number and a name")
    return Ballot(epoch, node)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A block with its seal, the text that its head's log signed, and its parent's votes."""

    block: Block
    seal: Vote
    body: bytes
    parent: tuple[Vote, ...]

    def json(self) -> dict[str, object]:
        return {
            "block": block_json(self.block),
            "seal": votes_json([self.seal]),
            "body": self.body.decode(),
            "parent": votes_json(self.parent),
        }

    @classmethod
    def parse(cls, value: object) -> "Proposal":
        """BadProof for anything that `json` does not make."""
        if not isinstance(value, dict) or set(value) != {"block", "seal", "body", "parent"}:
            raise BadProof("request", "a proposal has block, seal, body and parent")
        seal = parse_votes(value["seal"])
        if len(seal) != 1 or not isinstance(value["body"], str):
            raise BadProof("request", "a proposal has one seal and one signed text")
        return cls(
            block=parse_block(value["block"]),
            seal=seal[0],
            body=value["body"].encode(),
            parent=parse_votes(value["parent"]),
        )


class VoterState:
    """The file of one voter; a second process on it is refused."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a+b")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise BadSettings(f"another voter works with {path}") from None
        self.promised = NOBODY
        self._ballots: list[Ballot] = []
        self._offsets: list[tuple[int, int]] = []
        self._sizes: dict[bytes, list[tuple[int, int]]] = {}
        self._found: dict[bytes, int] = {}
        self._places: dict[tuple[bytes, int], int] = {}
        self._end = self._load()

    @property
    def height(self) -> int:
        return len(self._offsets)

    def ballot(self, height: int) -> Ballot:
        """Under which a block was voted for."""
        return self._ballots[height - 1] if 0 < height <= self.height else NOBODY

    def proposal(self, height: int) -> Proposal | None:
        """What was voted for at a height, last."""
        row = self._row(height)
        return None if row is None else Proposal.parse(row["proposal"])

    def page(self, since: int, limit: int) -> list[Mapping[str, object]]:
        """The lines from a height on: `{ballot, proposal}` each."""
        rows = (
            self._row(height) for height in range(since, min(self.height, since + limit - 1) + 1)
        )
        return [row for row in rows if row is not None]

    def where(self, transaction: bytes) -> int | None:
        """The height whose head has this transaction hash."""
        return self._found.get(transaction)

    def where_size(self, log_id: bytes, size: int) -> int | None:
        """The height whose head is of this log and size."""
        return self._places.get((log_id, size))

    def last_size(self, log_id: bytes, *, below: int) -> int:
        """The greatest size of a log in blocks below a height; 0 without any."""
        known = self._sizes.get(log_id, [])
        return max((size for height, size in known if height < below), default=0)

    def promise(self, ballot: Ballot) -> None:
        """Keep a promise; on the disk when this returns."""
        self._write({"promise": ballot.json()})
        self.promised = ballot

    def vote(self, ballot: Ballot, proposal: Proposal) -> None:
        """Keep a vote; on the disk when this returns."""
        start, end = self._write({"ballot": ballot.json(), "proposal": proposal.json()})
        self._note(ballot, proposal.block, (start, end))

    def close(self) -> None:
        """Let another process take over."""
        self._file.close()

    def _note(self, ballot: Ballot, block: Block, place: tuple[int, int]) -> None:
        while len(self._offsets) >= block.height:
            self._offsets.pop()
            self._ballots.pop()
        self._offsets.append(place)
        self._ballots.append(ballot)
        sizes = self._sizes.setdefault(block.head.log_id, [])
        kept = [row for row in sizes if row[0] < block.height][-2:]
        self._sizes[block.head.log_id] = [*kept, (block.height, block.head.tree_size)]
        self._found[transaction_hash(block.chain, block.head)] = block.height
        self._places[block.head.log_id, block.head.tree_size] = block.height
        self.promised = max(self.promised, ballot)

    def _row(self, height: int) -> dict[str, object] | None:
        if not 0 < height <= self.height:
            return None
        start, end = self._offsets[height - 1]
        return cast(
            "dict[str, object]", json.loads(os.pread(self._file.fileno(), end - start, start))
        )

    def _write(self, row: Mapping[str, object]) -> tuple[int, int]:
        line = json.dumps(row, separators=(",", ":")).encode() + b"\n"
        self._file.write(line)
        self._file.flush()
        os.fsync(self._file.fileno())
        start, self._end = self._end, self._end + len(line)
        return start, self._end

    def _load(self) -> int:
        self._file.seek(0)
        place = 0
        for line in self._file:
            if not line.endswith(b"\n"):
                break
            row = json.loads(line)
            if "promise" in row:
                self.promised = max(self.promised, parse_ballot(row["promise"]))
            else:
                proposal = Proposal.parse(row["proposal"])
                self._note(parse_ballot(row["ballot"]), proposal.block, (place, place + len(line)))
            place += len(line)
        self._file.truncate(place)
        return place
