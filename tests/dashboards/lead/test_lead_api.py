"""Leads, read and written by programs."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from funnel.models import StageRole
from history.models import Change
from leads.models import Campaign, Company, CustomField, Identity, Lead, PendingReevaluation
from sla.flow.merging import merge
from teams.models import Role
from tests import make
from tests.api import Program, faults

pytestmark = pytest.mark.django_db


# Reading


def test_a_lead_is_read_with_what_it_is_worth_and_where_it_stands(program: Program) -> None:
    rep = make.user(Role.REP)
    lead = make.lead(StageRole.MQL, email="aya@example.org", company=make.company(name="Acme"), owner=rep)
    Identity.objects.create(lead=lead, system="crm", external_id="7")
    make.score(lead, fit=61, interest=40)
    said = program.get(f"leads/{lead.pk}/").json()
    assert said["email"] == "aya@example.org"
    assert said["company"]["name"] == "Acme"
    assert said["owner"] == rep.email
    assert said["identities"] == [{"system": "crm", "external_id": "7"}]
    assert (said["fit"], said["interest"], said["stage"]) == (61.0, 40.0, "mql")


def test_a_lead_without_anything_is_read_too(program: Program) -> None:
    said = program.get(f"leads/{make.lead().pk}/").json()
    assert (said["company"], said["owner"], said["campaign"], said["fit"], said["stage"]) == (None,) * 5


def test_a_merged_lead_names_the_one_that_it_became(program: Program) -> None:
    merged, between, kept = make.lead(), make.lead(), make.lead()
    merge(between, merged, by=program.person)
    merge(kept, between, by=program.person)
    for gone in (merged, between):
        answer = program.get(f"leads/{gone.pk}/")
        assert (answer.status_code, answer["Location"]) == (308, f"/api/v1/leads/{kept.pk}/")
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["merged_into"] == kept.pk
        assert program.client.get(answer["Location"]).json()["id"] == kept.pk


def test_a_merged_lead_is_not_written_to(program: Program) -> None:
    merged, kept = make.lead(), make.lead(title="CTO")
    merge(kept, merged, by=program.person)
    for answer in (
        program.patch(f"leads/{merged.pk}/", {"title": "Boss"}),
        program.post(f"leads/{merged.pk}/taking/"),
    ):
        assert (answer.status_code, answer.json()["merged_into"]) == (410, kept.pk)
        assert answer["Location"] == f"/api/v1/leads/{kept.pk}/"
    kept.refresh_from_db()
    assert (kept.title, kept.owner) == ("CTO", None)
    faults(program.get(f"leads/{kept.pk + 1000}/"), 404)


def test_the_list_is_turned_by_key_to_its_end(program: Program) -> None:
    begin = now()
    leads = [make.lead(created_at=begin - timedelta(minutes=n // 2)) for n in range(5)]
    wanted = [lead.pk for lead in sorted(leads, key=lambda lead: (lead.created_at, lead.pk), reverse=True)]
    seen, answer = [], program.get("leads/", size=2)
    while True:
        said = answer.json()
        assert set(said) == {"results", "next"}
        seen += [lead["id"] for lead in said["results"]]
        if said["next"] is None:
            break
        assert said["next"].startswith("http://testserver/api/v1/leads/?")
        answer = program.get(said["next"])
    assert seen == wanted


def test_an_empty_list_says_so(program: Program) -> None:
    assert program.get("leads/").json() == {"results": [], "next": None}


def test_leads_are_searched_by_words_in_both_scripts(program: Program) -> None:
    program.post("leads/", {"email": "aya@example.org", "family_name": "中村", "given_name": "彩"})
    program.post("leads/", {"email": "joe@example.com", "family_name": "Smith", "company": {"name": "Acme"}})
    for words, found in (("中", "aya@example.org"), ("smi", "joe@example.com"), ("acme", "joe@example.com")):
        assert [lead["email"] for lead in program.get("leads/", search=words).json()["results"]] == [found]
    assert program.get("leads/", search="nobody").json()["results"] == []


def test_leads_are_chosen_by_criteria(program: Program) -> None:
    make.lead(country="JP")
    chosen = make.lead(country="DE")
    tree = {"all": [{"field": "country", "op": "=", "value": "de"}]}
    said = program.get("leads/", criteria=json.dumps(tree)).json()
    assert [lead["id"] for lead in said["results"]] == [chosen.pk]


@pytest.mark.parametrize(
    "criteria",
    [
        "{",
        "[" * 5000,
        '"a"',
        '{"all": 1}',
        '{"field": "nonsense", "op": "=", "value": 1}',
        '{"field": "country", "op": "=", "value": "a\\u0000"}',
        '{"field": "company.employees", "op": "=", "value": 1e999}',
        '{"field": "company.employees", "op": "=", "value": ' + "9" * 60 + "}",
        '{"did": "demo_request", "at_least": 99999999999999999999}',
        '{"did": "demo_request", "within_days": 99999999999999999999}',
    ],
)
def test_bad_criteria_are_refused_with_where_they_are_wrong(program: Program, criteria: str) -> None:
    answer = program.get("leads/", criteria=criteria)
    assert answer.status_code in (200, 400)
    if answer.status_code == 400:
        assert list(faults(answer)) == ["criteria"]


def test_a_list_costs_the_same_for_one_row_and_for_twenty(program: Program) -> None:
    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert program.get("leads/").status_code == 200
        return len(asked)

    def some(count: int) -> None:
        for _n in range(count):
            lead = make.lead(StageRole.MQL, company=make.company(), owner=program.person)
            Identity.objects.create(lead=lead, system="crm", external_id=str(lead.pk))
            make.score(lead)

    some(1)
    program.get("leads/")
    before = cost()
    some(19)
    # The last one is the log: who read data of people by a token.
    assert cost() == before <= 5


# Writing


def test_a_new_lead_is_made_and_looked_at(program: Program) -> None:
    Campaign.objects.create(name="Autumn")
    CustomField.objects.create(key="rank", name_en="Rank", type=CustomField.Type.NUMBER)
    owner = make.user(Role.REP, email="Rep@example.org")
    answer = program.post(
        "leads/",
        {
            "email": "aya@gmail.com",
            "system": "crm",
            "external_id": "7",
            "family_name": "中村",
            "source": "fair",
            "campaign": "Autumn",
            "owner": "rep@example.org",
            "consent": "given",
            "company": {"name": "Acme", "employees": 12, "revenue": "1000000.50"},
            "custom": {"rank": "3"},
        },
    )
    assert answer.status_code == 201, answer.json()
    said = answer.json()
    assert said["is_free_mail"] is True
    assert said["identities"] == [{"system": "crm", "external_id": "7"}]
    assert (said["campaign"], said["owner"], said["consent"]) == ("Autumn", owner.email, "given")
    assert (said["company"]["employees"], said["company"]["revenue"]) == (12, "1000000.50")
    assert said["custom"] == {"rank": 3}
    assert PendingReevaluation.objects.filter(lead=said["id"], news_at__isnull=False).exists()


@pytest.mark.parametrize(
    "name", [{"email": "ＡＹＡ@example.org"}, {"system": "crm", "external_id": "7"}, {"email": "AYA@Example.org"}]
)
def test_a_known_lead_is_updated_and_nothing_is_erased(program: Program, name: dict[str, str]) -> None:
    known = program.post(
        "leads/", {"email": "aya@example.org", "system": "crm", "external_id": "7", "title": "CTO"}
    ).json()["id"]
    answer = program.post("leads/", {**name, "title": "", "country": "JP"})
    assert answer.status_code == 200
    assert (answer.json()["id"], answer.json()["title"], answer.json()["country"]) == (known, "CTO", "JP")
    kept = Change.objects.get(subject="lead", subject_id=known, field="country")
    assert (kept.old, kept.new, kept.by, kept.how) == ("", "JP", program.person, "api")


def test_the_same_said_twice_changes_nothing(program: Program) -> None:
    said = {"email": "aya@example.org", "title": "CTO", "company": {"name": "Acme"}}
    first = program.post("leads/", said).json()
    assert program.post("leads/", said).json() == first
    assert Change.objects.count() == 0
    assert Company.objects.count() == 1


def test_an_e_mail_and_an_external_id_of_two_leads_are_a_conflict(program: Program) -> None:
    program.post("leads/", {"email": "aya@example.org"})
    program.post("leads/", {"system": "crm", "external_id": "7"})
    answer = program.post("leads/", {"email": "aya@example.org", "system": "crm", "external_id": "7", "title": "CTO"})
    faults(answer, 409)
    assert "aya@example.org" in answer.json()["detail"]
    assert not Lead.objects.filter(title="CTO").exists()


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "#/email"),
        ({"email": ""}, "#/email"),
        ({"email": "nonsense"}, "#/email"),
        ({"email": "a@example.org", "consent": "perhaps"}, "#/consent"),
        ({"email": "a@example.org", "title": "x" * 121}, "#/title"),
        ({"email": "a@example.org", "title": None}, "#/title"),
        ({"email": "a@example.org", "campaign": "none such"}, "#/campaign"),
        ({"email": "a@example.org", "owner": "nobody@example.org"}, "#/owner"),
        ({"email": "a@example.org", "owner": {"a": 1}}, "#/owner"),
        ({"email": "a@example.org", "company": "Acme"}, "#/company"),
        ({"email": "a@example.org", "company": {}}, "#/company/name"),
        ({"email": "a@example.org", "company": {"name": "Acme", "employees": -1}}, "#/company/employees"),
        ({"email": "a@example.org", "company": {"name": "Acme", "employees": 2**31}}, "#/company/employees"),
        ({"email": "a@example.org", "company": {"name": "Acme", "custom": {"x": 1}}}, "#/company/custom/x"),
        ({"email": "a@example.org", "custom": {"unknown": 1}}, "#/custom/unknown"),
        ({"email": "a@example.org", "custom": {"a/b": [1]}}, "#/custom/a~1b"),
        ({"email": "a@example.org", "custom": {"rank": "high"}}, "#/custom/rank"),
        ({"email": "a@example.org", "custom": {"rank": 10**400}}, "#/custom/rank"),
        ({"email": "a@example.org", "custom": {"rank": "1" + "0" * 400}}, "#/custom/rank"),
    ],
)
def test_what_is_wrong_is_said_where_it_is_wrong(program: Program, body: object, pointer: str) -> None:
    CustomField.objects.create(key="rank", name_en="Rank", type=CustomField.Type.NUMBER)
    assert list(faults(program.post("leads/", body))) == [pointer]
    assert not Lead.objects.exists()
    assert not Company.objects.exists()


# Changing


def test_a_change_changes_what_is_said_and_empties_what_is_empty(program: Program) -> None:
    lead = make.lead(title="CTO", country="JP", company=make.company(), owner=program.person)
    answer = program.patch(f"leads/{lead.pk}/", {"title": "", "owner": None, "company": None})
    assert answer.status_code == 200
    said = answer.json()
    assert (said["title"], said["owner"], said["company"], said["country"]) == ("", None, None, "JP")
    assert {row.field for row in Change.objects.of("lead", lead.pk)} == {"title", "owner", "company"}


def test_a_change_of_company_finds_or_makes_it(program: Program) -> None:
    acme, lead = make.company(name="Acme"), make.lead()
    said = program.patch(f"leads/{lead.pk}/", {"company": {"name": "ACME", "industry": "Food"}}).json()
    assert (said["company"]["id"], said["company"]["industry"]) == (acme.pk, "Food")


def test_an_e_mail_of_somebody_else_is_a_conflict(program: Program) -> None:
    make.lead(email="aya@example.org")
    lead = make.lead()
    faults(program.patch(f"leads/{lead.pk}/", {"email": "AYA@example.org"}), 409)


def test_a_lead_keeps_something_to_be_known_by(program: Program) -> None:
    lead = make.lead()
    for nothing in ("", None):
        assert list(faults(program.patch(f"leads/{lead.pk}/", {"email": nothing}), 422)) == ["#/email"]
    Identity.objects.create(lead=lead, system="crm", external_id="7")
    assert program.patch(f"leads/{lead.pk}/", {"email": None}).status_code == 200


# Each attribute of a lead that may be empty, with a value of it.
MAY_BE_EMPTY = {
    "family_name_reading": "サトウ", "given_name_reading": "アヤ", "phone": "03-1234-5678", "title": "CTO",
    "department": "IT", "seniority": "c_level", "buying_role": "decision_maker", "country": "JP", "region": "Kanto",
    "source": "Expo", "consent": "given",
}  # fmt: skip


@pytest.mark.parametrize("name", MAY_BE_EMPTY)
def test_null_empties_what_may_be_empty(program: Program, name: str) -> None:
    lead = make.lead(**{name: MAY_BE_EMPTY[name]})
    assert program.patch(f"leads/{lead.pk}/", {name: None}).json()[name] == ""
    lead.refresh_from_db()
    assert getattr(lead, name) == ""


def test_null_empties_what_may_be_empty_of_a_company(program: Program) -> None:
    acme = make.company(name="Acme", domain="acme.example", industry="Food", employees=5, country="JP")
    lead = make.lead(company=acme)
    empty = {"domain": None, "industry": None, "employees": None, "revenue": None, "country": ""}
    said = program.patch(f"leads/{lead.pk}/", {"company": {"name": "Acme", **empty}}).json()["company"]
    assert (said["id"], said["domain"], said["industry"], said["employees"], said["country"]) == (
        acme.pk,
        "",
        "",
        None,
        "",
    )
    assert list(faults(program.patch(f"leads/{lead.pk}/", {"company": {"name": None}}))) == ["#/company/name"]


@pytest.mark.parametrize(
    ("before", "said", "pointers"),
    [
        (("Sato", ""), {"family_name": None}, ["#/family_name"]),
        (("", "Aya"), {"given_name": ""}, ["#/given_name"]),
        (("Sato", "Aya"), {"family_name": None, "given_name": None}, ["#/family_name", "#/given_name"]),
        (("Sato", "Aya"), {"family_name": None}, []),
        (("Sato", ""), {"family_name": None, "given_name": "Aya"}, []),
        (("", ""), {"family_name": None}, []),
    ],
)
def test_a_lead_keeps_one_of_its_names(
    program: Program, before: tuple[str, str], said: dict[str, str | None], pointers: list[str]
) -> None:
    lead = make.lead(family_name=before[0], given_name=before[1])
    answer = program.patch(f"leads/{lead.pk}/", said)
    if pointers:
        assert list(faults(answer, 422)) == pointers
    else:
        assert answer.status_code == 200


def test_a_change_that_is_refused_changes_nothing(program: Program) -> None:
    lead = make.lead()
    faults(program.patch(f"leads/{lead.pk}/", {"company": {"name": "Acme"}, "custom": {"unknown": 1}}))
    assert not Company.objects.exists()
