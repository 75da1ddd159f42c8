"""A population loaded in large batches is what the mutations would have made of it."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from subgraphs.demo.loading.command import followed, prepare, tell_stories, town_of
from subgraphs.demo.loading.doors import doors_of
from subgraphs.demo.loading.load import opened
from subgraphs.demo.loading.person import resident
from subgraphs.demo.loading.stories import STEPS, kinds_after
from subgraphs.demo.population import SIZES
from subgraphs.demo.population.books import Town
from subgraphs.kit.main import load
from subgraphs.rules.scenarios import PILOT
from tests.e2e.both_ways import by_mutations, documents_of
from tests.e2e.test_kill import replay
from tests.kit.stack import Stack

SEED = 11
EVERYWHERE = {
    *("identity.registrations", "issuer.credentials", "issuer.bindings", "issuer.participants"),
    *("wallet.root_dids", "wallet.agreements", "wallet.wallet_items", "issuer.updates"),
    *("verifier.log_credentials", "verifier.statuses", "audit.events"),
}
AFTERWARDS = {
    *("wallet.consents", "verifier.requests", "verifier.presentations", "verifier.verifications"),
    "verifier.qualifications",
}
ACCEPTED = {
    *("verifier.acceptances", "verifier.permissions", "verifier.supplements", "verifier.feed"),
    *("issuer.endorsements", "wallet.cancellations"),
}


def test_one_of_each_story_is_what_the_mutations_make_of_it(stack: Stack) -> None:
    told = {kind for index in one_of_each() for kind in kinds_after(town_of("M", SEED), index)}
    assert told == STEPS.keys()
    assert asyncio.run(both_ways(stack, town_of("M", SEED), one_of_each())) >= ACCEPTED


@pytest.mark.whole
def test_all_of_size_s_is_what_the_mutations_make_of_it(stack: Stack) -> None:
    asyncio.run(both_ways(stack, town_of("S", SEED + 1), range(SIZES["S"].holders)))


def one_of_each() -> list[int]:
    """Of those with the same story, or none, who has the fewest accounts."""
    town, found = town_of("M", SEED), dict[tuple[str, ...], int]()
    size = SIZES["M"].holders
    for index in sorted(range(size), key=lambda one: (len(town.dossier(one).accounts), one)):
        found.setdefault(kinds_after(town, index), index)
    told = {kinds[:-1] for kinds in found if len(kinds) > 1}  # by a longer story
    return sorted(index for kinds, index in found.items() if kinds not in told)


async def both_ways(stack: Stack, town: Town, who: Sequence[int]) -> set[str]:
    """Where documents of these people lie."""
    deployment, copy = stack.deployment, replace(town, copy=1)
    settings = load(deployment.environment())
    await prepare(deployment)
    async with opened(settings, PILOT) as loader:
        done = await loader.load(town, who)
        again = await loader.load(town, who)
        told = await tell_stories(settings, loader, town, who)
        assert told.stories == sum(bool(kinds_after(town, index)) for index in who)
        assert (await tell_stories(settings, loader, town, who)).stories == 0
        async with doors_of(settings, loader) as doors:
            for index in who:
                await by_mutations(deployment, resident(copy, index), doors.on_log)
    assert done.people + done.skipped == len(who)
    assert (again.people, again.skipped) == (0, len(who))
    await followed(deployment)
    everywhere = set[str]()
    for index in who:
        loaded = await documents_of(deployment, resident(town, index))
        made = await documents_of(deployment, resident(copy, index))
        for name, texts in made.items():
            assert sorted(loaded[name] - texts) == sorted(texts - loaded[name]), name
        assert loaded.keys() == made.keys()
        filled = {name for name, texts in made.items() if texts}
        everywhere |= filled
        assert filled >= EVERYWHERE | (AFTERWARDS if kinds_after(town, index) else set())
    replayed = await asyncio.to_thread(replay, stack)
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr
    return everywhere
