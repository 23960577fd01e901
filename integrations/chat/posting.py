"""Posting to an address that somebody typed in: to the public internet alone, within seconds, and no further."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from threading import Event, Timer
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils.translation import gettext_noop

# Seconds for one step of the conversation, and for all of it: whoever answers a byte at a time holds nobody up.
PATIENCE, LONGEST = 5.0, 10.0
# What is read of an answer.
ANSWER = 4096
# IPv6 addresses that stand for one of IPv4, which may be a private one.
NAT64 = IPv6Network("64:ff9b::/96")

# A self-signed certificate is as wrong here as in a browser.
TLS = ssl.create_default_context()

NOT_AN_ADDRESS = gettext_noop("This is not the address of a webhook. Copy it whole, as the chat shows it.")


class Refused(ValueError):
    """Nothing is sent to this address; the reason is a text of ours, to be translated when it is read."""


@dataclass(frozen=True)
class Answer:
    status: int
    text: str
    retry_after: str = ""


def post(url: str, body: bytes) -> Answer:
    """Post JSON and return the answer, whatever its status. Redirects and proxies are not followed.

    The name is looked up once, and the connection goes to an address that was looked at. Raises `Refused` for an
    address that must not be reached, and `OSError` when nobody answers.
    """
    parts, addresses = reachable(url)
    path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "Smarketing"}
    with _connected(parts, addresses) as connection:
        try:
            connection.request("POST", path, body=body, headers=headers)
            answer = connection.getresponse()
            text = answer.read(ANSWER).decode("utf-8", "replace")
        except HTTPException as problem:
            raise OSError(gettext_noop("The answer is not HTTP.")) from problem
    return Answer(answer.status, text, answer.headers.get("Retry-After", ""))


def reachable(url: str) -> tuple[SplitResult, list[str]]:
    """Return the parts of an address and where its host is. Raises `Refused` when it is not a public https one, and
    `OSError` when its name is not known."""
    parts = _parts(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise Refused(NOT_AN_ADDRESS)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    # One private address among public ones is a trap, and refuses all.
    if not settings.ALLOW_PRIVATE_WEBHOOKS and not all(is_public(address) for address in addresses):
        raise Refused(gettext_noop("This address lies in a private network. Only public ones can be reached."))
    return parts, addresses


def is_public(address: str) -> bool:
    """Whether this is an address of the internet: not of a private network, this machine, or a cloud's own services."""
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        inside = ip.ipv4_mapped or ip.sixtofour or (ip.teredo and ip.teredo[1])
        if ip in NAT64:
            inside = IPv4Address(int(ip) & 0xFFFFFFFF)
        if inside:
            return is_public(str(inside))
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        whole = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        whole = False
    if not whole or not url.isascii() or any(character <= " " for character in url):
        raise Refused(NOT_AN_ADDRESS)
    if "@" in parts.netloc:
        raise Refused(gettext_noop("The address must not hold a name or a password before the host."))
    if parts.scheme != "https" and not (parts.scheme == "http" and settings.ALLOW_PRIVATE_WEBHOOKS):
        raise Refused(gettext_noop("The address must begin with https://."))
    return parts


@contextmanager
def _connected(parts: SplitResult, addresses: list[str]) -> Iterator[HTTPConnection]:
    host = str(parts.hostname)
    secure = parts.scheme == "https"
    connection = (HTTPSConnection if secure else HTTPConnection)(host, parts.port, timeout=PATIENCE)
    line = _call(addresses, connection.port)
    if secure:
        line = TLS.wrap_socket(line, server_hostname=host, do_handshake_on_connect=False)
    # The time-out of a socket begins anew with every byte; this one does not.
    late = Event()
    hang_up = Timer(LONGEST, _hang_up, (line, late))
    hang_up.daemon = True
    hang_up.start()
    try:
        if isinstance(line, ssl.SSLSocket):
            line.do_handshake()
        connection.sock = line
        yield connection
    finally:
        hang_up.cancel()
        connection.close()
        line.close()
    if late.is_set():
        raise TimeoutError(gettext_noop("It answers too slowly."))


def _hang_up(line: socket.socket, late: Event) -> None:
    late.set()
    with suppress(OSError):
        # Not the method of an SSL socket, which another thread reads from at this moment.
        socket.socket.shutdown(line, socket.SHUT_RDWR)


def _call(addresses: list[str], port: int) -> socket.socket:
    """Connect to the first of the addresses that takes the call. Raises `OSError`."""
    for nth, address in enumerate(addresses, 1):
        try:
            return socket.create_connection((address, port), PATIENCE)
        except OSError:
            if nth == len(addresses):
                raise
    raise OSError(gettext_noop("The name stands for no address."))
