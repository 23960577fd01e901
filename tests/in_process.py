"""Pages in a real browser, answered by Django's own test client, so that they see what the test has made."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from django.contrib.staticfiles import finders
from django.db import connections
from django.test import Client
from playwright.sync_api import Browser, Page, Request, Route

from tests.browser import Complaints, new_context

HOST = "localhost"
TYPES = {".js": "text/javascript", ".css": "text/css", ".json": "application/json", ".svg": "image/svg+xml"}


@contextmanager
def page_of(browser: Browser, client: Client, **context: Any) -> Iterator[Page]:
    """A page of that client's; at the end, nothing may have gone wrong on any page seen."""
    complaints = Complaints(HOST)
    opened = new_context(browser, **context)
    complaints.listen(opened)
    page = opened.new_page()
    page.set_default_timeout(10_000)
    ours = connections["default"]
    ours.inc_thread_sharing()

    def in_a_thread(route: Route) -> None:
        # No event loop runs there; and it is lent this test's connection, with what the test has made.
        def work() -> None:
            connections["default"] = ours
            answered.append(answer(route.request, client))

        answered: list[dict[str, Any]] = []
        thread = Thread(target=work)
        thread.start()
        thread.join()
        route.fulfill(**answered[0])

    page.route("**/*", in_a_thread)
    yield page
    opened.close()
    ours.dec_thread_sharing()
    wrong = complaints.take()
    assert not wrong, wrong


def answer(asked: Request, client: Client) -> dict[str, Any]:
    parts = urlsplit(asked.url)
    if parts.path.startswith("/static/"):
        found = Path(str(finders.find(parts.path.removeprefix("/static/"))))
        return {"path": found, "content_type": TYPES.get(found.suffix, "application/octet-stream")}
    told: dict[str, Any] = {
        "HTTP_" + name.upper().replace("-", "_"): value
        for name, value in asked.headers.items()
        if name.startswith("hx-") or name == "accept-language"
    }
    kind = asked.headers.get("content-type", "")
    response: Any = client.generic(
        asked.method, f"{parts.path}?{parts.query}", asked.post_data_buffer or b"", content_type=kind, **told
    )
    while response.status_code in (301, 302):
        again = {name: value for name, value in told.items() if name == "HTTP_ACCEPT_LANGUAGE"}
        response = client.get(response.headers["Location"], **again)
    return {"status": response.status_code, "headers": dict(response.headers), "body": response.content}
