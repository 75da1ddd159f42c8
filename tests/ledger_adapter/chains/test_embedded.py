"""What is special to the embedded chain: fencing, blocks taken over, voters that refuse."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar, TypeAlias, TypeVar

import httpx
import pytest

from ledger_adapter.chains.embedded.client import EmbeddedChain, NodePlace
from ledger_adapter.chains.embedded.node import Wish
from ledger_adapter.chains.embedded.state import Ballot, Proposal, VoterState
from ledger_adapter.chains.embedded.voter import Outdated, Voter
from ledger_adapter.chains.port import SignedTransaction
from ledger_adapter.errors import BadProof, BadSettings, ChainUnavailable
from ledger_adapter.evidence.anchors import check_evidence, read_chain
from ledger_adapter.evidence.block import (
    Block,
    HeadRecord,
    Vote,
    head_record,
    sign_vote,
    trust_entry,
)
from ledger_adapter.log.bundle import b64url
from tests.ledger_adapter.chains.embedded_room import (
    CHAIN,
    KEYS,
    LOG,
    NODES,
    EmbeddedStage,
    embedded_stage,
)
from tests.ledger_adapter.chains.kit import ChainRoom, head_of
from tests.ledger_adapter.chains.test_contract import sent, until_final, until_taken
from tests.ledger_adapter.kit import AT

T = TypeVar("T")
Lie: TypeAlias = Callable[[str, Any], Any]
Anchored: TypeAlias = tuple[EmbeddedStage, EmbeddedChain, SignedTransaction]
ONE, TWO = Ballot(1, NODES[0]), Ballot(2, NODES[1])


class Opened:
    """Voters' files of one test, closed at its end."""

    states: ClassVar[list[VoterState]] = []


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    while Opened.states:
        Opened.states.pop().close()


def voter_in(folder: Path, name: str = "w.one") -> Voter:
    state = VoterState(folder / f"{name}.jsonl")
    Opened.states.append(state)
    return Voter(name=name, key=KEYS[name], chain=CHAIN, logs=[LOG], state=state)


def record(size: int) -> tuple[HeadRecord, bytes]:
    head = head_of(size)
    made = head_record(
        log_id=head.log_id,
        tree_size=size,
        root=head.root,
        time=AT,
        signatures=head.signatures,
    )
    return made, head.body


def proposed(
    size: int, *, height: int = 1, previous: bytes = CHAIN.genesis, by: str = NODES[0],
    parent: tuple[Vote, ...] = (),
) -> Proposal:  # fmt: skip
    head, body = record(size)
    block = Block(
        chain=CHAIN.chain_id, height=height, epoch=1, proposer=by, previous=previous, time=AT,
        head=head,
    )  # fmt: skip
    return Proposal(block=block, seal=sign_vote(block.hash, by, KEYS[by]), body=body, parent=parent)


def votes_for(proposal: Proposal, count: int = 3) -> tuple[Vote, ...]:
    return tuple(sign_vote(proposal.block.hash, n, KEYS[n]) for n in list(KEYS)[:count])


def test_a_voter_keeps_its_promise_also_after_a_restart(tmp_path: Path) -> None:
    voter = voter_in(tmp_path)
    assert voter.promise(TWO)
    assert not voter.promise(ONE)
    voter.state.close()
    again = voter_in(tmp_path)
    with pytest.raises(Outdated):
        again.vote(ONE, proposed(5))
    again.vote(TWO, proposed(5, by=NODES[1]))
    again.state.close()


def test_a_line_cut_short_by_a_crash_is_forgotten_and_the_rest_stays(tmp_path: Path) -> None:
    voter = voter_in(tmp_path)
    first = proposed(5)
    voter.vote(ONE, first)
    voter.state.close()
    path = tmp_path / "w.one.jsonl"
    path.write_bytes(path.read_bytes() + b'{"ballot":{"epo')
    again = voter_in(tmp_path)
    assert again.height == 1
    again.vote(ONE, proposed(9, height=2, previous=first.block.hash, parent=votes_for(first)))
    again.state.close()
    assert voter_in(tmp_path).height == 2


def test_under_one_ballot_a_voter_votes_for_one_block_of_a_height(tmp_path: Path) -> None:
    voter = voter_in(tmp_path)
    first = proposed(5)
    assert voter.vote(ONE, first).voter == voter.vote(ONE, first).voter
    with pytest.raises(BadProof, match="second block"):
        voter.vote(ONE, proposed(6))


@pytest.mark.parametrize(
    ("size", "votes", "why"),
    [
        pytest.param(9, 0, "3 votes", id="no votes for parent"),
        pytest.param(9, 2, "3 votes", id="too few votes for parent"),
        pytest.param(5, 3, "size 5 after size 5", id="a size twice"),
        pytest.param(4, 3, "size 4 after size 5", id="a lesser size"),
    ],
)
def test_a_voter_refuses_what_does_not_follow(
    tmp_path: Path, size: int, votes: int, why: str
) -> None:
    voter, first = voter_in(tmp_path), proposed(5)
    voter.vote(ONE, first)
    parent = votes_for(first, votes)
    with pytest.raises(BadProof, match=why):
        voter.vote(ONE, proposed(size, height=2, previous=first.block.hash, parent=parent))


