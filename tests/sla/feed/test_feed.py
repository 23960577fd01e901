"""The calendar feed, read back as any calendar would read it."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from pytest_django import Settings

from history.models import Edit
from sla.feed.feed import render_feed, renew_feed
from sla.models import Calendar, Feed, Review
from sla.reviews.reviewing import plan_reviews
from smarketing import env
from teams.models import Organization, Role, User
from tests import make
from tests.make import MONDAY_9AM

pytestmark = pytest.mark.django_db

NOON = MONDAY_9AM + timedelta(hours=3)
JANUARY = datetime(2026, 1, 14, 15, tzinfo=UTC)


def read(user: User, at: datetime = NOON) -> dict[str, Any]:
    """The events of a feed by the first half of their UIDs."""
    events = icalendar.Calendar.from_ical(render_feed(user, at=at)).walk("VEVENT")
    found = {str(event["UID"]).split("@")[0]: event for event in events}
    assert len(found) == len(events)
    return found


def of(found: dict[str, Any], kind: str) -> dict[str, Any]:
    return {key.removeprefix(f"{kind}-"): event for key, event in found.items() if key.startswith(f"{kind}-")}


@pytest.fixture
def sam() -> User:
    return make.user(Role.REP, language="en", given_name="Sam")


def test_an_empty_company_has_an_empty_feed_that_reads(sam: User):
    assert read(sam) == {}


def test_the_meetings_are_at_the_agreed_time_on_the_wall_whatever_the_clock_does(sam: User):
    Organization.objects.update_or_create(pk=1, defaults={"time_zone": "Europe/Berlin", "country": "DE"})
    make.agreement(in_force_from=JANUARY, agreed={"meeting_weekday": 2, "meeting_at": time(9, 30)})
    meetings = of(read(sam, datetime(2026, 3, 20, tzinfo=UTC)), "meeting")
    berlin = ZoneInfo("Europe/Berlin")
    begins = {event["DTSTART"].dt for event in meetings.values()}
    assert {(each.weekday(), each.astimezone(berlin).time()) for each in begins} == {(2, time(9, 30))}
    # The clock goes forward on 29 March: an hour earlier in UTC.
    assert meetings["2026-03-23"]["DTSTART"].dt == datetime(2026, 3, 25, 8, 30, tzinfo=UTC)
    assert meetings["2026-03-30"]["DTSTART"].dt == datetime(2026, 4, 1, 7, 30, tzinfo=UTC)
    assert meetings["2026-03-30"]["DTEND"].dt - meetings["2026-03-30"]["DTSTART"].dt == timedelta(minutes=30)


def test_no_meeting_on_a_closed_day_and_none_before_the_agreement_begins(sam: User):
    make.agreement(in_force_from=JANUARY, agreed={"meeting_weekday": 0})
    Calendar.default().days.create(day=date(2026, 12, 28))
    weeks = of(read(sam), "meeting")
    # Labour Thanksgiving Day; then our own.
    assert not {"2026-11-23", "2026-12-28"} & set(weeks)
    assert {"2026-11-16", "2026-11-30", "2026-12-21"} <= set(weeks)
    assert min(of(read(sam, JANUARY), "meeting")) == "2026-01-19"


def test_a_signed_agreement_to_come_says_when_it_begins_and_moves_the_meetings_after_it(sam: User):
    first = make.agreement(in_force_from=JANUARY, agreed={"meeting_weekday": 0})
    begins = datetime(2026, 11, 30, 15, tzinfo=UTC)
    type(first).objects.filter(pk=first.pk).update(replaced_at=begins)
    coming = make.agreement(in_force_from=begins, agreed={"meeting_weekday": 4})
    found = read(sam)
    assert of(found, "agreement")[str(coming.number)]["DTSTART"].dt == date(2026, 12, 1)
    days = {event["DTSTART"].dt.date().isoformat() for event in of(found, "meeting").values()}
    # One meeting a week: that of its Monday still was the old version's.
    assert {"2026-11-16", "2026-11-30", "2026-12-11", "2026-12-18"} <= days
    assert not {"2026-12-04", "2026-12-07", "2026-12-14"} & days


def test_reviews_are_whole_days(sam: User):
    make.agreement(in_force_from=JANUARY)
    plan_reviews(at=NOON)
    review = Review.objects.get(kind="goals", starts_on=date(2026, 11, 1))
    event = of(read(sam), "review")[str(review.pk)]
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (date(2026, 12, 1), date(2026, 12, 2))
    assert str(event["URL"]).endswith(f"/reviews/{review.pk}/")


def test_the_ends_of_periods_are_those_of_the_promises(sam: User):
    clauses: list[dict[str, Any]] = [{"every": "month"}, {"every": "month", "target": 20}, {"every": "quarter"}]
    make.agreement(in_force_from=JANUARY, clauses=clauses)
    ends = of(read(sam), "period")
    assert ends["2026-11"]["DTSTART"].dt == date(2026, 11, 30)
    assert ends["2026-Q4"]["DTSTART"].dt == date(2026, 12, 31)
    assert str(ends["2026-11"]["SUMMARY"]).startswith("2 promises")
    assert not [key for key in ends if len(key) == len("2026-11-16")]
    # A promise begins with the first full period.
    in_january = of(read(sam, JANUARY), "period")
    assert ("2026-01" in in_january, "2026-02" in in_january) == (False, True)


def test_a_period_ends_for_the_promises_of_the_version_it_began_under(sam: User):
    first = make.agreement(in_force_from=JANUARY, clauses=[{"every": "month"}])
    make.next_agreement(first, from_at=MONDAY_9AM - timedelta(hours=9), clauses=[{"every": "month", "target": 20}])
    ends = of(read(sam), "period")
    assert str(ends["2026-11"]["SUMMARY"]).startswith("1 promise ")
    assert str(ends["2026-12"]["SUMMARY"]).startswith("2 promises")


def test_absences_are_ones_own_and_last_through_their_last_day(sam: User):
    mine = sam.absences.create(from_on=date(2026, 11, 18), until_on=date(2026, 11, 20), note="Trip, north; “far”")
    make.user(Role.REP).absences.create(from_on=date(2026, 11, 18), until_on=date(2026, 11, 20))
    absences = of(read(sam), "absence")
    assert list(absences) == [str(mine.pk)]
    assert absences[str(mine.pk)]["DTEND"].dt == date(2026, 11, 21)
    assert str(absences[str(mine.pk)]["SUMMARY"]) == "Away: Trip, north; “far”"


def test_the_same_things_keep_their_uids_and_lines_are_folded(sam: User):
    make.agreement(in_force_from=JANUARY, clauses=[{"every": "month"}])
    plan_reviews(at=NOON)
    sam.absences.create(from_on=date(2026, 11, 18), until_on=date(2026, 11, 20), note="長" * 100)
    today, tomorrow = read(sam), read(sam, NOON + timedelta(days=1))
    assert {key for key, event in today.items() if date(2026, 11, 1) < _day(event) < date(2027, 11, 1)} <= set(tomorrow)
    assert all(_day(today[key]) == _day(tomorrow[key]) for key in set(today) & set(tomorrow))
    assert all(len(line) <= 75 for line in render_feed(sam, at=NOON).split(b"\r\n"))


def test_an_event_is_stamped_with_its_last_change_not_with_the_moment_of_the_fetch(sam: User):
    """So that a calendar tells what is news: RFC 5545, 3.8.7.2, of a feed without a METHOD."""
    make.agreement(in_force_from=JANUARY, clauses=[{"every": "month"}])
    plan_reviews(at=NOON)
    with time_machine.travel(NOON - timedelta(days=2), tick=False):
        sam.absences.create(from_on=date(2026, 11, 18), until_on=date(2026, 11, 20))
    today, tomorrow = read(sam), read(sam, NOON + timedelta(days=1))
    stamps = {key: event["DTSTAMP"].dt for key, event in today.items()}
    assert all(tomorrow[key]["DTSTAMP"].dt == stamp for key, stamp in stamps.items() if key in tomorrow)
    assert {stamp for key, stamp in stamps.items() if key.startswith("absence")} == {NOON - timedelta(days=2)}
    assert {stamp for key, stamp in stamps.items() if key.startswith("review")} == {NOON}
    of_agreement = {stamp for key, stamp in stamps.items() if key.startswith(("meeting", "period", "agreement"))}
    assert of_agreement == {JANUARY}


def test_a_review_that_moves_to_another_day_has_changed(sam: User):
    make.agreement(in_force_from=JANUARY)
    plan_reviews(at=NOON)
    Calendar.default().days.create(day=date(2026, 12, 1))
    plan_reviews(at=NOON + timedelta(days=1))
    reviews = of(read(sam, NOON + timedelta(days=1)), "review").values()
    changed = {event["DTSTART"].dt: event["DTSTAMP"].dt for event in reviews}
    assert changed[date(2026, 12, 2)] == NOON + timedelta(days=1)
    assert set(changed.values()) == {NOON, NOON + timedelta(days=1)}


def test_how_often_to_fetch_it_is_a_duration(sam: User):
    lines = render_feed(sam, at=NOON).decode().split("\r\n")
    assert {line.partition(";")[0]: line.rpartition(":")[2] for line in lines if "DURATION" in line} == {
        "REFRESH-INTERVAL": "PT6H",
        "X-PUBLISHED-TTL": "PT6H",
    }


def _day(event: Any) -> date:
    moment = event["DTSTART"].dt
    return moment.date() if isinstance(moment, datetime) else moment


def test_the_address_needs_no_session_and_any_other_is_not_there(sam: User):
    make.agreement(in_force_from=JANUARY)
    with time_machine.travel(NOON, tick=False):
        feed = renew_feed(sam)
        answer = Client().get(f"/calendar/{feed.secret}.ics")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert not answer.cookies
    assert icalendar.Calendar.from_ical(answer.content).walk("VEVENT")
    for wrong in ("x", feed.secret[:-1], f"{feed.secret}x", feed.secret.swapcase()):
        assert Client().get(f"/calendar/{wrong}.ics").status_code == 404
    assert Client().post(f"/calendar/{feed.secret}.ics").status_code == 405
    User.objects.filter(pk=sam.pk).update(is_active=False)
    assert Client().get(f"/calendar/{feed.secret}.ics").status_code == 404


def test_a_renewed_address_silences_the_old_one(sam: User):
    page = make.signed_in(sam)
    assert "no address yet" in page.get("/settings/feed/").content.decode()
    page.post("/settings/feed/renewal/")
    old = Feed.objects.get().secret
    assert f"/calendar/{old}.ics" in page.get("/settings/feed/").content.decode()
    page.post("/settings/feed/renewal/")
    new = Feed.objects.get().secret
    assert Client().get(f"/calendar/{old}.ics").status_code == 404
    assert Client().get(f"/calendar/{new}.ics").status_code == 200
    assert "/settings/feed/" in page.get("/me/").content.decode()


@pytest.mark.parametrize("many", [1, 6])
def test_the_feed_costs_the_same_for_one_and_for_many(sam: User, many: int, django_assert_max_num_queries):
    make.agreement(in_force_from=JANUARY, clauses=[{"every": "month", "target": n + 1} for n in range(many)])
    for n in range(many):
        sam.absences.create(from_on=date(2026, 11, 1 + n), until_on=date(2026, 11, 1 + n))
    with django_assert_max_num_queries(12):
        render_feed(sam, at=NOON)


def kept() -> str:
    """What the database keeps of feeds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(f)::text FROM sla_feed f ORDER BY user_id")
        return str(cursor.fetchall())


