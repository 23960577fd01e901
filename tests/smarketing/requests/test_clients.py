"""From where a request comes, through the proxies that are ours."""

from __future__ import annotations

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from smarketing.requests.clients import client_address, network


@pytest.mark.parametrize(
    ("proxies", "forwarded", "remote", "address"),
    [
        (0, "", "203.0.113.7", "203.0.113.7"),
        # What a client writes of itself counts for nothing.
        (0, "198.51.100.1", "203.0.113.7", "203.0.113.7"),
        (1, "198.51.100.1", "10.0.0.2", "198.51.100.1"),
        (1, "192.0.2.66, 198.51.100.1", "10.0.0.2", "198.51.100.1"),
        (2, "192.0.2.66, 198.51.100.1, 10.0.0.3", "10.0.0.2", "198.51.100.1"),
        # Fewer than we were told: the farthest that is known.
        (2, "198.51.100.1", "10.0.0.2", "198.51.100.1"),
        (1, "", "10.0.0.2", "10.0.0.2"),
        (1, "no address", "10.0.0.2", "10.0.0.2"),
        (1, "198.51.100.1:4711", "10.0.0.2", "198.51.100.1"),
        (1, "[2001:db8::1]:4711", "10.0.0.2", "2001:db8::1"),
        (1, "::ffff:198.51.100.1", "10.0.0.2", "198.51.100.1"),
        # By a socket of this machine.
        (0, "", "", "127.0.0.1"),
    ],
)
def test_the_address_of_a_client_is_what_our_own_proxies_say(
    settings: Settings, proxies: int, forwarded: str, remote: str, address: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", REMOTE_ADDR=remote, headers={"X-Forwarded-For": forwarded})
    assert client_address(request) == address


def test_the_addresses_of_one_customer_count_as_one() -> None:
    assert network("2001:db8:1:2:3::4") == network("2001:db8:1:2:ffff::1")
    assert network("198.51.100.1") == "198.51.100.1"