def test_a_voter_leaves_no_gap(tmp_path: Path) -> None:
    voter = voter_in(tmp_path)
    with pytest.raises(Outdated) as stale:
        voter.vote(ONE, proposed(9, height=3))
    assert stale.value.height == 0


def test_two_voters_on_one_file_are_refused(tmp_path: Path) -> None:
    voter = voter_in(tmp_path)
    with pytest.raises(BadSettings, match="another voter"):
        voter_in(tmp_path)
    voter.state.close()


def test_a_trust_file_names_the_voters_and_a_majority_of_them() -> None:
    keys = {name: key.public_key for name, key in KEYS.items()}
    assert read_chain(trust_entry(keys, 3)) == CHAIN
    changes: list[dict[str, object]] = [
        {"quorum": 2}, {"chain": "embedded:0"}, {"more": 1}, {"voters": []},
    ]  # fmt: skip
    for wrong in changes:
        with pytest.raises(BadSettings):
            read_chain({**trust_entry(keys, 3), **wrong})


async def test_a_primary_that_slept_is_fenced_and_nothing_is_doubled(tmp_path: Path) -> None:
    """Its sleep is its tasks not running: the sockets stay, the ballot stays, others go on."""
    async with embedded_stage(tmp_path) as (stage, chain):
        first = await stage.leader()
        sleeper = stage.nodes[first]
        ballot = sleeper.ballot
        await stage.stop(first)
        assert await stage.leader() != first
        await until_final(
            ChainRoom(chain=chain, trusted=CHAIN, steer=stage), await sent(chain, head_of(5))
        )
        stage.start(first)
        woken = stage.nodes[first]
        woken.ballot = ballot  # what it believed when it fell asleep
        woken.voter.state.promised = ballot or woken.voter.promised
        woken.ask(Wish(*record(9)))
        await until(lambda: not woken.leads or woken.ballot != ballot)
        stand = [payload.block.number for payload in await answered(lambda: chain.payloads(0, 10))]
        assert stand == list(range(1, len(stand) + 1))
        reports = await chain.nodes()
        assert [report.role for report in reports].count("PRIMARY") <= 1


async def test_a_dead_primary_comes_back_as_a_standby_with_every_block(tmp_path: Path) -> None:
    async with embedded_stage(tmp_path) as (stage, chain):
        first = await stage.leader()
        await stage.stop(first)
        assert await stage.leader() != first
        room = ChainRoom(chain=chain, trusted=CHAIN, steer=stage)
        for size in (5, 9, 12):
            transaction = await chain.prepare(head_of(size), await chain.account())
            await until_taken(room, transaction)
            await until_final(room, transaction)
        stage.start(first)
        last = await chain.prepare(head_of(20), await chain.account())
        await until_taken(room, last)
        await until_final(room, last)
        back = stage.nodes[first].voter
        await until(lambda: back.height == 4)
        switches = await answered(lambda: chain.failovers(0))
        assert switches[0].from_node == first


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110  # nobody rings when a node changes
            await asyncio.sleep(0.02)


async def answered(ask: Callable[[], Awaitable[T]]) -> T:
    """What the chain says, once somebody leads it."""
    async with asyncio.timeout(30):
        while True:
            try:
                return await ask()
            except ChainUnavailable:
                await asyncio.sleep(0.05)


class Liar(httpx.AsyncBaseTransport):
    """The wire to one node, which changes what the node says."""

    def __init__(self, port: int, lie: Lie) -> None:
        self._port, self._lie = port, lie
        self._wire = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._wire.handle_async_request(request)
        if request.url.port != self._port:
            return answer
        told = json.loads(await answer.aread())
        changed = self._lie(request.url.path, told)
        return httpx.Response(answer.status_code, json=changed)

    async def aclose(self) -> None:
        await self._wire.aclose()


def in_block(**change: object) -> Lie:
    def lie(_path: str, told: Any) -> Any:
        return told | {"block": told["block"] | change} if "block" in told else told

    return lie


def in_head(**change: object) -> Lie:
    def lie(_path: str, told: Any) -> Any:
        if "block" not in told:
            return told
        return told | {"block": told["block"] | {"head": told["block"]["head"] | change}}

    return lie


def only_at(path: str, change: Callable[[Any], Any]) -> Lie:
    return lambda asked, told: change(told) if asked.startswith(path) else told


