"""No value that we were told later answers for the past unsaid, whichever way it came in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.urls import reverse
from django.utils import translation

from history.models import Change
from leads.criteria import condition, explain, fields, stand_ins, todays_values
from leads.models import Company, Lead, Persona, PersonaMatch, PersonaVersion
from leads.personas.matching import match_personas
from leads.registering.companies import change_company
from leads.registering.registration import change
from sla.flow.merging import merge
from teams.models import Role
from tests import make
from tests.api import Program
from tests.leads.importing.importing import bring
from tests.scoring.make import score_model

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tokyo")]
DAY = timedelta(days=1)
NOW, THEN, DATED = make.MONDAY_9AM, make.MONDAY_9AM - 30 * DAY, make.MONDAY_9AM - 60 * DAY
CTO: dict[str, Any] = {"field": "title", "op": "=", "value": "CTO"}
LARGE: dict[str, Any] = {"field": "company.employees", "op": ">=", "value": 5000}
TREE: dict[str, Any] = {"all": [CTO, LARGE]}
ANN = "ann@example.org"
# Two months ago, in the file that makes the lead; today, in the file that changes it.
FILE = f"Email,Title,Company,Employees,Created\n{ANN},CTO,Ito,6000,{DATED:%Y-%m-%d}\n"
COLUMNS = {
    "Email": "email",
    "Title": "title",
    "Company": "company.name",
    "Employees": "company.employees",
    "Created": "created_at",
}
at_nine = time_machine.travel(NOW, tick=False)


def known_lead() -> Lead:
    """A lead that we know since two months ago, as do we its small company."""
    company = make.company(name="Ito", employees=10, created_at=DATED, recorded_at=DATED)
    return make.lead(email=ANN, title="Engineer", company=company, created_at=DATED, recorded_at=DATED)


def by_page() -> None:
    lead = known_lead()
    browser = make.signed_in(make.user(Role.MARKETER))
    form = browser.get(reverse("lead_edit", args=[lead.pk])).context["form"]
    values = {name: "" if form[name].value() is None else form[name].value() for name in form.fields}
    assert browser.post(reverse("lead_edit", args=[lead.pk]), values | {"title": "CTO"}).status_code == 302


def by_api() -> None:
    known_lead()
    program = Program(make.user(Role.MARKETER))
    told = {"email": ANN, "title": "CTO", "company": {"name": "Ito", "employees": 6000}}
    assert program.post("leads/", told).status_code == 200


def by_changing_it_by_api() -> None:
    lead = known_lead()
    program = Program(make.user(Role.MARKETER))
    assert program.patch(f"leads/{lead.pk}/", {"title": "CTO", "company": {"name": "Large"}}).status_code == 200
    Company.objects.filter(name="Large").update(employees=6000)


def by_import() -> None:
    known_lead()
    bring("leads", FILE, COLUMNS, at=NOW)


def by_merge() -> None:
    large = make.company(employees=6000, created_at=DATED, recorded_at=DATED)
    other = make.lead(title="CTO", company=large, created_at=NOW)
    chosen = {"title": "CTO", "company": large}
    merge(known_lead(), other, values=chosen, by=make.user(Role.MARKETER), at=NOW)


WAYS = [by_page, by_api, by_changing_it_by_api, by_import, by_merge]


@at_nine
@pytest.mark.parametrize("way", WAYS)
def test_what_changes_a_lead_that_we_know_is_no_answer_for_its_past(way: Callable[[], None]) -> None:
    way()
    lead = Lead.objects.get(email=ANN)
    assert lead.title == "CTO"
    for condition_of_now in (CTO, LARGE):
        assert not Lead.objects.filter(condition(condition_of_now, as_of=THEN), email=ANN).exists()
    assert Lead.objects.filter(condition({"field": "title", "op": "=", "value": "Engineer"}, as_of=THEN)).get() == lead
    assert todays_values(TREE, THEN) == []


def made_by_import() -> None:
    bring("leads", FILE, COLUMNS, at=NOW)


def made_by_api() -> None:
    by_api()
    # It is dated back by whoever may.
    Company.objects.update(created_at=NOW, recorded_at=NOW)
    Lead.objects.update(recorded_at=NOW)


@at_nine
@pytest.mark.parametrize("way", [made_by_import, made_by_api])
def test_what_came_with_the_row_that_made_a_dated_back_lead_is_said(way: Callable[[], None]) -> None:
    way()
    lead = Lead.objects.get()
    assert lead.created_at < THEN < lead.recorded_at
    assert todays_values(TREE, THEN) == ["/all/0", "/all/1"]
    assert [leaf.from_today for leaf in explain(TREE, lead.pk, as_of=THEN).leaves()] == [True, True]
    assert todays_values(TREE, NOW) == []


@at_nine
def test_the_share_of_the_leads_is_said_of_each_condition() -> None:
    known_lead()
    dated_back = [make.lead(created_at=DATED, company=Company.objects.get()) for _ in range(4)]
    make.lead(created_at=DATED, recorded_at=DATED, company=make.company(employees=6000, created_at=NOW))
    make.lead(created_at=NOW)  # There was no such lead.
    size, title = sorted(stand_ins(TREE, THEN), key=lambda each: each.path, reverse=True)
    assert (title.leads, title.of, size.leads, size.of) == (4, 6, 5, 6)
    assert title.sentence == "Of 66.7% of these leads, the title is as we were first told it, after that day."
    with translation.override("ja"):
        assert "66.7" in stand_ins(CTO, THEN)[0].sentence
        assert "title" not in stand_ins(CTO, THEN)[0].sentence
    some = Lead.objects.filter(pk__in=[lead.pk for lead in dated_back[:1]])
    assert [(each.leads, each.of) for each in stand_ins(CTO, THEN, among=some)] == [(1, 1)]


@at_nine
def test_what_fit_rules_ask_is_said_of_the_score_behind_which_they_stand() -> None:
    score_model(fit=[(CTO, 50)], in_force_from=DATED)
    make.lead(created_at=DATED)
    asked = {"all": [{"field": name, "op": ">=", "value": 1} for name in ("fit", "interest")]}
    asked["all"].append({"field": "quadrant", "op": "=", "value": "hot"})
    assert todays_values(asked, THEN) == ["/all/0", "/all/2"]
    Lead.objects.update(recorded_at=DATED)
    assert todays_values(asked, THEN) == []


@at_nine
def test_whose_address_changed_may_have_had_another_kind_of_address() -> None:
    free: dict[str, Any] = {"field": "is_free_mail", "op": "=", "value": False}
    lead = make.lead(created_at=DATED, recorded_at=DATED)
    assert todays_values(free, THEN) == []
    browser = make.signed_in(make.user(Role.MARKETER))
    form = browser.get(reverse("lead_edit", args=[lead.pk])).context["form"]
    values = {name: "" if form[name].value() is None else form[name].value() for name in form.fields}
    browser.post(reverse("lead_edit", args=[lead.pk]), values | {"email": "new@example.org"})
    assert todays_values(free, THEN) == [""]


def test_of_nobody_only_what_is_never_kept_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    mood = fields.Field("mood", fields.Type.TEXT, "Mood", "''::text", noun="the mood")
    monkeypatch.setitem(fields._fields, "mood", mood)
    (said,) = stand_ins({"all": [CTO, {"field": "mood", "op": "is_empty"}]}, THEN)
    assert (said.path, said.is_never_known) == ("/all/1", True)
    assert said.sentence.startswith("Of all leads, the mood is that of today")


def test_which_persona_a_lead_was_is_known_since_it_was_matched() -> None:
    version = PersonaVersion.objects.create(persona=Persona.objects.create(), number=1, name="Chief", criteria=CTO)
    lead = known_lead()
    is_one: dict[str, Any] = {"field": "persona", "op": "=", "value": version.persona_id}

    def was(days: int) -> bool:
        return Lead.objects.filter(condition(is_one, as_of=THEN + days * DAY)).exists()

    change(lead, {"title": "CTO"}, at=THEN)
    match_personas([lead.pk], [version], THEN)
    change(lead, {"title": "Engineer"}, at=THEN + 5 * DAY)
    match_personas([lead.pk], [version], THEN + 5 * DAY)
    assert [was(days) for days in (-1, 0, 4, 5)] == [False, True, True, False]
    assert todays_values(is_one, THEN - DAY) == []
    # Where the first match is not in the history, it is said.
    PersonaMatch.objects.all().delete()
    Change.objects.filter(field="persona").delete()
    PersonaMatch.objects.create(lead=lead, persona_id=version.persona_id, matched_at=THEN)
    assert todays_values(is_one, THEN - DAY) == [""]
    assert todays_values(is_one, THEN) == []


BIG: dict[str, Any] = {"field": "company.employees", "op": ">=", "value": 300}


def test_a_lead_that_changed_its_company_had_the_one_before() -> None:
    """Each with what it was then: the company changed as well."""
    with time_machine.travel(NOW - 30 * DAY, tick=False):
        small, big = make.company(employees=10), make.company(employees=500)
        lead = make.lead(company=small)
    change_company(small, {"employees": 900}, at=NOW - 10 * DAY)
    change(lead, {"company": big}, at=NOW - 5 * DAY)
    change_company(big, {"employees": 5}, at=NOW - 2 * DAY)
    for days, is_big in ((11, False), (9, True), (3, True), (1, False)):
        then = Lead.objects.filter(condition(BIG, as_of=NOW - days * DAY))
        assert then.exists() == is_big, days


@pytest.mark.parametrize("way", ["api", "leads", "companies"])
def test_what_is_told_of_a_company_later_is_no_answer_for_its_past(way: str) -> None:
    program = Program(make.user(Role.MARKETER))
    with time_machine.travel(NOW - 30 * DAY, tick=False):
        said = {"email": "a@acme.example", "company": {"name": "ACME", "domain": "acme.example"}}
        lead = program.post("leads/", said).json()["id"]
    with at_nine:
        if way == "api":
            program.patch(f"leads/{lead}/", {"company": {"name": "ACME", "employees": 500}})
        elif way == "leads":
            columns = {"mail": "email", "company": "company.name", "size": "company.employees"}
            bring("leads", "mail,company,size\na@acme.example,ACME,500\n", columns, at=NOW)
        else:
            bring("companies", "domain,size\nacme.example,500\n", {"domain": "domain", "size": "employees"})
    assert Lead.objects.filter(condition(BIG, as_of=NOW)).exists()
    assert not Lead.objects.filter(condition(BIG, as_of=NOW - DAY)).exists()
