"""One word for one thing: a page is headed as the way to it is called."""

import re

import pytest
from django.urls import reverse
from django.utils import translation

from smarketing.pages import navigation
from teams.models import Role
from tests import make

pytestmark = pytest.mark.django_db

# These greet, or name what they show: a week, a version, a period.
OF_THEIR_OWN = {"home", "weekly", "agreement", "quadrants"}


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_page_is_headed_and_titled_as_the_menu_calls_it(language: str):
    make.agreement()
    client = make.signed_in(make.user(*Role, language=language))
    headed_otherwise = {}
    for item in [item for group in navigation.GROUPS for item in group.items if item.name not in OF_THEIR_OWN]:
        page = client.get(reverse(item.name), follow=True).content.decode()
        with translation.override(language):
            label = str(item.label)
        # A count may follow: "Untouched 3".
        if not all(text.startswith(label) for text in (text_of("h1", page), text_of("title", page))):
            headed_otherwise[item.name] = (label, text_of("h1", page))
    assert headed_otherwise == {}


def text_of(tag: str, page: str) -> str:
    found = re.search(rf"<{tag}[^>]*>(.*?)</{tag}>", page, re.DOTALL)
    assert found
    return " ".join(re.sub(r"<[^>]*>", "", found[1]).split())