OTHER = b64url(b"o" * 32)
LIES: dict[str, Lie] = {
    "another root": in_head(root=OTHER),
    "another log": in_head(logId=OTHER),
    "another size": in_head(treeSize="6"),
    "another time": in_block(time="2026-11-22T10:00:01Z"),
    "another chain": in_block(chain="embedded:" + "0" * 32),
    "another parent": in_block(previous=OTHER),
    "too few votes": only_at("/transactions", lambda told: told | {"votes": told["votes"][:2]}),
    "a vote twice": only_at("/transactions", lambda told: told | {"votes": told["votes"][:1] * 3}),
    "no votes": only_at("/transactions", lambda told: told | {"votes": []}),
    "no object": only_at("/transactions", lambda _: [1]),
    "no such progress": only_at("/transactions", lambda told: told | {"progress": "GOOD"}),
    "health of another chain": only_at("/health", lambda told: told | {"chain": "embedded:0"}),
    "health of another node": only_at("/health", lambda told: told | {"node": "w.one"}),
}


@pytest.mark.parametrize("lie", [pytest.param(lie, id=name) for name, lie in LIES.items()])
async def test_a_lying_node_is_not_believed(
    stage_with_head: Anchored, lie: Lie, caplog: pytest.LogCaptureFixture
) -> None:
    stage, honest, transaction = stage_with_head
    leader = await stage.leader()
    async with httpx.AsyncClient(transport=Liar(stage.ports[leader], lie)) as http:
        told = chain_over(stage, http)
        with pytest.raises(ChainUnavailable):
            await told.status(transaction)
        with suppress(ChainUnavailable, BadProof):  # else the lie is beside the evidence
            captured = await told.capture(transaction, head_of(5))
            assert check_evidence(captured.kind, captured.evidence, CHAIN).root == head_of(5).root
        if "health" not in lie_name(lie):
            assert f"{leader} of chain embedded is not believed" in caplog.text
    assert (await honest.status(transaction)).progress == "FINAL"


async def test_the_other_node_is_asked_when_the_one_that_claims_to_lead_lies(
    stage_with_head: Anchored, caplog: pytest.LogCaptureFixture
) -> None:
    stage, _, transaction = stage_with_head
    leader = await stage.leader()
    (standby,) = [name for name in NODES if name != leader]

    def lie(path: str, told: Any) -> Any:
        if path == "/health":
            return told | {"role": "PRIMARY", "epoch": 10**6}
        return {"progress": "FINAL", "block": {}, "votes": []}

    async with httpx.AsyncClient(transport=Liar(stage.ports[standby], lie)) as http:
        told = chain_over(stage, http)
        assert (await told.status(transaction)).progress == "FINAL"
        assert (await told.capture(transaction, head_of(5))).block.number == 1
        assert f"{standby} of chain embedded is not believed" in caplog.text


def lie_name(lie: Lie) -> str:
    return next(name for name, one in LIES.items() if one is lie)


def chain_over(stage: EmbeddedStage, http: httpx.AsyncClient) -> EmbeddedChain:
    return EmbeddedChain(
        "embedded",
        chain=CHAIN,
        nodes=[NodePlace(name, stage.url(name)) for name in NODES],
        writer=LOG.keys[0].key_id,
        http=http,
    )


@pytest.fixture
async def stage_with_head(tmp_path: Path) -> AsyncIterator[Anchored]:
    """A chain with one final head."""
    async with embedded_stage(tmp_path) as (stage, chain):
        transaction = await sent(chain, head_of(5))
        await until_final(ChainRoom(chain=chain, trusted=CHAIN, steer=stage), transaction)
        yield stage, chain, transaction


async def test_a_voter_that_hangs_holds_nobody_up_and_catches_up_later(tmp_path: Path) -> None:
    """It takes connections and answers nothing; then it is itself again."""
    async with embedded_stage(tmp_path) as (stage, chain):
        room = ChainRoom(chain=chain, trusted=CHAIN, steer=stage)
        await stage.stop("w.two")
        with socket.create_server(("127.0.0.1", stage.ports["w.two"])):
            for size in (5, 9, 12):
                await until_final(room, await sent(chain, head_of(size)))
        stage.start("w.two")
        await until_final(room, await sent(chain, head_of(20)))
        back = stage.states["w.two"]
        await until(lambda: back.proposal(4) is not None)


async def test_the_block_after_the_primarys_death_is_the_next_one(tmp_path: Path) -> None:
    """How many block times that takes is measured by `bench.ledger`."""
    async with embedded_stage(tmp_path) as (stage, chain):
        room = ChainRoom(chain=chain, trusted=CHAIN, steer=stage)
        await until_final(room, await sent(chain, head_of(5)))
        first = await stage.leader()
        waiting = await chain.prepare(head_of(9), await chain.account())
        await chain.submit(waiting)
        await stage.stop(first)
        await until_taken(room, waiting)
        found = await until_final(room, waiting)
        assert found.block is not None
        assert found.block.number == 2
        switches = await answered(lambda: chain.failovers(0))
        assert first in {switch.from_node for switch in switches}
