from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from funnel.models import Reason
from leads.activities import activity_text
from leads.models import Activity, ActivityKind, Lead, Persona
from scoring.formula import MILLION
from sla.inbox import queries
from sla.models import Calendar, CalendarUse, Handoff
from smarketing.company import knowing
from smarketing.database.statements import Statement
from smarketing.pages.icons import ICONS
from teams.models import Role, Team, User
from tests import make
from tests.make import MONDAY_9AM, TEN
from tests.scoring.make import score_model

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_ten():
    # A page in Japanese must not leave its language to the tests that follow.
    with time_machine.travel(TEN, tick=False), override("en"):
        yield


@pytest.fixture
def inbox(sam: User) -> Client:
    return make.signed_in(sam)


def test_an_empty_inbox_says_what_will_come(inbox: Client):
    answer = inbox.get("/inbox/")
    assert answer.status_code == 200
    assert "Nothing waits for you" in answer.content.decode()


def test_what_waits_is_listed_by_deadline_with_its_clock(inbox: Client, sam: User):
    late = make.handoff(to=sam, at=MONDAY_9AM - timedelta(days=3))
    today = make.handoff(to=sam, at=MONDAY_9AM)

    answer = inbox.get("/inbox/")

    groups = answer.context["groups"]
    assert [(str(group["heading"]), [row["handoff"].pk for row in group["rows"]]) for group in groups] == [
        ("Overdue", [late.pk]),
        ("Due today", [today.pk]),
    ]
    countdown = groups[1]["rows"][0]["countdown"]
    assert (countdown.seconds_left, countdown.total_seconds) == (3 * 3600, 4 * 3600)
    assert groups[0]["rows"][0]["countdown"].seconds_left < 0
    # The first is shown beside the list.
    assert answer.context["handoff"].pk == late.pk


def test_the_detail_says_why_this_lead(inbox: Client, sam: User):
    handoff = make.handoff(to=sam)
    make.activity(handoff.lead, "demo_request", MONDAY_9AM, properties={"note": "Fourteen lines on paper"})
    page = inbox.get(f"/inbox/{handoff.pk}/").content.decode()
    assert "Demo request" in page
    assert "Fourteen lines on paper" in page


def test_every_kind_of_activity_can_be_shown(inbox: Client, sam: User):
    handoff = make.handoff(to=sam)
    ActivityKind.objects.create(key="fair_visit", name_en="Visited our stand")
    for first, kind in enumerate(ActivityKind.objects.all()):
        make.activity(handoff.lead, kind.key, MONDAY_9AM + timedelta(seconds=first))
    for _ in range(3):
        assert inbox.get(f"/inbox/{handoff.pk}/").status_code == 200
        latest = Activity.objects.order_by("-occurred_at").values_list("pk", flat=True)[:6]
        Activity.objects.filter(pk__in=list(latest)).delete()
    assert {*activity_text.ICONS.values(), activity_text.OTHER_ICON} <= set(ICONS)


def test_somebody_elses_handoff_is_not_there(inbox: Client):
    other = make.handoff(to=make.user(Role.REP))
    assert inbox.get(f"/inbox/{other.pk}/").status_code == 404
    assert inbox.post(f"/handoffs/{other.pk}/acceptance/").status_code == 404
    assert inbox.post(f"/handoffs/{other.pk}/rejection/").status_code == 404
    assert Handoff.objects.open().filter(pk=other.pk).exists()


def test_accepting_takes_one_step(inbox: Client, sam: User):
    handoff = make.handoff(to=sam)
    answer = inbox.post(f"/handoffs/{handoff.pk}/acceptance/", follow=True)
    assert "is yours" in answer.content.decode()
    handoff.refresh_from_db()
    assert (handoff.answer, handoff.answered_at, handoff.answered_by) == ("accepted", TEN, sam)


@pytest.mark.parametrize(("said", "kept"), [("fits", "fits"), ("", ""), ("perhaps", "")])
def test_a_verdict_may_come_with_the_yes(inbox: Client, sam: User, said: str, kept: str):
    handoff = make.handoff(to=sam, persona=Persona.objects.create())
    assert 'form="acceptance"' in inbox.get(f"/inbox/{handoff.pk}/").content.decode()
    inbox.post(f"/handoffs/{handoff.pk}/acceptance/", {"verdict": said})
    handoff.refresh_from_db()
    assert (handoff.answer, handoff.verdict) == ("accepted", kept)


