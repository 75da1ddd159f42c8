"""Blocks of the embedded chain: one log head each, in order, sealed and voted for with SM2. Pure.

    block   {chain, height, epoch, proposer, previous, time, head: {logId, treeSize, root, time,
             signatures: [{keyId, value}], commitments?}}
    hash    SM3 of its canonical JSON; of the first block, `previous` is the chain's own digest
    vote    SM2 over "credgraph.dev/block-vote/v1\\n" and the hash; the proposer's is the seal

A block is final with votes of a quorum of the configured voters (nodes and witnesses, more than
half of them): two blocks of one height can then not both be final. The voters make the chain's
identity, so another set of voters is another chain.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast

from ledger_adapter.crypto import multikey, sm3
from ledger_adapter.crypto.sm2 import PrivateKey, PublicKey
from ledger_adapter.errors import BadProof, BadSettings, CryptoError
from ledger_adapter.evidence.kinds import AnchoredHead, Kind, TrustedChain
from ledger_adapter.log.bundle import b64url, from_b64url
from ledger_adapter.log.checkpoint import NoteSignature, format_time, parse_decimal, parse_time
from ledger_adapter.log.commitment import canonical

CHAIN_KIND: Final = "EMBEDDED"
EVIDENCE_KIND: Final = "EMBEDDED_BLOCK"
MAX_VOTERS: Final = 32
MAX_LINES: Final = 4
_VOTE: Final = b"credgraph.dev/block-vote/v1\n"
_BLOCK: Final = {"chain", "height", "epoch", "proposer", "previous", "time", "head"}
_HEAD: Final = {"logId", "treeSize", "root", "time", "signatures"}


@dataclass(frozen=True, slots=True)
class Voter:
    """A node or a witness whose vote counts."""

    name: str
    key: PublicKey


@dataclass(frozen=True, slots=True)
class TrustedBlocks:
    """An embedded chain as its verifier configured it."""

    voters: tuple[Voter, ...]
    quorum: int

    @property
    def kind(self) -> str:
        return CHAIN_KIND

    @property
    def genesis(self) -> bytes:
        """What the first block names as the one before it."""
        return sm3.digest(canonical(chain_json(self.voters, self.quorum)))

    @property
    def chain_id(self) -> str:
        return f"embedded:{self.genesis.hex()[:16]}"

    def voter(self, name: str) -> Voter | None:
        return next((voter for voter in self.voters if voter.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadRecord:
    """A log head as it stands on the chain; `commitments` is the digest of a list, or absent."""

    log_id: bytes
    tree_size: int
    root: bytes
    time: datetime
    lines: tuple[tuple[str, bytes], ...]
    commitments: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block as read: well-formed, nothing verified."""

    chain: str
    height: int
    epoch: int
    proposer: str
    previous: bytes
    time: datetime
    head: HeadRecord

    @property
    def hash(self) -> bytes:
        return sm3.digest(canonical(block_json(self)))


@dataclass(frozen=True, slots=True)
class Vote:
    """One voter's signature of a block's hash."""

    voter: str
    value: bytes


def chain_json(voters: Sequence[Voter], quorum: int) -> dict[str, object]:
    """What makes a chain's identity."""
    return {
        "kind": CHAIN_KIND,
        "quorum": quorum,
        "voters": [
            {"name": voter.name, "publicKeyMultibase": multikey.encode_sm2(voter.key)}
            for voter in voters
        ],
    }


def trust_entry(voters: Mapping[str, PublicKey], quorum: int) -> dict[str, object]:
    """The chain's entry in a trust file."""
    listed = tuple(Voter(name, key) for name, key in voters.items())
    chain = TrustedBlocks(listed, quorum).chain_id
    return {**chain_json(listed, quorum), "chain": chain}


