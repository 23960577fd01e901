"""From where a request comes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from ipaddress import IPv6Address, IPv6Network, ip_address

from django.conf import settings
from django.http import HttpRequest

_request: ContextVar[HttpRequest | None] = ContextVar("request", default=None)
# What stands for a client without an address: one that reaches us by a socket of this machine.
LOCAL = "127.0.0.1"


def client_address(request: HttpRequest) -> str:
    """The address of the client, seen through as many proxies as `TRUSTED_PROXIES` says.

    Each proxy adds the address that it was reached from at the end of `X-Forwarded-For`. What stands before those
    of our own proxies was written by the client, and may be a lie.
    """
    hops = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    trusted = int(settings.TRUSTED_PROXIES)
    found = hops[-min(trusted, len(hops))] if trusted and hops else ""
    return _valid(found) or _valid(request.META.get("REMOTE_ADDR", "")) or LOCAL


@contextmanager
def answering(request: HttpRequest) -> Iterator[None]:
    """Let `current_request` find the request that is being answered."""
    token = _request.set(request)
    try:
        yield
    finally:
        _request.reset(token)


def current_request() -> HttpRequest | None:
    """The request that is being answered here; None in commands and tasks."""
    return _request.get()


def network(address: str) -> str:
    """What counts as one client: an IPv4 address, or the network that a provider gives to one IPv6 customer."""
    parsed = ip_address(address)
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((parsed, 64), strict=False).network_address)
    return address


def _valid(text: str) -> str:
    """The address without a port, or nothing."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        parsed = ip_address(text)
    except ValueError:
        return ""
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return str(mapped or parsed).partition("%")[0]
