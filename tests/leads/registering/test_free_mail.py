"""The company says of domains whether they are free mail; the leads there follow."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from history.models import Change
from leads.models import Lead, MailDomain, PendingReevaluation
from leads.registering.free_mail import SUBJECT, say_free_mail
from leads.registering.registration import register
from teams.models import Role, User
from tests import make
from tests.leads.importing.importing import bring

pytestmark = pytest.mark.django_db
NOW = make.MONDAY_9AM


def free() -> set[str]:
    return set(Lead.objects.filter(is_free_mail=True).values_list("email", flat=True))


@pytest.fixture
def gina() -> User:
    return make.user(Role.ADMINISTRATOR, language="en")


def test_leads_follow_what_is_said_and_what_is_taken_back(gina: User) -> None:
    for email in ("a@Portal.example", "b@gmail.com", "c@mihon.example", "d@sub.portal.example"):
        register({"email": email}, at=NOW)
    PendingReevaluation.objects.all().delete()
    say_free_mail({"portal.example": True, "gmail.com": False}, by=gina, at=NOW)
    assert free() == {"a@Portal.example"}
    assert PendingReevaluation.objects.values("lead").distinct().count() == 2
    say_free_mail({"portal.example": False}, by=gina, at=NOW)
    assert free() == {"b@gmail.com"}
    say_free_mail({}, by=gina, at=NOW)
    assert (free(), MailDomain.objects.exists()) == ({"b@gmail.com"}, False)


def test_who_comes_later_is_known_by_what_was_said_whichever_way(gina: User) -> None:
    say_free_mail({"portal.example": True, "gmail.com": False}, by=gina, at=NOW)
    register({"email": "a@PORTAL.example"}, at=NOW)
    register({"email": "b@gmail.com"}, at=NOW)
    bring("leads", "mail\nc@portal.example\nd@gmail.com\ne@outlook.com\n", {"mail": "email"})
    assert free() == {"a@PORTAL.example", "c@portal.example", "e@outlook.com"}


def test_each_change_is_history_and_saying_it_again_is_none(gina: User) -> None:
    for said in ({"portal.example": True}, {"portal.example": True}, {"portal.example": False}, {}):
        say_free_mail(said, by=gina, at=NOW)
    kept = Change.objects.filter(subject=SUBJECT).order_by("pk")
    assert [(each.field, each.old, each.new, each.by) for each in kept] == [
        ("domain", None, "portal.example", gina),
        ("is_free", None, True, gina),
        ("is_free", True, False, gina),
        ("domain", "portal.example", None, gina),
        ("is_free", False, None, gina),
    ]


def test_an_administrator_says_it_on_a_page(gina: User, client: Client) -> None:
    client.force_login(gina)
    address = reverse("free_mail")
    typed = {"free": "@Portal.example\n\n ｐｏｒｔａｌ.example \n例え.jp", "not_free": "gmail.com"}
    assert client.post(address, typed).status_code == 302
    assert dict(MailDomain.objects.values_list("domain", "is_free")) == {
        "portal.example": True, "例え.jp": True, "gmail.com": False,
    }  # fmt: skip
    assert "portal.example" in client.get(address).content.decode()


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"free": "no domain"}, "free"),
        ({"free": "a@x.example"}, "free"),
        ({"not_free": "portal"}, "not_free"),
        ({"free": "x.example", "not_free": "X.example"}, "not_free"),
    ],
)
def test_what_is_no_domain_is_refused_at_its_place(
    gina: User, client: Client, typed: dict[str, str], field: str
) -> None:
    client.force_login(gina)
    answer = client.post(reverse("free_mail"), typed)
    assert (answer.status_code, set(answer.context["form"].errors)) == (422, {field})
    assert not MailDomain.objects.exists()
