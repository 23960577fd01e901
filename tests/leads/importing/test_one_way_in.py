"""Importing rows equals registering them one by one, in all but moments, `how` and the quiet beginning."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Protocol

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from leads.models import CustomField
from tests import make
from tests.leads.importing.ways_in import File, import_file, left_behind, register_rows, taken_back

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tokyo")]
AT = make.MONDAY_9AM
MAILS = ["aya@mihon.example", "AYA@Mihon.example", "ken@gmail.com", "ken@x.example", "mio@x.example", "tom@x.example"]
IDS = ["1", "2", "3", "4"]
COMPANIES = ["Mihon", "㈱見本", "Rei"]
TITLES = ["Buyer", "部長", "Ｈead"]


def maybe(values: list[str]) -> st.SearchStrategy[str]:
    return st.sampled_from(["", *values])


ABOUT_LEAD = {
    "title": maybe(TITLES),
    "family_name": maybe(["架空", "Sato"]),
    "phone": maybe(["03-1234"]),
    "owner": maybe(["rosa@example.org"]),
    "consent": maybe(["given", "withdrawn"]),
    "unsubscribed": maybe(["yes", "no"]),
    "custom.rank": maybe(["3", "4.5", "lots"]),
    "custom.vip": maybe(["yes", "no", "perhaps"]),
    "custom.tier": maybe(["gold", "tin"]),
    "custom.since": maybe(["2026-04-03", "soon"]),
    "custom.note": maybe(["x", "ｙ", "long " * 500]),
}
ABOUT_COMPANY = {
    "industry": maybe(["retail", "food"]),
    "employees": maybe(["10", "5000"]),
    "domain": maybe(["mihon.example"]),
    "custom.rank": maybe(["1", "many"]),
}


@st.composite
def companies(draw: st.DrawFn) -> dict[str, dict[str, str]]:
    """What one file says of each company, the same in each row."""
    return {name: {"name": name, **draw(st.fixed_dictionaries(ABOUT_COMPANY))} for name in COMPANIES}


@st.composite
def lead_files(draw: st.DrawFn) -> File:
    """Rows that name leads by an address, an id or both, as it comes; each of them in one row of the file. (The later
    row of a file overrides the earlier before any is written: that is the file's, and has tests of its own.)"""
    firms = draw(companies())
    mails = draw(st.lists(st.sampled_from(MAILS), unique_by=str.casefold, max_size=4))
    ids = draw(st.lists(maybe(IDS), unique_by=lambda each: each or object(), min_size=len(mails), max_size=6))
    rows: list[dict[str, str]] = []
    for mail, external_id in zip([*mails, *[""] * (len(ids) - len(mails))], ids, strict=True):
        if mail or external_id:
            firm = firms.get(draw(maybe(COMPANIES)), {})
            employer = {f"company.{name}": cell for name, cell in firm.items()}
            about = draw(st.fixed_dictionaries(ABOUT_LEAD))
            rows.append({"email": mail, "external_id": external_id, **about, **employer})
    return File("leads", rows)


@st.composite
def company_files(draw: st.DrawFn) -> File:
    named = draw(st.lists(st.sampled_from(COMPANIES), unique=True, min_size=1))
    firms = draw(companies())
    return File("companies", [firms[name] for name in named])


@st.composite
def activity_files(draw: st.DrawFn) -> File:
    """What leads did. Without a message id each differs: of equal ones, a file tells new from known by counting."""
    rows = []
    for number in range(draw(st.integers(1, 5))):
        message_id = draw(maybe(["m1", "m2", "m3"]))
        days = draw(st.integers(-40, 3))
        rows.append(
            {
                "lead.email": draw(maybe(MAILS)),
                "lead.external_id": draw(maybe(IDS)),
                "kind": draw(st.sampled_from(["page_view", "unsubscribe", "demo_request"])),
                "occurred_at": (AT + timedelta(days=days)).isoformat(),
                "message_id": message_id,
                "properties.page": "" if message_id else f"/{number}/{draw(st.integers(0, 10**9))}",
            }
        )
    return File("activities", rows)


class Way(Protocol):
    def __call__(self, file: File, *, at: datetime, news: bool) -> None: ...


def left_by(way: Way, files: list[File], *, news: bool) -> dict[str, Any]:
    with taken_back():
        make.user(email="rosa@example.org")
        for key, type in (("rank", "number"), ("vip", "boolean"), ("since", "date"), ("note", "text")):
            make.custom_field(key, type)
        make.custom_field("tier", "choice", choices=["gold", "silver"])
        make.custom_field("rank", "number", subject=CustomField.Subject.COMPANY)
        for day, file in enumerate(files):
            if file.rows:
                way(file, at=AT + timedelta(days=day), news=news)
        return left_behind(at=AT + timedelta(days=len(files)), news=news)


def told_apart(files: list[File]) -> list[File]:
    """Nor are two activities of two files equal."""
    return [File(file.kind, [told_in(row, number) for row in file.rows]) for number, file in enumerate(files)]


def told_in(row: dict[str, str], number: int) -> dict[str, str]:
    page = row.get("properties.page")
    return {**row, "properties.page": f"/{number}{page}"} if page else row


FILES = st.lists(st.one_of(lead_files(), lead_files(), activity_files(), company_files()), max_size=4).map(told_apart)


def leads(*rows: dict[str, str]) -> File:
    return File("leads", list(rows))


TWO = leads({"email": "aya@mihon.example", "external_id": "1"}, {"email": "ken@x.example", "external_id": "2"})


@given(files=FILES, news=st.booleans())
@example([TWO, leads({"email": "AYA@Mihon.example", "title": "Buyer"})], False).via("another spelling changes nothing")
@example([TWO, leads({"email": "aya@mihon.example", "external_id": "2", "company.name": "Rei"})], True).via(
    "a conflict"
)
@example(
    [TWO, leads({"email": "mio@x.example", "external_id": "1"}, {"email": "aya@mihon.example", "external_id": "2"})],
    True,
).via("an address that an earlier row set free")
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_importing_rows_equals_registering_them(files: list[File], news: bool) -> None:
    assert left_by(import_file, files, news=news) == left_by(register_rows, files, news=news)


@pytest.mark.proof
@given(files=FILES, news=st.booleans())
@settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))
def test_importing_rows_equals_registering_them_at_length(files: list[File], news: bool) -> None:
    assert left_by(import_file, files, news=news) == left_by(register_rows, files, news=news)
