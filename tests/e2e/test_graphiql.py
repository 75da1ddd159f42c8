"""GraphiQL in a real browser against the real system, with no other host within reach."""

import csv
import io
import json
import re
import zipfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import jwt
import pytest
import pytest_asyncio
from playwright.async_api import (
    Browser,
    Locator,
    Page,
    Request,
    Response,
    Route,
    WebSocketRoute,
    expect,
)

from gateway.graphiql import build
from ledger_adapter.evidence.trust import Trust, parse_trust
from ledger_adapter.verify import verify_bundle
from subgraphs.demo.cast import actors_of
from subgraphs.demo.deployment import ROOT, Deployment
from subgraphs.demo.journey import Journey, Person
from subgraphs.demo.seed import seed
from tests.e2e.browser import CHROMIUM, Visit, chromium, graphiql, proved_by_and_by, visiting
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
ENTRY = re.compile(r'(\\"entry\\":\\"[^"]{40})(.)')
CONFIG = re.compile(r'<script type="application/json" id="config">.*?</script>', re.DOTALL)


@pytest.fixture(scope="module")
def deployment(stack: Stack) -> Deployment:
    """A system with one investor's data, whose ids stand in the tabs."""
    seed(stack.deployment)
    return stack.deployment


@pytest.fixture(scope="module", autouse=True)
def page_is_built(stack: Stack) -> None:
    """Or nothing here would be about it."""
    assert build.is_built(build.FOLDER, build.fingerprint(build.FOLDER)), "the page was not built"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the pictures and files of this run lie."""
    return tmp_path_factory.mktemp("page")


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
        await expect(tabs).to_have_count(len(examples()))
        assert await tabs.all_inner_texts() == examples()
        picker = visit.page.get_by_label("as", exact=False).locator("option")
        await expect(picker).to_have_count(6)
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
    browser: Browser, deployment: Deployment, folder: Path
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

        await expect(log.get_by_role("status")).to_contain_text(
            re.compile(r"Position \d+, (up to date|\d+ behind): \d+ events?, 0 gaps, 0 repeats")
        )
        await expect(told.locator(".event-place")).to_contain_text(re.compile(r"position \d+"))
        endorsed = log.locator("li").filter(has_text="kind CREDENTIAL_ENDORSED")
        await expect(endorsed.locator(".event-proof")).to_contain_text(re.compile("proof [A-Z]+"))
        await picture(log, folder / "events.png")

        await proved_by_and_by(visit.page, endorsed)
        await expect(visit.page.locator(".proof-verdict")).to_contain_text(
            re.compile("PROVED: CREDENTIAL_ENDORSED is entry")
        )
        await visit.run()  # the same button stops it
        await visit.page.get_by_role("button", name="Show Events").click()
        await expect(log.locator(".event-stopped")).to_be_visible()


async def picture(panel: Locator, path: Path) -> None:
    """A screenshot of a panel in which something is drawn."""
    raw = await panel.screenshot(path=path)
    width, height = (int.from_bytes(raw[at : at + 4], "big") for at in (16, 20))
    assert raw.startswith(b"\x89PNG")
    assert width > 250
    assert height > 150
    assert len(raw) > 5000  # of one colour it would be a tenth


async def endorse(deployment: Deployment) -> None:
    """The issuer's desk, from elsewhere."""
    person = Person()
    async with actors_of(deployment, person) as actors:
        journey = Journey(actors, person)
        journey.credential_id = seeded_credential(deployment)
        await journey.endorse_reduction()


