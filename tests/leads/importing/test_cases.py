"""Small files that were read wrongly once, each as people send them, with what is right (shared/cases/import)."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from funnel.models import Opportunity
from leads.importing.engine.jobs import run_unfinished
from leads.models import Import, Lead
from leads.registering.searching import search
from sla.flow.merging import merge
from teams.models import Role
from tests import make
from tests.leads.importing.importing import counts

FILES = Path(os.environ.get("SMARKETING_CASES") or settings.BASE_DIR.parent / "shared" / "cases") / "import"
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not FILES.is_dir(), reason=f"The cases are not there: {FILES}"),
]


@dataclass(frozen=True)
class Case:
    """One file: how it is brought in, and what is right."""

    name: str
    counts: dict[str, int]
    # What is brought in before, as leads.
    before: str = ""
    kind: str = "leads"
    options: tuple[str, ...] = ()
    # By e-mail, or by the name of a deal: some attributes.
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    # Words of what is told on standard error.
    told: tuple[str, ...] = ()


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Tokyo"))


CASES = [
    Case("10-optout-overwritten", counts(unchanged=1), before="10-a", records={"a@opt.example": {"consent": "given"}}),
    Case("11b-unsubscribed-first", counts(created=1), records={"b@both.example": {"consent": "withdrawn"}}),
    Case(
        "01-decimal-comma", counts(created=6), before="01-leads", kind="opportunities",
        records={
            "D1": {"amount": Decimal("1234.56")}, "D2": {"amount": Decimal("12.50")}, "D3": {"amount": Decimal(150000)},
            "D4": {"amount": Decimal("1234.56"), "currency": "EUR"}, "D5": {"amount": Decimal("99.90")},
            "D6": {"amount": Decimal(1250000)},
        },
    ),
    Case(
        "02-currency-sign", counts(created=3), before="02-leads", kind="opportunities",
        records={
            "D1": {"amount": Decimal("1204.50"), "currency": "USD"}, "D2": {"amount": Decimal(980), "currency": "USD"},
            "D3": {"amount": Decimal(75), "currency": "EUR"},
        },
    ),
    Case("03-latin1", counts(created=2), records={"f@lat.example": {"family_name": "Lefèvre"}}),
    Case(
        "03b-latin1-silent", counts(created=1),
        records={"g@lat.example": {"family_name": "Gonçalves", "given_name": "François"}},
    ),
    Case(
        "04-one-bad-byte", counts(created=2, rejected=1), records={"a@byte.example": {"given_name": "José"}},
        told=("Line 4 rejected",),
    ),
    Case("16-equals-quoted", counts(created=1), records={"a@eq.example": {"phone": "090-1234-5678"}}),
    Case("84-zero-width", counts(created=1, unchanged=1)),
    Case(
        "85-excel-errors", counts(created=2),
        records={"a@xe.example": {"family_name": "", "phone": "", "title": "", "company": None}},
    ),
    Case(
        "05b-99", counts(created=2),
        records={
            "a@y9.example": {"created_at": day("1999-05-13")}, "b@y9.example": {"created_at": day("1985-05-14")},
        },
    ),
    Case(
        "05c-ambiguous", counts(created=2), options=("--dates", "mdy"),
        records={"a@md.example": {"created_at": day("2025-03-04")}},
    ),
    Case("12-damaged-ids", counts(created=3)),
    Case(
        "17-phones", counts(created=6),
        records={
            "b@tel.example": {"phone": ""}, "d@tel.example": {"phone": "+819012345678"}, "f@tel.example": {"phone": ""},
            "e@tel.example": {"phone": ""},
        },
        told=("Line 6: “Phone” was left empty",),
    ),
    Case("18-employees", counts(created=7), told=("101～300名", "約500", "12.7")),
    Case("50-future", counts(created=2, rejected=1), told=("“2099-12-31” is still to come",)),
    Case("51-deals", counts(rejected=3), before="51-l", kind="opportunities"),
    Case(
        "51b-same-name", counts(created=1, updated=1), before="51-l", kind="opportunities",
        records={"Renewal": {"amount": Decimal(250)}}, told=("Line 3", "Renewal"),
    ),
    Case("51c-jpy-decimals", counts(rejected=2), before="51-l", kind="opportunities", told=("more decimals than JPY",)),
    Case(
        "55-erase", counts(unchanged=1), before="55-a", records={"a@er.example": {"phone": "123", "title": "CEO"}},
    ),
    Case("81-wrong-optional-cell", counts(created=2)),
    Case(
        "83-mixed-order", counts(created=2),
        records={
            "a@mix.example": {"created_at": day("2024-12-25")}, "b@mix.example": {"created_at": day("2024-12-26")},
        },
    ),
    Case(
        "86-placeholder-company", counts(created=4),
        records={f"{name}@npc.example": {"company": None} for name in "abcd"},
    ),
    Case("13-unclosed-quote", counts(created=4, rejected=1), told=("Line 3 rejected",)),
    Case("13b-unclosed-quote-first", counts(created=2, rejected=1), told=("Line 2 rejected",)),
    Case("57-emoji", counts(created=3), records={"a@emo.example": {"title": "🚀 Chief"}}),
    Case(
        "58-owner", counts(created=3), told=("works here no more", "“Alex Owner” is nobody of ours"),
        records={"a@own.example": {"owner": None}, "b@own.example": {"owner": None}},
    ),
    Case("59-shared-mail", counts(rejected=2), told=("Lines 2 and 3 are two people at one address",)),
    Case(
        "60-deleted-rows", counts(created=1, rejected=2), told=("Line 3 rejected", "ISDELETED"),
        records={"asa@del.example": {"given_name": "Åsa"}},
    ),
    Case(
        "53-suffix", counts(created=10), told=("it may be the same company as “", "“example inc”"),
    ),
    Case("54-search", counts(created=3)),
    Case(
        "61-acts", counts(created=4, rejected=1), before="55-a", kind="activities", options=("--dates", "dmy"),
        told=("Formular",),
    ),
    Case("82-both-rows", counts(created=1, unchanged=1), records={"a@bo.example": {"consent": "withdrawn"}}),
]  # fmt: skip


def bring(name: str, kind: str, *options: str) -> tuple[dict[str, int], str]:
    """Bring a case's file in as an administrator does; the counts, and what was told."""
    out, told = StringIO(), StringIO()
    file = FILES / f"{name}.csv"
    mapping = FILES / f"{name}.map.json"
    call_command("import_csv", kind, str(file), "--mapping", str(mapping), *options, stdout=out, stderr=told)
    return json.loads(out.getvalue().splitlines()[-1]), told.getvalue()


