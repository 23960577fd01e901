"""The one table that says who may open what, against the addresses that there are."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from teams.models import Role
from teams.permissions import NOBODY, PUBLIC, WHO_MAY, may
from tests import make

WRITE = ":write"


def patterns(resolver: URLResolver) -> Iterator[URLPattern]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from patterns(entry)
        else:
            yield entry


VIEWS = {str(pattern.name): pattern for pattern in patterns(get_resolver())}


def addresses() -> dict[str, str]:
    """Every page whose address takes no argument."""
    found = {}
    for name in sorted(VIEWS):
        try:
            found[name] = reverse(name)
        except NoReverseMatch:
            continue
    return found


MACHINES = ("healthz", "livez")
PAGES = {name: address for name, address in addresses().items() if not name.startswith("api-") and name not in MACHINES}


def test_every_view_has_a_row() -> None:
    assert {name for name in VIEWS if name not in WHO_MAY} == set()


def test_every_row_has_a_view() -> None:
    assert {name for name in WHO_MAY if name.removesuffix(WRITE) not in VIEWS} == set()


def test_what_writes_by_the_api_has_a_row_and_nothing_else_has() -> None:
    written = {name.removesuffix(WRITE) for name in WHO_MAY if name.endswith(WRITE)}
    methods = {
        name: set(pattern.callback.view_class().allowed_methods)
        for name, pattern in VIEWS.items()
        if name.startswith("api-") and WHO_MAY[name] is not PUBLIC
    }
    assert written == {name for name, known in methods.items() if known - {"GET", "HEAD", "OPTIONS"}}


def test_every_name_is_of_one_view() -> None:
    names = [pattern.name for pattern in patterns(get_resolver())]
    twice = {name for name in names if names.count(name) > 1}
    assert twice - {None} == set()
    assert None not in names


def test_an_unknown_view_is_closed() -> None:
    assert not may(AnonymousUser(), "nothing of the kind")


@pytest.mark.django_db
@pytest.mark.parametrize("name", PAGES)
def test_a_stranger_is_sent_to_sign_in(name: str) -> None:
    answer = Client().get(PAGES[name])
    if WHO_MAY[name] is PUBLIC:
        assert answer.status_code in (200, 302, 405)
        assert name == "account_logout" or "next=" not in answer.get("Location", "")
    elif answer.status_code == 403:
        assert WHO_MAY[name] is NOBODY
    else:
        assert answer.status_code == 302
        assert answer["Location"].startswith(reverse(settings.LOGIN_URL))


@pytest.mark.django_db
@pytest.mark.parametrize("role", Role)
def test_each_role_opens_what_the_table_says_and_nothing_else(role: Role) -> None:
    person = make.user(role, password="a good password")
    browser = make.signed_in(person)
    for name, address in PAGES.items():
        if name == "account_logout":
            continue
        status = browser.get(address).status_code
        if not may(person, name):
            assert status == 403, (name, status)
        else:
            assert status in (200, 302, 404, 405), (name, status)


@pytest.mark.django_db
def test_somebody_without_a_role_opens_nothing() -> None:
    browser = make.signed_in(make.user())
    for name, address in PAGES.items():
        if WHO_MAY[name] is not PUBLIC:
            assert browser.get(address).status_code == 403, name


@pytest.mark.django_db
def test_a_character_that_no_text_has_is_refused_on_every_page() -> None:
    browser = make.signed_in(make.user(*Role))
    for address in PAGES.values():
        assert browser.get(f"{address}?q=%00").status_code == 400