def read_chain(entry: Mapping[str, object]) -> TrustedChain:
    """The inverse of `trust_entry`; BadSettings for anything else."""
    voters, quorum = entry.get("voters"), entry.get("quorum")
    if set(entry) != {"kind", "chain", "quorum", "voters"} or not isinstance(voters, list):
        raise BadSettings("trust: an embedded chain has kind, chain, quorum and voters")
    listed = tuple(_voter(value) for value in voters[: MAX_VOTERS + 1])
    distinct = len({v.name for v in listed}) == len({v.key for v in listed}) == len(listed)
    if not distinct or not 0 < len(listed) <= MAX_VOTERS:
        raise BadSettings("trust: the voters of a chain are different names with different keys")
    if type(quorum) is not int or not len(listed) < 2 * quorum <= 2 * len(listed):
        raise BadSettings("trust: a quorum is more than half of the voters")
    chain = TrustedBlocks(listed, quorum)
    if entry["chain"] != chain.chain_id:
        raise BadSettings(f"trust: these voters make the chain {chain.chain_id}, not the one named")
    return chain


def _voter(value: object) -> Voter:
    if not isinstance(value, dict) or set(value) != {"name", "publicKeyMultibase"}:
        raise BadSettings("trust: a voter has name and publicKeyMultibase")
    name, text = value["name"], value["publicKeyMultibase"]
    if not isinstance(name, str) or not isinstance(text, str):
        raise BadSettings("trust: a voter's name and key are text")
    try:
        return Voter(name, multikey.decode(text))
    except CryptoError as fault:
        raise BadSettings(f"trust: voter {name}: {fault}") from None


def head_record(
    *,
    log_id: bytes,
    tree_size: int,
    root: bytes,
    time: datetime,
    signatures: Sequence[NoteSignature],
    commitments: Sequence[bytes] = (),
) -> HeadRecord:
    """What goes on chain of a signed head: the log's lines without their names."""
    return HeadRecord(
        log_id=log_id,
        tree_size=tree_size,
        root=root,
        time=time,
        lines=tuple((line.key_id, line.value) for line in signatures[:MAX_LINES]),
        commitments=sm3.digest(b"".join(commitments)) if commitments else None,
    )


def head_json(head: HeadRecord) -> dict[str, object]:
    """Its one JSON form."""
    members: dict[str, object] = {
        "logId": b64url(head.log_id),
        "treeSize": str(head.tree_size),
        "root": b64url(head.root),
        "time": format_time(head.time),
        "signatures": [{"keyId": key, "value": b64url(value)} for key, value in head.lines],
    }
    if head.commitments is not None:
        members["commitments"] = b64url(head.commitments)
    return members


def transaction_hash(chain: str, head: HeadRecord) -> bytes:
    """By what a head is asked for: known before any node has seen it."""
    return sm3.digest(canonical({"chain": chain, "head": head_json(head)}))


def block_json(block: Block) -> dict[str, object]:
    """The one JSON form of a block."""
    return {
        "chain": block.chain,
        "height": str(block.height),
        "epoch": str(block.epoch),
        "proposer": block.proposer,
        "previous": b64url(block.previous),
        "time": format_time(block.time),
        "head": head_json(block.head),
    }


def parse_block(value: object) -> Block:
    """Strict: exactly what `block_json` writes."""
    members = _members(value, _BLOCK)
    return Block(
        chain=_text(members["chain"]),
        height=parse_decimal(_text(members["height"]), "anchor"),
        epoch=parse_decimal(_text(members["epoch"]), "anchor"),
        proposer=_text(members["proposer"]),
        previous=_hash(members["previous"]),
        time=parse_time(_text(members["time"])),
        head=parse_head(members["head"]),
    )


def parse_head(value: object) -> HeadRecord:
    """Strict: exactly what `head_json` writes."""
    optional = {"commitments"} & set(value) if isinstance(value, dict) else set()
    members = _members(value, _HEAD | optional)
    lines = [_members(x, {"keyId", "value"}) for x in _listed(members["signatures"], MAX_LINES)]
    return HeadRecord(
        log_id=_hash(members["logId"]),
        tree_size=parse_decimal(_text(members["treeSize"]), "anchor"),
        root=_hash(members["root"]),
        time=parse_time(_text(members["time"])),
        lines=tuple((_text(x["keyId"]), from_b64url(x["value"], "anchor")) for x in lines),
        commitments=_hash(members["commitments"]) if optional else None,
    )


