"""GraphiQL in a real browser against the real system, with no other host within reach."""

import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import cast

import jwt
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Request, Response, Route, expect

from gateway.graphiql import build
from subgraphs.demo.cast import actors_of
from subgraphs.demo.deployment import ROOT, Deployment
from subgraphs.demo.journey import Journey, Person
from subgraphs.demo.seed import seed
from tests.e2e.browser import CHROMIUM, Visit, chromium, graphiql, visiting
from tests.kit.stack import Stack

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium here (apt-get install chromium)"),
]

OPERATION = re.compile(r"^(?:query|mutation|subscription)\s+(\w+)", re.MULTILINE)
SUBGRAPHS = {"issuer", "wallet", "verifier", "audit"}
PLAIN = ROOT / "gateway" / "server" / "plain.html"
CONFIG = re.compile(r'<script type="application/json" id="config">.*?</script>', re.DOTALL)


@pytest.fixture(scope="module")
def deployment(stack: Stack) -> Deployment:
    """A system with one investor's data, whose ids stand in the tabs."""
    seed(stack.deployment)
    return stack.deployment


@pytest.fixture(scope="module", autouse=True)
def page_is_built() -> None:
    """Before `stack`, because the gateway looks for the page when it starts."""
    assert build.main() == 0
    assert build.is_built(build.FOLDER, build.fingerprint(build.FOLDER)), "the page was not built"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as running:
        yield running


def examples() -> list[str]:
    """The operations of the example files, in their order."""
    files = sorted((ROOT / "schema" / "examples").glob("*.graphql"))
    found = [OPERATION.search(path.read_text(encoding="utf-8")) for path in files]
    return [operation.group(1) for operation in found if operation]


def seeded_credential(deployment: Deployment) -> str:
    texts = json.loads((deployment.data / "examples.json").read_text(encoding="utf-8"))
    return str(texts["01-credential-screen"]["id"])


def claims_of(request: Request) -> Mapping[str, object]:
    """Who a request says it comes from."""
    token = request.headers["authorization"].removeprefix("Bearer ")
    return cast("Mapping[str, object]", jwt.decode(token, options={"verify_signature": False}))


@asynccontextmanager
async def quiet(visit: Visit) -> AsyncIterator[Visit]:
    """Nothing may be asked of another host, and nothing complained of."""
    yield visit
    assert visit.abroad == []
    assert visit.complaints == []


async def test_the_page_opens_with_the_examples_and_a_token_for_each_persona(
    browser: Browser, deployment: Deployment
) -> None:
    async with graphiql(browser, deployment.gateway_url) as visit, quiet(visit):
        tabs = visit.page.get_by_role("tab")
        assert await tabs.all_inner_texts() == examples()
        picker = visit.page.get_by_label("as", exact=False).locator("option")
        titles = await picker.all_inner_texts()
        assert [title.split()[0].rstrip(",") for title in titles] == [
            "nobody",
            *("Holder", "Issuer", "Verifier", "Regulator", "Analyst"),
        ]


async def test_q1_answers_over_all_subgraphs_without_an_error(
    browser: Browser, deployment: Deployment
) -> None:
    async with graphiql(browser, deployment.gateway_url) as visit, quiet(visit):
        page = visit.page
        async with page.expect_response(is_q1) as answered:
            await visit.run()
        response = await answered.value
        body = await response.json()
        assert "errors" not in body, (body, response.request.post_data)
        credential = body["data"]["node"]
        assert credential["issuer"]["name"] == "国泰君安证券股份有限公司"
        assert credential["walletItem"]["label"]
        assert credential["presentations"]["edges"][0]["node"]["state"] == "ACCEPTED"
        assert credential["chainProof"]["leafHash"]
        assert claims_of(response.request)["role"] == "HOLDER"
        result = page.locator(".result-window")
        await expect(result).to_contain_text(credential["credentialNo"])


