"""Entity fetches of several events leave together, and each event gets what it would have got."""

import asyncio
from typing import Any

from gateway.errors import SUBREQUEST_TOO_LARGE
from gateway.executor.gather import ABREAST, MOST, Gather
from gateway.executor.ports import Fault, SubgraphReply
from gateway.plan.nodes import Target
from gateway.spec.names import SubgraphName
from tests.executor.build import by_key, fetch, key, steps

NAMES = fetch("names", "query($r: [_Any!]!) { _entities(representations: $r) { name } }")
TARGET = Target(
    path=steps("item"),
    response_key="_entities",
    variable="r",
    representations=(by_key("Item", key("id")),),
)


class Names:
    """Answers what it is asked once it may, and counts what is on the way."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.flying = self.most_flying = 0
        self.open = asyncio.Event()
        self.open.set()

    async def answer(self, given: Any, count: int) -> SubgraphReply | Fault:
        ids = [each["id"] for each in given["r"]]
        assert len(ids) == count
        self.asked.append(ids)
        self.flying += 1
        self.most_flying = max(self.flying, self.most_flying)
        try:
            await self.open.wait()
        finally:
            self.flying -= 1
        return self.reply(ids)

    async def until(self, flying: int) -> None:
        for _ in range(100):
            await asyncio.sleep(0)
        assert self.flying == flying

    def reply(self, ids: list[int]) -> SubgraphReply | Fault:
        errors = tuple(
            {"message": f"no {id_}", "path": ["_entities", at, "name"]}
            for at, id_ in enumerate(ids)
            if id_ % 10 == 7
        )
        data = {"_entities": [{"name": f"n{id_}"} for id_ in ids]}
        return SubgraphReply(data=data, errors=errors, extensions={})


async def ask(gather: Gather, names: Names, *ids: int) -> SubgraphReply | Fault:
    given = {"r": [{"id": id_} for id_ in ids]}
    return await gather.ask(NAMES, [TARGET], given, len(ids), names.answer)


def names_in(outcome: SubgraphReply | Fault) -> list[str]:
    assert isinstance(outcome, SubgraphReply)
    assert isinstance(outcome.data, dict)
    return [each["name"] for each in outcome.data["_entities"]]


async def test_one_alone_is_asked_as_it_is() -> None:
    names = Names()
    assert names_in(await ask(Gather(), names, 3, 4)) == ["n3", "n4"]
    assert names.asked == [[3, 4]]


async def test_what_is_asked_in_one_breath_is_one_request_and_everybody_gets_the_own_part() -> None:
    names, gather = Names(), Gather()
    outcomes = await asyncio.gather(*(ask(gather, names, at, at + 100) for at in range(5)))
    assert [names_in(each) for each in outcomes] == [[f"n{at}", f"n{at + 100}"] for at in range(5)]
    assert len(names.asked) == 1


async def test_an_error_is_told_to_whom_it_concerns_at_its_own_place() -> None:
    names, gather = Names(), Gather()
    outcomes = await asyncio.gather(*(ask(gather, names, at, at + 1) for at in (0, 6, 10)))
    told = [each.errors for each in outcomes if isinstance(each, SubgraphReply)]
    assert told == [(), ({"message": "no 7", "path": ["_entities", 1, "name"]},), ()]


async def test_no_more_than_so_many_are_on_the_way_and_the_rest_goes_together() -> None:
    names, gather = Names(), Gather()
    names.open.clear()
    tasks = []
    for number in range(ABREAST + 3):
        tasks.append(asyncio.create_task(ask(gather, names, number)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert names.asked == [[number] for number in range(ABREAST)]
    names.open.set()
    outcomes = await asyncio.gather(*tasks)
    assert [names_in(each) for each in outcomes] == [[f"n{at}"] for at in range(ABREAST + 3)]
    assert names.asked[ABREAST:] == [[ABREAST, ABREAST + 1, ABREAST + 2]]
    assert names.most_flying == ABREAST


async def test_a_request_is_bounded_and_a_large_one_goes_alone() -> None:
    names, gather = Names(), Gather()
    large = tuple(range(2 * MOST))
    asked = [(0,), (1,), large, (2,)]
    outcomes = await asyncio.gather(*(ask(gather, names, *ids) for ids in asked))
    assert [names_in(each) for each in outcomes] == [[f"n{id_}" for id_ in ids] for ids in asked]
    assert [len(each) for each in names.asked] == [2, 2 * MOST, 1]


async def test_who_leaves_silences_nobody_and_the_last_one_frees_the_request() -> None:
    names, gather = Names(), Gather()
    names.open.clear()
    first, second = (asyncio.create_task(ask(gather, names, at)) for at in (1, 2))
    await names.until(1)
    first.cancel()
    await asyncio.wait({first})
    assert names.flying == 1
    second.cancel()
    await asyncio.wait({second})
    await names.until(0)
    names.open.set()
    assert names_in(await ask(gather, names, 9)) == ["n9"]


async def test_an_answer_too_large_together_is_asked_for_one_by_one() -> None:
    class Small(Names):
        def reply(self, ids: list[int]) -> SubgraphReply | Fault:
            if len(ids) > 1:
                name = SubgraphName("names")
                return Fault(code=SUBREQUEST_TOO_LARGE, message="too large", subgraph=name)
            return super().reply(ids)

    names, gather = Small(), Gather()
    outcomes = await asyncio.gather(*(ask(gather, names, at) for at in range(3)))
    assert [names_in(each) for each in outcomes] == [["n0"], ["n1"], ["n2"]]
    assert names.asked == [[0, 1, 2], [0], [1], [2]]


async def test_an_answer_that_is_too_short_is_nobodys() -> None:
    class Short(Names):
        def reply(self, ids: list[int]) -> SubgraphReply | Fault:
            return super().reply(ids[:-1])

    outcomes = await asyncio.gather(*_both(Gather(), Short()))
    told = [each.data for each in outcomes if isinstance(each, SubgraphReply)]
    assert told == [{"_entities": None}] * 2


async def test_a_request_refused_as_a_whole_is_told_to_everybody() -> None:
    class Refusing(Names):
        def reply(self, ids: list[int]) -> SubgraphReply | Fault:
            errors = ({"message": "no", "path": ["_entities", 1]}, {"message": "never"})
            return SubgraphReply(data=None, errors=errors, extensions={})

    outcomes = await asyncio.gather(*_both(Gather(), Refusing()))
    told = [each.errors for each in outcomes if isinstance(each, SubgraphReply)]
    assert told[0] == ({"message": "no"}, {"message": "never"})
    assert told[1] == ({"message": "no", "path": ["_entities", 0]}, {"message": "never"})


async def test_a_bug_reaches_everybody_who_waits() -> None:
    async def broken(given: Any, count: int) -> SubgraphReply | Fault:
        raise LookupError("a bug")

    gather = Gather()
    asked = [gather.ask(NAMES, [TARGET], {"r": [{"id": at}]}, 1, broken) for at in range(2)]
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert [str(each) for each in outcomes] == ["a bug", "a bug"]


def _both(gather: Gather, names: Names) -> list[Any]:
    return [ask(gather, names, at) for at in range(2)]
