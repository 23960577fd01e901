"""Further leads of a company go to the rep who works it, and are answered with the first."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.db import connection

from funnel.models import Reason
from history.models import Change
from leads.models import Company, Lead
from metrics.period import Period
from metrics.question import Question
from metrics.registry import metric
from sla.escalation.sweeping import sweep_timers
from sla.flow.merging import merge
from sla.models import Absence, Capacity, Handoff, Timer
from sla.routing.divided import divided_companies, report_divided
from sla.routing.models import CompanyWait
from sla.routing.offering import offer
from sla.routing.reassigning import reassign_to
from teams.models import Role, Team, User
from tests import make
from tests.make import MONDAY_9AM

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tokyo")]

HOUR = timedelta(hours=1)


def sales(reps: int = 3, **fields: Any) -> list[User]:
    team = make.team(Team.Kind.SALES)
    members = [make.user(Role.REP, team=team) for _ in range(reps)]
    make.agreement(receiving=team, **fields)
    return members


def offered(company: Company | None, at: datetime = MONDAY_9AM, **fields: Any) -> Handoff | None:
    """The hand-off of a new MQL of that company, if it is offered at that moment."""
    lead = make.mql(at=at, company=company, **fields)
    offer(at=at)
    return Handoff.objects.filter(lead=lead).first()


def given(company: Company | None, at: datetime = MONDAY_9AM, **fields: Any) -> Handoff:
    handoff = offered(company, at, **fields)
    assert handoff is not None
    return handoff


def answer_timers(handoff: Handoff) -> list[Timer]:
    return list(handoff.timers.filter(kind="answer"))


def clock(handoff: Handoff) -> Any:
    return Handoff.objects.with_clock().get(pk=handoff.pk)


def test_a_second_lead_goes_to_the_rep_of_the_first_with_no_timer_of_its_own():
    sales()
    acme = make.company()
    first, second = given(acme), given(acme, MONDAY_9AM + HOUR)
    assert second.rep == first.rep
    assert second.follows == first
    assert answer_timers(second) == []
    assert (clock(second).due_at, clock(second).target) == (clock(first).due_at, clock(first).target)
    assert second.two_reps == ""


def test_two_leads_of_one_batch_are_one_thread():
    sales()
    acme = make.company()
    leads = [make.mql(company=acme) for _ in range(3)]
    offer(at=MONDAY_9AM)
    first, *others = Handoff.objects.filter(lead__in=leads).order_by("pk")
    assert {other.rep for other in others} == {first.rep}
    assert [other.follows for other in others] == [first, first]
    assert Timer.objects.count() == 1


@pytest.mark.parametrize("answer", ["accept", "reject", "withdraw", "lapse"])
def test_once_the_first_is_answered_the_others_have_their_own_timer(answer: str):
    sales()
    acme = make.company()
    first, second = given(acme), given(acme)
    at = MONDAY_9AM + HOUR
    if answer == "accept":
        first.accept(by=first.rep, at=at)
    elif answer == "reject":
        reason = Reason.objects.get(kind=Reason.Kind.REJECTED, key="no_project")
        first.reject(by=first.rep, reason=reason, at=at)
    else:
        getattr(first, answer)(at=at)
    [timer] = answer_timers(second)
    assert (timer.started_at, timer.due_at) == (at, MONDAY_9AM + timedelta(hours=6))
    third = given(acme, at + HOUR)
    assert (third.rep, third.follows) == (first.rep, second)


def test_answered_in_time_counts_the_thread_once_and_acceptance_each_lead():
    sales()
    acme = make.company()
    first, second = given(acme), given(acme)
    late = clock(first).due_at + HOUR
    second.accept(by=second.rep, at=late)
    first.accept(by=first.rep, at=late)
    question = Question(Period.week_of(MONDAY_9AM), at=late + HOUR)
    in_time, acceptance = metric("answered_in_time").value(question), metric("acceptance").value(question)
    assert (in_time.numerator, in_time.denominator) == (0, 1)
    assert (acceptance.numerator, acceptance.denominator) == (2, 2)
    assert clock(second).breached_at == clock(first).breached_at == clock(first).due_at


@pytest.mark.parametrize("domain", ["gmail.com", ""])
def test_free_mail_and_placeholder_companies_bind_nobody(domain: str):
    sales()
    nobody = make.company(name="不明" if not domain else "Gmail", domain=domain)
    reps = {given(nobody, MONDAY_9AM + n * HOUR).rep for n in range(3)}
    assert len(reps) == 3
    assert not Handoff.objects.filter(follows__isnull=False).exists()
    assert divided_companies() == []


def test_leads_without_a_company_take_turns():
    sales()
    assert len({given(None, MONDAY_9AM + n * HOUR).rep for n in range(3)}) == 3


def test_an_accepted_lead_and_an_open_deal_bind_and_a_closed_journey_does_not():
    sales()
    acme = make.company()
    first = given(acme)
    first.accept(by=first.rep, at=MONDAY_9AM + HOUR)
    second = given(acme, MONDAY_9AM + 2 * HOUR)
    assert (second.rep, second.follows) == (first.rep, None)
    assert len(answer_timers(second)) == 1
    other = User.objects.filter(team=first.rep.team).exclude(pk=first.rep_id).first()
    make.opportunity(make.lead(company=acme), owner=other, opened_at=MONDAY_9AM + 3 * HOUR)
    assert given(acme, MONDAY_9AM + 4 * HOUR).rep == other


def test_the_companys_owner_comes_first_and_the_reason_is_kept():
    _first, *others = sales()
    acme = make.company()
    first = given(acme)
    owner = next(rep for rep in others if rep != first.rep)
    Company.objects.filter(pk=acme.pk).update(owner=owner)
    acme.refresh_from_db()
    second = given(acme, MONDAY_9AM + HOUR)
    assert (second.rep, second.two_reps, second.follows) == (owner, "named", None)


@pytest.mark.parametrize("why", ["absent", "full"])
def test_while_the_rep_cannot_take_it_the_lead_waits_a_day_at_most(why: str):
    sales()
    acme = make.company()
    first = given(acme)
    if why == "absent":
        Absence.objects.create(user=first.rep, from_on=date(2026, 11, 16), until_on=date(2026, 11, 20))
    else:
        Capacity.objects.create(user=first.rep, most_open=1)
    at = MONDAY_9AM + HOUR
    assert offered(acme, at) is None
    assert CompanyWait.objects.get().until == at + timedelta(hours=24)
    assert offer(at=at + timedelta(hours=23, minutes=59)) == 0
    assert offer(at=at + timedelta(hours=24)) == 1
    second = Handoff.objects.exclude(pk=first.pk).get()
    assert second.rep != first.rep
    assert (second.two_reps, second.follows) == ("waited", None)
    assert [each.is_explained for each in divided_companies()] == [True]
    third = given(acme, at + timedelta(hours=25))
    assert (third.rep, third.two_reps, third.follows) == (second.rep, "waited", second)


def test_who_is_back_within_the_wait_gets_the_lead():
    sales()
    acme = make.company()
    first = given(acme)
    Absence.objects.create(user=first.rep, from_on=date(2026, 11, 16), until_on=date(2026, 11, 16))
    assert offered(acme, MONDAY_9AM + HOUR) is None
    assert offer(at=MONDAY_9AM + timedelta(hours=15)) == 1
    assert Handoff.objects.exclude(pk=first.pk).get().rep == first.rep


def test_the_wait_ends_with_the_reps_next_open_day():
    """At 20:00 on Monday: Tuesday closes at 18:00, before a day has passed."""
    sales()
    acme = make.company()
    first = given(acme)
    Capacity.objects.create(user=first.rep, most_open=1)
    at = MONDAY_9AM + timedelta(hours=11)
    assert offered(acme, at) is None
    assert CompanyWait.objects.get().until == MONDAY_9AM + timedelta(days=1, hours=9)


def test_a_policy_may_switch_it_off():
    sales(policy={"keeps_company": False})
    acme = make.company()
    first, second = given(acme), given(acme, MONDAY_9AM + HOUR)
    assert second.rep != first.rep
    assert (second.two_reps, second.follows, len(answer_timers(second))) == ("policy", None, 1)


def test_above_twenty_leads_only_the_same_region_stays_together():
    sales()
    acme = make.company()
    handoffs = [given(acme, MONDAY_9AM + n * timedelta(minutes=1), region="Kansai") for n in range(21)]
    assert len({each.rep for each in handoffs}) == 1
    at = MONDAY_9AM + HOUR
    same, other = given(acme, at, region="Kansai"), given(acme, at, region="Kanto")
    assert same.rep == handoffs[0].rep
    assert other.rep != same.rep
    assert other.two_reps == "many"


def test_a_person_gives_the_thread_to_another_and_those_that_wait_go_along():
    reps = sales()
    acme = make.company()
    first, second = given(acme), given(acme)
    to = next(rep for rep in reps if rep != first.rep)
    again = reassign_to(first, to, by=make.user(Role.MANAGER), at=MONDAY_9AM + HOUR)
    moved = Handoff.objects.get(lead=second.lead, answer="")
    assert (again.rep, moved.rep, moved.follows) == (to, to, again)
    assert (again.two_reps, moved.two_reps) == ("", "")
    assert len(answer_timers(again)) == 1
    assert answer_timers(moved) == []


def test_a_person_gives_one_of_them_and_the_reason_is_kept():
    reps = sales()
    acme = make.company()
    first, second = given(acme), given(acme)
    to = next(rep for rep in reps if rep != first.rep)
    again = reassign_to(second, to, by=make.user(Role.MANAGER), at=MONDAY_9AM + HOUR)
    assert (again.two_reps, again.follows, len(answer_timers(again))) == ("person", None, 1)
    assert [each.is_explained for each in divided_companies()] == [True]


def test_what_the_policy_offers_to_another_takes_the_thread_along():
    sales(steps=[(100, "reassign")])
    acme = make.company()
    first, second = given(acme), given(acme)
    sweep_timers(at=clock(first).due_at + timedelta(minutes=1))
    again, moved = Handoff.objects.open().order_by("pk")
    assert (again.lead, moved.lead, moved.follows) == (first.lead, second.lead, again)
    assert again.rep == moved.rep != first.rep


def test_two_leads_that_become_one_leave_no_waiting_lead_without_a_timer():
    sales()
    acme = make.company()
    first, second, third = given(acme), given(acme), given(acme)
    merge(second.lead, first.lead, by=make.user(Role.MANAGER), at=MONDAY_9AM + HOUR)
    left = Handoff.objects.open().order_by("pk")
    assert {each.pk for each in left} <= {first.pk, second.pk, third.pk}
    for each in left:
        follows = each.follows is not None and not each.follows.answer
        assert follows or len(answer_timers(each)) == 1


def test_a_merge_keeps_why_a_company_has_two_reps_since():
    sales()
    acme = make.company()
    first, second = given(acme), given(make.company())
    assert first.rep != second.rep
    merge(make.lead(company=acme), second.lead, by=make.user(Role.MANAGER), at=MONDAY_9AM + HOUR)
    second.refresh_from_db()
    assert (second.answer, second.lead.company, second.two_reps) == ("", acme, "merged")
    assert [each.is_explained for each in divided_companies()] == [True]


def test_the_night_keeps_why_a_lead_came_to_a_company_later(caplog: pytest.LogCaptureFixture):
    sales()
    acme, zenith = make.company(), make.company()
    first, second = given(acme), given(zenith)
    assert first.rep != second.rep
    Lead.objects.filter(pk=second.lead_id).update(company=acme)
    report_divided()
    assert "1 companies are worked by two reps" in caplog.text
    Change.objects.write("lead", second.lead_id, {"company": (zenith.pk, acme.pk)}, at=MONDAY_9AM + HOUR)
    report_divided()
    assert [each.is_explained for each in divided_companies()] == [True]
    second.refresh_from_db()
    assert second.two_reps == "merged"


def test_of_a_few_companies_only_their_handoffs_are_read():
    sales()
    companies = [make.company(name=name) for name in ("Acme", "gmail", "Zenith")]
    for company in companies:
        first, second = given(make.company()), given(make.company())
        Lead.objects.filter(pk__in=[first.lead_id, second.lead_id]).update(company=company)
    everything = divided_companies()
    assert [each.company.name for each in everything][:1] == ["Acme"]
    assert [each.company for each in divided_companies(limit=1)] == [everything[0].company]
    assert [each.company for each in divided_companies(limit=2)] == [each.company for each in everything[:2]]
    assert [each.handoffs for each in divided_companies(limit=1)] == [everything[0].handoffs]


def test_what_was_so_before_the_rule_is_marked():
    sales()
    acme, zenith = make.company(), make.company()
    first, second, alone = given(acme), given(zenith), given(make.company())
    Lead.objects.filter(pk=second.lead_id).update(company=acme)
    with connection.cursor() as cursor:
        cursor.execute(import_module("sla.migrations.0020_so_before_the_rule").MARK)
    marked = Handoff.objects.filter(two_reps="before").order_by("pk")
    assert list(marked) == [first, second]
    assert alone not in marked
