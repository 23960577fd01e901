"""A week that is over stays as it was seen at its end."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import Error, transaction
from django.urls import reverse

from dashboards.goals.models import Goal
from dashboards.tasks import refresh_reports
from dashboards.weekly.keeping import keep_missing, kept_week
from dashboards.weekly.models import KeptWeek
from funnel.models import Opportunity, Stage, StageRole, Transition
from leads.models import Lead
from metrics.period import Period
from metrics.question import Question
from metrics.registry import metric
from sla.models import Attainment
from teams.models import Organization, Role
from tests import make
from tests.leads.importing.importing import bring
from tests.make import MONDAY_9AM

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tokyo")]
DAY = timedelta(days=1)
WEEK = Period.week_of(date(2026, 11, 16), ZoneInfo("Asia/Tokyo"))
END = WEEK.ends_at
COLUMNS = {"Email": "email", "Created": "created_at", "MQL date": "stage.mql"}


def told(at: datetime, *, created_at: datetime | None = None, **fields: Any) -> Lead:
    """A lead that we were told of at that moment, with its step into MQL."""
    with time_machine.travel(at, tick=False):
        return make.mql(at=at, created_at=created_at or at, **fields)


def entered(numbers: dict[str, Any], role: str) -> int:
    return next(int(line["entered"]) for line in numbers["stages"] if line["role"] == role)


def test_what_is_told_later_is_not_in_it_whenever_it_is_computed() -> None:
    told(MONDAY_9AM)
    at_once = kept_week(WEEK, at=END)
    assert at_once is not None
    bring("leads", "Email,Created,MQL date\nlate@example.org,2026-11-17,2026-11-18\n", COLUMNS, at=END + DAY)
    question = Question(WEEK, at=END, to_role="mql")
    assert metric("entered").value(question).numerator == 2
    assert metric("entered").value(Question(WEEK, at=END, to_role="mql", as_seen=True)).numerator == 1
    later = kept_week(WEEK, at=END + 30 * DAY)
    assert later is not None
    assert (later.pk, entered(later.numbers, "mql"), entered(later.numbers, "lead")) == (at_once.pk, 1, 1)


def test_computed_late_it_is_what_it_would_have_been() -> None:
    told(MONDAY_9AM)
    bring("leads", "Email,Created,MQL date\nlate@example.org,2026-11-17,2026-11-18\n", COLUMNS, at=END + DAY)
    # To the microsecond: told with the first moment of Monday is too late.
    told(END - timedelta(microseconds=1))
    told(END, created_at=END - DAY)
    kept = kept_week(WEEK, at=END + 30 * DAY)
    assert kept is not None
    assert (entered(kept.numbers, "mql"), entered(kept.numbers, "lead")) == (2, 2)


def test_an_earlier_entry_that_is_told_later_does_not_unmake_the_first() -> None:
    lead = told(MONDAY_9AM)
    with time_machine.travel(END + DAY, tick=False):
        stage = Stage.objects.role(StageRole.MQL)
        Transition.objects.create(lead=lead, to_stage=stage, at=MONDAY_9AM - 20 * DAY, how=Transition.How.IMPORT)
    kept = kept_week(WEEK, at=END + 2 * DAY)
    assert kept is not None
    assert entered(kept.numbers, "mql") == 1
    assert metric("entered").value(Question(WEEK, at=END, to_role="mql")).numerator == 0


def test_the_database_refuses_to_change_it() -> None:
    told(MONDAY_9AM)
    assert kept_week(WEEK, at=END)
    for change in (lambda: KeptWeek.objects.update(numbers={}), lambda: KeptWeek.objects.all().delete()):
        with pytest.raises(Error), transaction.atomic():
            change()


def test_weeks_are_kept_as_they_end_and_those_that_were_missed_too() -> None:
    told(MONDAY_9AM - 14 * DAY)
    assert keep_missing(at=END - timedelta(microseconds=1)) == 2
    assert keep_missing(at=END) == 1
    assert keep_missing(at=END) == 0
    assert [str(week.monday) for week in KeptWeek.objects.all()] == ["2026-11-16", "2026-11-09", "2026-11-02"]
    told(MONDAY_9AM + 7 * DAY)
    with time_machine.travel(END + 7 * DAY, tick=False):
        refresh_reports()
    assert KeptWeek.objects.count() == 4


def test_no_week_is_kept_while_the_demo_is_made() -> None:
    told(MONDAY_9AM)
    Organization.ours()
    Organization.objects.update(is_demo=True)
    assert keep_missing(at=END) == 0
    assert kept_week(WEEK, at=END) is None
    with time_machine.travel(END, tick=False):
        page = make.signed_in(make.user(Role.MANAGER)).get(reverse("weekly_week", args=["2026-11-16"])).content.decode()
    assert "is still being written" in page
    assert "before the first day of use" not in page
    Organization.objects.update(demo_built_at=END)
    assert keep_missing(at=END) == 1


def test_its_page_stays_and_what_was_told_later_stands_beside_it() -> None:
    told(MONDAY_9AM)
    gina = make.signed_in(make.user(Role.MANAGER))
    url = reverse("weekly_week", args=["2026-11-16"])
    with time_machine.travel(END + DAY, tick=False):
        first = gina.get(url)
        assert "as seen at its end" in first.content.decode()
        assert first.context["page"].later is None
    bring("leads", "Email,Created,MQL date\nlate@example.org,2026-11-17,2026-11-18\n", COLUMNS, at=END + DAY)
    with time_machine.travel(END + 2 * DAY, tick=False):
        assert gina.get(url).context["page"].numbers == first.context["page"].numbers
        gina.post(reverse("weekly_computation", args=["2026-11-16"]))
        page = gina.get(url).context["page"]
        assert [(fact.label, fact.seen.n, fact.known.n) for fact in page.later.facts] == [("MQL", 1, 2)]
        for fact in page.later.facts:
            for number in (fact.seen, fact.known):
                assert gina.get(number.url).context["cases"] == number.n
        assert page.numbers == first.context["page"].numbers


def test_weeks_before_the_first_use_are_as_of_today_and_say_so() -> None:
    bring("leads", "Email,Created,MQL date\nfirst@example.org,2026-11-17,2026-11-18\n", COLUMNS, at=END + DAY)
    gina = make.signed_in(make.user(Role.MANAGER))
    assert kept_week(WEEK, at=END + 2 * DAY) is None
    with time_machine.travel(END + 2 * DAY, tick=False):
        answer = gina.get(reverse("weekly_week", args=["2026-11-16"]))
    assert "the week lies before the first day of use" in answer.content.decode()
    assert entered(answer.context["page"].numbers, "mql") == 1
    assert not KeptWeek.objects.exists()
    # The week in which it began to be used is kept.
    assert kept_week(WEEK.next(), at=WEEK.next().ends_at) is not None


def test_what_became_of_the_agreement_is_kept_with_it() -> None:
    make.agreement(clauses=[{"metric": "entered", "to_role": "mql", "target": 1, "every": "week"}])
    told(MONDAY_9AM)
    gina = make.signed_in(make.user(Role.MANAGER))
    with time_machine.travel(END + DAY, tick=False):
        assert kept_week(WEEK)
    Attainment.objects.all().delete()
    with time_machine.travel(END + 2 * DAY, tick=False):
        (line,) = gina.get(reverse("weekly_week", args=["2026-11-16"])).context["page"].promises.lines
    assert line.now is not None
    assert (line.now.row.numerator, line.now.row.state) == (1, Attainment.State.MET)
    assert "seen=1" in line.now.url
    assert not Attainment.objects.exists()


def test_what_was_told_later_is_not_in_what_became_of_the_agreement() -> None:
    make.agreement(clauses=[{"metric": "entered", "to_role": "mql", "target": 1, "every": "week"}])
    told(MONDAY_9AM)
    bring("leads", "Email,Created,MQL date\nlate@example.org,2026-11-17,2026-11-18\n", COLUMNS, at=END + DAY)
    kept = kept_week(WEEK, at=END + 2 * DAY)
    assert kept is not None
    assert [promise["numerator"] for promise in kept.numbers["promises"]] == ["1"]


def test_a_week_that_straddles_two_goals_shows_both_each_with_its_own_part() -> None:
    week = Period.week_of(date(2026, 11, 30), WEEK.zone)
    october, december = (
        Goal.objects.create(measure="contracts", starts_on=starts, ends_on=ends, target=10)
        for starts, ends in ((date(2026, 11, 1), date(2026, 12, 1)), (date(2026, 12, 1), date(2027, 1, 1)))
    )
    for day in (0, 1, 2):
        at = week.starts_at + day * DAY + timedelta(hours=9)
        with time_machine.travel(at, tick=False):
            deal = Opportunity.open(make.lead(StageRole.SQL, created_at=at))
            deal.win(at=at)
    kept = kept_week(week, at=week.ends_at)
    assert kept is not None
    parts = {goal["goal"]: (goal["this_week"], goal["cases"]) for goal in kept.numbers["goals"]}
    assert parts == {october.pk: ("1", 1), december.pk: ("2", 2)}
