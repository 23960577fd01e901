"""What lists of leads and companies are narrowed by."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.http import QueryDict
from pytest_django import Settings

from leads.models import Campaign, Company, Lead, Persona, PersonaMatch
from leads.pages.filters import CompanyFilter, LeadFilter, sources, start_of
from tests import make

pytestmark = pytest.mark.django_db


def leads(**asked: Any) -> list[str]:
    return names(LeadFilter(address(asked), queryset=Lead.objects.order_by("title")).qs, "title")


def companies(**asked: Any) -> list[str]:
    return names(CompanyFilter(address(asked), queryset=Company.objects.order_by("name")).qs, "name")


def names(found: Any, column: str) -> list[str]:
    return list(found.values_list(column, flat=True))


def address(asked: dict[str, Any]) -> QueryDict:
    data = QueryDict(mutable=True)
    data.update({name: str(value) for name, value in asked.items()})
    return data


# ---- Days


@pytest.mark.parametrize(
    ("zone", "begins"),
    [
        ("Asia/Tokyo", datetime(2026, 11, 15, 15, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 11, 16, 5, tzinfo=UTC)),
    ],
)
def test_a_day_begins_where_the_company_is(zone: str, begins: datetime, settings: Settings) -> None:
    settings.COMPANY_TIME_ZONE = zone
    assert start_of(date(2026, 11, 16)) == begins


def test_a_lead_is_created_on_the_company_s_day_from_its_first_to_its_last_moment(in_tokyo: None) -> None:
    first = datetime(2026, 11, 15, 15, tzinfo=UTC)
    for title, at in (
        ("before", first - timedelta(microseconds=1)),
        ("first", first),
        ("last", first + timedelta(days=1, microseconds=-1)),
        ("next", first + timedelta(days=1)),
    ):
        make.lead(title=title, created_at=at)
    assert leads(created_from="2026-11-16") == ["first", "last", "next"]
    assert leads(created_to="2026-11-16") == ["before", "first", "last"]
    assert leads(created_from="2026-11-16", created_to="2026-11-16") == ["first", "last"]


def test_a_day_that_is_none_is_told_and_narrows_nothing_silently() -> None:
    chosen = LeadFilter(address({"created_from": "2026-02-30"}), queryset=Lead.objects.all())
    assert list(chosen.form.errors) == ["created_from"]


# ---- One of a list, none of it, and any


def test_none_is_a_choice_beside_any() -> None:
    spring, sam = Campaign.objects.create(name="Spring"), make.user()
    make.lead(title="with", campaign=spring, owner=sam)
    make.lead(title="without")
    assert leads(campaign=spring.pk) == leads(owner=sam.pk) == ["with"]
    assert leads(campaign="none") == leads(owner="none") == ["without"]
    assert leads(campaign="") == ["with", "without"]


def test_a_lead_without_a_match_has_no_persona_nor_has_one_that_the_machine_left_out() -> None:
    head = Persona.objects.create()
    PersonaMatch.objects.create(lead=make.lead(title="head"), persona=head, machine=head)
    PersonaMatch.objects.create(lead=make.lead(title="left out"))
    make.lead(title="not looked at")
    assert leads(persona=head.pk) == ["head"]
    assert leads(persona="none") == ["left out", "not looked at"]


def test_whoever_left_owns_nothing_that_can_be_asked_for() -> None:
    gone = make.user(is_active=False)
    chosen = LeadFilter(address({"owner": gone.pk}), queryset=Lead.objects.all())
    assert list(chosen.form.errors) == ["owner"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("given", ["given"]),
        ("withdrawn", ["withdrawn"]),
        ("none", ["unknown"]),
        ("", ["given", "unknown", "withdrawn"]),
    ],
)
def test_consent_that_nobody_knows_of_can_be_asked_for(asked: str, found: list[str]) -> None:
    make.lead(title="given", consent="given")
    make.lead(title="withdrawn", consent="withdrawn")
    make.lead(title="unknown")
    assert leads(consent=asked) == found


@pytest.mark.parametrize(("asked", "found"), [("true", ["free"]), ("false", ["own"]), ("", ["free", "own"])])
def test_free_mail_is_yes_no_or_any(asked: str, found: list[str]) -> None:
    make.lead(title="free", is_free_mail=True)
    make.lead(title="own")
    assert leads(free_mail=asked) == found


def test_a_country_is_the_whole_word_in_any_case() -> None:
    make.lead(title="here", country="Japan"), make.lead(title="there", country="Japan (Okinawa)")
    assert leads(country=" JAPAN ") == ["here"]
    make.company(name="Mihon", country="日本")
    assert companies(country="日本") == ["Mihon"]
    assert companies(country="日") == []
    make.lead(title="wide", country="Ｊａｐａｎ"), make.company(name="Half", country="ﾄﾞｲﾂ")
    assert leads(country="japan") == ["here", "wide"]
    assert companies(country="ドイツ") == ["Half"]


def test_filters_narrow_together() -> None:
    make.lead(title="both", source="fair", country="Japan")
    make.lead(title="one", source="fair")
    assert leads(source="fair", country="japan") == ["both"]


# ---- Sources


def test_each_source_is_offered_once_in_its_order_and_no_empty_one() -> None:
    for source in ("web", "展示会", "fair", "web", ""):
        make.lead(source=source)
    assert sorted(sources()) == [("fair", "fair"), ("web", "web"), ("展示会", "展示会")]
    assert sources() == sorted(sources(), key=lambda each: Lead.objects.filter(source__lt=each[0]).count())


def test_only_so_many_sources_are_offered() -> None:
    for number in range(4):
        make.lead(source=f"source {number}")
    assert [source for source, _label in sources(3)] == ["source 0", "source 1", "source 2"]


def test_without_leads_there_are_no_sources() -> None:
    assert sources() == []


def test_a_source_that_no_lead_came_from_is_refused() -> None:
    make.lead(source="fair")
    assert LeadFilter(address({"source": "fair"}), queryset=Lead.objects.all()).form.is_valid()
    assert not LeadFilter(address({"source": "web"}), queryset=Lead.objects.all()).form.is_valid()


# ---- Companies


def test_employees_are_counted_from_and_to_and_a_company_without_a_number_is_in_neither() -> None:
    for name, employees in (("none", None), ("ten", 10), ("eleven", 11)):
        make.company(name=name, employees=employees)
    assert companies(employees_from=11) == ["eleven"]
    assert companies(employees_to=10) == ["ten"]
    assert companies(employees_from=10, employees_to=11) == ["eleven", "ten"]


@pytest.mark.parametrize("many", ["99999999999999999999", "-5"])
def test_a_number_beyond_every_company_is_answered(many: str) -> None:
    make.company(name="Mihon", employees=5)
    assert companies(employees_from=many) == ([] if many.startswith("9") else ["Mihon"])


def test_a_part_of_the_industry_is_enough() -> None:
    make.company(name="Mihon", industry="Food & Drink"), make.company(name="Rei", industry="Trade")
    assert companies(industry="DRINK") == ["Mihon"]
    assert companies(industry="%") == []
    make.company(name="Half", industry="ｿﾌﾄｳｪｱ開発")
    assert companies(industry="ソフトウェア") == ["Half"]
