"""From a file to leads through the pages, as a marketer does it."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from leads.importing.engine.jobs import run_unfinished
from leads.models import Company, Import, ImportMapping, Lead, RejectedRow
from leads.notices import IMPORT_DONE
from teams.models import Notice, Role, User
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tokyo")]


@pytest.fixture
def mara(client: Client) -> User:
    mara = make.user(Role.MARKETER, language="en")
    client.force_login(mara)
    return mara


def upload(client: Client, content: bytes | str, kind: str = "leads", name: str = "list.csv") -> Import:
    data = content if isinstance(content, bytes) else content.encode()
    answer = client.post(reverse("imports"), {"kind": kind, "file": SimpleUploadedFile(name, data)})
    job = Import.objects.latest("pk")
    assert answer.status_code == 302
    assert answer["Location"] == reverse("import_mapping", args=[job.pk])
    return job


def as_guessed(client: Client, job: Import, **changed: Any) -> dict[str, Any]:
    """What the mapping page would send as it stands, with some of it changed by header."""
    form = client.get(reverse("import_mapping", args=[job.pk])).context["form"]
    said = {name: form[name].initial for name in form.fields if form[name].initial not in (None, False)}
    by_header = {header: f"column_{number}" for number, header in enumerate(form.headers)}
    return said | {by_header.get(name, name): value for name, value in changed.items()} | {"then": "check"}


def check(client: Client, job: Import, **changed: Any) -> Import:
    answer = client.post(reverse("import_mapping", args=[job.pk]), as_guessed(client, job, **changed))
    assert answer.status_code == 302, answer.context["form"].errors
    assert run_unfinished() == 1
    job.refresh_from_db()
    assert job.status == Import.Status.CHECKED
    return job


def bring(client: Client, job: Import, **changed: Any) -> Import:
    check(client, job, **changed)
    client.post(reverse("import_start", args=[job.pk]))
    assert run_unfinished() == 1
    job.refresh_from_db()
    assert job.status == Import.Status.DONE
    return job


def counted(job: Import) -> tuple[int, int, int, int]:
    return job.created, job.updated, job.unchanged, job.rejected


def test_a_marketer_uploads_checks_and_brings_in(client: Client, mara: User) -> None:
    job = upload(client, "メールアドレス,氏名,会社名,備考\na@x.example,中村 彩,㈱見本,\nbad,,,\n")
    checked = check(client, job)
    assert checked.dry_run is not None
    assert (checked.dry_run["created"], checked.dry_run["rejected"]) == (1, 1)
    assert not Lead.objects.exists()
    page = client.get(reverse("import", args=[job.pk])).content.decode()
    assert "What would happen" in page
    assert "“bad” is not an e-mail address." in page
    client.post(reverse("import_start", args=[job.pk]))
    assert "hx-get" in client.get(reverse("import", args=[job.pk])).content.decode()
    run_unfinished()
    job.refresh_from_db()
    assert counted(job) == (1, 0, 0, 1)
    assert not job.parts.exists()
    assert Lead.objects.get().full_name == "中村 彩"
    assert Notice.objects.of(IMPORT_DONE).get().user == mara
    assert "hx-get" not in client.get(reverse("import", args=[job.pk])).content.decode()


def test_rejected_rows_come_back_corrected(client: Client, mara: User) -> None:
    job = bring(client, upload(client, "mail,name,phone\nbad,Aya,+81 3\nok@x.example,B,\n", name="expo.csv"))
    answer = client.get(reverse("import_rejected", args=[job.pk]))
    assert "expo-rejected.csv" in answer["Content-Disposition"]
    content = b"".join(answer.streaming_content).decode("utf-8-sig")
    header, row = csv.reader(io.StringIO(content))
    assert header == ["mail", "name", "phone", "Smarketing line", "Smarketing reason"]
    assert row[:4] == ["bad", "Aya", "'+81 3", "2"]
    again = bring(client, upload(client, content.replace("bad", "aya@x.example", 1)))
    assert counted(again) == (1, 0, 0, 0)
    assert Lead.objects.get(email="aya@x.example").phone == "+81 3"


def test_the_mapping_is_remembered_by_the_headers(client: Client, mara: User) -> None:
    text = "Mail,Shoe size\na@x.example,44\n"
    bring(client, upload(client, text), **{"Shoe size": "custom.Shoe_size", "system": "shop"})
    assert ImportMapping.objects.count() == 1
    said = as_guessed(client, upload(client, text.replace("44", "45")))
    assert (said["column_1"], said["system"]) == ("custom.Shoe_size", "shop")


def test_dates_that_may_be_read_in_two_ways_are_asked_about(client: Client, mara: User) -> None:
    job = upload(client, "mail,created\na@x.example,3/4/2025\n")
    answer = client.post(reverse("import_mapping", args=[job.pk]), as_guessed(client, job))
    assert answer.status_code == 422
    assert "is “3/4/2025” 2025-04-03 or 2025-03-04?" in answer.content.decode()
    bring(client, job, date_format="mdy")
    assert f"{Lead.objects.get().created_at:%Y-%m-%d %H}" == "2025-03-03 15"


def test_what_was_typed_is_kept_when_something_is_missing(client: Client, mara: User) -> None:
    job = upload(client, "Name,Town\nAya,Osaka\n")
    data = as_guessed(client, job, Town="region", system="fair", words="region = ?")
    answer = client.post(reverse("import_mapping", args=[job.pk]), data)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "neither an e-mail nor an external id" in page
    assert "write field: their word = our word" in page
    assert 'value="fair"' in page
    job.refresh_from_db()
    assert job.status == Import.Status.UPLOADED


def test_the_layout_can_be_put_right(client: Client, mara: User) -> None:
    job = upload(client, "about;this;list\nmail;name\na@x.example;Aya\n")
    assert job.header_line == 1
    layout = {"encoding": "utf-8-sig", "delimiter": ";", "header_line": 2, "then": "layout"}
    assert client.post(reverse("import_mapping", args=[job.pk]), layout).status_code == 302
    assert counted(bring(client, job)) == (1, 0, 0, 0)


@pytest.mark.parametrize("content", [b"", b"\n\n \n"])
def test_a_file_that_is_no_table_is_refused(client: Client, mara: User, content: bytes) -> None:
    answer = client.post(reverse("imports"), {"kind": "leads", "file": SimpleUploadedFile("x.csv", content)})
    assert answer.status_code == 422
    assert not Import.objects.exists()


def test_unknown_kinds_of_activities_are_asked_about(client: Client, mara: User) -> None:
    bring(client, upload(client, "mail\na@x.example\n"))
    job = upload(client, "email,type,date\na@x.example,Web Visit,2025-03-01\n", kind="activities")
    page = client.get(reverse("import_mapping", args=[job.pk]))
    assert page.context["unknown_words"] == ["Web Visit"]
    assert page.context["form"]["words"].initial == "kind: Web Visit = "
    assert counted(bring(client, job, words="kind: Web Visit = page_view")) == (1, 0, 0, 0)


def test_a_waiting_import_can_be_stopped(client: Client, mara: User) -> None:
    job = check(client, upload(client, "mail\na@x.example\n"))
    client.post(reverse("import_start", args=[job.pk]))
    client.post(reverse("import_cancellation", args=[job.pk]))
    assert run_unfinished() == 0
    assert not Lead.objects.exists()


def test_two_clicks_start_it_once(client: Client, mara: User) -> None:
    job = check(client, upload(client, "mail\na@x.example\n"))
    for _ in range(2):
        client.post(reverse("import_start", args=[job.pk]))
    assert run_unfinished() == 1
    client.post(reverse("import_start", args=[job.pk]))
    assert run_unfinished() == 0
    job.refresh_from_db()
    assert counted(job) == (1, 0, 0, 0)


def test_reasons_are_in_the_importers_language(client: Client, mara: User) -> None:
    User.objects.filter(pk=mara.pk).update(language="ja")
    job = bring(client, upload(client, "mail\nbad\n"))
    assert RejectedRow.objects.get(import_job=job).reasons[0]["reason"] == "「bad」はメールアドレスではありません。"


def test_sales_does_not_import(client: Client) -> None:
    client.force_login(make.user(Role.REP))
    assert client.get(reverse("imports")).status_code in (403, 404)


# ---- Layouts of real tools

FORMATS = Path(configured.BASE_DIR).parent / "shared" / "data" / "importer_formats"
needs_formats = pytest.mark.skipif(not FORMATS.is_dir(), reason="the sample layouts are not here")


@needs_formats
@pytest.mark.parametrize("name", ["eight_cards_cp932.csv", "eight_cards_utf8bom.csv"])
def test_business_cards_are_imported_as_guessed(client: Client, mara: User, name: str) -> None:
    job = upload(client, (FORMATS / name).read_bytes(), name=name)
    assert (job.encoding, job.delimiter, job.header_line, job.system) == (
        "cp932" if "cp932" in name else "utf-8-sig", ",", 6, "eight",
    )  # fmt: skip
    bring(client, job)
    # One card has neither an e-mail nor an id.
    assert counted(job) == (5, 0, 0, 1)
    hanako = Lead.objects.get(email_key="hanako@sample-mfg.example")
    assert (hanako.family_name, hanako.given_name, hanako.title) == ("髙﨑", "花子", "室長代理")
    assert hanako.company is not None
    assert hanako.company.name == "㈱サンプル製作所"
    assert f"{hanako.created_at:%Y-%m-%d %H}" == "2025-04-02 15"
    yoko = Lead.objects.get(email="yoko+card@kaigyo.example")
    assert (yoko.department, yoko.title) == ("企画部 企画課", '主任"兼"係長')
    taro = Lead.objects.get(email="taro.kakuu@mihon-shoji.example")
    assert taro.phone == "03-0000-0001"
    assert Company.objects.get(name="株式会社見本商事").domain == "mihon-shoji.example"
    again = bring(client, upload(client, (FORMATS / name).read_bytes(), name=name))
    assert counted(again) == (0, 0, 5, 1)


@needs_formats
def test_a_hubspot_export_is_imported_as_guessed(client: Client, mara: User) -> None:
    content = (FORMATS / "hubspot_contacts_export_utf8.csv").read_bytes()
    job = bring(client, upload(client, content))
    assert job.system == "hubspot"
    # One was created on 29 February 2025: since when it is here is left open.
    assert counted(job) == (4, 0, 0, 0)
    assert any(sentence.startswith("Line 4: ") for sentence in job.said)
    marcus = Lead.objects.get(email_key="marcus@sample.example")
    assert (marcus.title, marcus.country, marcus.source) == ("VP, Operations", "United States", "Paid Search")
    assert marcus.journey.stage.role == "customer"
    assert marcus.transitions.count() == 5
    tia = Lead.objects.get(email="tia@sample.example")
    assert (tia.consent, tia.journey.stage.role) == ("withdrawn", "mql")
    assert any("tia.second@sample.example" in sentence for sentence in job.said)
    assert counted(bring(client, upload(client, content))) == (0, 0, 4, 0)


@needs_formats
def test_a_japanese_customer_list_is_imported_as_guessed(client: Client, mara: User) -> None:
    content = (FORMATS / "jp_customer_list_cp932.csv").read_bytes()
    job = bring(client, upload(client, content))
    assert counted(job) == (3, 1, 0, 1)
    rejected = RejectedRow.objects.get()
    assert (rejected.line, len(rejected.reasons)) == (7, 1)
    taro = Lead.objects.get(email_key="taro.kakuu@mihon-shoji.example")
    assert (taro.family_name_reading, taro.given_name_reading) == ("カクウ", "タロウ")
    days = {lead.email: f"{lead.created_at:%Y-%m-%d}" for lead in Lead.objects.all()}
    assert days["info@reiji.example"] == "2025-04-09"
    assert days["hanako@reiji.example"] == "2025-04-09"
    assert counted(bring(client, upload(client, content))) == (0, 0, 4, 1)
