"""From a mark to an offer: every changed lead takes its way through the flow, once, whatever fails."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.utils import translation
from pytest_django import Settings

from funnel.models import Journey, StageRole
from funnel.qualification.qualifying import qualify
from leads.activities.recording import record
from leads.models import Lead, PendingReevaluation
from leads.registering.reevaluation import enqueue_reevaluation
from leads.registering.registration import register
from metrics.changes import unseen
from sla.attainment.computing import is_computation_requested
from sla.flow import advancing, background
from sla.flow.advancing import advance, advance_all, begin_day
from sla.flow.notices import CHECK_FAILED
from sla.models import Attainment, BegunDay, Handoff
from sla.tasks import advance as advance_task
from teams.models import Notice, Role, Team
from tests import make
from tests.make import MONDAY_9AM

pytestmark = pytest.mark.django_db

DEMO = {"did": "demo_request", "at_least": 1, "within_days": 90}


def agreed(reps: int = 1) -> None:
    """An agreement in force: who asked for a demo is an MQL, and is offered to a rep."""
    team = make.team(Team.Kind.SALES)
    for _ in range(reps):
        make.user(Role.REP, team=team)
    make.agreement(receiving=team, definitions=[make.definition(criteria=DEMO)])


def asks_for_a_demo(n: int, at: datetime = MONDAY_9AM) -> Lead:
    lead, _created = register({"email": f"lead{n}@story.example"}, at=at)
    record(lead, "demo_request", at, at=at)
    return lead


def stage_of(lead: Lead) -> str | None:
    return Journey.objects.get(lead=lead).stage.role


def test_a_new_lead_that_meets_the_definition_is_qualified_and_offered():
    agreed()
    lead = asks_for_a_demo(1)
    assert advance_all(at=MONDAY_9AM) > 0
    assert stage_of(lead) == StageRole.MQL
    assert Handoff.objects.get(lead=lead).offered_at == MONDAY_9AM
    assert not PendingReevaluation.objects.exists()
    assert advance(at=MONDAY_9AM) == 0


def test_an_activity_of_tomorrow_counts_tomorrow():
    agreed()
    lead, _created = register({"email": "soon@story.example"}, at=MONDAY_9AM)
    tomorrow = MONDAY_9AM + timedelta(days=1)
    record(lead, "demo_request", tomorrow, at=MONDAY_9AM)
    advance_all(at=MONDAY_9AM)
    assert stage_of(lead) == StageRole.LEAD
    advance_all(at=tomorrow)
    assert stage_of(lead) == StageRole.MQL


def test_a_standing_lead_without_news_waits_for_some():
    lead = asks_for_a_demo(1, at=MONDAY_9AM - timedelta(days=40))
    advance_all(at=MONDAY_9AM - timedelta(days=40))
    agreed()
    enqueue_reevaluation([lead.pk], at=MONDAY_9AM)
    advance_all(at=MONDAY_9AM)
    assert stage_of(lead) == StageRole.LEAD
    record(lead, "page_view", MONDAY_9AM, at=MONDAY_9AM)
    advance_all(at=MONDAY_9AM)
    assert stage_of(lead) == StageRole.MQL


def test_a_lead_that_breaks_the_flow_does_not_hold_up_the_others(monkeypatch: pytest.MonkeyPatch):
    agreed()
    broken, sound = asks_for_a_demo(1), asks_for_a_demo(2)
    real = qualify

    def fails_for_one(lead_ids: list[int], *, at: datetime, **more: Any) -> list[int]:
        if broken.pk in lead_ids:
            raise RuntimeError("a defect")
        return real(lead_ids, at=at)

    monkeypatch.setattr(advancing, "qualify", fails_for_one)
    advance_all(at=MONDAY_9AM)
    assert stage_of(sound) == StageRole.MQL
    assert list(PendingReevaluation.objects.values_list("lead", flat=True).distinct()) == [broken.pk]

    monkeypatch.undo()
    advance_all(at=MONDAY_9AM + timedelta(minutes=5))
    assert stage_of(broken) == StageRole.MQL


def fails_for(monkeypatch: pytest.MonkeyPatch, broken: Lead) -> None:
    def fail_for_one(lead_ids: list[int], *, at: datetime, **more: Any) -> list[int]:
        if broken.pk in lead_ids:
            raise RuntimeError("a defect")
        return qualify(lead_ids, at=at)

    monkeypatch.setattr(advancing, "qualify", fail_for_one)


def test_administrators_are_told_once_a_day_what_the_checks_of_the_morning_find():
    admin = make.user(Role.ADMINISTRATOR)
    disagreeing = [make.lead(StageRole.SQL) for _ in range(2)]
    Journey.objects.filter(lead__in=disagreeing).update(closed_at=MONDAY_9AM, closed_as="lost")
    assert begin_day(at=MONDAY_9AM)
    BegunDay.objects.all().delete()
    assert begin_day(at=MONDAY_9AM + timedelta(hours=1))
    told = Notice.objects.get(user=admin, kind="check_failed")
    first = disagreeing[0]
    assert (told.params["what"], told.params["count"], told.params["record"]) == ("leads", 2, first.pk)
    assert told.address == f"/leads/{first.pk}/"
    with translation.override("en"):
        assert first.email in told.text


@pytest.mark.parametrize(
    ("what", "page", "one", "three"),
    [
        ("leads", "lead", "Aoba does not stand", "3 leads do not stand"),
        ("deals", "opportunity", "The opportunity “Aoba” is not", "3 opportunities are not"),
        ("companies", "company", "Two reps of one team work Aoba without", "work 3 companies without a reason"),
    ],
)
def test_each_check_of_the_morning_says_what_it_found_and_leads_there(what: str, page: str, one: str, three: str):
    found = {"what": what, "page": page, "record": 7, "name": "Aoba"}
    with translation.override("en"):
        assert CHECK_FAILED.describe(found | {"count": 1}).startswith(one)
        assert three in CHECK_FAILED.describe(found | {"count": 3})
        assert "Aoba" in CHECK_FAILED.describe(found | {"count": 3})
    assert CHECK_FAILED.page(found).address(found).endswith("/7/")


def test_a_lead_that_breaks_the_morning_does_not_hold_up_the_others(monkeypatch: pytest.MonkeyPatch):
    agreed()
    leads = [asks_for_a_demo(n) for n in range(5)]
    PendingReevaluation.objects.all().delete()
    fails_for(monkeypatch, leads[2])
    assert begin_day(at=MONDAY_9AM) is True
    assert Handoff.objects.count() == 4
    assert BegunDay.objects.count() == 1
    again = PendingReevaluation.objects.get()
    assert (again.lead_id, again.due_at, again.news_at) == (leads[2].pk, MONDAY_9AM + advancing.RETRY_AFTER, None)


def test_administrators_are_told_of_a_broken_lead_once_a_day(monkeypatch: pytest.MonkeyPatch):
    agreed()
    admin = make.user(Role.ADMINISTRATOR)
    broken = asks_for_a_demo(1)
    fails_for(monkeypatch, broken)
    for hours in (0, 1, 2, 24):
        advance_all(at=MONDAY_9AM + timedelta(hours=hours))
    told = Notice.objects.filter(kind="lead_failed")
    assert list(told.values_list("user", "params__lead")) == [(admin.pk, broken.pk)] * 2
    with translation.override("ja"):
        assert "lead1@story.exampleを処理できません。" in told[0].text


@pytest.mark.parametrize("odd", ["１２", "\u00a012", "٣", "∞", "1e999", "-"])
def test_an_odd_value_in_one_property_does_not_stop_the_night(odd: str):
    long_visit = {"did": "form_submission", "where": {"field": "pages", "op": ">=", "value": 5}}
    make.agreement(definitions=[make.definition(criteria=long_visit)])
    before = MONDAY_9AM - timedelta(days=1)
    for pages in (odd, 12):
        make.activity(
            make.lead(StageRole.LEAD, created_at=before), "form_submission", before, properties={"pages": pages}
        )
    begin_day(at=MONDAY_9AM)
    assert not Notice.objects.filter(kind="lead_failed").exists()
    assert not PendingReevaluation.objects.exists()


def test_a_day_begins_once_and_lets_time_alone_count():
    agreed()
    asks_for_a_demo(1)
    advance_all(at=MONDAY_9AM)
    assert begin_day(at=MONDAY_9AM) is True
    assert begin_day(at=MONDAY_9AM + timedelta(hours=3)) is False
    assert begin_day(at=MONDAY_9AM + timedelta(days=1)) is True
    assert BegunDay.objects.count() == 2


def test_a_zone_moved_west_skips_no_night_and_one_moved_back_begins_its_day_again(settings: Settings):
    settings.COMPANY_TIME_ZONE = "Asia/Tokyo"
    agreed()
    assert begin_day(at=MONDAY_9AM)
    settings.COMPANY_TIME_ZONE = "America/Los_Angeles"  # where it is Sunday afternoon
    assert begin_day(at=MONDAY_9AM + timedelta(minutes=1))
    assert not begin_day(at=MONDAY_9AM + timedelta(minutes=2))
    assert begin_day(at=MONDAY_9AM + timedelta(hours=8, minutes=1))
    settings.COMPANY_TIME_ZONE = "Asia/Tokyo"
    assert begin_day(at=MONDAY_9AM + timedelta(hours=9))
    assert not begin_day(at=MONDAY_9AM + timedelta(hours=9, minutes=1))
    days = BegunDay.objects.order_by("pk").values_list("zone", "day__day")
    assert list(days) == [("America/Los_Angeles", 15), ("America/Los_Angeles", 16), ("Asia/Tokyo", 16)]


def test_another_zone_has_the_numbers_that_are_kept_counted_again(settings: Settings):
    settings.COMPANY_TIME_ZONE = "Asia/Tokyo"
    agreement = make.agreement(clauses=[{}])
    Attainment.objects.create(
        clause=agreement.clauses.get(),
        starts_on=MONDAY_9AM.date(),
        ends_on=MONDAY_9AM.date(),
        state="met",
        computed_at=MONDAY_9AM,
    )
    begin_day(at=MONDAY_9AM)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_snapshot()::text")
        (seen,) = cursor.fetchone()
    assert not is_computation_requested()
    settings.COMPANY_TIME_ZONE = "America/Los_Angeles"
    begin_day(at=MONDAY_9AM)
    assert is_computation_requested()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {unseen('%s')}", [seen, seen])
        assert cursor.fetchone() == (True,)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_four_workers_take_sixty_leads_once():
    agreed(reps=3)
    for n in range(60):
        asks_for_a_demo(n)

    def work(_: int) -> None:
        try:
            advance_all(at=MONDAY_9AM, limit=7)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))

    assert Handoff.objects.count() == 60
    assert not PendingReevaluation.objects.exists()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_held_machine_does_not_work_and_goes_on_afterwards():
    agreed()
    lead = asks_for_a_demo(1, at=MONDAY_9AM)

    def work() -> None:
        try:
            advance_task()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with background.paused():
            pool.submit(work).result()
            assert not Journey.objects.filter(lead=lead).exists()
        pool.submit(work).result()
    assert Journey.objects.filter(lead=lead).exists()


@pytest.mark.django_db
def test_a_batch_takes_no_more_than_its_limit_however_the_database_plans_it():
    """A subquery that is run again for each row, as a nested loop does, would find the next row each time."""
    leads = [make.lead() for _ in range(5)]
    PendingReevaluation.objects.all().delete()
    for lead in leads:
        PendingReevaluation.objects.create(lead=lead, due_at=MONDAY_9AM)
    with connection.cursor() as cursor:
        for way in ("hashjoin", "mergejoin", "hashagg", "sort", "material", "memoize", "indexscan", "bitmapscan"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
    claimed, news, _failures = advancing._claim(MONDAY_9AM, 2)
    assert claimed == len(news) == 2
    assert PendingReevaluation.objects.count() == 3


def test_a_lead_that_stays_broken_is_tried_later_each_time(monkeypatch: pytest.MonkeyPatch):
    agreed()
    broken = asks_for_a_demo(1)
    fails_for(monkeypatch, broken)
    at, delays = MONDAY_9AM, []
    for _ in range(10):
        advance_all(at=at)
        again = PendingReevaluation.objects.get()
        delays.append((again.due_at - at) // timedelta(minutes=1))
        at = again.due_at
    assert delays == [5, 10, 20, 40, 80, 160, 320, 640, 1280, 1440]
