"""What somebody typed in as an address reaches the internet, and nothing else."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from pytest_django import Settings

from integrations.chat import posting
from integrations.chat.posting import Refused, is_public, post, reachable
from tests.integrations.servers import Chat

PRIVATE = [
    "127.0.0.1", "10.0.0.1", "172.16.9.9", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "255.255.255.255", "240.0.0.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1",
    "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::",
    "2002:a00:1::",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "3.120.0.1", "2606:4700::1111", "64:ff9b::808:808"]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Where each host is, instead of asking the world."""
    known: dict[str, list[str]] = {}

    def look_up(host: str, port: int, **how: Any) -> list[Any]:
        if host not in known:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(0, 0, 0, "", (address, port)) for address in known[host]]

    monkeypatch.setattr(posting.socket, "getaddrinfo", look_up)
    return known


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_of_our_own_network_is_refused(address: str, names: dict[str, list[str]]) -> None:
    assert not is_public(address)
    names["hooks.example.org"] = [address]
    with pytest.raises(Refused, match="private network"):
        reachable("https://hooks.example.org/x")


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_internet_is_reachable(address: str, names: dict[str, list[str]]) -> None:
    names["hooks.example.org"] = [address]
    assert reachable("https://hooks.example.org/x")[1] == [address]


def test_one_private_address_among_public_ones_refuses_all(names: dict[str, list[str]]) -> None:
    names["hooks.example.org"] = ["8.8.8.8", "10.0.0.1"]
    with pytest.raises(Refused):
        reachable("https://hooks.example.org/x")


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.org/x", "ftp://hooks.example.org/", "file:///etc/passwd", "https://", "https:///x", "//x",
        "https://user:secret@hooks.example.org/", "https://hooks.example.org:0/", "https://hooks.example.org:99999/",
        "https://hooks.example.org/a b", "https://hooks.example.org/\r\nX: y", "https://hööks.example.org/", "",
        "https://[::1", "https://" + "a" * 64 + ".example.org/",
    ],
)  # fmt: skip
def test_what_is_no_address_of_a_webhook_is_refused(url: str, names: dict[str, list[str]]) -> None:
    names["hooks.example.org"] = ["8.8.8.8"]
    with pytest.raises((Refused, OSError)):
        reachable(url)


def test_the_connection_goes_to_the_address_that_was_looked_at(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that changes its mind between the look and the call is not asked again."""
    asked = []

    def look_up(host: str, port: int, **how: Any) -> list[Any]:
        asked.append(host)
        return [(0, 0, 0, "", ("127.0.0.1" if len(asked) == 1 else "127.0.0.9", port))]

    monkeypatch.setattr(posting.socket, "getaddrinfo", look_up)
    called: list[str] = []
    line = socket.socket()
    line.connect(chat.server_address)

    def call(where: tuple[str, int], wait: float) -> socket.socket:
        called.append(where[0])
        return line

    monkeypatch.setattr(posting.socket, "create_connection", call)
    port = chat.server_address[1]
    assert post(f"http://hooks.example.org:{port}/x?y=1", b"{}").status == 200
    assert (asked, called, chat.paths) == (["hooks.example.org"], ["127.0.0.1"], ["/x?y=1"])


def test_a_redirect_is_an_answer_and_is_not_followed(chat: Chat) -> None:
    chat.status, chat.headers = 302, {"Location": chat.url}
    assert post(chat.url, b"{}").status == 302
    assert len(chat.messages) == 1


def test_of_a_long_answer_only_the_beginning_is_read(chat: Chat) -> None:
    chat.answer = "x" * 1_000_000
    assert len(post(chat.url, b"{}").text) == posting.ANSWER


def test_who_answers_too_late_is_not_waited_for(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "PATIENCE", 0.1)
    chat.pause = 1
    with pytest.raises(TimeoutError):
        post(chat.url, b"{}")


@pytest.fixture
def dripping() -> Iterator[int]:
    """A server that says a byte of its answer every 50 ms, for ever."""
    listening = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        line, _from = listening.accept()
        with closing(line):
            try:
                line.sendall(b"HTTP/1.1 200 OK\r\nX: ")
                while True:
                    line.sendall(b"x")
                    time.sleep(0.05)
            except OSError:
                return

    with closing(listening):
        threading.Thread(target=drip, daemon=True).start()
        yield listening.getsockname()[1]


def test_who_answers_a_byte_at_a_time_is_hung_up_on(
    dripping: int, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ALLOW_PRIVATE_WEBHOOKS = True
    monkeypatch.setattr(posting, "LONGEST", 0.5)
    begin = time.monotonic()
    with pytest.raises(OSError):
        post(f"http://127.0.0.1:{dripping}/", b"{}")
    assert time.monotonic() - begin < 3


def test_a_server_without_a_certificate_of_its_own_is_refused(chat: Chat) -> None:
    with pytest.raises(OSError):
        post(chat.url.replace("http:", "https:"), b"{}")
    assert chat.messages == []
