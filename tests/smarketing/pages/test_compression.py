"""Answers are compressed for whoever takes them so, and say the same."""

from __future__ import annotations

import gzip
from datetime import time
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from leads.models import Campaign
from sla.feed.feed import renew_feed
from teams.models import Role
from tests import make
from tests.api import Program

pytestmark = pytest.mark.django_db
GZIP = {"accept-encoding": "gzip, deflate, br"}


def content(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def same_compressed(client: Client, address: str) -> Any:
    """The answer as it is compressed, which is the one that others get."""
    plain, packed = client.get(address), client.get(address, headers=GZIP)
    assert (plain.status_code, packed.status_code) == (200, 200)
    assert not plain.has_header("Content-Encoding")
    assert packed["Content-Encoding"] == "gzip"
    # What a cache keeps of the one is not given to who asks for the other.
    assert "Accept-Encoding" in plain["Vary"]
    assert "Accept-Encoding" in packed["Vary"]
    body = content(packed)
    assert gzip.decompress(body) == content(plain)
    assert packed.get("Content-Length") == (None if packed.streaming else str(len(body)))
    return packed


def test_a_file_of_rows_is_compressed_as_it_is_written() -> None:
    for number in range(50):
        Campaign.objects.create(name=f"Fair {number}")
    export = same_compressed(make.signed_in(make.user(Role.ADMINISTRATOR)), reverse("changes_export"))
    assert export.streaming
    assert "attachment" in export["Content-Disposition"]


@time_machine.travel(make.MONDAY_9AM, tick=False)
def test_a_calendar_is_answered_compressed() -> None:
    make.agreement(in_force_from=make.MONDAY_9AM, agreed={"meeting_weekday": 2, "meeting_at": time(9, 30)})
    feed = renew_feed(make.user(Role.REP))
    calendar = same_compressed(Client(), reverse("feed_calendar", args=[feed.secret]))
    assert calendar["Content-Type"].startswith("text/calendar")


def test_a_program_is_answered_compressed(program: Program) -> None:
    kinds = same_compressed(program.client, program.address("activity-kinds/"))
    assert kinds["Content-Type"] == "application/json"


def test_a_page_is_a_fifth_of_its_size_and_hides_how_much_exactly() -> None:
    client = make.signed_in(make.user(Role.MANAGER))
    pages = [client.get(reverse("metrics"), headers=GZIP).content for _time in range(20)]
    assert max(map(len, pages)) * 5 < len(gzip.decompress(pages[0]))
    # The name in gzip's header, of a length at random: sizes alone do not give away what stands in a page.
    assert len({page.index(b"\0", 10) for page in pages}) > 5


def test_what_is_short_or_compressed_already_is_left_alone(client: Client) -> None:
    for address in ("/livez", "/static/css/app.css"):
        answer = client.get(address, headers=GZIP)
        assert not answer.has_header("Content-Encoding")
        answer.close()
