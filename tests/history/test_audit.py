"""The log of sign-ins and of access: what is written, that it stays, who searches it and takes it out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.cache import cache
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import override

from history import audit
from history.models import AuditEntry
from sla.feed.feed import renew_feed
from sla.models import Feed
from teams.models import Role, User
from teams.people import administering
from tests import make
from tests.api import Program

pytestmark = pytest.mark.django_db
PASSWORD = "eleven blue herons"
PAGE = "/settings/access/"
Kind = audit.Kind


@pytest.fixture(autouse=True)
def nobody_counted() -> None:
    cache.clear()


@pytest.fixture
def rep() -> User:
    return make.user(Role.REP, email="rep@example.org", password=PASSWORD, language="en")


@pytest.fixture
def admin() -> Client:
    return make.signed_in(make.user(Role.ADMINISTRATOR, email="admin@example.org", language="en"))


def sign_in(password: str = PASSWORD, email: str = "rep@example.org") -> Client:
    browser = Client(headers={"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"})
    browser.post("/account/login/", {"login": email, "password": password}, REMOTE_ADDR="203.0.113.7")
    return browser


def written() -> list[tuple[str, str, str]]:
    rows = AuditEntry.objects.order_by("pk").select_related("by")
    return [(row.kind, row.by.email if row.by else "", row.name) for row in rows]


# What is written


def test_sign_ins_are_written_with_address_and_browser_also_failed_ones(rep: User) -> None:
    sign_in("a wrong password")
    sign_in(email="nobody@example.org")
    sign_in().post("/account/logout/")
    assert written() == [
        (Kind.WRONG_PASSWORD, "", "rep@example.org"),
        (Kind.WRONG_PASSWORD, "", "nobody@example.org"),
        (Kind.SIGNED_IN, "rep@example.org", ""),
        (Kind.SIGNED_OUT, "rep@example.org", ""),
    ]
    entry = AuditEntry.objects.get(kind=Kind.SIGNED_IN)
    assert (entry.address, entry.browser) == ("203.0.113.7", "Firefox, Linux")
    assert PASSWORD not in str(list(AuditEntry.objects.values()))


def test_tries_that_are_refused_and_wrong_codes_are_written(rep: User) -> None:
    for _n in range(7):
        sign_in("a wrong password")
    assert AuditEntry.objects.filter(kind=Kind.TOO_MANY_TRIES, name=rep.email).count() == 1
    cache.clear()
    TOTP.activate(rep, generate_totp_secret())
    sign_in().post("/account/2fa/authenticate/", {"code": "000000"})
    assert written()[-1] == (Kind.WRONG_CODE, rep.email, "")
    assert not AuditEntry.objects.filter(kind=Kind.SIGNED_IN).exists()


def test_changed_permissions_are_written(admin: Client, rep: User) -> None:
    form = {"email": rep.email, "family_name": "", "given_name": "", "team": "", "language": "en"}
    admin.post(f"/settings/people/{rep.pk}/", form | {"roles": ["rep", "manager"]})
    admin.post(f"/settings/people/{rep.pk}/", form | {"roles": ["rep", "manager"], "family_name": "Sato"})
    admin.post(f"/settings/people/{rep.pk}/deactivation/")
    rows = AuditEntry.objects.filter(kind=Kind.PERMISSIONS).order_by("pk")
    assert [(row.name, row.about) for row in rows] == [
        (rep.email, "roles: manager, rep"),
        (rep.email, "is_active: False"),
    ]
    assert {row.by.email for row in rows if row.by} == {"admin@example.org"}


def test_a_permission_that_was_not_changed_is_not_written(rep: User) -> None:
    administering.set_active(rep, True, by=make.user(Role.ADMINISTRATOR))
    assert written() == []


def test_tokens_that_are_made_and_revoked_are_written(rep: User) -> None:
    browser = make.signed_in(rep)
    browser.post("/me/tokens/", {"name": "Script", "scope": "read", "expires_on": ""})
    browser.post("/me/sessions/ending/")
    assert [row[0] for row in written()] == [Kind.TOKEN_MADE, Kind.SESSIONS_ENDED, Kind.TOKEN_REVOKED]


@pytest.mark.parametrize(
    ("address", "is_written"),
    [
        ("leads/", True),
        ("handoffs/", True),
        ("reasons/", False),
        ("nothing/", False),
        # Refused: nothing was read.
        ("leads/987654321/", False),
        ("leads/?size=0", False),
    ],
)
def test_reads_of_personal_data_by_token_are_written(rep: User, address: str, is_written: bool) -> None:
    program = Program(rep)
    program.get(address)
    rows = AuditEntry.objects.filter(kind=Kind.READ_BY_TOKEN).values_list("by", "name", "about")
    assert list(rows) == ([(rep.pk, program.token.name, f"/api/v1/{address}")] if is_written else [])


def fetch(feed: Feed, *, address: str = "203.0.113.7", at: datetime = make.MONDAY_9AM, secret: str = "") -> None:
    with time_machine.travel(at, tick=False):
        Client().get(f"/calendar/{secret or feed.secret}.ics", REMOTE_ADDR=address)


def test_reads_of_a_calendar_feed_are_written_once_a_day_for_each_feed_and_client(rep: User) -> None:
    feed, other = renew_feed(rep), renew_feed(make.user(Role.REP))
    noon, tomorrow = make.MONDAY_9AM + timedelta(hours=3), make.MONDAY_9AM + timedelta(days=1)
    for at in (make.MONDAY_9AM, noon, tomorrow):
        for address in ("203.0.113.7", "203.0.113.8", "2001:db8::7", "2001:db8::8"):
            fetch(feed, at=at, address=address)
    fetch(other)
    rows = AuditEntry.objects.filter(kind=Kind.FEED_READ, by=rep).order_by("pk")
    assert [row.address for row in rows] == ["203.0.113.7", "203.0.113.8", "2001:db8::7"] * 2
    assert AuditEntry.objects.filter(kind=Kind.FEED_READ).count() == 7
    assert feed.secret not in str(list(AuditEntry.objects.values()))


def test_addresses_of_no_feed_are_written_as_refused_once_a_day(rep: User) -> None:
    feed = renew_feed(rep)
    for secret in ("unknown", "another"):
        fetch(feed, secret=secret)
        fetch(feed, secret=secret, address="2001:db8::7")
    administering.set_active(rep, False, by=make.user(Role.ADMINISTRATOR, email="admin@example.org"))
    fetch(feed)
    fetch(feed)
    rows = (
        AuditEntry.objects.filter(kind=Kind.FEED_REFUSED).order_by("pk").values_list("by", "address", "name", "about")
    )
    unknown = [(None, "203.0.113.7", "", ""), (None, "2001:db8::7", "", "")]
    assert list(rows) == [*unknown, (rep.pk, "203.0.113.7", "", "")]
    assert not AuditEntry.objects.filter(kind=Kind.FEED_READ).exists()


# It stays


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE history_auditentry SET name = 'x'",
        "DELETE FROM history_auditentry",
        "UPDATE history_auditentry SET at = at",
    ],
)
def test_the_database_changes_and_deletes_nothing(statement: str) -> None:
    audit.write(Kind.SIGNED_IN, at=now() - timedelta(days=364))
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert AuditEntry.objects.count() == 1


def test_what_is_older_than_a_year_is_deleted_and_nothing_else() -> None:
    for days in (0, 364, 366, 500):
        audit.write(Kind.SIGNED_IN, about=str(days), at=now() - timedelta(days=days))
    assert [audit.delete_expired(), audit.delete_expired()] == [2, 0]
    assert sorted(AuditEntry.objects.values_list("about", flat=True)) == ["0", "364"]


# It is searched


def listed(admin: Client, **asked: str) -> list[str]:
    return [entry.about for entry in admin.get(PAGE, asked).context["page"].rows]


@pytest.mark.usefixtures("in_tokyo")
def test_an_administrator_searches_by_words_kind_and_days(admin: Client, rep: User) -> None:
    audit.write(Kind.SIGNED_IN, by=rep, about="first", at=make.MONDAY_9AM)
    audit.write(Kind.WRONG_PASSWORD, name="someone@example.org", about="second", at=make.MONDAY_9AM + timedelta(days=1))
    audit.write(Kind.EXPORTED, by=rep, about="third 100%", at=make.MONDAY_9AM + timedelta(days=2))
    asked: list[tuple[dict[str, str], list[str]]] = [
        ({}, ["third 100%", "second", "first"]),
        ({"q": "REP@"}, ["third 100%", "first"]),
        ({"q": "someone"}, ["second"]),
        ({"q": "%"}, ["third 100%"]),
        ({"kind": "signed_in"}, ["first"]),
        ({"first": "2026-11-17"}, ["third 100%", "second"]),
        ({"last": "2026-11-17"}, ["second", "first"]),
        ({"first": "2026-11-17", "last": "2026-11-17"}, ["second"]),
    ]
    for words, found in asked:
        assert listed(admin, **words) == found, words


def test_a_search_that_cannot_be_read_says_so(admin: Client) -> None:
    page = admin.get(PAGE, {"first": "yesterday"})
    assert "first" in page.context["form"].errors


def test_pages_go_on_by_key(admin: Client) -> None:
    at = now()
    AuditEntry.objects.bulk_create(AuditEntry(kind=Kind.SIGNED_IN, at=at, about=str(n)) for n in range(120))
    seen, address = [], PAGE
    while address:
        page = admin.get(address).context["page"]
        seen += [entry.about for entry in page.rows]
        address = f"{PAGE}{page.next_url}" if page.next_url else ""
    assert seen == [str(n) for n in range(119, -1, -1)]


def test_a_page_costs_the_same_for_one_entry_and_for_fifty(admin: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            admin.get(PAGE)
        return len(asked)

    audit.write(Kind.SIGNED_IN, by=make.user(Role.REP))
    admin.get(PAGE)
    one = queries()
    for _n in range(49):
        audit.write(Kind.SIGNED_IN, by=make.user(Role.REP))
    assert queries() == one


def test_it_is_taken_out_as_csv_which_is_written_too(admin: Client, rep: User) -> None:
    audit.write(Kind.WRONG_PASSWORD, name="=cmd()", about="x")
    audit.write(Kind.SIGNED_IN, by=rep)
    answer: Any = admin.get(f"{PAGE}export/", {"kind": "wrong_password"})
    text = b"".join(answer.streaming_content).decode()
    assert "'=cmd()" in text
    assert "rep@example.org" not in text
    assert written()[-1] == (Kind.EXPORTED, "admin@example.org", "")


@pytest.mark.parametrize("role", [Role.MARKETER, Role.SDR, Role.REP, Role.MANAGER])
def test_nobody_else_reads_it(role: Role) -> None:
    browser = make.signed_in(make.user(role))
    for name in ("audit", "audit_export"):
        assert browser.get(reverse(name)).status_code == 403


def test_every_kind_has_a_word_in_japanese(admin: Client) -> None:
    User.objects.update(language="ja")
    page = admin.get(PAGE).content.decode()
    with override("en"):
        assert [kind for kind in Kind if f">{kind.label}<" in page] == []