def test_rejecting_without_a_reason_keeps_what_was_typed(inbox: Client, sam: User):
    handoff = make.handoff(to=sam)
    answer = inbox.post(f"/handoffs/{handoff.pk}/rejection/", {"note": "Ask again in April"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Choose a reason: marketing learns from it." in page
    assert "Ask again in April" in page
    assert Handoff.objects.open().filter(pk=handoff.pk).exists()


def test_other_needs_a_word_at_the_note(inbox: Client, sam: User):
    handoff = make.handoff(to=sam)
    answer = inbox.post(f"/handoffs/{handoff.pk}/rejection/", {"reason": "other", "verdict": "fits"})
    assert answer.status_code == 422
    assert "note" in answer.context["form"].errors


def test_rejecting_with_a_reason_and_a_verdict(inbox: Client, sam: User):
    handoff = make.handoff(to=sam, persona=Persona.objects.create())
    inbox.post(f"/handoffs/{handoff.pk}/rejection/", {"reason": "no_project", "verdict": "fits", "note": "April"})
    handoff.refresh_from_db()
    assert (handoff.answer, handoff.verdict, handoff.note) == ("rejected", "fits", "April")
    assert handoff.reason == Reason.objects.get(kind="rejected", key="no_project")


def test_the_second_answer_is_told_and_changes_nothing(inbox: Client, sam: User):
    handoff = make.handoff(to=sam)
    handoff.accept(by=sam, at=TEN)
    answer = inbox.post(f"/handoffs/{handoff.pk}/rejection/", {"reason": "no_project", "verdict": "no"})
    assert answer.status_code == 409
    assert "Nothing was changed" in answer.content.decode()
    handoff.refresh_from_db()
    assert handoff.answer == "accepted"


def test_late_is_shown_as_late_for_ever(inbox: Client, sam: User):
    handoff = make.handoff(to=sam, at=MONDAY_9AM - timedelta(days=3))
    handoff.accept(by=sam, at=TEN)
    assert "Late" in inbox.get("/inbox/answered/").content.decode()
    assert "Late" in inbox.get(f"/inbox/{handoff.pk}/").content.decode()


@pytest.mark.parametrize("page", ["/inbox/", "/inbox/answered/"])
def test_a_long_inbox_takes_the_queries_of_a_short_one(inbox: Client, sam: User, page: str):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert inbox.get(page).status_code == 200
        return len(captured)

    def fill(handoffs: int) -> None:
        for _ in range(handoffs):
            handoff = make.handoff(to=sam, at=MONDAY_9AM)
            make.activity(handoff.lead, "page_view", MONDAY_9AM)
            if "answered" in page:
                handoff.accept(by=sam, at=TEN)

    fill(1)
    few = queries()
    fill(9)
    assert Activity.objects.count() == 10
    assert queries() == few


@pytest.mark.parametrize(("page", "most"), [("/inbox/", 15), ("/inbox/{}/", 15), ("/inbox/working/", 17)])
def test_the_pages_of_the_inbox_keep_their_budget(
    inbox: Client, sam: User, page: str, most: int, django_assert_max_num_queries: Any
):
    """With everything that the page of one can show: its score, its persona's words, its colleagues."""
    demo = {"field": "seniority", "op": "=", "value": "Manager"}
    score_model(fit=[(demo, 30)], interest={"demo_request": (40, None, 30)})
    acme = make.company()
    for each in range(3):
        handoff = make.handoff(to=sam, at=MONDAY_9AM)
        Lead.objects.filter(pk=handoff.lead_id).update(company=acme, seniority="Manager")
        make.activity(handoff.lead, "demo_request", MONDAY_9AM)
        if each:
            handoff.accept(by=sam, at=TEN)
    pk = Handoff.objects.open().get().pk
    inbox.get(page.format(pk))
    with django_assert_max_num_queries(most):
        shown = inbox.get(page.format(pk))
    assert shown.context["handoff"].lead.company == acme
    assert shown.context["explanation"].interest.score == 40 * MILLION


def test_the_list_is_what_is_offered_in_order_however_one_turns_its_pages(
    sam: User, rf: RequestFactory, monkeypatch: pytest.MonkeyPatch
):
    for hours in (5, 3, 4, 1, 2):
        handoff = make.handoff(to=sam, at=MONDAY_9AM - timedelta(hours=hours))
    make.activity(handoff.lead, "demo_request", MONDAY_9AM)
    make.handoff(to=make.user(Role.REP))
    worked = make.handoff(to=sam)
    worked.accept(by=sam, at=TEN)
    for name, build in list(vars(queries).items()):
        if isinstance(build, Statement):
            monkeypatch.setattr(queries, name, Statement(build.build))
    monkeypatch.setattr(queries, "PAGE_SIZE", 2)

    there, back, url = [], [], "?"
    while url:
        page = queries.list_offers(rf.get(f"/inbox/{url}"), sam).page
        there.append(page.rows)
        last, url = page, page.next_url
    while last.previous_url:
        last = queries.list_offers(rf.get(f"/inbox/{last.previous_url}"), sam).page
        back.append(last.rows)

    offered = [tuple(row) for row in queries.offer_rows(sam)]
    assert [row[:-1] for rows in there for row in rows] == offered
    assert [len(rows) for rows in there] == [2, 2, 1]
    assert back == there[-2::-1]
    assert queries.list_offers(rf.get("/inbox/"), sam).working_count == 1
    assert queries.list_offers(rf.get("/inbox/"), sam).page.count == 5


def test_the_hours_of_somebody_are_those_of_the_nearest_calendar(sam: User, django_assert_num_queries: Any):
    team = make.team(Team.Kind.SALES)
    User.objects.filter(pk=sam.pk).update(team=team)
    sam.refresh_from_db()
    for use, windows in (({"team": team}, [["10:00", "11:00"]]), ({"user": sam}, [["12:00", "13:00"]])):
        with knowing("Asia/Tokyo"), django_assert_num_queries(1):
            before = Calendar.hours_for(sam, at=TEN)
        assert before == Calendar.for_user(sam).hours(at=TEN)
        calendar = Calendar.objects.create(
            name=str(use), country="DE", time_zone="Europe/Berlin", windows={"0": windows}
        )
        calendar.days.create(day=TEN.date())
        CalendarUse.objects.create(calendar=calendar, **use)
        # Somebody else's use of it changes nothing.
        CalendarUse.objects.create(calendar=Calendar.default(), user=make.user(Role.REP))
        after = Calendar.hours_for(sam, at=TEN)
        assert after == calendar.hours(at=TEN) == Calendar.for_user(sam).hours(at=TEN) != before


def test_the_inbox_speaks_japanese(inbox: Client, sam: User):
    User.objects.filter(pk=sam.pk).update(language="ja")
    make.handoff(to=sam)
    page = inbox.get("/inbox/").content.decode()
    assert "このリードの理由" in page
    assert "受け入れる" in page