async def test_a_frame_that_is_missing_and_one_that_comes_twice_are_marked(
    browser: Browser, deployment: Deployment
) -> None:
    def line(socket: WebSocketRoute) -> None:
        """The real socket, on which the first frame is followed by itself and by a later one."""
        server = socket.connect_to_server()
        told: list[int] = []

        def hand_on(message: str | bytes) -> None:
            socket.send(message)
            frame = json.loads(message)
            if frame["type"] != "next" or told:
                return
            data = frame["payload"]["data"]["supervisionFeed"]
            here = int(data["sequence"])
            told.append(here)
            later = {"sequence": here + 5, "headSequence": here + 9, "prevSequence": here + 3}
            for changed in ({"prevSequence": None}, later):
                data |= {"heartbeat": False, **changed}
                socket.send(json.dumps(frame))

        server.on_message(hand_on)

    async with graphiql(browser, deployment.gateway_url) as visit, quiet(visit):
        await visit.page.route_web_socket(re.compile("/graphql$"), line)
        await visit.open_tab("SupervisionFeed")
        await visit.run()
        log = visit.page.locator(".event-log")
        await expect(log.locator(".event-repeat")).to_contain_text("heard before")
        await expect(log.locator(".event-gap")).to_contain_text(
            re.compile(r"4 behind.*gap: \d+ to \d+ are missing", re.DOTALL)
        )
        status = log.get_by_role("status")
        await expect(status).to_contain_text(re.compile(r": 2 events, 1 gap, 1 repeat"))


async def test_the_proof_panel_draws_the_path_and_checks_it_without_asking_anybody(
    browser: Browser, deployment: Deployment, folder: Path
) -> None:
    async with graphiql(browser, deployment.gateway_url) as visit, quiet(visit):
        page = visit.page
        await page.get_by_role("button", name="Show Proof").press("Enter")
        await visit.open_tab("AuditTimeline")
        await visit.run()
        panel, verdict = page.locator(".proof-panel"), page.locator(".proof-verdict")
        await expect(verdict).to_contain_text(re.compile(r"^PROVED: [A-Z_]+ is entry \d+ of"))
        await expect(panel.locator(".proof-held")).to_have_count(10)
        drawn = panel.get_by_role("img", name="leads to the signed root")
        await expect(drawn.locator(".merkle-sibling rect").first).to_be_attached()
        await picture(panel, folder / "proof.png")

        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        await reached_by_keyboard(page, "Change a byte")
        await page.keyboard.press("Enter")
        await expect(verdict).to_contain_text("FAILED: path: does not lead to the checkpoint")
        await expect(panel.get_by_role("img", name="does not lead to")).to_be_visible()
        await expect(panel.locator(".proof-failed")).to_have_count(1)
        await picture(panel, folder / "proof-failed.png")
        await page.get_by_role("button", name="As it came").click()
        await expect(verdict).to_contain_text("PROVED")
        # The editor may still be loading its own files, which tells nobody anything.
        assert [url for url in asked if "/graphiql/assets/" not in url] == []


async def reached_by_keyboard(page: Page, name: str) -> None:
    """Tab from the button of the sidebar to a button of its panel."""
    for _ in range(30):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.textContent") == name:
            return
    raise AssertionError(f"{name} is not reached with the keyboard")


async def test_a_byte_changed_on_the_way_and_a_log_of_others_both_fail(
    browser: Browser, deployment: Deployment, folder: Path
) -> None:
    changed: list[Route] = []

    async def changing(route: Route) -> None:
        """One letter of the entry, as a gateway that lies might."""
        if changed or "AuditTimeline" not in (route.request.post_data or ""):
            await route.fallback()
            return
        changed.append(route)
        answer = await route.fetch()
        text = ENTRY.sub(
            lambda found: found[1] + ("A" if found[2] != "A" else "B"), await answer.text()
        )
        await route.fulfill(response=answer, body=text)

    other = folder / "trust-of-others.json"
    trusted = json.loads((deployment.data / "trust.json").read_text(encoding="utf-8"))
    other.write_text(json.dumps({**trusted, "logs": []}), encoding="utf-8")
    async with graphiql(browser, deployment.gateway_url) as visit, quiet(visit):
        page, verdict = visit.page, visit.page.locator(".proof-verdict")
        await page.get_by_role("button", name="Show Proof").click()
        await visit.open_tab("AuditTimeline")
        await page.route("**/graphql", changing)
        await visit.run()
        await expect(verdict).to_contain_text("FAILED: commit")
        await visit.run()
        await expect(verdict).to_contain_text("PROVED")
        await page.get_by_label("Another trust file").set_input_files(other)
        await expect(verdict).to_contain_text("FAILED: log: the trust file does not name this log")


