"""The check of the locked versions, against a list of advisories of our own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from tests import advisories
from tests.advisories import LOCK, locked
from tests.site import free_port

NEW, OLD = ("sound", "2.0"), ("faulty", "1.0")


class ListOfAdvisories(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        queries = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"results": [self.result(**query) for query in queries]}).encode())

    @staticmethod
    def result(package: dict[str, str], version: str) -> dict[str, Any]:
        return {"vulns": [{"id": "A-1"}, {"id": "A-2"}]} if (package["name"], version) == OLD else {}

    def log_message(self, *words: Any) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), ListOfAdvisories) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_every_locked_version_is_read() -> None:
    text = LOCK.read_text(encoding="utf-8")
    packages = [line for line in text.splitlines() if line[0] not in " #"]
    assert len(locked(text)) == len(packages) > 100


def test_what_is_known_against_a_version_is_found(address: str) -> None:
    assert advisories.advisories([NEW, OLD], address) == {OLD: ["A-1", "A-2"]}


def test_an_accepted_one_is_left_out(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(advisories.ACCEPTED, "A-1", "we do not call it")
    assert advisories.advisories([OLD], address) == {OLD: ["A-2"]}


def test_a_list_that_cannot_be_reached_is_said_and_fails_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(advisories.advisories, "__defaults__", (f"http://127.0.0.1:{free_port()}/",))
    advisories.main()
    assert capsys.readouterr().out.startswith("Not checked: ")