async def test_the_plan_panel_shows_how_each_fetch_of_q1_went(
    browser: Browser, deployment: Deployment
) -> None:
    async with graphiql(browser, deployment.gateway_url) as visit, quiet(visit):
        page = visit.page
        await page.get_by_role("button", name="Show Plan").click()
        panel = page.locator(".plan-panel")
        await expect(panel).to_contain_text("while this panel is open")
        async with page.expect_response(is_q1) as answered:
            await visit.run()
        report = (await (await answered.value).json())["extensions"]["queryPlan"]
        fetches = panel.locator(".plan-fetch")
        await expect(fetches).to_have_count(len(report["fetches"]))
        assert {fetch["subgraph"] for fetch in report["fetches"]} == SUBGRAPHS
        for told, fetch in zip(await fetches.all_inner_texts(), report["fetches"], strict=True):
            assert told.startswith(fetch["subgraph"])
            cost = fetch["cost"]
            named = f"cost {cost['actual']}, estimated {cost['estimated']}"
            assert re.search(rf"\d+\.\d ms · (\d+ B|\d+\.\d kB) · {named}", told), told
            assert 0 < cost["actual"] <= cost["estimated"]
        assert all(fetch["bytes"] > 0 for fetch in report["fetches"])
        await expect(panel.locator(".plan-total")).to_contain_text(
            re.compile(r"cost \d+, estimated \d+")
        )
        await expect(panel).to_contain_text("Fetch(issuer)")
        await expect(page.locator(".result-window")).not_to_contain_text("queryPlan")


async def test_the_plan_panel_shows_which_fetch_failed(
    browser: Browser, deployment: Deployment
) -> None:
    async with graphiql(browser, deployment.gateway_url) as visit, quiet(visit):
        page = visit.page
        await page.get_by_role("button", name="Show Plan").click()
        await visit.open_tab("AcceptedCredentials")
        await page.locator(".persona-picker select").select_option("")
        await visit.run()
        await expect(page.locator(".plan-panel .plan-ill")).to_contain_text(re.compile(r"\d error"))


def is_q1(response: Response) -> bool:
    asked = response.request.post_data or ""
    return "CredentialScreen" in asked and "IntrospectionQuery" not in asked


async def test_a_subscription_shows_an_endorsement_as_it_happens(
    browser: Browser, deployment: Deployment
) -> None:
    async with graphiql(browser, deployment.gateway_url) as visit, quiet(visit):
        await visit.open_tab("WatchAcceptedCredentials")
        await visit.run()
        log = visit.page.locator(".event-log")  # opens by itself
        await expect(log).to_contain_text("heartbeat true")
        await expect(log).to_be_in_viewport(ratio=0.9)

        await endorse(deployment)
        entries = log.locator(".event-event")
        told = entries.filter(has_text="kind CREDENTIAL_ENDORSED")
        await expect(told).to_contain_text("effect REDUCED")
        prompted = entries.filter(has_text="kind SUPPLEMENT_REQUESTED")
        await expect(prompted).to_contain_text("supplementRequest.state OPEN")
        result = visit.page.locator(".result-window")
        await expect(result).to_contain_text("SUPPLEMENT_REQUESTED")

        await visit.run()  # the same button stops it
        await expect(log.locator(".event-stopped")).to_be_visible()


async def endorse(deployment: Deployment) -> None:
    """The issuer's desk, from elsewhere."""
    person = Person()
    async with actors_of(deployment, person) as actors:
        journey = Journey(actors, person)
        journey.credential_id = seeded_credential(deployment)
        await journey.endorse_reduction()


async def test_an_example_whose_tab_was_closed_opens_again(
    browser: Browser, deployment: Deployment
) -> None:
    async with graphiql(browser, deployment.gateway_url) as visit, quiet(visit):
        page = visit.page
        await page.get_by_role("tab", name="CredentialScreen").hover()
        await page.get_by_role("button", name="Close Tab").first.click()
        await expect(page.get_by_role("tab", name="CredentialScreen")).to_have_count(0)
        await page.get_by_role("button", name="Show Examples").click()
        await page.get_by_role("button", name="credential screen").click()
        await expect(
            page.get_by_role("tab", name="CredentialScreen", selected=True)
        ).to_be_visible()
        async with page.expect_response(is_q1) as answered:
            await visit.run()
        response = await answered.value
        body = await response.json()
        assert "errors" not in body, (body, response.request.post_data)
        assert body["data"]["node"]["credentialNo"]
        assert claims_of(response.request)["role"] == "HOLDER"


async def test_the_plain_page_runs_an_example_where_graphiql_could_not_be_built(
    browser: Browser, deployment: Deployment
) -> None:
    async def plain(route: Route) -> None:
        """The page as the gateway would send it, with its real settings and headers."""
        built = await route.fetch()
        config = CONFIG.search(await built.text())
        assert config
        page = CONFIG.sub(lambda _: config.group(0), PLAIN.read_text(encoding="utf-8"))
        await route.fulfill(response=built, body=page)

    async with visiting(browser, deployment.gateway_url) as visit, quiet(visit):
        page = visit.page
        await page.route("**/graphql", plain, times=1)
        await page.goto("/graphql")
        await page.get_by_role("button", name="Run").click()
        await expect(page.locator("#result")).to_contain_text("国泰君安证券股份有限公司")
