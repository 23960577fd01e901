"""What a page spends on a file, however large it is."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from leads.importing.files.reading import MOST_COLUMNS
from leads.importing.pages import one_at_a_time as turns
from leads.models import Import
from teams.models import Role, User
from tests import make


def upload(client: Client, text: str) -> Any:
    file = SimpleUploadedFile("list.csv", text.encode())
    return client.post(reverse("imports"), {"kind": "leads", "file": file}, follow=True)


@pytest.fixture
def mara(client: Client) -> User:
    mara = make.user(Role.MARKETER, language="en")
    client.force_login(mara)
    return mara


@pytest.mark.django_db
def test_a_file_of_a_million_columns_is_refused_at_once_in_one_line(client: Client, mara: User) -> None:
    began = time.process_time()
    answer = upload(client, ",".join(f"c{number}" for number in range(1_000_000)) + "\n")
    assert (answer.status_code, Import.objects.count()) == (422, 0)
    (told,) = answer.context["form"].errors["file"]
    assert "2,000 columns" in told
    assert time.process_time() - began < 20


@pytest.mark.django_db
def test_a_file_of_as_many_columns_as_may_be_is_mapped_on_one_page(client: Client, mara: User) -> None:
    headers = ["E-mail", *(f"Property {number}" for number in range(MOST_COLUMNS - 1))]
    answer = upload(client, ",".join(headers) + "\n" + ",".join(["a@x.example"] + ["1"] * (MOST_COLUMNS - 1)) + "\n")
    assert answer.status_code == 200
    job = answer.context["job"]
    said = {f"column_{number}": "" for number in range(1, MOST_COLUMNS)}
    said |= {"column_0": "email", "column_1999": "custom.last", "system": "crm", "then": "check"}
    checked = client.post(reverse("import_mapping", args=[job.pk]), said)
    assert checked.status_code == 422  # An attribute that is neither there nor named after its column.
    assert set(checked.context["form"].errors) == {"column_1999"}
    said["column_1999"] = "custom.Property_1998"
    assert client.post(reverse("import_mapping", args=[job.pk]), said).status_code == 302


@pytest.mark.django_db
def test_a_page_reads_the_first_rows_only(client: Client, mara: User) -> None:
    rows = "".join(f"p{number}@x.example,13/05/2025\n" for number in range(30_000))
    job = upload(client, f"E-mail,Created\n{rows}z@x.example,05/13/2025\n").context["job"]
    began = time.process_time()
    assert client.get(reverse("import_mapping", args=[job.pk])).status_code == 200
    assert time.process_time() - began < 5


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_person_reads_one_file_at_a_time_and_another_is_not_held_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "PATIENCE", 0.3)
    mara, gina = make.user(Role.MARKETER), make.user(Role.MARKETER)
    is_in, may_go = Event(), Event()

    def request(user: User) -> Any:
        made = RequestFactory().get("/")
        made.user = user
        return made

    @turns.one_at_a_time
    def slow(request: Any) -> HttpResponse:
        is_in.set()
        may_go.wait(20)
        return HttpResponse("read")

    def first() -> int:
        try:
            return slow(request(mara)).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor() as threads:
        answer = threads.submit(first)
        assert is_in.wait(20)
        may_go_at_once = turns.one_at_a_time(lambda request: HttpResponse("read"))
        monkeypatch.setattr(turns, "render", lambda *args, status: HttpResponse(status=status))
        refused = may_go_at_once(request(mara))
        assert (refused.status_code, refused["Retry-After"].isdigit()) == (429, True)
        assert may_go_at_once(request(gina)).status_code == 200
        may_go.set()
        assert answer.result() == 200
    assert may_go_at_once(request(mara)).status_code == 200
