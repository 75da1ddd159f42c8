"""A population loaded in large batches is what the mutations would have made of it."""

import asyncio

import pytest

from subgraphs.demo.loading.command import followed, prepare, town_of
from subgraphs.demo.loading.load import opened
from subgraphs.demo.loading.person import resident
from subgraphs.demo.population import SIZES
from subgraphs.kit.main import load
from subgraphs.rules.scenarios import PILOT
from tests.e2e.both_ways import by_mutations, documents_of
from tests.e2e.test_kill import replay
from tests.kit.stack import Stack

SEED = 11
LOADED, MUTATED = town_of("S", SEED), town_of("S", SEED, copy=1)
EVERYWHERE = {
    *("identity.registrations", "issuer.credentials", "issuer.bindings", "issuer.participants"),
    *("wallet.root_dids", "wallet.agreements", "wallet.wallet_items", "issuer.updates"),
    *("verifier.log_credentials", "verifier.statuses", "audit.events"),
}
WHOLE = pytest.param(SIZES["S"].holders, id="size S", marks=pytest.mark.whole)


@pytest.mark.parametrize("people", [pytest.param(2, id="two people"), WHOLE])
def test_a_load_writes_what_the_mutations_write(stack: Stack, people: int) -> None:
    asyncio.run(both_ways(stack, people))


async def both_ways(stack: Stack, people: int) -> None:
    deployment = stack.deployment
    await prepare(deployment)
    async with opened(load(deployment.environment()), PILOT) as loader:
        done = await loader.load(LOADED, range(people))
        again = await loader.load(LOADED, range(people))
    assert done.people + done.skipped == people
    assert (again.people, again.skipped) == (0, people)
    for index in range(people):
        await by_mutations(deployment, resident(MUTATED, index))
    await followed(deployment)
    for index in range(people):
        loaded = await documents_of(deployment, resident(LOADED, index))
        mutated = await documents_of(deployment, resident(MUTATED, index))
        for name, texts in mutated.items():
            assert loaded[name] == texts, name
        assert loaded.keys() == mutated.keys()
        filled = {name for name, texts in mutated.items() if texts}
        assert filled >= EVERYWHERE
    replayed = await asyncio.to_thread(replay, stack)
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr
