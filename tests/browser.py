"""A real browser that notices what a person would complain about."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response, sync_playwright

MISSING = "no Chromium is installed; see `bin/chromium`"
DESKTOP, PHONE = (1280, 860), (390, 844)


def chromium_path() -> str | None:
    """The browser that `bin/chromium` found, or one of the same places."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


@contextmanager
def chromium() -> Iterator[Browser | None]:
    """A browser; None where there is none."""
    with sync_playwright() as playwright:
        path = chromium_path()
        if path is None and not Path(playwright.chromium.executable_path).exists():
            yield None
            return
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Complaints:
    """What went wrong on a page, or on all of a context: console errors, requests to other hosts, failed answers."""

    host: str
    found: list[str] = field(default_factory=list)

    def listen(self, where: BrowserContext | Page) -> None:
        where.on("console", self._console)
        if isinstance(where, Page):
            where.on("pageerror", lambda error: self.found.append(f"script error: {error}"))
        else:
            where.on("weberror", lambda error: self.found.append(f"script error: {error.error}"))
        where.on("request", self._request)
        where.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        # A refused form answers 422, and Chromium calls every 4xx an error of the console.
        refused = "the server responded with a status of 4" in message.text
        # A press took the place of a request that was under way; what failed is called otherwise.
        replaced = message.text.startswith(("htmx:sendAbort,", "htmx:afterRequest,"))
        if message.type == "error" and not refused and not replaced:
            self.found.append(f"console: {message.text}")

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != self.host:
            self.found.append(f"request to another host: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 500:
            self.found.append(f"{response.status} at {response.url}")

    def take(self) -> list[str]:
        found, self.found = self.found, []
        return found


@dataclass
class Person:
    """Somebody at a browser, signed in."""

    context: BrowserContext
    page: Page
    complaints: Complaints
    url: str

    def go(self, path: str) -> Page:
        self.page.goto(f"{self.url}{path}")
        return self.page


@contextmanager
def person(
    browser: Browser,
    url: str,
    email: str,
    password: str,
    *,
    size: tuple[int, int] = DESKTOP,
    scheme: Literal["light", "dark"] = "light",
    language: str = "en",
    javascript: bool = True,
) -> Iterator[Person]:
    """Sign in through the page; at the end, nothing may have gone wrong on any page seen."""
    context = new_context(browser, size=size, scheme=scheme, language=language, javascript=javascript)
    complaints = Complaints(urlsplit(url).netloc)
    complaints.listen(context)
    page = context.new_page()
    sign_in(page, url, email, password)
    try:
        yield Person(context, page, complaints, url)
    finally:
        context.close()
    assert complaints.take() == []


def new_context(
    browser: Browser,
    *,
    size: tuple[int, int] = DESKTOP,
    scheme: Literal["light", "dark"] = "light",
    language: str = "en",
    javascript: bool = True,
    **more: Any,
) -> BrowserContext:
    width, height = size
    return browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        locale={"en": "en-GB", "ja": "ja-JP"}[language],
        java_script_enabled=javascript,
        reduced_motion="reduce",
        **more,
    )


def sign_in(page: Page, url: str, email: str, password: str) -> None:
    page.goto(f"{url}/account/login/")
    page.locator("input[name=login]").fill(email)
    page.locator("input[name=password]").fill(password)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url(lambda now: "/account/login/" not in now)


def confirm(page: Page, password: str) -> None:
    """Give the password that is asked for again, before something that nobody else may do."""
    page.wait_for_url(lambda now: "/account/reauthenticate/" in now)
    page.locator("input[name=password]").fill(password)
    page.locator("input[name=password]").press("Enter")
