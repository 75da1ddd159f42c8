"""A node of the embedded chain: a voter that can also propose, when its ballot is the greatest.

Laws: no proposal before a quorum has promised this ballot and told what it voted for; the highest
of that is proposed again before anything new; a block that found no quorum is proposed again, not
another one in its place; whoever sees a greater ballot steps down.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from ledger_adapter.chains.embedded.peers import Behind, Peer, Promise, Refused
from ledger_adapter.chains.embedded.state import NOBODY, Ballot, Proposal
from ledger_adapter.chains.embedded.voter import Outdated, Voter
from ledger_adapter.errors import BadProof
from ledger_adapter.evidence.block import Block, HeadRecord, Vote, transaction_hash, vote_holds
from ledger_adapter.log.checkpoint import format_time

logger = logging.getLogger("credgraph.chain")

MAX_WAITING: Final = 256


@dataclass(frozen=True, slots=True)
class Wish:
    """A head that waits for its block, with the text its log signed."""

    head: HeadRecord
    body: bytes


@dataclass(frozen=True, slots=True)
class Tip:
    """The highest final block and the votes that made it so."""

    height: int
    hash: bytes
    votes: tuple[Vote, ...]


class Node:
    """One node. `standing` is its place in the order of nodes: who tries first, who waits."""

    def __init__(
        self,
        voter: Voter,
        *,
        peers: Sequence[Peer],
        nodes: Sequence[str],
        block_seconds: float,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.voter, self._peers, self._nodes = voter, tuple(peers), tuple(nodes)
        self._block_seconds, self._now = block_seconds, now
        self.ballot: Ballot | None = None
        self.tip = Tip(0, voter.chain.genesis, ())
        self.waiting: dict[bytes, Wish] = {}
        self.switches: list[dict[str, object]] = []
        self.refused: dict[bytes, str] = {}
        self._wake = asyncio.Event()
        self._open: Proposal | None = None
        self._late: set[asyncio.Future[object]] = set()

    @property
    def leads(self) -> bool:
        return self.ballot is not None and self.ballot == self.voter.promised

    @property
    def _quorum(self) -> int:
        return self.voter.chain.quorum

    @property
    def epoch(self) -> int:
        """Of the greatest ballot it knows."""
        return self.voter.promised.epoch

    def ask(self, wish: Wish) -> bytes:
        """Take a head up, once; its transaction hash. BadProof when too many wait."""
        name = transaction_hash(self.voter.chain.chain_id, wish.head)
        if self.final(name) is None and name not in self.waiting:
            if len(self.waiting) >= MAX_WAITING:
                raise BadProof("request", "too many heads wait")
            self.waiting[name] = wish
            self._wake.set()
        return name

    def final(self, transaction: bytes) -> Block | None:
        """The final block that holds a transaction."""
        height = self.voter.state.where(transaction)
        if height is None or height > self.tip.height:
            return None
        found = self.voter.state.proposal(height)
        same = found and transaction_hash(found.block.chain, found.block.head) == transaction
        return found.block if found and same else None

    def votes(self, height: int) -> tuple[Vote, ...]:
        """The votes that made a height final; they stand in the block above it."""
        if height == self.tip.height:
            return self.tip.votes
        above = self.voter.state.proposal(height + 1)
        return above.parent if above and height < self.tip.height else ()

    async def run(self) -> None:
        """Lead, or watch whoever leads, for ever."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._watch())
                group.create_task(self._work())
        finally:
            for task in self._late:
                task.cancel()

    async def _watch(self) -> None:
        """Each quarter of a block time: is there a leader, and is it still me?"""
        clock = asyncio.get_running_loop().time
        standing = self._nodes.index(self.voter.name)
        quiet_since = clock() + 2 * self._block_seconds * standing
        others = [peer for peer in self._peers if peer.name in self._nodes]
        while True:
            reports = await asyncio.gather(*(peer.health() for peer in others))
            led = self._led_by_another(reports)
            if led:
                self.ballot = self._open = None
                quiet_since = clock()
            elif not self.leads and clock() - quiet_since >= self._block_seconds / 2:
                await self._campaign()
                quiet_since = clock()
            await asyncio.sleep(self._block_seconds / 4)

    def _led_by_another(self, reports: Sequence[dict[str, Any] | None]) -> bool:
        epochs = [r.get("epoch") for r in reports if r and r.get("role") == "PRIMARY"]
        return (
            any(type(epoch) is int and epoch >= self.epoch for epoch in epochs) and not self.leads
        )

    async def _campaign(self) -> None:
        """Ask everybody for a promise; with a quorum of them, finish what was begun and lead."""
        before = self.voter.promised
        ballot = Ballot(before.epoch + 1, self.voter.name)
        since = max(1, self.voter.height)
        self.voter.promise(ballot)
        asked = [peer.promise(ballot, since) for peer in self._peers]
        heard = await self._heard(asked, lambda told: 1 + len(_granted(told)) >= self._quorum)
        answers = [answer for answer in heard if isinstance(answer, Promise)]
        granted = _granted(answers)
        if 1 + len(granted) < self._quorum:
            for answer in answers:
                if answer.promised > self.voter.promised:
                    self.voter.promise(answer.promised)
            logger.info("no quorum to lead: %d of %d voters", 1 + len(granted), len(answers) + 1)
            return
        if await self._adopt(ballot, granted):
            self.ballot = ballot
            self._wake.set()
            self._note_switch(before, ballot)

    def _note_switch(self, before: Ballot, ballot: Ballot) -> None:
        logger.info("%s leads in epoch %d, height %d", ballot.node, ballot.epoch, self.tip.height)
        if before in (NOBODY,) or before.node == ballot.node:
            return
        self.switches.append(
            {
                "epoch": ballot.epoch,
                "from": before.node,
                "to": ballot.node,
                "reason": "the primary gave no answer",
                "at": format_time(self._now()),
            }
        )

    async def _adopt(self, ballot: Ballot, granted: Sequence[Promise]) -> bool:
        """Take up what others voted for, lower blocks first; propose the highest anew."""
        while True:
            wanted = self.voter.height + 1
            known = [pair for answer in granted for pair in answer.proposals]
            choice = max(
                (pair for pair in known if pair[1].block.height == wanted),
                key=lambda pair: pair[0],
                default=None,
            )
            if choice is None or not self._try(ballot, self._certified(choice[1], known)):
                break
        highest = self._highest(granted)
        if highest is not None and highest.block.height == self.voter.height:
            self._try(ballot, highest)
        if any(answer.height > self.voter.height for answer in granted):
            return False  # a page of blocks was taken over; the next campaign goes on from there
        top = self.voter.state.proposal(self.voter.height)
        return top is None or await self._decide(ballot, top)

    def _highest(self, granted: Sequence[Promise]) -> Proposal | None:
        """The proposal at my own height that was voted for under the greatest ballot."""
        mine = self.voter.state.proposal(self.voter.height)
        options = [(self.voter.state.ballot(self.voter.height), mine)] if mine else []
        options += [
            pair
            for answer in granted
            for pair in answer.proposals
            if pair[1].block.height == self.voter.height
        ]
        return max(options, key=lambda pair: pair[0])[1] if options else None

    def _certified(self, choice: Proposal, known: Sequence[tuple[Ballot, Proposal]]) -> Proposal:
        """Where a higher block names its parent, that parent is the one that became final."""
        parents = {p.block.previous for _, p in known if p.block.height == choice.block.height + 1}
        named = [
            p for _, p in known if p.block.height == choice.block.height and p.block.hash in parents
        ]
        return named[0] if named else choice

    def _try(self, ballot: Ballot, proposal: Proposal) -> bool:
        try:
            self.voter.vote(ballot, proposal)
        except (BadProof, Outdated) as fault:
            logger.warning("block %d is not taken over: %s", proposal.block.height, fault)
            return False
        return True

    async def _work(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self.leads and (self._open or self.waiting):
                if not await self._propose():
                    await asyncio.sleep(self._block_seconds / 2)

    async def _propose(self) -> bool:
        ballot = self.ballot
        if self._open is None:
            self._open = self._next_proposal()
        if ballot is None or self._open is None:
            self._open = None
            return ballot is not None
        if not await self._decide(ballot, self._open):
            return False
        self._open = None
        return True

    def _next_proposal(self) -> Proposal | None:
        """A block for the first head that can still have one; those that cannot are let go."""
        while self.waiting and self.ballot is not None:
            name = next(iter(self.waiting))
            wish = self.waiting[name]
            proposal = self._sealed(wish, self.ballot)
            if self.final(name) is None and self._accepted(name, self.ballot, proposal):
                return proposal
            del self.waiting[name]
        return None

    def _accepted(self, name: bytes, ballot: Ballot, proposal: Proposal) -> bool:
        try:
            self.voter.vote(ballot, proposal)
        except BadProof as fault:
            while len(self.refused) >= MAX_WAITING:
                del self.refused[next(iter(self.refused))]
            self.refused[name] = fault.reason
            return False
        except Outdated:
            return False
        return True

    def _sealed(self, wish: Wish, ballot: Ballot) -> Proposal:
        block = Block(
            chain=self.voter.chain.chain_id,
            height=self.tip.height + 1,
            epoch=ballot.epoch,
            proposer=self.voter.name,
            previous=self.tip.hash,
            time=self._now().replace(microsecond=0),
            head=wish.head,
        )
        seal = self.voter.seal(block)
        return Proposal(block=block, seal=seal, body=wish.body, parent=self.tip.votes)

    async def _decide(self, ballot: Ballot, proposal: Proposal) -> bool:
        """Collect votes; with a quorum the block is final and its head waits no longer."""
        block = proposal.block
        if not self._try(ballot, proposal):
            return False
        mine = (proposal.seal, self.voter.seal(block))
        asked = [self._ask(peer, ballot, proposal) for peer in self._peers]
        answers = await self._heard(
            asked, lambda told: len(self._held(block, mine, told)) >= self._quorum
        )
        for fault in answers:
            if isinstance(fault, Refused):
                self._step_down(fault)
                return False
            if isinstance(fault, BaseException):
                raise fault
        votes = self._held(block, mine, answers)
        if len(votes) < self._quorum:
            logger.warning("block %d has %d votes, too few", block.height, len(votes))
            return False
        self.tip = Tip(block.height, block.hash, votes)
        self.waiting.pop(transaction_hash(block.chain, block.head), None)
        return True

    def _held(
        self, block: Block, mine: Sequence[Vote], answers: Sequence[object]
    ) -> tuple[Vote, ...]:
        """My own votes and those given that hold, one a voter."""
        given = [vote for votes in answers if isinstance(votes, Sequence) for vote in votes]
        held = {v.voter: v for v in given if vote_holds(self.voter.chain, block.hash, v)}
        return tuple({**held, **{vote.voter: vote for vote in mine}}.values())

    async def _heard(
        self,
        asked: Sequence[Coroutine[Any, Any, object]],
        enough: Callable[[Sequence[object]], bool],
    ) -> list[object]:
        """What voters answered, faults too, until that is enough and a moment longer.

        A voter that hangs would otherwise hold up every block for its whole deadline. Whoever is
        late is still asked to the end: one that lags catches up that way.
        """
        tasks = [asyncio.ensure_future(one) for one in asked]
        done: set[asyncio.Future[object]] = set()
        try:
            while len(done) < len(tasks) and not enough(_told(tasks, done)):
                waiting = [task for task in tasks if task not in done]
                done |= (await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED))[0]
            late = [task for task in tasks if task not in done]
            if late:
                done |= (await asyncio.wait(late, timeout=self._block_seconds / 20))[0]
        finally:
            for task in tasks:
                self._late.add(task)
                task.add_done_callback(self._forget)
        return _told(tasks, done)

    def _forget(self, task: "asyncio.Future[object]") -> None:
        self._late.discard(task)
        if not task.cancelled():
            task.exception()  # looked at: a late voter's fault is told by its next answer

    async def _ask(self, peer: Peer, ballot: Ballot, proposal: Proposal) -> Sequence[Vote]:
        """One voter's vote; a voter that lags gets what it lacks first."""
        try:
            return await peer.vote(ballot, proposal)
        except Behind as behind:
            for height in range(behind.height + 1, proposal.block.height):
                missing = self.voter.state.proposal(height)
                if missing is None or not await peer.vote(ballot, missing):
                    return ()
        try:
            return await peer.vote(ballot, proposal)
        except Behind:
            return ()

    def _step_down(self, fault: Refused) -> None:
        logger.warning("stepping down: %s", fault)
        self.ballot = None
        self._open = None
        if fault.promised > self.voter.promised:
            self.voter.promise(fault.promised)


def _granted(answers: Sequence[object]) -> list[Promise]:
    return [answer for answer in answers if isinstance(answer, Promise) and answer.granted]


def _told(
    tasks: Sequence["asyncio.Future[object]"], done: Set["asyncio.Future[object]"]
) -> list[object]:
    """Results and faults, in the order in which they were asked for."""
    return [task.exception() or task.result() for task in tasks if task in done]