async def test_a_connection_is_exported_page_by_page_with_its_proofs(
    browser: Browser, deployment: Deployment, folder: Path
) -> None:
    async with graphiql(browser, deployment.gateway_url) as visit, quiet(visit):
        page = visit.page
        await visit.open_tab("AuditTimeline")
        async with page.expect_response("**/graphql") as answered:
            await visit.run()
        body = await (await answered.value).json()
        wanted = [edge["node"]["id"] for edge in body["data"]["node"]["timeline"]["edges"]]
        await page.get_by_role("button", name="Show Export").click()
        await page.get_by_label("Rows a page").fill("3")
        asked: list[Request] = []
        page.on("request", lambda request: asked.append(request))  # noqa: PLW0108 - it marks what it calls
        for kind in ("csv", "jsonl"):
            await page.get_by_label("Rows as").select_option(kind)
            await exported(page, folder / f"{kind}.zip", "Nothing is left out")
        pages = [request for request in asked if request.method == "POST"]
        assert len(pages) == 2 * -(-len(wanted) // 3) > 2
        await page.get_by_label("Rows at most").fill("5")
        await page.route("**/graphql", too_costly)
        await exported(page, folder / "bound.zip", "ended at 5 rows. Fields are empty")
    trust = parse_trust((deployment.data / "trust.json").read_bytes())
    for kind in ("csv", "jsonl"):
        assert ids_of(folder / f"{kind}.zip", kind, trust) == wanted
    bound = manifest_of(folder / "bound.zip")
    assert (bound["rows"], bound["complete"], bound["stoppedAt"]) == (5, False, "5 rows")
    assert bound["errors"] == ["not you"] * 3  # pages of 2, 2 and 1
    assert ids_of(folder / "bound.zip", "jsonl", trust) == wanted[:5]


async def too_costly(route: Route) -> None:
    """A gateway that takes two rows a page at most, and refuses a field of the rows it gives."""
    if "first: 3" in (route.request.post_data or ""):
        await route.fulfill(json={"errors": [refusal("too costly", "MAX_COST_LIMIT")]})
        return
    answer = await route.fetch()
    body = await answer.json()
    await route.fulfill(response=answer, json=body | {"errors": [refusal("not you", "FORBIDDEN")]})


def refusal(message: str, code: str) -> dict[str, object]:
    return {"message": message, "extensions": {"code": code}}


async def exported(page: Page, path: Path, said: str) -> None:
    """Presses the one button and keeps what comes."""
    async with page.expect_download() as downloading:
        await page.get_by_role("button", name="Export", exact=True).click()
    await (await downloading.value).save_as(path)
    await expect(page.locator(".export-panel").get_by_role("status")).to_contain_text(said)


def ids_of(path: Path, kind: str, trust: Trust) -> list[str]:
    """The ids of an export's rows, whose proofs all hold."""
    with zipfile.ZipFile(path) as archive:
        text = archive.read(f"rows.{kind}").decode("utf-8-sig")
        rows = (
            [json.loads(line) for line in text.splitlines()]
            if kind == "jsonl"
            else list(csv.DictReader(io.StringIO(text, newline="")))
        )
        for row in rows:
            verify_bundle(archive.read(row["proofFile"]), trust)
    manifest = manifest_of(path)
    assert manifest["rows"] == manifest["proofs"] == len(rows)
    assert "Bearer" not in json.dumps(manifest)
    return [row["id"] for row in rows]


def manifest_of(path: Path) -> dict[str, object]:
    with zipfile.ZipFile(path) as archive:
        return cast("dict[str, object]", json.loads(archive.read("manifest.json")))


async def test_the_tabs_of_audit_answer_on_seeded_data(
    browser: Browser, deployment: Deployment
) -> None:
    shown = {"Reaction": "smallestGroup", "Case": "USE_DENIED", "ChainHealth": "PRIMARY"}
    async with graphiql(browser, deployment.gateway_url) as visit, quiet(visit):
        result = visit.page.locator(".result-window")
        for operation, fact in shown.items():  # Q6, Q7, Q8
            await visit.open_tab(operation)
            await visit.run()
            await expect(result).to_contain_text(fact)
            await expect(result).not_to_contain_text('"errors"')


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
