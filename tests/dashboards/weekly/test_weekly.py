"""The weekly page: what it says is what its rows say, and it says when it was counted."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from html import unescape
from threading import Event, Thread
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection, transaction
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from dashboards.goals.models import Goal
from dashboards.weekly import reports
from dashboards.weekly.computing import compute_week
from dashboards.weekly.models import WeeklyReport
from dashboards.weekly.reports import fresh_report, refresh, report_of
from funnel.models import Opportunity, Reason, Stage, StageRole, Transition
from leads.models import Lead
from metrics.period import Period
from metrics.question import Question
from metrics.registry import metric
from scoring.models import Score
from sla.disputes import disputing
from sla.models import Handoff
from smarketing.database.locks import Lock
from teams.models import Role, Team
from tests import make
from tests.make import MONDAY_9AM
from tests.others import Others, await_waiting

pytestmark = pytest.mark.django_db

WEEK = Period.week_of(date(2026, 11, 16), ZoneInfo("Asia/Tokyo"))
FRIDAY = datetime(2026, 11, 20, 3, tzinfo=UTC)
NEXT_WEEK = datetime(2026, 11, 24, 3, tzinfo=UTC)
LINK = re.compile(r'<a class="num" href="(/behind/[^"]+)"[^>]*>([^<]+)</a>')


def a_week() -> None:
    """Two weeks with something of everything in them."""
    agreement = make.agreement(receiving=make.team(Team.Kind.SALES))
    hop = agreement.hops.get()
    rosa, sam = (make.user(Role.REP, team=hop.receiving_team, given_name=name) for name in ("Rosa", "Sam"))
    reason = Reason.objects.offered(Reason.Kind.REJECTED).filter(needs_text=False, disqualifies=False).first()
    assert reason is not None
    for nth in range(18):
        at = MONDAY_9AM + timedelta(days=nth % 10 - 6, hours=nth % 5)
        handoff = make.handoff(to=rosa if nth % 3 else sam, at=at)
        Lead.objects.filter(pk=handoff.lead_id).update(source=("Expo", "検索", "")[nth % 3])
        if nth % 4 == 0:
            continue
        answered = at + timedelta(minutes=30 * nth)
        if nth % 4 == 1:
            handoff.reject(by=rosa, reason=reason, verdict=Handoff.Verdict.PARTLY, at=answered)
            continue
        handoff.accept(by=rosa, at=answered)
        if nth % 4 == 2:
            deal = Opportunity.open(handoff.lead, amount=Decimal(1_000_000), opened_at=answered, by=rosa)
            deal.win(at=answered + timedelta(hours=2), by=rosa)


def behind(page: str) -> list[tuple[str, str]]:
    """The numbers of a page that open their rows: (address, what it says)."""
    return [(unescape(url), text.strip()) for url, text in LINK.findall(page)]


def rows_of(client: Client, url: str) -> int:
    """How many cases the page behind a number says there are, and lists."""
    answer = client.get(url)
    assert answer.status_code == 200, url
    assert answer.context["was"] is None, url
    listed = answer.context["page"].count
    assert listed == answer.context["cases"] or answer.context["is_fewer"]
    return int(answer.context["cases"])


@pytest.mark.parametrize(
    ("at", "tried"), [(FRIDAY, 80), (NEXT_WEEK, 30), pytest.param(NEXT_WEEK, 1000, marks=pytest.mark.proof)]
)
def test_every_count_opens_as_many_rows(gina, at, tried):
    a_week()
    Goal.objects.create(measure="contracts", starts_on=date(2026, 10, 1), ends_on=date(2027, 1, 1), target=20)
    with time_machine.travel(at, tick=False):
        page = gina.get("/weekly/2026-11-16/").content.decode()
        numbers = behind(page)
        assert len(numbers) > 60
        for url, text in sorted(set(numbers))[:: max(1, len(set(numbers)) // tried)]:
            rows = rows_of(gina, url)
            if text.isdigit():
                assert rows == int(text), (url, text)


def test_few_hand_offs_answered_in_time_are_two_numbers_here_and_at_home(gina):
    agreement = make.agreement(receiving=make.team(Team.Kind.SALES))
    rosa = make.user(Role.REP, team=agreement.hops.get().receiving_team)
    for nth in range(4):
        handoff = make.handoff(to=rosa, at=MONDAY_9AM)
        if nth < 2:
            handoff.accept(by=rosa, at=MONDAY_9AM + timedelta(hours=1))
    with time_machine.travel(FRIDAY, tick=False):
        pages = [re.sub(r"<[^>]+>|\s+", " ", gina.get(address).content.decode()) for address in ("/weekly/", "/")]
    for page in pages:
        assert re.search(r"Answered in time +2 +/ +4 ", page), page


def test_the_numbers_are_those_of_the_metrics(settings):
    a_week()
    numbers = compute_week(WEEK, NEXT_WEEK)
    question = Question(WEEK, at=NEXT_WEEK)
    for line in numbers["stages"]:
        row = metric("entered").value(Question(WEEK, to_role=line["role"], at=NEXT_WEEK))
        assert line["entered"] == row.numerator
    entered = {line["role"]: line["entered"] for line in numbers["stages"]}
    for a, b in zip(StageRole.values, StageRole.values[1:], strict=False):
        asked = Question(WEEK, view="period", from_role=a, to_role=b, at=NEXT_WEEK)
        row = metric("conversion").value(asked)
        assert (entered[b], entered[a]) == (row.numerator, row.denominator)
    in_time = metric("answered_in_time").value(question)
    assert numbers["handoffs"]["in_time"] == [in_time.numerator, in_time.denominator]
    assert sum(line.get("mql", 0) for line in numbers["source"].values()) == entered["mql"]
    assert sum(line.get("mql", 0) for line in numbers["persona"].values()) == entered["mql"]


def test_the_average_is_of_the_four_weeks_before():
    for weeks, n in ((1, 3), (2, 1), (5, 7)):
        for _ in range(n):
            make.lead(StageRole.LEAD, created_at=MONDAY_9AM - timedelta(weeks=weeks))
    stage = compute_week(WEEK, NEXT_WEEK)["stages"][0]
    assert stage["before"] == [0, 0, 1, 3]


def test_without_anything_it_says_what_to_do_next(gina):
    page = gina.get("/weekly/").content.decode()
    assert "Nothing to review yet" in page
    assert "/goals/" in page


def test_without_a_goal_it_asks_for_one(gina):
    make.lead(StageRole.LEAD, created_at=MONDAY_9AM)
    with time_machine.travel(FRIDAY, tick=False):
        assert "No goal covers this week" in gina.get("/weekly/").content.decode()


def test_it_speaks_japanese(client):
    a_week()
    client.force_login(make.user(Role.MANAGER, language="ja"))
    with time_machine.travel(FRIDAY, tick=False), translation.override("ja"):
        page = client.get("/weekly/").content.decode()
    assert "第47週" in page
    assert "引き渡し" in page
    assert "検索" in page


def test_any_day_leads_to_its_week(gina):
    with time_machine.travel(FRIDAY, tick=False):
        assert gina.get("/weekly/2026-11-18/").headers["Location"] == "/weekly/2026-11-16/"
        assert gina.get("/weekly/?on=2026-03-05").headers["Location"] == "/weekly/2026-03-02/"


@pytest.mark.parametrize("day", ["2026-11-23", "yesterday", "1999-01-04", "0001-01-01", "9999-12-31"])
def test_a_week_that_has_not_begun_is_no_page(gina, day):
    with time_machine.travel(FRIDAY, tick=False):
        assert gina.get(f"/weekly/{day}/").status_code == 404


@pytest.mark.parametrize("on", ["2026-12-24", "soon", "0001-01-01"])
def test_an_invalid_day_shows_a_message(gina, on):
    with time_machine.travel(FRIDAY, tick=False):
        page = gina.get(f"/weekly/?on={on}", follow=True)
    assert page.status_code == 200
    assert 'class="flash"' in page.content.decode()


# Kept, and when it is stale


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
class TestKeptReports:
    def test_a_kept_report_is_read_until_something_changes(self):
        lead = make.lead(StageRole.LEAD, created_at=MONDAY_9AM)
        first = report_of(WEEK, at=NEXT_WEEK)
        assert report_of(WEEK, at=NEXT_WEEK + timedelta(hours=1)).computed_at == first.computed_at
        self.enter(lead, StageRole.MQL)
        again = report_of(WEEK, at=NEXT_WEEK + timedelta(hours=2))
        assert again.computed_at > first.computed_at
        assert again.numbers["stages"][1]["entered"] == 1

    def test_a_change_of_a_lead_makes_it_stale_and_a_page_view_does_not(self, client):
        lead = make.lead(StageRole.LEAD, created_at=MONDAY_9AM)
        client.force_login(make.user(Role.MANAGER))
        report_of(WEEK, at=NEXT_WEEK)
        client.get("/goals/")
        assert fresh_report(WEEK, NEXT_WEEK) is not None
        Lead.objects.filter(pk=lead.pk).update(source="Expo")
        assert fresh_report(WEEK, NEXT_WEEK) is None

    def test_what_no_number_counts_by_leaves_it_fresh(self):
        handoff = make.handoff(at=MONDAY_9AM)
        make.score(handoff.lead)
        report_of(WEEK, at=NEXT_WEEK)
        Lead.objects.update(title="CTO", phone="03-1234-5678", given_name="Aiko", custom={"budget": "5"})
        Score.objects.update(interest=F("interest") + 1, machine_quadrant="nurture")
        Handoff.objects.update(note="Called twice")
        assert fresh_report(WEEK, NEXT_WEEK) is not None
        Handoff.objects.update(verdict=Handoff.Verdict.FITS)
        assert fresh_report(WEEK, NEXT_WEEK) is None

    def test_what_did_not_commit_makes_nothing_stale(self):
        lead = make.lead(StageRole.LEAD, created_at=MONDAY_9AM)
        report_of(WEEK, at=NEXT_WEEK)
        with transaction.atomic():
            self.enter(lead, StageRole.MQL)
            transaction.set_rollback(True)
        assert fresh_report(WEEK, NEXT_WEEK) is not None

    def test_one_that_was_under_way_is_not_missed_when_it_commits_later(self):
        lead = make.lead(StageRole.LEAD, created_at=MONDAY_9AM)
        written, computed = Event(), Event()

        def enter_slowly() -> None:
            with transaction.atomic():
                self.enter(lead, StageRole.MQL)
                written.set()
                computed.wait(10)
            connection.close()

        slow = Thread(target=enter_slowly)
        slow.start()
        written.wait(10)
        report = report_of(WEEK, at=NEXT_WEEK)
        refresh(at=NEXT_WEEK)
        computed.set()
        slow.join()
        assert report.numbers["stages"][1]["entered"] == 0
        assert report_of(WEEK, at=NEXT_WEEK + timedelta(hours=1)).numbers["stages"][1]["entered"] == 1

    def test_what_commits_while_it_is_computed_makes_it_stale(self, monkeypatch):
        lead = make.lead(StageRole.LEAD, created_at=MONDAY_9AM)

        def compute_while_somebody_enters(week: Period, at: datetime) -> dict[str, Any]:
            numbers = compute_week(week, at)
            with ThreadPoolExecutor(1) as pool:
                Others(pool).do(partial(self.enter, lead, StageRole.MQL)).result()
            return numbers

        with monkeypatch.context() as patched:
            patched.setattr(reports, "compute_week", compute_while_somebody_enters)
            assert report_of(WEEK, at=NEXT_WEEK).numbers["stages"][1]["entered"] == 0
        assert report_of(WEEK, at=NEXT_WEEK).numbers["stages"][1]["entered"] == 1

    def test_time_alone_makes_this_week_stale_when_a_clock_runs_out(self):
        timer = make.handoff().timers.get()
        report = report_of(WEEK, at=timer.due_at - timedelta(minutes=5))
        assert report.numbers["handoffs"]["in_time"] == [0, 0]
        assert fresh_report(WEEK, timer.due_at) is not None
        late = report_of(WEEK, at=timer.due_at + timedelta(minutes=1))
        assert late.numbers["handoffs"]["in_time"] == [0, 1]

    def test_a_new_day_makes_this_week_stale(self):
        make.lead(StageRole.LEAD, created_at=MONDAY_9AM)
        report_of(WEEK, at=MONDAY_9AM + timedelta(hours=1))
        assert fresh_report(WEEK, MONDAY_9AM + timedelta(hours=14, minutes=59)) is not None
        assert fresh_report(WEEK, MONDAY_9AM + timedelta(hours=15, seconds=1)) is None

    def test_who_waited_for_it_reads_what_the_first_computed(self):
        make.lead(StageRole.LEAD, created_at=MONDAY_9AM)
        with ThreadPoolExecutor(3) as pool, transaction.atomic():
            Lock.REPORTS.acquire()
            readers = [Others(pool).do(partial(report_of, WEEK)) for _ in range(3)]
            await_waiting(3)
        assert len({reader.result().computed_at for reader in readers}) == 1

    def test_refreshing_computes_this_week_and_the_last_once(self):
        make.lead(StageRole.LEAD, created_at=MONDAY_9AM)
        assert refresh(at=NEXT_WEEK) == 2
        assert refresh(at=NEXT_WEEK + timedelta(minutes=1)) == 0
        assert set(WeeklyReport.objects.values_list("monday", flat=True)) == {date(2026, 11, 16), date(2026, 11, 23)}

    def test_refreshing_marks_an_older_week_whose_past_changed(self):
        lead = make.lead(StageRole.LEAD, created_at=MONDAY_9AM - timedelta(weeks=10))
        old = Period.week_of(MONDAY_9AM - timedelta(weeks=10), WEEK.zone)
        report_of(old, at=NEXT_WEEK)
        self.enter(lead, StageRole.MQL, MONDAY_9AM - timedelta(weeks=10))
        refresh(at=NEXT_WEEK)
        assert fresh_report(old, NEXT_WEEK) is None
        assert report_of(old, at=NEXT_WEEK).numbers["stages"][1]["entered"] == 1

    def test_recompute_now_counts_again(self, client):
        make.lead(StageRole.LEAD, created_at=MONDAY_9AM)
        client.force_login(make.user(Role.MANAGER))
        before = report_of(WEEK, at=FRIDAY).computed_at
        with time_machine.travel(FRIDAY + timedelta(hours=1), tick=False):
            answer = client.post("/weekly/2026-11-16/computation/", follow=True)
        assert answer.status_code == 200
        assert WeeklyReport.objects.get(monday=date(2026, 11, 16)).computed_at > before

    def test_the_page_asks_as_many_questions_for_many_leads_as_for_few(self, client):
        client.force_login(make.user(Role.MANAGER))
        few = self.questions_for(client, 3)
        assert self.questions_for(client, 9) == few
        # The person, the counts of the navigation and the company; the report and whether it is stale; names; promises.
        assert few <= 17

    def questions_for(self, client: Client, leads: int) -> int:
        for nth in range(leads):
            make.handoff(at=MONDAY_9AM + timedelta(hours=nth))
        with time_machine.travel(FRIDAY, tick=False):
            client.get("/weekly/2026-11-16/")
            with CaptureQueriesContext(connection) as queries:
                client.get("/weekly/2026-11-16/")
        return len(queries)

    @staticmethod
    def enter(lead: Lead, role: StageRole, at: datetime = MONDAY_9AM + timedelta(hours=3)) -> None:
        stage = Stage.objects.role(role)
        Transition.objects.create(lead=lead, to_stage=stage, at=at, how=Transition.How.MACHINE)


def test_an_open_dispute_is_for_the_meeting_until_it_is_settled():
    handoff = make.handoff()
    reason = Reason.objects.get(kind=Reason.Kind.REJECTED, key="unreachable")
    handoff.reject(by=handoff.rep, reason=reason, verdict=Handoff.Verdict.FITS, at=MONDAY_9AM + timedelta(hours=1))
    week, later = Period.week_of(MONDAY_9AM), MONDAY_9AM + timedelta(hours=5)
    assert kinds(report_of(week, at=later)) == set()
    dispute_at, settle_at = MONDAY_9AM + timedelta(hours=2), MONDAY_9AM + timedelta(hours=3)
    dispute = disputing.raise_dispute(handoff, "One call is not enough.", by=handoff.rep, at=dispute_at)
    assert kinds(report_of(week, at=later)) == {"disputed"}
    disputing.settle(dispute, upheld=False, ruling="It was enough.", by=handoff.rep, at=settle_at)
    assert kinds(report_of(week, at=later)) == set()


def kinds(report: WeeklyReport) -> set[str]:
    return {note["kind"] for note in report.numbers["attention"]}


def test_a_week_that_straddles_two_goals_shows_both_each_with_its_own_part(gina):
    """30 November is a Monday: one day of the week is November's, the others December's."""
    week = Period.week_of(date(2026, 11, 30))
    for first, last, target in ((date(2026, 11, 1), date(2026, 12, 1), 5), (date(2026, 12, 1), date(2027, 1, 1), 7)):
        Goal.objects.create(measure="contracts", starts_on=first, ends_on=last, target=target)
    for day in (30, 31, 32):
        at = datetime(2026, 11, 1, 12, tzinfo=week.zone) + timedelta(days=day - 1)
        make.opportunity(opened_at=at, won_at=at)
    after = datetime(2026, 12, 8, tzinfo=week.zone)
    goals = {goal["start"]: goal for goal in compute_week(week, after)["goals"]}
    assert [(goal["value"], goal["this_week"]) for goal in goals.values()] == [("2", "2"), ("1", "1")]
    with time_machine.travel(after, tick=False):
        page = gina.get("/weekly/2026-11-30/").content.decode()
    assert "of 5" in page
    assert "of 7" in page
    assert "start=2026-12-01&amp;end=2026-12-07" in page
