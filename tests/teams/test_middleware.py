"""Each request speaks its person's language, in its person's zone, and opens what the table allows."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone, translation

from sla.feed.feed import feed_url, renew_feed
from teams.models import Organization, Role, User
from tests import make
from tests.api import Program

pytestmark = pytest.mark.django_db


def reloaded(person: User) -> User:
    return User.objects.get_queryset().get(pk=person.pk)


def test_the_language_of_the_answer_is_said():
    sam = make.signed_in(make.user(Role.REP, language="ja"))
    assert sam.get("/me/", headers={"Accept-Language": "en"})["Content-Language"] == "ja"
    rosa = make.signed_in(make.user(Role.REP))
    assert rosa.get("/me/", headers={"Accept-Language": "ja,en;q=0.5"})["Content-Language"] == "ja"


def test_the_browser_s_language_is_kept_for_mails_to_who_chose_none():
    sam = make.user(Role.REP)
    browser = make.signed_in(sam)
    browser.get("/me/", headers={"Accept-Language": "ja"})
    assert reloaded(sam).spoken == "ja"
    browser.get("/me/", headers={"Accept-Language": "en"})
    assert reloaded(sam).spoken == "en"


def test_the_browser_s_language_of_who_chose_one_is_not_kept():
    sam = make.user(Role.REP, language="en")
    make.signed_in(sam).get("/me/", headers={"Accept-Language": "ja"})
    assert reloaded(sam).browser_language == ""


def test_the_zone_of_a_person_ends_with_the_request():
    make.signed_in(make.user(Role.REP, time_zone="America/New_York")).get("/me/")
    assert timezone.get_current_timezone_name() == timezone.get_default_timezone_name()


def test_who_has_no_zone_reads_in_the_company_s():
    Organization.objects.update_or_create(pk=1, defaults={"time_zone": "Pacific/Kiritimati"})
    sam = make.user(Role.REP, language="en")
    make.notice(sam, at=datetime(2026, 1, 5, 10, 30, tzinfo=UTC))
    assert ">6 Jan" in make.signed_in(sam).get("/notices/").content.decode()
    assert ">5 Jan" in make.signed_in(rosa_in_tokyo()).get("/notices/").content.decode()


def rosa_in_tokyo() -> User:
    rosa = make.user(Role.REP, language="en", time_zone="Asia/Tokyo")
    make.notice(rosa, at=datetime(2026, 1, 5, 10, 30, tzinfo=UTC))
    return rosa


def test_a_nul_character_in_an_address_is_refused():
    browser = make.signed_in(make.user(Role.ADMINISTRATOR))
    assert browser.get("/settings/people/?q=a%00b").status_code == 400
    assert browser.get("/settings/people/?q=a%20b").status_code == 200


def test_a_page_that_is_not_of_the_person_s_roles_is_refused_in_their_language():
    with translation.override("en"):
        answer = make.signed_in(make.user(Role.REP, language="ja")).get("/settings/people/")
    assert answer.status_code == 403
    assert 'lang="ja"' in answer.content.decode()


def test_a_page_of_nobody_s_is_refused_to_everybody():
    assert make.signed_in(make.user(*Role)).get("/account/email/").status_code == 403


def test_who_lost_a_role_is_out_with_the_next_request():
    admin = make.user(Role.ADMINISTRATOR)
    browser = make.signed_in(admin)
    assert browser.get("/settings/people/").status_code == 200
    User.objects.get_queryset().filter(pk=admin.pk).update(roles=["rep"])
    assert browser.get("/settings/people/").status_code == 403


def test_a_stranger_comes_back_to_where_they_wanted_to_go():
    answer = Client().get("/settings/people/?q=x")
    assert answer.status_code == 302
    assert answer["Location"].endswith("?next=/settings/people/%3Fq%3Dx")


@pytest.mark.parametrize("address", ["/me/", "/notices/404/", "/settings/people/", "/account/login/", "/leads/"])
def test_no_browser_and_no_proxy_keeps_a_page(address: str):
    for browser in (make.signed_in(make.user(Role.REP)), Client()):
        assert browser.get(address)["Cache-Control"] == "no-store", address


def test_nobody_keeps_what_the_api_and_a_feed_say():
    sam = make.user(Role.REP)
    assert Program(sam).get("handoffs/")["Cache-Control"] == "no-store"
    address = feed_url(renew_feed(sam))
    assert Client().get(urlsplit(address).path)["Cache-Control"] == "no-store"