def found(kind: str, name: str) -> Any:
    return Opportunity.objects.get(name=name) if kind == "opportunities" else Lead.objects.get(email=name)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_file_is_read_as_it_is_meant(case: Case) -> None:
    make.user(Role.MARKETER, email="marketer@demo.example")
    make.user(Role.REP, email="rep2@demo.example", is_active=False)
    if case.before:
        bring(case.before, "leads")
    counted, told = bring(case.name, case.kind, *case.options)
    assert counted == case.counts, told
    for name, attributes in case.records.items():
        record = found(case.kind, name)
        assert {each: getattr(record, each) for each in attributes} == attributes, told
    for words in case.told:
        assert words in told


def test_a_column_that_may_be_read_in_two_ways_is_refused_with_both() -> None:
    with pytest.raises(CommandError) as refused:
        bring("05c-ambiguous", "leads")
    assert all(each in str(refused.value) for each in ("Created", "03/04/2025", "2025-03-04", "2025-04-03"))
    assert not Lead.objects.exists()


def test_an_old_list_gives_no_consent_back() -> None:
    bring("10-a", "leads")
    Lead.objects.update(consent="withdrawn")
    counted, told = bring("10-optout-overwritten", "leads")
    assert (counted, Lead.objects.get().consent) == (counts(unchanged=1), "withdrawn")
    assert "1" in told


def test_two_columns_that_would_be_one_attribute_are_refused() -> None:
    with pytest.raises(CommandError, match=r"“Budget \(EUR\)”, “Budget \[EUR\]”"):
        bring("15b-punctuation-headers", "leads")
    assert not Lead.objects.exists()