def parse_votes(value: object) -> tuple[Vote, ...]:
    """A list of votes, as read."""
    rows = [_members(row, {"voter", "value"}) for row in _listed(value, MAX_VOTERS)]
    return tuple(Vote(_text(r["voter"]), from_b64url(r["value"], "anchor")) for r in rows)


def votes_json(votes: Sequence[Vote]) -> list[dict[str, str]]:
    """The one JSON form of votes."""
    return [{"voter": vote.voter, "value": b64url(vote.value)} for vote in votes]


def sign_vote(block_hash: bytes, name: str, key: PrivateKey) -> Vote:
    """A vote, or a proposer's seal."""
    return Vote(name, key.sign(_VOTE + block_hash))


def vote_holds(chain: TrustedBlocks, block_hash: bytes, vote: Vote) -> bool:
    """Whether a configured voter made it."""
    voter = chain.voter(vote.voter)
    return voter is not None and voter.key.verify(_VOTE + block_hash, vote.value)


def check_votes(chain: TrustedBlocks, block_hash: bytes, votes: Sequence[Vote]) -> None:
    """BadProof unless a quorum of different voters, and nobody else, signed the hash."""
    if len({vote.voter for vote in votes}) != len(votes):
        raise BadProof("anchor", "a voter is listed twice")
    if len(votes) < chain.quorum:
        raise BadProof("anchor", f"{chain.quorum} votes make a block final, {len(votes)} are here")
    for vote in votes:
        if not vote_holds(chain, block_hash, vote):
            raise BadProof("anchor", f"the vote of {vote.voter[:80]} does not hold")


def evidence_json(block: Block, votes: Sequence[Vote], quorum: int) -> dict[str, object]:
    """What a bundle keeps: the block, the proposer's seal first, and no vote too many."""
    ordered = sorted(votes, key=lambda vote: (vote.voter != block.proposer, vote.voter))
    return {"block": block_json(block), "votes": votes_json(ordered[:quorum])}


def check_block(evidence: Mapping[str, object], chain: TrustedChain) -> AnchoredHead:
    """The head that a final block holds."""
    if not isinstance(chain, TrustedBlocks):
        raise BadProof("anchor", "the configured chain is of another kind")
    members = _members(evidence, {"block", "votes"})
    block, votes = parse_block(members["block"]), parse_votes(members["votes"])
    if block.chain != chain.chain_id:
        raise BadProof("anchor", "the block is of another chain")
    if not votes or votes[0].voter != block.proposer:
        raise BadProof("anchor", "the proposer's seal does not stand first")
    check_votes(chain, block.hash, votes)
    head = block.head
    return AnchoredHead(
        log_id=head.log_id,
        tree_size=head.tree_size,
        root=head.root,
        block_number=block.height,
        block_hash=block.hash,
        block_time=block.time,
        consensus=False,
    )


KIND: Final = Kind(CHAIN_KIND, "WITNESSED", check_block)


def _members(value: object, names: set[str]) -> dict[str, object]:
    if not isinstance(value, Mapping) or set(value) != names:
        raise BadProof("anchor", "members are not the expected ones")
    return cast("dict[str, object]", dict(value))


def _listed(value: object, longest: int) -> list[object]:
    if not isinstance(value, list) or len(value) > longest:
        raise BadProof("anchor", f"not a list of at most {longest}")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise BadProof("anchor", "not a text")
    return value


def _hash(value: object) -> bytes:
    raw = from_b64url(value, "anchor")
    if len(raw) != sm3.DIGEST_SIZE:
        raise BadProof("anchor", "a digest has 32 bytes")
    return raw
