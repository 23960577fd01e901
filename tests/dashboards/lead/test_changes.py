"""The changes of a record in words: whose name stands for an id, and what is said where there is none."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import translation

from dashboards.lead.changes import ChangeLine, changes_of
from history.models import Change
from leads.models import CustomField, Lead
from teams.models import Role
from tests import make

pytestmark = pytest.mark.django_db
AT = make.TEN


def line(field: str, old: Any, new: Any, how: str = "page", subject: str = "lead") -> ChangeLine:
    Change.objects.all().delete()
    Change.objects.write(subject, 1, {field: (old, new)}, at=AT, how=how)
    (only,) = changes_of(subject, 1, limit=5)
    return only


def test_the_latest_come_first_and_not_more_than_asked_for():
    for day in range(3):
        Change.objects.write("lead", 1, {"title": ("", f"CTO {day}")}, at=AT + timedelta(days=day))
    Change.objects.write("lead", 2, {"title": ("", "Somebody else's")}, at=AT)
    Change.objects.write("company", 1, {"industry": ("", "A company's")}, at=AT)
    assert [line.new for line in changes_of("lead", 1, limit=2)] == ["CTO 2", "CTO 1"]


def test_a_record_stands_by_its_name():
    campaign_of = {
        "owner": make.user(Role.REP, given_name="Sam", family_name="Sato"),
        "company": make.company(name="北浜食品"),
    }
    for field, record in campaign_of.items():
        assert line(field, None, record.pk).new == str(record)


def test_a_record_that_is_gone_stands_by_its_number():
    company = make.company()
    pk = company.pk
    company.delete()
    assert line("company", pk, None).old == f"#{pk}"


def test_two_kinds_of_records_with_one_number_are_not_mixed_up():
    company = make.company(name="Acme")
    owner = make.user(pk=company.pk + 1_000_000, given_name="Sam")
    other = make.company(pk=owner.pk, name="Other")
    Change.objects.write("lead", 1, {"owner": (None, owner.pk), "company": (company.pk, other.pk)}, at=AT)
    assert {line.field: line.new for line in changes_of("lead", 1, limit=5)} == {"Owner": "Sam", "Company": "Other"}


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("title", "", "–"),
        ("title", None, "–"),
        ("is_free_mail", True, "Yes"),
        ("is_free_mail", False, "No"),
        ("employees", 0, "0"),
        ("quadrant_override", "hot", "Hot"),
        ("quadrant_override", "warm", "warm"),
        ("consent", "withdrawn", str(Lead.Consent("withdrawn").label)),
        ("consent", "else", "else"),
    ],
)
def test_a_value_is_written_as_people_read_it(field: str, value: Any, words: str):
    assert line(field, "before", value).new == words


def test_a_field_of_one_s_own_is_called_by_its_name():
    make.custom_field("budget", CustomField.Type.NUMBER, name_en="Budget", name_ja="予算")
    assert line("custom.budget", None, 5).field == "Budget"
    with translation.override("ja"):
        assert line("custom.budget", None, 5).field == "予算"
    assert line("custom.gone", None, 5).field == "gone"
    assert line("custom.budget", None, 5, subject="company").field == "budget"


def test_a_field_that_is_none_any_more_keeps_its_name():
    assert line("shoe_size", None, "43").field == "shoe_size"


def test_the_way_it_came_is_said_in_the_reader_s_language():
    assert line("title", "", "CTO", how="import").way == "by an import"
    assert line("title", "", "CTO", how="connection Website").way == "connection Website"
    with translation.override("ja"):
        assert not line("title", "", "CTO", how="import").way.isascii()
        assert not line("persona", None, None).field.isascii()


def test_many_changes_cost_as_many_queries_as_one(django_assert_max_num_queries):
    for _ in range(10):
        changed = {"owner": (None, make.user().pk), "company": (None, make.company().pk)}
        Change.objects.write("lead", 1, changed, at=AT, by=make.user(Role.REP))
    with django_assert_max_num_queries(4):
        assert len(changes_of("lead", 1, limit=50)) == 20


def test_a_record_without_changes_is_one_query(django_assert_num_queries):
    with django_assert_num_queries(1):
        assert changes_of("lead", 1, limit=5) == []