# ---- By the page

NO_TEXT = ("30-book.xlsx", "31-book.xls", "32-utf16-no-bom.txt", "33-nul-in-header.csv")


@pytest.fixture
def marketer(client: Client) -> Client:
    client.force_login(make.user(Role.MARKETER, language="en"))
    return client


def upload(client: Client, name: str) -> Any:
    file = SimpleUploadedFile(name, (FILES / name).read_bytes())
    return client.post(reverse("imports"), {"kind": "leads", "file": file}, follow=True)


@pytest.mark.parametrize("name", NO_TEXT)
def test_a_file_that_is_no_text_is_refused_with_what_to_do(marketer: Client, name: str) -> None:
    answer = upload(marketer, name)
    assert answer.status_code == 422
    (told,) = answer.context["form"].errors["file"]
    assert "CSV UTF-8" in told
    with pytest.raises(CommandError, match="CSV UTF-8"):
        call_command("import_csv", "leads", str(FILES / name), "--mapping", str(FILES / "10-a.map.json"))


@dataclass(frozen=True)
class Page:
    """What the mapping page makes of a file."""

    name: str
    delimiter: str
    columns: dict[str, str]
    header_line: int = 1


PAGES = [
    Page("32b-utf16-bom.txt", "\t", {"E-mail": "email", "Name": "full_name"}),
    Page("33b-nul-in-cell.csv", ",", {"E-mail": "email", "Name": "full_name", "Phone": "phone"}),
    Page("34-cesu8.csv", ",", {"E-mail": "email", "Name": "full_name"}),
    Page("35-headers.csv", ",", {"E-mail": "email", "Phone": "phone", "Phone (2)": "phone", "Phone (2) (2)": "phone"}),
    Page(
        "36-german-excel.csv", ";",
        {
            "E-Mail": "email", "Vorname": "given_name", "Nachname": "family_name", "Firma": "company.name",
            "Telefon": "phone", "Erstellt am": "created_at", "Umsatz": "company.revenue",
        },
    ),
    Page("38-semicolon-with-commas.csv", ";", {"E-mail": "email"}),
    Page("39-pipe.csv", "|", {"E-mail": "email", "Name": "full_name", "Phone": "phone"}),
    Page("39c-no-header.csv", ",", {}, header_line=0),
    Page("39d-double-bom.csv", ",", {"E-mail": "email", "Name": "full_name"}),
    Page("40-1200-columns.csv", ",", {"E-mail": "email"}),
    Page(
        "70-three-phones.csv", ",",
        {"E-mail": "email", "Phone": "phone", "Mobile phone": "phone", "Work phone": "phone"},
    ),
]  # fmt: skip


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_layout_is_recognised_by_the_page(marketer: Client, page: Page) -> None:
    answer = upload(marketer, page.name)
    assert answer.status_code == 200
    job = answer.context["job"]
    assert (job.delimiter, job.header_line, job.mapping["columns"]) == (page.delimiter, page.header_line, page.columns)


def brought(client: Client, name: str, **answers: str) -> Import:
    """The file as the page brings it in, mapped as guessed."""
    job = upload(client, name).context["job"]
    form = client.get(reverse("import_mapping", args=[job.pk])).context["form"]
    said = {name: form[name].initial for name in form.fields if form[name].initial not in (None, False)}
    address = reverse("import_mapping", args=[job.pk])
    answer = client.post(address, said | {"system": "crm", "then": "check"} | answers)
    assert answer.status_code == 302, answer.context["form"].errors
    run_unfinished()
    client.post(reverse("import_start", args=[job.pk]))
    run_unfinished()
    return Import.objects.get(pk=job.pk)


def test_a_file_without_headers_loses_no_row(marketer: Client) -> None:
    job = upload(marketer, "39c-no-header.csv").context["job"]
    refused = marketer.post(
        reverse("import_mapping", args=[job.pk]), {"system": "crm", "column_0": "email", "then": "check"}
    )
    assert "has_no_headers" in refused.context["form"].errors
    brought(marketer, "39c-no-header.csv", has_no_headers="on", column_0="email", column_1="given_name")
    assert set(Lead.objects.values_list("email", "given_name")) == {
        ("a@nohead.example", "Aya"), ("b@nohead.example", "Bo"),
    }  # fmt: skip