def test_the_database_does_not_tell_the_secret_and_its_key_is_changed(sam: User, settings: Settings):
    settings.ENCRYPTION_KEYS = [old := env.new_key()]
    secret = renew_feed(sam).secret
    assert secret not in kept()
    settings.ENCRYPTION_KEYS = [new := env.new_key(), old]
    call_command("reencrypt")
    settings.ENCRYPTION_KEYS = [new]
    assert Feed.objects.get().secret == secret
    assert [edit.what for edit in Edit.objects.filter(kind="sla.feed")] == ["added"]


def test_a_feed_whose_secret_no_key_opens_is_still_read_and_its_page_offers_another(sam: User, settings: Settings):
    settings.ENCRYPTION_KEYS = [env.new_key()]
    secret = renew_feed(sam).secret
    settings.ENCRYPTION_KEYS = [env.new_key()]
    assert Client().get(f"/calendar/{secret}.ics").status_code == 200
    page = make.signed_in(sam)
    assert "no address yet" in page.get("/settings/feed/").content.decode()
    page.post("/settings/feed/renewal/")
    assert Client().get(f"/calendar/{secret}.ics").status_code == 404
    assert Client().get(f"/calendar/{Feed.objects.get().secret}.ics").status_code == 200


def test_secrets_from_before_are_encrypted_by_the_migration_and_back(sam: User):
    secrets = {renew_feed(person).secret for person in (sam, make.user(Role.REP))}
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    MigrationExecutor(connection).migrate([("sla", "0022_counted_columns")])
    assert all(secret in kept() for secret in secrets)
    MigrationExecutor(connection).migrate([("sla", "0023_encrypted_feeds")])
    assert not any(secret in kept() for secret in secrets)
    assert {feed.secret for feed in Feed.objects.all()} == secrets
    assert {Client().get(f"/calendar/{secret}.ics").status_code for secret in secrets} == {200}
