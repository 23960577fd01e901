"""What needs attention in a week: found by fixed rules, at their very thresholds."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dashboards.weekly import attention
from dashboards.weekly.attention import LONG_QUEUE, MINIMUM_CASES
from funnel.models import Reason
from leads.models import Import, Lead
from metrics.period import Period
from metrics.question import Question
from sla.models import Agreement, Handoff
from teams.models import Role, User
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tokyo")]
WEEK = Period.week_of(date(2026, 11, 16), ZoneInfo("Asia/Tokyo"))
AT = make.TEN
CLOSED = Question(WEEK, at=datetime(2026, 11, 24, tzinfo=ZoneInfo("Asia/Tokyo")))
RUNNING = replace(CLOSED, at=AT + timedelta(days=1))


def offered(rep: User, times: int) -> list[Handoff]:
    return [make.handoff(to=rep, at=AT + timedelta(minutes=nth)) for nth in range(times)]


def test_the_longest_overdue_are_named_and_all_are_counted():
    handoffs = offered(make.user(Role.REP), 4)
    (note,) = attention.overdue_handoffs(RUNNING)
    assert (note["n"], note["handoffs"]) == (4, [each.pk for each in handoffs[:3]])
    assert attention.overdue_handoffs(replace(RUNNING, at=AT + timedelta(minutes=5))) == []


def test_a_queue_is_long_from_five_on():
    sam, rosa, ken = (make.user(Role.REP) for _ in range(3))
    for rep, queue in ((sam, LONG_QUEUE), (rosa, LONG_QUEUE - 1), (ken, 1), (make.user(Role.REP), 1)):
        offered(rep, queue)
    assert attention.long_queues(RUNNING) == [{"kind": "queue", "tone": "risk", "rep": str(sam.pk), "n": LONG_QUEUE}]


def test_a_queue_as_long_as_everybody_s_is_not_long():
    for rep in (make.user(Role.REP), make.user(Role.REP)):
        offered(rep, LONG_QUEUE)
    assert attention.long_queues(RUNNING) == []


def test_without_a_queue_none_is_long():
    assert attention.long_queues(RUNNING) == []


def stage(role: str, entered: int, *before: int) -> dict[str, Any]:
    return {"role": role, "entered": entered, "before": list(before)}


def falling(entered: int, of: int, before: tuple[int, int], question: Question = CLOSED) -> list[dict[str, Any]]:
    stages = [stage("lead", of, before[1], 0, 0, 0), stage("mql", entered, before[0], 0, 0, 0)]
    return attention.falling_stages(question, stages)


def test_a_step_falls_where_the_rate_of_before_lies_above_its_interval():
    (note,) = falling(1, 20, (40, 80))
    assert (note["from"], note["to"], note["rate"], note["before"]) == ("lead", "mql", [1, 20], [40, 80])
    assert falling(8, 20, (40, 80)) == []


def test_few_cases_say_nothing():
    assert falling(0, MINIMUM_CASES - 1, (80, 80)) == []
    assert falling(0, MINIMUM_CASES, (80, 80)) != []


def test_a_step_does_not_fall_before_the_week_is_over():
    assert falling(1, 20, (40, 80), RUNNING) == []
    assert falling(1, 20, (40, 80), replace(CLOSED, at=WEEK.ends_at)) != []


@pytest.mark.parametrize("before", [(0, 0), (0, 80)])
def test_where_nobody_went_before_nothing_falls(before: tuple[int, int]):
    assert falling(0, 20, before) == []


def test_the_weeks_before_are_added_up():
    stages = [stage("lead", 20, 20, 20, 20, 20), stage("mql", 1, 10, 10, 10, 10)]
    assert attention.falling_stages(CLOSED, stages)[0]["before"] == [40, 80]


def answers(source: str, rejected: int, accepted: int) -> None:
    rep = make.user(Role.REP)
    reason = Reason.objects.offered("rejected").filter(needs_text=False).earliest("pk")
    for nth in range(rejected + accepted):
        handoff = make.handoff(to=rep, at=AT)
        Lead.objects.filter(pk=handoff.lead_id).update(source=source)
        if nth < rejected:
            handoff.reject(by=rep, reason=reason, verdict=Handoff.Verdict.NO, at=AT)
        else:
            handoff.accept(by=rep, at=AT)


def test_a_source_that_is_rejected_more_often_than_chance_explains_is_named():
    answers("展示会", rejected=MINIMUM_CASES, accepted=0)
    answers("", rejected=0, accepted=MINIMUM_CASES + 5)
    (note,) = attention.rejected_sources(CLOSED)
    assert (note["source"], note["rate"], note["all"]) == ("展示会", [10, 10], [10, 25])


def test_a_source_with_few_answers_is_not_named():
    answers("展示会", rejected=MINIMUM_CASES - 1, accepted=0)
    answers("Web", rejected=0, accepted=MINIMUM_CASES)
    assert attention.rejected_sources(CLOSED) == []


def test_without_an_answer_no_source_is_named():
    assert attention.rejected_sources(CLOSED) == []


def test_the_rejected_rows_of_this_week_s_imports_are_named():
    moments = [WEEK.starts_at, WEEK.ends_at - timedelta(microseconds=1), WEEK.ends_at]
    for nth, finished_at in enumerate([*moments, WEEK.starts_at - timedelta(microseconds=1)]):
        Import.objects.create(file_name=f"{nth}.csv", rejected=nth + 1, finished_at=finished_at)
    Import.objects.create(file_name="clean.csv", rejected=0, finished_at=AT)
    assert [(note["file"], note["n"]) for note in attention.rejected_rows(CLOSED)] == [("1.csv", 2), ("0.csv", 1)]


def test_a_proposal_waits_from_its_moment_on():
    draft = Agreement.objects.create(number=7)
    assert attention.unsigned_agreement(RUNNING) == []
    Agreement.objects.filter(pk=draft.pk).update(proposed_at=RUNNING.at)
    assert attention.unsigned_agreement(RUNNING) == [{"kind": "unsigned", "tone": "risk", "number": 7}]
    assert attention.unsigned_agreement(replace(RUNNING, at=RUNNING.at - timedelta(seconds=1))) == []


def test_a_lead_that_was_not_offered_is_counted():
    make.agreement()
    make.mql(at=AT)
    assert attention.unoffered_leads(RUNNING) == [{"kind": "unoffered", "tone": "breached", "n": 1}]


def test_a_quiet_week_needs_no_attention():
    assert attention.find_notes(CLOSED, [stage("lead", 0, 0, 0, 0, 0), stage("mql", 0, 0, 0, 0, 0)]) == []
