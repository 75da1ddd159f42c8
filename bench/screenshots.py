"""`python -m bench.screenshots`: the README's pictures, taken anew from a system of its own.

A machine without a Chinese font draws boxes for the names (Debian: fonts-wqy-microhei).
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Browser, expect

from subgraphs.demo.cast import actors_of
from subgraphs.demo.deployment import ROOT, Deployment
from subgraphs.demo.journey import Journey, Person
from subgraphs.demo.seed import seed
from tests.e2e.browser import CHROMIUM, chromium, graphiql, proved_by_and_by
from tests.kit.stack import Stack

IMAGES = ROOT / "docs" / "images"


async def take_q1(browser: Browser, deployment: Deployment, folder: Path) -> None:
    """The journey's query over all four subgraphs, answered."""
    async with graphiql(browser, deployment.gateway_url) as visit:
        await visit.run()
        result = visit.page.locator(".result-window")
        await expect(result).to_contain_text("credentialNo")
        await visit.settle()
        await visit.page.screenshot(path=folder / "graphiql-q1.png")


async def take_plan(browser: Browser, deployment: Deployment, folder: Path) -> None:
    """How each fetch of that query went."""
    async with graphiql(browser, deployment.gateway_url) as visit:
        await visit.page.get_by_role("button", name="Show Plan").click()
        await visit.run()
        await expect(visit.page.locator(".plan-fetch")).to_have_count(4)
        await visit.settle()
        await visit.page.screenshot(path=folder / "graphiql-plan.png")


async def take_proof(browser: Browser, deployment: Deployment, folder: Path) -> None:
    """The path of a credential's birth to a signed root, checked in the browser."""
    async with graphiql(browser, deployment.gateway_url) as visit:
        page = visit.page
        await page.get_by_role("button", name="Show Proof").click()
        await visit.open_tab("AuditTimeline")
        await visit.run()
        await page.locator(".proof-which select").select_option(index=3)
        await expect(page.locator(".proof-is-proved")).to_be_visible()
        await visit.settle()
        await page.screenshot(path=folder / "graphiql-proof.png")


async def take_subscription(browser: Browser, deployment: Deployment, folder: Path) -> None:
    """A verifier hears of a reduction and of a revocation, each with what follows from it."""
    person = Person()
    async with actors_of(deployment, person) as actors:
        journey = Journey(actors, person)
        await journey.to_permission()
        async with graphiql(browser, deployment.gateway_url) as visit:
            await visit.open_tab("WatchAcceptedCredentials")
            await visit.run()
            log = visit.page.locator(".event-log")
            await expect(log).to_contain_text("heartbeat true")
            await journey.endorse_reduction()
            await expect(log).to_contain_text("kind SUPPLEMENT_REQUESTED")
            reduced = log.locator("li").filter(has_text="kind CREDENTIAL_ENDORSED")
            await proved_by_and_by(visit.page, reduced)
            await visit.page.get_by_role("button", name="Show Events").click()
            await journey.revoke()
            await expect(log).to_contain_text("kind PERMISSION_SUSPENDED")
            await visit.settle()
            await visit.page.screenshot(path=folder / "graphiql-subscription.png")


async def take_all(deployment: Deployment, folder: Path) -> None:
    """All pictures, in one browser."""
    async with chromium() as browser:
        await take_q1(browser, deployment, folder)
        await take_plan(browser, deployment, folder)
        await take_proof(browser, deployment, folder)
        await take_subscription(browser, deployment, folder)


def main() -> int:
    """1 with a sentence where there is no browser."""
    if CHROMIUM is None:
        print("no chromium here (apt-get install chromium)", file=sys.stderr)
        return 1
    IMAGES.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="cg-pictures-") as data,
        Stack.running(Path(data)) as stack,
    ):
        seed(stack.deployment)
        asyncio.run(take_all(stack.deployment, IMAGES))
    print(f"pictures in {IMAGES.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
