"""Several leads of a company are answered in one form; and what is asked about the persona."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from leads.models import Persona
from metrics.period import Period
from metrics.question import Question
from metrics.registry import metric
from sla.models import Handoff
from sla.routing.offering import offer
from teams.models import Role, Team
from tests import make
from tests.api import Program
from tests.make import MONDAY_9AM, TEN

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_ten")]


@pytest.fixture
def thread() -> list[Handoff]:
    team = make.team(Team.Kind.SALES)
    make.user(Role.REP, team=team, given_name="Sam", language="en")
    make.agreement(receiving=team)
    acme = make.company(name="Acme")
    for name in ("Ada", "Bea", "Cyd"):
        make.mql(company=acme, given_name=name, family_name="Ito")
    offer(at=MONDAY_9AM)
    return list(Handoff.objects.order_by("pk"))


def answers(thread: list[Handoff], *given: dict[str, str]) -> dict[str, str]:
    return {
        f"handoff-{handoff.pk}-{name}": value
        for handoff, fields in zip(thread, given, strict=True)
        for name, value in fields.items()
    }


def test_each_lead_of_the_form_has_its_own_answer(thread: list[Handoff]):
    page = make.signed_in(thread[0].rep)
    seen = page.get(f"/inbox/{thread[1].pk}/").content.decode()
    assert all(f"handoff-{each.pk}-answer" in seen for each in thread)
    assert "3 leads of Acme, with one clock" in seen
    given = answers(thread, {"answer": "accept"}, {"answer": "reject", "reason": "no_project"}, {"answer": ""})
    done = page.post(f"/handoffs/{thread[0].pk}/thread/", given, follow=True).content.decode()
    assert "2 leads are answered." in done
    assert list(Handoff.objects.order_by("pk").values_list("answer", flat=True)) == ["accepted", "rejected", ""]
    assert thread[2].timers.filter(kind="answer", stopped_at=None).count() == 1


def test_a_rejection_without_a_reason_is_refused_and_nothing_is_answered(thread: list[Handoff]):
    page = make.signed_in(thread[0].rep)
    given = answers(thread, {"answer": "accept"}, {"answer": "reject"}, {"answer": ""})
    refused = page.post(f"/handoffs/{thread[0].pk}/thread/", given)
    assert refused.status_code == 422
    assert "Choose a reason" in refused.content.decode()
    assert Handoff.objects.open().count() == 3


def test_a_thread_of_somebody_else_is_not_there(thread: list[Handoff]):
    assert make.signed_in(make.user(Role.REP)).post(f"/handoffs/{thread[0].pk}/thread/", {}).status_code == 404


def test_inbox_home_and_lead_show_the_thread(thread: list[Handoff]):
    page = make.signed_in(thread[0].rep)
    for address in ("/inbox/", "/"):
        assert page.get(address).content.decode().count("with the first of its company") == 2
    lead = page.get(f"/leads/{thread[0].lead_id}/").content.decode()
    assert "together with" in lead
    assert f"/leads/{thread[1].lead_id}/" in lead


def agreed_persona() -> Persona:
    """A persona of the agreement in force."""
    made = Persona.objects.create()
    make.agreement(personas=[made.versions.create(name="Head of quality")])
    return made


def test_of_a_lead_without_a_persona_which_one_it_is_is_asked_and_counted_apart():
    made = agreed_persona()
    handoff = make.handoff()
    page = make.signed_in(handoff.rep)
    seen = page.get(f"/inbox/{handoff.pk}/").content.decode()
    assert "Which persona is this, if any?" in seen
    assert "Does this lead fit the persona?" not in seen
    page.post(f"/handoffs/{handoff.pk}/acceptance/", {"persona": made.pk})
    handoff.refresh_from_db()
    assert (handoff.named_persona, handoff.verdict) == (made, "")
    question = Question(Period.week_of(MONDAY_9AM), at=TEN)
    named, fit = metric("named_persona").value(question), metric("persona_fit").value(question)
    assert (named.numerator, named.denominator) == (1, 1)
    assert fit.denominator == 0


def test_of_a_lead_with_a_persona_whether_it_fits_is_asked_and_counted():
    made = agreed_persona()
    handoff = make.handoff(persona=made)
    page = make.signed_in(handoff.rep)
    seen = page.get(f"/inbox/{handoff.pk}/").content.decode()
    assert "Which persona is this, if any?" not in seen
    reason = {"reason": "no_project"}
    assert page.post(f"/handoffs/{handoff.pk}/rejection/", reason).status_code == 422
    assert page.post(f"/handoffs/{handoff.pk}/rejection/", reason | {"verdict": "no"}).status_code == 302
    question = Question(Period.week_of(MONDAY_9AM), at=TEN)
    fit, named = metric("persona_fit").value(question), metric("named_persona").value(question)
    assert (fit.numerator, fit.denominator, named.denominator) == (0, 1, 0)


def test_a_lead_without_a_persona_is_rejected_without_a_verdict():
    handoff = make.handoff()
    page = make.signed_in(handoff.rep)
    assert page.post(f"/handoffs/{handoff.pk}/rejection/", {"reason": "no_project"}).status_code == 302
    assert Handoff.objects.get().answer == "rejected"


@pytest.mark.parametrize(
    ("has_persona", "body", "refused"),
    [
        (False, {}, None),
        (False, {"persona": "made"}, None),
        (True, {"verdict": "no"}, None),
        (True, {}, "verdict"),
        (True, {"verdict": "no", "persona": "made"}, "persona"),
    ],
)
def test_programs_are_asked_the_same(has_persona: bool, body: dict[str, Any], refused: str | None):
    made = agreed_persona()
    handoff = make.handoff()
    if has_persona:
        Handoff.objects.filter(pk=handoff.pk).update(persona=made)
    if "persona" in body:
        body = body | {"persona": made.pk}
    answer = Program(handoff.rep).post(f"handoffs/{handoff.pk}/rejection/", {"reason": "no_project"} | body)
    assert answer.status_code == (400 if refused else 200), answer.content
    if refused:
        assert refused in answer.content.decode()
    else:
        assert Handoff.objects.get().named_persona_id == body.get("persona")


def test_a_persona_is_named_only_of_a_lead_without_one():
    made = agreed_persona()
    handoff = make.handoff()
    Handoff.objects.filter(pk=handoff.pk).update(persona=made)
    with pytest.raises(IntegrityError), transaction.atomic():
        Handoff.objects.filter(pk=handoff.pk).update(named_persona=made)
