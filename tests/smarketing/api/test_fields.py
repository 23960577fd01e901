"""The fields that endpoints share: what they take, what they refuse, and how they say so."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from django.utils import timezone as django_timezone
from rest_framework.serializers import ValidationError

from leads.models import Campaign
from smarketing.api.fields import MomentField, NaturalKeyField, ScalarField
from teams.models import User
from tests import make

TOKYO = timezone(timedelta(hours=9))


def refusal(field: Any, value: Any) -> str:
    with pytest.raises(ValidationError) as refused:
        field.run_validation(value)
    (detail,) = refused.value.detail
    return str(detail)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-05T09:00:00Z", datetime(2026, 1, 5, 9, tzinfo=UTC)),
        ("2026-01-05T09:00:00+09:00", datetime(2026, 1, 5, tzinfo=UTC)),
        ("2026-01-05T09:00:00.123456Z", datetime(2026, 1, 5, 9, 0, 0, 123456, tzinfo=UTC)),
        # Without a zone it is read in the company's.
        ("2026-01-05T09:00:00", datetime(2026, 1, 5, tzinfo=UTC)),
        # A day alone is its first moment.
        ("2026-01-05", datetime(2026, 1, 4, 15, tzinfo=UTC)),
        ("1900-01-01T00:00:00", datetime(1900, 1, 1, tzinfo=TOKYO)),
        ("2100-12-31T23:59:59.999999", datetime(2100, 12, 31, 23, 59, 59, 999999, tzinfo=TOKYO)),
        # 1899 in Greenwich, and 1900 here.
        ("1899-12-31T20:00:00Z", datetime(1899, 12, 31, 20, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read_in_its_zone_and_else_in_the_company_s(text: str, moment: datetime) -> None:
    with django_timezone.override("Asia/Tokyo"):
        assert MomentField().run_validation(text) == moment


@pytest.mark.parametrize(
    "text", ["1899-12-31T00:00:00", "2101-01-01T00:00:00", "2100-12-31T20:00:00Z", "0201-01-05T09:00:00Z"]
)
def test_a_moment_far_from_today_is_a_slip(text: str) -> None:
    with django_timezone.override("Asia/Tokyo"):
        assert refusal(MomentField(), text) == "Write a moment from 1900 to 2100."


@pytest.mark.parametrize(
    "value",
    [
        "", "yesterday", "2026-02-30T00:00:00Z", "2026-01-05T25:00:00Z", "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00", 1767571200, ["2026-01-05T09:00:00Z"], {}, date(2026, 1, 5),
    ],
)  # fmt: skip
def test_what_is_no_moment_is_refused(value: Any) -> None:
    with django_timezone.override("Asia/Tokyo"):
        assert refusal(MomentField(), value)


def test_a_moment_may_be_left_out_where_it_is_not_required() -> None:
    assert MomentField(allow_null=True).run_validation(None) is None


@pytest.mark.parametrize("value", ["", "text", "ö", 0, -1, 1.5, True, False, None, 10**15 - 1, 1 - 10**15])
def test_a_scalar_is_taken_and_given_as_it_is(value: Any) -> None:
    assert ScalarField().run_validation(value) is value
    assert ScalarField().to_representation(value) is value


@pytest.mark.parametrize("value", [10**15, -(10**15), 10**400])
def test_a_number_with_more_digits_than_a_float_keeps_is_too_large(value: int) -> None:
    assert refusal(ScalarField(), value) == "A number is too large."


@pytest.mark.parametrize("value", [[], {}, ["a"], {"a": 1}])
def test_a_list_is_no_scalar(value: Any) -> None:
    assert refusal(ScalarField(), value) == "Write a text, a number, true, false or null."


@pytest.fixture
def campaign(db: None) -> Campaign:
    return Campaign.objects.create(name="Autumn")


def by_name(**options: Any) -> NaturalKeyField:
    return NaturalKeyField(slug_field="name", queryset=Campaign.objects.all(), **options)


def test_a_row_is_named_by_its_key(campaign: Campaign) -> None:
    assert by_name().run_validation("Autumn") == campaign
    assert by_name().to_representation(campaign) == "Autumn"
    assert by_name(allow_null=True).run_validation(None) is None


def test_a_key_may_be_compared_without_its_case(db: None) -> None:
    rep = make.user(email="Rep@example.org")
    field = NaturalKeyField(slug_field="email__iexact", queryset=User.objects.active())
    assert field.run_validation("rep@EXAMPLE.org") == rep


def test_a_row_that_is_not_there_is_named_in_the_refusal(campaign: Campaign) -> None:
    assert refusal(by_name(), "Winter") == "There is no “Winter” here."
    assert refusal(by_name(), "autumn") == "There is no “autumn” here."


@pytest.mark.parametrize("value", [1, 1.5, True, ["Autumn"], {"name": "Autumn"}])
def test_what_is_no_text_names_no_row(campaign: Campaign, value: Any) -> None:
    assert refusal(by_name(), value) == "Write its name."
