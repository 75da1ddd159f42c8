"""A real Chromium that can reach this machine only, and everything it complained about."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.async_api import (
    Browser,
    ConsoleMessage,
    Error,
    Locator,
    Page,
    Request,
    async_playwright,
    expect,
)

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)
PATIENCE_MS = 30_000


@dataclass(kw_only=True)  # playwright keeps a note on the owner of each listener
class Visit:
    """One open page; both lists must stay empty. A breach of the page's content security policy
    is a console error too, so it stands among the complaints."""

    page: Page
    abroad: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def note_request(self, request: Request) -> None:
        """Keeps requests to any other host."""
        address = urlsplit(request.url)
        if address.scheme not in {"data", "blob"} and address.hostname != "127.0.0.1":
            self.abroad.append(request.url)

    def note_message(self, message: ConsoleMessage) -> None:
        """Keeps errors and warnings of the console."""
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def note_error(self, error: Error) -> None:
        """Keeps what no code of the page caught."""
        self.complaints.append(str(error))

    async def open_tab(self, operation: str) -> None:
        """Brings a tab of GraphiQL to the front, by the name of its operation."""
        await self.page.get_by_role("tab", name=operation, exact=True).click(
            position={"x": 12, "y": 8}  # a tab's right end closes it
        )
        editor = self.page.locator(".graphiql-query-editor")
        await expect(editor).to_contain_text(operation)

    async def run(self) -> None:
        """Presses the button; a completion popup would lie over it."""
        await self.page.keyboard.press("Escape")
        await self.page.locator(".graphiql-execute-button").click()

    async def settle(self) -> None:
        """Takes the pointer away and lets what fades or is still being drawn end; for pictures."""
        await self.page.mouse.move(720, 890)
        await self.page.wait_for_timeout(1500)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """One browser process; each visit in it starts with nothing remembered."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def visiting(browser: Browser, url: str) -> AsyncIterator[Visit]:
    """A page that has not been told where to go yet."""
    expect.set_options(timeout=PATIENCE_MS)
    async with await browser.new_context(
        base_url=url, viewport={"width": 1440, "height": 900}, locale="en-GB"
    ) as context:
        page = await context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        visit = Visit(page=page)
        context.on("request", visit.note_request)
        page.on("console", visit.note_message)
        page.on("pageerror", visit.note_error)
        yield visit


@asynccontextmanager
async def graphiql(browser: Browser, url: str) -> AsyncIterator[Visit]:
    """GraphiQL, open and ready to be typed into."""
    async with visiting(browser, url) as visit:
        await visit.page.goto("/graphql")
        await expect(visit.page.locator(".graphiql-query-editor")).to_contain_text("{")
        await expect(
            visit.page.get_by_role("button", name="Re-fetch GraphQL schema")
        ).to_be_enabled()
        yield visit


async def proved_by_and_by(page: Page, event: Locator) -> None:
    """Asks for the proof of an event until a head is signed over it, which takes a second."""
    back = page.get_by_role("button", name="Show Events")
    for _ in range(30):
        await event.get_by_role("button", name="Check the proof").click()
        try:
            await expect(page.locator(".proof-is-proved")).to_be_visible(timeout=2000)
        except AssertionError:
            if await back.count():
                await back.click()
        else:
            return
    raise AssertionError("no head was signed over the event")
