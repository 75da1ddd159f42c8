"""A voter of the embedded chain: what it promised, what it voted for, on disk before it answers.

Laws: no vote below the promised ballot; heights without gaps; a block counts as final below
another only by its quorum of votes; only heads that a configured log has signed, each greater than
the last one of its log; under one ballot never two blocks of one height.
"""

import json
import logging
from collections.abc import Sequence
from typing import Final

from ledger_adapter.asgi import Answer, Receive, Scope, read_body
from ledger_adapter.chains.embedded.state import Ballot, Proposal, VoterState, parse_ballot
from ledger_adapter.crypto.sm2 import PrivateKey
from ledger_adapter.errors import BadProof
from ledger_adapter.evidence.block import (
    Block,
    TrustedBlocks,
    Vote,
    check_votes,
    sign_vote,
    vote_holds,
    votes_json,
)
from ledger_adapter.evidence.trust import TrustedLog
from ledger_adapter.log.checkpoint import TreeHead, parse_body

logger = logging.getLogger("credgraph.chain")

MAX_REQUEST: Final = 262_144
PAGE: Final = 50


class Outdated(Exception):
    """A greater ballot was promised, or the voter is elsewhere; the answer says where."""

    def __init__(self, promised: Ballot, height: int) -> None:
        super().__init__(f"promised {promised.epoch}, at height {height}")
        self.promised, self.height = promised, height


class Voter:
    """One voter. Calls must not overlap: state is read, checked and written in one go."""

    def __init__(
        self,
        *,
        name: str,
        key: PrivateKey,
        chain: TrustedBlocks,
        logs: Sequence[TrustedLog],
        state: VoterState,
    ) -> None:
        self.name, self._key, self.chain, self.state = name, key, chain, state
        self._logs = {log.id: log for log in logs}

    @property
    def promised(self) -> Ballot:
        return self.state.promised

    @property
    def height(self) -> int:
        """Of the highest block it has voted for."""
        return self.state.height

    def promise(self, ballot: Ballot) -> bool:
        """Whether from now on nobody below this ballot gets a vote here."""
        if ballot < self.promised:
            return False
        if ballot != self.promised:
            self.state.promise(ballot)
        return True

    def vote(self, ballot: Ballot, proposal: Proposal) -> Vote:
        """A vote; Outdated or BadProof instead of one."""
        block = proposal.block
        if ballot < self.promised or not self.height <= block.height <= self.height + 1:
            raise Outdated(self.promised, self.height)
        mine = self.state.proposal(block.height)
        if mine is None or mine.block != block:
            if mine is not None and self.state.ballot(block.height) == ballot:
                raise BadProof("block", "a second block under one ballot")
            self._check(proposal)
        if mine is None or mine.block != block or self.state.ballot(block.height) != ballot:
            self.state.vote(ballot, proposal)
        return sign_vote(block.hash, self.name, self._key)

    def seal(self, block: Block) -> Vote:
        """A proposer's own signature of its block."""
        return sign_vote(block.hash, self.name, self._key)

    def _check(self, proposal: Proposal) -> None:
        block = proposal.block
        if block.chain != self.chain.chain_id or block.height < 1:
            raise BadProof("block", "of another chain")
        if proposal.seal.voter != block.proposer or not vote_holds(
            self.chain, block.hash, proposal.seal
        ):
            raise BadProof("block", "the proposer's seal does not hold")
        if block.height == 1:
            if block.previous != self.chain.genesis or proposal.parent:
                raise BadProof("block", "the first block does not begin this chain")
        else:
            check_votes(self.chain, block.previous, proposal.parent)
        self._check_head(proposal)

    def _check_head(self, proposal: Proposal) -> None:
        head, signed = proposal.block.head, parse_body(proposal.body)
        log = self._logs.get(head.log_id)
        if log is None or not _says(signed, log, proposal.block):
            raise BadProof("block", "its head is not the one that was signed, or of no known log")
        if not any(
            key.key_id == key_id
            and key.may_sign(head.tree_size)
            and key.key.verify(proposal.body, value)
            for key_id, value in head.lines
            for key in log.keys
        ):
            raise BadProof("block", "its head has no signature of the log")
        last = self.state.last_size(head.log_id, below=proposal.block.height)
        if last >= head.tree_size:
            raise BadProof("block", f"size {head.tree_size} after size {last} of the same log")


def _says(signed: TreeHead, log: TrustedLog, block: Block) -> bool:
    head = block.head
    return (signed.origin, signed.hash, signed.tree_size, signed.root, signed.time) == (
        log.origin,
        log.hash,
        head.tree_size,
        head.root,
        head.time,
    )


class VoterDoor:
    """A voter on HTTP: POST /chain/promise, POST /chain/vote."""

    def __init__(self, voter: Voter) -> None:
        self.voter = voter

    async def reply(self, scope: Scope, receive: Receive) -> Answer:
        """The answer to one request below /chain/; never raises for what a stranger may send."""
        raw = await read_body(receive, MAX_REQUEST)
        if scope["method"] != "POST" or raw is None:
            return Answer(404, "no such path\n")
        try:
            return self._routed(scope["path"], raw)
        except BadProof as fault:
            return Answer(400, f"{fault}\n")

    def _routed(self, path: str, raw: bytes) -> Answer:
        try:
            asked = json.loads(raw)
            ballot = parse_ballot(asked["ballot"])
        except (ValueError, KeyError, TypeError, RecursionError):
            raise BadProof("request", "not a JSON object with a ballot") from None
        match path:
            case "/chain/promise":
                return self._promise(ballot, asked.get("since", 1))
            case "/chain/vote":
                return self._vote(ballot, asked.get("proposal"))
            case _:
                return Answer(404, "no such path\n")

    def _promise(self, ballot: Ballot, since: object) -> Answer:
        if type(since) is not int or since < 1:
            raise BadProof("request", "since is a height")
        granted = self.voter.promise(ballot)
        return Answer.json(
            {
                "granted": granted,
                "promised": self.voter.promised.json(),
                "height": self.voter.height,
                "proposals": self.voter.state.page(since, PAGE),
            }
        )

    def _vote(self, ballot: Ballot, proposal: object) -> Answer:
        try:
            vote = self.voter.vote(ballot, Proposal.parse(proposal))
        except Outdated as stale:
            return Answer.json(
                {"promised": stale.promised.json(), "height": stale.height}, status=409
            )
        return Answer.json({"votes": votes_json([vote])})
