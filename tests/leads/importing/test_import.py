"""Leads, companies and activities from files."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_django import Settings

from history.models import Change
from leads.importing.engine import running
from leads.models import (
    Activity,
    ActivityIdentity,
    Campaign,
    Company,
    CustomField,
    EqualRow,
    Identity,
    Import,
    Lead,
    RejectedRow,
    SearchEntry,
    StaleLead,
)
from leads.registering.registration import register
from teams.models import Role
from tests import make
from tests.leads.importing.importing import bring, counts, job, source_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tokyo")]
NOW = make.MONDAY_9AM
LEADS = {"id": "external_id", "mail": "email", "title": "title"}


def reasons(job: Import) -> list[tuple[int, list[str]]]:
    return [(row.line, [each["reason"] for each in row.reasons]) for row in RejectedRow.objects.filter(import_job=job)]


# ---- Who is known


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
    StaleLead.objects.all().delete()
    _, again = bring("leads", text, mapping)
    assert again == counts(unchanged=3)
    assert Change.objects.count() == before
    assert not StaleLead.objects.exists()
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


def test_bad_cells_reject_their_row_with_every_reason_and_the_good_rows_stay() -> None:
    text = "mail,since\njiro@nanashi,2025-13-40\nok@x.example,2025-01-02\nx@x.example,2025-02-29 10:00\n"
    made, told = bring("leads", text, {"mail": "email", "since": "created_at"})
    assert told == counts(created=1, rejected=2)
    assert [line for line, _ in reasons(made)] == [2, 4]
    assert len(reasons(made)[0][1]) == 2
    assert RejectedRow.objects.filter(line=2).get().cells == ["jiro@nanashi", "2025-13-40"]


def test_rows_of_one_lead_in_one_file_override_one_another_in_order() -> None:
    text = "id,mail,title\n1,a@x.example,First\n,A@X.example,Second\n1,,Third\n2,b@x.example,Other\n"
    _, told = bring("leads", text, LEADS)
    assert told == counts(created=2, updated=1, unchanged=1)
    assert Lead.objects.get(email="a@x.example").title == "Third"
    assert bring("leads", text, LEADS)[1] == counts(unchanged=4)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_batches_do_not_matter(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "BATCH", size)
    text = "id,mail,title\n1,a@x.example,First\n,A@X.example,Second\n1,,Third\n2,b@x.example,Other\nx,bad,y\n"
    assert bring("leads", text, LEADS)[1] == counts(created=2, updated=1, unchanged=1, rejected=1)
    assert bring("leads", text, LEADS)[1] == counts(unchanged=4, rejected=1)


def test_changes_are_history_with_the_import_that_made_them() -> None:
    mara = make.user(Role.MARKETER)
    lead, _ = register({"email": "a@x.example", "title": "Buyer"}, at=NOW)
    made, _ = bring("leads", "id,mail,title\n1,a@x.example,Head\n", LEADS, by=mara, at=NOW + timedelta(days=1))
    kept = Change.objects.get(field="title")
    assert (kept.subject_id, kept.old, kept.new) == (lead.pk, "Buyer", "Head")
    assert (kept.how, kept.by, kept.at) == (f"import {made.pk}", mara, NOW + timedelta(days=1))


# ---- What is said of them


def test_unknown_custom_attributes_are_made_as_text_and_said() -> None:
    CustomField.objects.create(key="budget", name_en="Budget", type="number")
    mapping = {"mail": "email", "lp": "custom.landing page", "money": "custom.budget"}
    made, told = bring("leads", 'mail,lp,money\na@x.example,/home,"1,200"\nb@x.example,,lots\n', mapping)
    assert told == counts(created=2)
    assert Lead.objects.get(email="a@x.example").custom == {"landing_page": "/home", "budget": 1200}
    assert Lead.objects.get(email="b@x.example").custom == {}
    assert "Line 3: “lots” is not a number. “Budget” was left empty." in made.said
    assert CustomField.objects.get(key="landing_page").type == "text"
    assert any("landing_page" in sentence for sentence in made.said)


def test_a_custom_attribute_that_changes_is_history() -> None:
    mapping = {"mail": "email", "lp": "custom.lp", "x": "custom.x"}
    bring("leads", "mail,lp,x\na@x.example,/home,1\n", mapping)
    assert bring("leads", "mail,lp,x\na@x.example,/pricing,1\n", mapping)[1] == counts(updated=1)
    kept = Change.objects.get()
    assert (kept.field, kept.old, kept.new) == ("custom.lp", "/home", "/pricing")
    assert Lead.objects.get().custom == {"lp": "/pricing", "x": "1"}


def test_constants_fill_and_words_are_translated() -> None:
    mapping = {
        "columns": {"mail": "email", "from": "source"},
        "constants": {"country": "Japan", "source": "unknown"},
        "values": {"source": {"展示会": "exhibition"}},
    }
    bring("leads", "mail,from\na@x.example,展示会\nb@x.example,\nc@x.example,web\n", mapping)
    assert list(Lead.objects.order_by("email").values_list("source", "country")) == [
        ("exhibition", "Japan"),
        ("unknown", "Japan"),
        ("web", "Japan"),
    ]


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
    assert StaleLead.objects.get().news_at is None
    StaleLead.objects.all().delete()
    bring("leads", "mail\nb@x.example\n", {"mail": "email"}, qualify_at_once=True)
    assert StaleLead.objects.get().news_at == NOW


def test_what_the_database_refuses_stands_alone() -> None:
    CustomField.objects.create(key="note", name_en="Note")
    text = "mail,n\n" + "".join(f"m{n}@x.example,{n}\n" for n in range(20)) + "bad@x.example,\x00\n"
    made, told = bring("leads", text, {"mail": "email", "n": "custom.note"})
    assert told == counts(created=20, rejected=1)
    assert reasons(made)[0][0] == 22


# ---- Companies


def test_companies_are_known_by_their_id_then_by_their_name() -> None:
    mapping = {"cid": "external_id", "firm": "name", "size": "employees"}
    text = "cid,firm,size\n1,㈱見本,10\n2,Sample,20\n"
    assert bring("companies", text, mapping)[1] == counts(created=2)
    assert bring("companies", text, mapping)[1] == counts(unchanged=2)
    assert bring("companies", "cid,firm,size\n1,見本ホールディングス,\n", mapping)[1] == counts(updated=1)
    assert Company.objects.get(employees=10).name == "見本ホールディングス"
    assert Change.objects.get().field == "name"
    # The same name under another id of the same system is another company.
    assert bring("companies", "cid,firm,size\n3,Sample,5\n", mapping)[1] == counts(created=1)


def test_leads_of_one_company_share_it() -> None:
    mapping = {"mail": "email", "cid": "company.external_id", "firm": "company.name", "field": "company.industry"}
    text = "mail,cid,firm,field\na@x.example,1,Mihon,\nb@x.example,1,Mihon,retail\n"
    text += "c@x.example,,(mihon),\nd@x.example,,MIHON,\n"
    assert bring("leads", text, mapping)[1] == counts(created=4)
    assert Company.objects.count() == 2
    company = Company.objects.get(industry="retail")
    assert company.leads.count() == 3


def test_a_company_that_changes_marks_all_its_leads() -> None:
    lead, _ = register({"email": "old@x.example", "company.name": "Mihon"}, at=NOW)
    StaleLead.objects.all().delete()
    bring("companies", "firm,size\nmihon,5000\n", {"firm": "name", "size": "employees"})
    assert set(StaleLead.objects.values_list("lead_id", flat=True)) == {lead.pk}


# ---- Activities

DID = {
    "lead": "lead.external_id",
    "what": "kind",
    "when": "occurred_at",
    "page": "properties.page",
    "msg": "message_id",
}


@pytest.fixture
def known() -> Lead:
    lead, _ = register({"email": "a@x.example"}, identities=[("crm", "1")], at=NOW - timedelta(days=400))
    StaleLead.objects.all().delete()
    return lead


def test_activities_are_written_once(known: Lead) -> None:
    text = "lead,what,when,page,msg\n1,demo_request,2026-11-01,/demo,m1\n"
    text += "1,Page view,2026-11-02,,m2\n1,call,2026-11-03,,m1\n"
    assert bring("activities", text, DID)[1] == counts(created=2, unchanged=1)
    assert bring("activities", text, DID)[1] == counts(unchanged=3)
    assert ActivityIdentity.objects.count() == 2
    first = Activity.objects.order_by("occurred_at")[0]
    assert (first.kind.key, first.properties, first.system) == ("demo_request", {"page": "/demo"}, "crm")
    assert StaleLead.objects.get().news_at == datetime(2026, 11, 1, 15, tzinfo=UTC)


@pytest.mark.parametrize("size", [1, 2, 5_000])
def test_the_nth_equal_row_is_the_nth_equal_activity(known: Lead, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "BATCH", size)
    mapping = {name: field for name, field in DID.items() if name != "msg"}
    twice = "lead,what,when,page\n1,call,2026-11-01,\n1,call,2026-11-01,\n1,call,2026-11-01,/x\n"
    assert bring("activities", twice, mapping)[1] == counts(created=3)
    assert bring("activities", twice, mapping)[1] == counts(unchanged=3)
    assert bring("activities", twice + "1,call,2026-11-01,\n", mapping)[1] == counts(created=1, unchanged=3)
    assert Activity.objects.count() == 4
    assert not EqualRow.objects.exists()


def test_activities_of_nobody_or_of_no_kind_are_rejected(known: Lead) -> None:
    text = "lead,what,when,page,msg\n9,call,2026-11-01,,\n1,dance,2026-11-01,,\n1,call,,,\n1,call,2026-11-01,,\n"
    made, told = bring("activities", text, DID)
    assert told == counts(created=1, rejected=3)
    texts = [text for _, (text,) in reasons(made)]
    assert "no lead “9”" in texts[0]
    assert "“dance”" in texts[1]
    assert "no date" in texts[2]


def test_an_imported_unsubscription_takes_consent_back(known: Lead) -> None:
    Lead.objects.update(consent="given", consent_at=NOW - timedelta(days=30))
    bring("activities", "lead,what,when,page,msg\n1,unsubscribe,2026-11-10,,\n", DID)
    known.refresh_from_db()
    assert known.consent == "withdrawn"
    assert Change.objects.get(field="consent").old == "given"


# ---- The job


def test_a_dry_run_counts_and_leaves_nothing() -> None:
    text = "id,mail,title\n1,a@x.example,Head\n1,,Chief\n2,bad,\n"
    made, told = bring("leads", text, {**LEADS, "title": "custom.new"}, is_dry=True)
    assert told == counts(created=1, updated=1, rejected=1)
    assert made.dry_run is not None
    assert made.dry_run["rejected_rows"][0]["line"] == 4
    assert not Lead.objects.exists()
    assert not CustomField.objects.exists()
    assert not RejectedRow.objects.exists()


def test_a_job_that_was_interrupted_goes_on_behind_its_last_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "BATCH", 2)
    rows = "".join(f"1,call,2026-11-0{1 + n % 2},\n" for n in range(7))
    register({"email": "a@x.example"}, identities=[("crm", "1")], at=NOW)
    made = job("activities", f"lead,what,when,page\n{rows}", {k: v for k, v in DID.items() if k != "msg"})
    whole, batch = running.Run._batch, iter(range(10))

    def until_killed(self: Any, some: Any) -> None:
        if next(batch) == 2:
            raise KeyboardInterrupt
        whole(self, some)

    monkeypatch.setattr(running.Run, "_batch", until_killed)
    with pytest.raises(KeyboardInterrupt):
        running.import_file(made, running.source_of(made), at=NOW)
    made.refresh_from_db()
    assert (made.line, made.created) == (5, 4)
    monkeypatch.setattr(running.Run, "_batch", whole)
    running.import_file(made, running.source_of(made), at=NOW)
    made.refresh_from_db()
    assert (made.status, made.created, made.unchanged, made.total) == ("done", 7, 0, 7)
    assert Activity.objects.count() == 7


def test_a_cancelled_job_stops_before_the_next_batch() -> None:
    made = job("leads", "mail\na@x.example\n", {"mail": "email"})
    Import.objects.update(status=Import.Status.CANCELLED)
    with pytest.raises(running.Stopped):
        running.import_file(made, source_of("mail\na@x.example\n"), at=NOW)
    assert not Lead.objects.exists()