def test_what_is_left_out_of_three_phones_is_said(marketer: Client) -> None:
    job = brought(marketer, "70-three-phones.csv")
    assert Lead.objects.get().phone == "03-1"
    assert any("090-2, 03-3" in sentence for sentence in job.said)


def test_german_columns_come_in_as_they_are_meant(marketer: Client) -> None:
    brought(marketer, "36-german-excel.csv", date_format="dmy")
    lead = Lead.objects.get(email="juergen@de.example")
    assert (lead.family_name, lead.company and lead.company.name) == ("Müller", "Bäcker, Söhne & Co.")
    assert (lead.company and lead.company.revenue) == Decimal("1234.56")


@pytest.mark.parametrize(("name", "rejected"), [("33b-nul-in-cell.csv", 1), ("34-cesu8.csv", 1), ("35-headers.csv", 1)])
def test_a_row_that_cannot_be_read_stands_alone(marketer: Client, name: str, rejected: int) -> None:
    job = brought(marketer, name)
    assert (job.status, job.rejected) == (Import.Status.DONE, rejected)
    assert job.created == job.total - rejected


def test_a_file_of_1200_columns_is_mapped_and_comes_in(marketer: Client) -> None:
    began = time.process_time()
    job = brought(marketer, "40-1200-columns.csv")
    assert (job.status, job.created) == (Import.Status.DONE, job.total)
    assert time.process_time() - began < 6  # 23 s for the page alone, once.


# ---- After a merge


def test_the_same_files_after_a_merge_change_nothing() -> None:
    files = [("80-m", "leads"), ("80-act", "activities"), ("80-d", "opportunities")]
    for name, kind in files:
        assert bring(name, kind)[0]["rejected"] == 0
    kept, gone = (Lead.objects.get(email=f"{name}@mrg.example") for name in ("keep", "gone"))
    merge(kept, gone, by=make.user())
    before = Lead.objects.values().get(pk=kept.pk)
    for name, kind in [*files, ("80b-after-merge", "leads"), *files]:
        counted, told = bring(name, kind)
        assert (counted["created"], counted["updated"], counted["rejected"]) == (0, 0, 0), (name, told)
    assert Lead.objects.values().get(pk=kept.pk) == before
    assert (before["email"], before["given_name"], before["family_name"]) == ("keep@mrg.example", "M", "Keep")
    assert (before["consent"], before["custom"]) == ("withdrawn", {"Shoe": "44"})


def test_a_file_of_both_does_not_overturn_the_merge() -> None:
    bring("80-reimport-after-merge", "leads")
    kept, gone = (Lead.objects.get(email=f"{name}@mg2.example") for name in ("keep", "gone"))
    merge(kept, gone, by=make.user())
    for _time in range(2):
        assert bring("80-reimport-after-merge", "leads")[0] == counts(unchanged=2)
    assert Lead.objects.unmerged().get().email == "keep@mg2.example"


# ---- What was forgotten


def test_every_case_is_tried() -> None:
    here = {path.name.removesuffix(".csv") for path in FILES.iterdir() if not path.name.endswith((".json", ".md"))}
    tried = {name for case in CASES for name in (case.name, case.before)}
    tried |= {page.name.removesuffix(".csv") for page in PAGES} | set(NO_TEXT)
    in_tests_of_their_own = {name for name in here if f'"{name}' in Path(__file__).read_text()}
    assert here - {name.removesuffix(".csv") for name in tried} - in_tests_of_their_own == set()


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("高橋", {"a", "b"}),
        ("髙橋", {"a", "b"}),
        ("葛城", set()),
        ("葛子", {"a"}),
        ("タカハシ", {"a", "b"}),
        ("てすとさーち", {"a", "b"}),
        ("サーチ", {"a", "b", "c"}),
    ],
)
def test_variants_of_characters_find_each_other(typed: str, found: set[str]) -> None:
    bring("54-search", "leads")
    assert {lead.email[0] for lead in search(Lead.objects.all(), typed)} == found
