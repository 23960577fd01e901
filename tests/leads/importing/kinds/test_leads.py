"""Leads that a file brings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings

from history.models import Change
from leads.models import (
    Campaign,
    Company,
    Identity,
    Lead,
    PendingReevaluation,
    SearchEntry,
)
from leads.registering.registration import register
from teams.models import Role
from tests import make
from tests.leads.importing.importing import bring, counts, reasons

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tokyo")]
NOW = make.MONDAY_9AM
LEADS = {"id": "external_id", "mail": "email", "title": "title"}


def test_new_leads_are_made_and_known_ones_updated() -> None:
    register({"email": "a@mihon.example", "title": "Buyer"}, at=NOW)
    _, told = bring("leads", "id,mail,title\n1,A@Mihon.example,Head\n2,b@mihon.example,\n", LEADS)
    assert told == counts(created=1, updated=1)
    assert Lead.objects.get(email_key="a@mihon.example").title == "Head"
    assert list(Identity.objects.order_by("external_id").values_list("system", "external_id")) == [
        ("crm", "1"),
        ("crm", "2"),
    ]


def test_the_same_file_again_changes_nothing() -> None:
    text = "id,mail,title,firm,size\n1,a@x.example,Head,Mihon,10\n2,b@x.example,,Mihon,20\n1,a@x.example,Chief,,\n"
    mapping = {**LEADS, "firm": "company.name", "size": "company.employees"}
    _, first = bring("leads", text, mapping)
    assert first == counts(created=2, updated=1)
    before = Change.objects.count()
    PendingReevaluation.objects.all().delete()
    _, again = bring("leads", text, mapping)
    assert again == counts(unchanged=3)
    assert Change.objects.count() == before
    assert not PendingReevaluation.objects.exists()
    assert Lead.objects.get(email="a@x.example").title == "Chief"
    assert Company.objects.get().employees == 20


def test_an_email_and_an_id_of_two_leads_reject_the_row_and_name_both() -> None:
    one, _ = register({"email": "a@x.example"}, at=NOW)
    two, _ = register({"family_name": "B"}, identities=[("crm", "7")], at=NOW)
    made, told = bring("leads", "id,mail,title\n7,a@x.example,Head\n8,c@x.example,Head\n", LEADS)
    assert told == counts(created=1, rejected=1)
    ((line, (text,)),) = reasons(made)
    assert line == 2
    assert f"#{one.pk} a@x.example" in text
    assert f"#{two.pk} B" in text


def test_empty_cells_never_erase() -> None:
    bring("leads", "id,mail,title\n1,a@x.example,Head\n", LEADS)
    _, told = bring("leads", "id,mail,title\n1,,\n", LEADS)
    assert told == counts(unchanged=1)
    assert Lead.objects.get().title == "Head"


def test_a_row_without_any_name_is_rejected() -> None:
    made, told = bring("leads", "id,mail,title\n,,Head\n", LEADS)
    assert told == counts(rejected=1)
    assert "neither an e-mail nor an external id" in reasons(made)[0][1][0]


def test_changes_are_history_with_the_import_that_made_them() -> None:
    mara = make.user(Role.MARKETER)
    lead, _ = register({"email": "a@x.example", "title": "Buyer"}, at=NOW)
    made, _ = bring("leads", "id,mail,title\n1,a@x.example,Head\n", LEADS, by=mara, at=NOW + timedelta(days=1))
    kept = Change.objects.get(field="title")
    assert (kept.subject_id, kept.old, kept.new) == (lead.pk, "Buyer", "Head")
    assert (kept.how, kept.by, kept.at) == (f"import {made.pk}", mara, NOW + timedelta(days=1))


def test_a_lead_is_as_old_as_the_earliest_moment_of_its_row() -> None:
    mapping = {"mail": "email", "mql": "stage.mql", "sql": "stage.sql", "since": "created_at"}
    text = (
        "mail,mql,sql,since\na@x.example,2025-03-02,2025-03-09,\nb@x.example,2025-03-02,,2025-01-01\nc@x.example,,,\n"
    )
    bring("leads", text, mapping)
    created = dict(Lead.objects.values_list("email", "created_at"))
    assert created["a@x.example"] == datetime(2025, 3, 1, 15, tzinfo=UTC)
    assert created["b@x.example"] == datetime(2024, 12, 31, 15, tzinfo=UTC)
    assert created["c@x.example"] == NOW


@pytest.mark.parametrize(
    ("zone", "written", "moment"),
    [
        ("Asia/Tokyo", "2025-03-02", datetime(2025, 3, 1, 15, tzinfo=UTC)),
        ("America/Sao_Paulo", "2018-03-02", datetime(2018, 3, 2, 3, tzinfo=UTC)),
        # Clocks were put forward at midnight: the day begins at one.
        ("America/Sao_Paulo", "2017-10-15", datetime(2017, 10, 15, 3, tzinfo=UTC)),
        ("Asia/Tokyo", "2025-03-02 09:30", datetime(2025, 3, 2, 0, 30, tzinfo=UTC)),
        ("Asia/Tokyo", "2025-03-02T09:30:00+01:00", datetime(2025, 3, 2, 8, 30, tzinfo=UTC)),
    ],
)
def test_days_begin_and_moments_are_read_in_the_companys_zone(
    zone: str, written: str, moment: datetime, settings: Settings
) -> None:
    settings.COMPANY_TIME_ZONE = zone
    bring("leads", f"mail,since\na@x.example,{written}\n", {"mail": "email", "since": "created_at"})
    assert Lead.objects.get().created_at == moment


def test_owner_and_campaign_are_found_by_their_names() -> None:
    rosa = make.user(Role.REP, email="rosa@example.org")
    mapping = {"mail": "email", "who": "owner.email", "campaign": "campaign"}
    text = "mail,who,campaign\na@x.example,Rosa@example.org,Spring\nb@x.example,gone@example.org,spring\n"
    made, told = bring("leads", text, mapping)
    assert told == counts(created=2)
    assert list(Lead.objects.order_by("email").values_list("owner", "campaign__name")) == [
        (rosa.pk, "Spring"),
        (None, "Spring"),
    ]
    assert Campaign.objects.count() == 1
    assert any("gone@example.org" in sentence for sentence in made.said)
    assert bring("leads", text, mapping)[1] == counts(unchanged=2)


def test_free_mail_consent_and_search_follow() -> None:
    mapping = {"mail": "email", "name": "full_name", "gone": "unsubscribed"}
    bring("leads", "mail,name,gone\na@gmail.com,髙﨑　花子,false\nb@x.example,Aya Nakamura,true\n", mapping)
    hanako, aya = Lead.objects.order_by("email")
    assert (hanako.is_free_mail, hanako.consent, hanako.family_name, hanako.given_name) == (True, "", "髙﨑", "花子")
    assert (aya.is_free_mail, aya.consent, aya.consent_at) == (False, "withdrawn", NOW)
    assert (aya.family_name, aya.given_name) == ("Nakamura", "Aya")
    assert "花子" in SearchEntry.objects.get(lead=hanako).text


def test_imported_leads_are_no_news_unless_the_importer_asks() -> None:
    bring("leads", "mail\na@x.example\n", {"mail": "email"})
    assert PendingReevaluation.objects.get().news_at is None
    PendingReevaluation.objects.all().delete()
    bring("leads", "mail\nb@x.example\n", {"mail": "email"}, qualify_at_once=True)
    assert PendingReevaluation.objects.get().news_at == NOW


def test_a_lead_is_known_by_every_id_that_a_file_gives() -> None:
    lead = make.lead(email="a@x.example")
    assert bring("leads", "id,mail,title\n1,a@x.example,\n", LEADS)[1] == counts(updated=1)
    assert bring("leads", "id,mail,title\n2,a@x.example,\n", LEADS, system="shop")[1] == counts(updated=1)
    assert bring("leads", "id,mail,title\n1,a@x.example,\n", LEADS)[1] == counts(unchanged=1)
    known_by = lead.identities.order_by("system").values_list("system", "external_id")
    assert list(known_by) == [("crm", "1"), ("shop", "2")]


def test_one_more_id_is_nothing_that_a_lead_is_evaluated_by() -> None:
    make.lead(email="a@x.example")
    bring("leads", "id,mail,title\n1,a@x.example,\n", LEADS)
    assert not PendingReevaluation.objects.exists()


def test_an_id_without_an_address_makes_a_lead() -> None:
    bring("leads", "id,name\n1,中村 彩\n", {"id": "external_id", "name": "full_name"})
    lead = Lead.objects.get()
    assert (lead.email, lead.full_name, str(lead.identities.get())) == ("", "中村 彩", "crm: 1")


def test_a_known_lead_takes_a_new_address_that_nobody_has() -> None:
    lead, _ = register({"email": "old@x.example"}, identities=[("crm", "1")], at=NOW)
    assert bring("leads", "id,mail,title\n1,new@x.example,\n", LEADS)[1] == counts(updated=1)
    lead.refresh_from_db()
    assert lead.email == "new@x.example"
    assert Change.objects.get(field="email").old == "old@x.example"


def test_rows_that_only_the_database_knows_to_be_one_lead_take_turns() -> None:
    lead, _ = register({"email": "a@x.example"}, identities=[("crm", "1")], at=NOW)
    text = "id,mail,title\n1,,Head\n,a@x.example,Chief\n"
    assert bring("leads", text, LEADS)[1] == counts(updated=2)
    lead.refresh_from_db()
    assert lead.title == "Chief"
    assert list(Change.objects.order_by("pk").values_list("old", "new")) == [("", "Head"), ("Head", "Chief")]


def test_when_a_known_lead_came_is_moved_only_to_correct_it() -> None:
    lead = make.lead(email="a@x.example", created_at=NOW)
    mapping = {"mail": "email", "since": "created_at"}
    assert bring("leads", "mail,since\na@x.example,2025-01-01\n", mapping)[1] == counts(unchanged=1)
    assert bring("leads", "mail,since\na@x.example,2025-01-01\n", mapping, correct=True)[1] == counts(updated=1)
    lead.refresh_from_db()
    assert lead.created_at == datetime(2024, 12, 31, 15, tzinfo=UTC)
    assert Change.objects.filter(field="created_at").count() == 1


def test_consent_that_is_stated_again_does_not_begin_anew() -> None:
    since = NOW - timedelta(days=9)
    lead = make.lead(email="a@x.example", consent="given", consent_at=since)
    mapping = {"mail": "email", "ok": "consent"}
    assert bring("leads", "mail,ok\na@x.example,同意\n", mapping)[1] == counts(unchanged=1)
    lead.refresh_from_db()
    assert lead.consent_at == since
    assert bring("leads", "mail,ok\na@x.example,不明\n", mapping)[1] == counts(unchanged=1)
    assert bring("leads", "mail,ok\na@x.example,撤回\n", mapping)[1] == counts(updated=1)
    lead.refresh_from_db()
    assert (lead.consent, lead.consent_at) == ("withdrawn", NOW)


def test_a_merged_lead_is_not_found_by_its_address() -> None:
    kept = make.lead(email="kept@x.example")
    make.lead(email="gone@x.example", merged_into=kept, merged_at=NOW)
    assert bring("leads", "id,mail,title\n,gone@x.example,Head\n", LEADS)[1] == counts(created=1)
    assert Lead.objects.unmerged().get(email="gone@x.example").title == "Head"


def test_who_moves_to_another_name_is_found_by_it() -> None:
    make.lead(email="a@x.example", family_name="中村")
    bring("leads", "mail,name\na@x.example,佐藤 彩\n", {"mail": "email", "name": "full_name"})
    assert "佐藤" in SearchEntry.objects.get().text


def test_people_whose_id_says_nothing_are_known_by_their_addresses() -> None:
    text = "id,mail,title\nN/A,a@x.example,Head\nN/A,b@x.example,Chief\n"
    assert bring("leads", text, LEADS)[1] == counts(created=2)
    assert dict(Lead.objects.values_list("email", "title")) == {"a@x.example": "Head", "b@x.example": "Chief"}
    assert not Identity.objects.exists()


def test_who_is_known_by_nothing_is_rejected_and_told_why() -> None:
    made, told = bring("leads", "id,mail,title\n不明,なし,Head\n", LEADS)
    assert told == counts(rejected=1)
    assert "neither an e-mail nor an external id" in reasons(made)[0][1][0]
    assert made.said == [
        "Line 2: “不明” identifies nothing and was left out.",
        "Line 2: “なし” identifies nothing and was left out.",
    ]


def test_a_phone_stays_as_it_is_typed_beside_the_number_that_compares() -> None:
    text = "mail,tel,country\na@x.example,03-1234-5678,\nb@x.example,(030) 1234567,ドイツ\nc@x.example,ask,\n"
    mapping = {"mail": "email", "tel": "phone", "country": "country"}
    bring("leads", text, mapping)
    assert set(Lead.objects.values_list("phone", "phone_e164")) == {
        ("03-1234-5678", "+81312345678"), ("(030) 1234567", "+49301234567"), ("ask", ""),
    }  # fmt: skip
    bring("leads", "mail,country\na@x.example,Germany\n", {"mail": "email", "country": "country"})
    assert Lead.objects.get(email="a@x.example").phone_e164 == "+49312345678"
    assert bring("leads", text.replace("a@x.example,03-1234-5678,\n", ""), mapping)[1] == counts(unchanged=2)
