from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from babel.dates import format_timedelta
from django.utils import timezone, translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smarketing.pages import wording

AT = datetime(2025, 11, 18, 5, 58, tzinfo=UTC)  # Tuesday 18 November, 14:58 in Tokyo


@pytest.fixture(autouse=True)
def tokyo():
    with timezone.override(ZoneInfo("Asia/Tokyo")):
        yield


@pytest.fixture
def in_japanese():
    with translation.override("ja"):
        yield


def test_a_rate_over_nothing_is_no_rate():
    assert wording.share(0, 0) == wording.share(3, 0) == wording.share(3, None) == "–"


@pytest.mark.parametrize(
    ("n", "of", "shown"),
    [(3, 4, "3 / 4"), (0, 1, "0 / 1"), (4, 4, "4 / 4"), (11, 9, "11 / 9"), (4, 5, "80.0%"), (5, 5, "100.0%")],
)
def test_fewer_than_five_cases_and_more_than_all_make_no_percentage(n, of, shown):
    assert wording.share(n, of) == shown


def test_halves_are_rounded_away_from_zero():
    assert wording.number(2.5) == "3"
    assert wording.number(-2.5) == "-3"
    assert wording.percent(0.12345, 2) == "12.35%"


def test_a_percentage_has_one_decimal():
    assert wording.share(86, 412) == "20.9%"
    assert wording.share(12, 12) == "100.0%"


@pytest.mark.parametrize(
    ("n", "of", "shown"),
    [(1999, 2000, "99.95%"), (1, 3000, "0.03%"), (99_999, 100_000, "99.999%"), (0, 9, "0.0%"), (9, 9, "100.0%")],
)
def test_a_rate_that_is_not_whole_is_never_shown_as_such(n, of, shown):
    assert wording.share(n, of) == shown


def test_an_interval_is_rounded_no_further_than_to_its_ends():
    assert wording.from_to(0, 0.004) == "0–0.4%"
    assert wording.from_to(0.996, 1.0) == "99.6–100%"
    assert wording.from_to(1e-17, 0.25) == "0–25%"


def test_what_misses_a_target_is_never_shown_like_it():
    assert wording.percent(0.9496, at_least=[Decimal("0.95")]) == "94.96%"
    assert wording.percent(0.9504, at_least=[Decimal("0.95")]) == "95.0%"
    assert wording.percent(0.1004, at_most=[Decimal("0.1")]) == "10.04%"
    assert wording.percent(0.0996, at_most=[Decimal("0.1")]) == "10.0%"
    assert wording.number(Decimal("59.6"), at_least=[60]) == "59.6"
    assert wording.duration(4 * 3600 + 20, at_most=[Decimal(4 * 3600)]) == "4 h 00 min 20 s"
    assert wording.duration(59.5, at_most=[59]) == "1 min 00 s"
    assert wording.duration(4 * 3600, at_most=[Decimal(4 * 3600)]) == "4 h"
    assert wording.money(9_960_000, "JPY", at_least=[10_000_000]) == "¥9,960,000"
    assert wording.money(10_040_000, "JPY", at_least=[10_000_000]) == "¥10M"


def test_what_misses_a_target_in_japanese(in_japanese):
    assert wording.duration(4 * 3600 + 20, at_most=[Decimal(4 * 3600)]) == "4時間0分20秒"
    assert wording.money(9_999_600, "JPY", at_least=[10_000_000]) == "9,999,600円"


@given(
    st.decimals(0, 2, places=6),
    st.decimals(0, 2, places=4),
)
def test_what_is_shown_gives_the_same_verdict(value, target):
    shown = Decimal(wording.percent(value, at_least=[target]).rstrip("%")) / 100
    assert (shown >= target) == (value >= target)
    assert (shown == 0) == (value == 0)
    assert (shown >= 1) == (value >= 1)
    at_most = Decimal(wording.percent(value, at_most=[target]).rstrip("%")) / 100
    assert (at_most <= target) == (value <= target)


@pytest.mark.parametrize(
    ("amount", "currency", "short", "exact"),
    [
        (148_600_000, "JPY", "¥148.6M", "¥148,600,000"),
        (9_800, "JPY", "¥9,800", "¥9,800"),
        (Decimal("1200.50"), "USD", "$1,200.50", "$1,200.50"),
        (1200, "EUR", "€1,200", "€1,200"),
        (None, "JPY", "–", "–"),
    ],
)
def test_amounts_in_english(amount, currency, short, exact):
    assert wording.money(amount, currency) == short
    assert wording.money_exact(amount, currency) == exact


@pytest.mark.parametrize(
    ("yen", "short"),
    [
        (148_600_000, "1億4,860万円"),
        (280_000_000, "2億8,000万円"),
        (200_000_000, "2億円"),
        (21_400_000, "2,140万円"),
        (1_234_567, "123.5万円"),
        (5_600_000, "560万円"),
        (10_000, "1万円"),
        (9_999, "9,999円"),
        (0, "0円"),
        (-5_600_000, "-560万円"),
    ],
)
def test_yen_in_japanese_are_counted_in_ten_thousands(in_japanese, yen, short):
    assert wording.money(yen) == short


def test_a_yen_amount_has_no_decimals(in_japanese):
    assert wording.money_exact(Decimal("1234567.00")) == "1,234,567円"


@pytest.mark.parametrize(
    ("minutes", "english", "japanese"),
    [
        (0, "0 min", "0分"),
        (42, "42 min", "42分"),
        (60, "1 h", "1時間"),
        (67, "1 h 07 min", "1時間7分"),
        (102, "1 h 42 min", "1時間42分"),
        (1800, "30 h", "30時間"),
    ],
)
def test_durations_are_hours_and_minutes(minutes, english, japanese):
    assert wording.duration(timedelta(minutes=minutes)) == english
    assert wording.duration(-60 * minutes) == english
    with translation.override("ja"):
        assert wording.duration(60 * minutes) == japanese


def test_days_have_a_singular():
    assert wording.days(1) == "1 day"
    assert wording.days(timedelta(days=12)) == "12 days"
    with translation.override("ja"):
        assert wording.days(12) == "12日"


@pytest.mark.parametrize(
    ("value", "english", "japanese"),
    [
        (datetime(2025, 11, 18, 1, 38, tzinfo=UTC), "today 10:38", "今日 10:38"),
        (datetime(2025, 11, 17, 7, 20, tzinfo=UTC), "yesterday 16:20", "昨日 16:20"),
        (datetime(2025, 11, 17, 16, 0, tzinfo=UTC), "today 1:00", "今日 1:00"),
        (datetime(2025, 11, 19, 0, 31, tzinfo=UTC), "tomorrow 9:31", "明日 9:31"),
        (datetime(2025, 11, 6, 5, 0, tzinfo=UTC), "6 Nov", "11月6日"),
        (datetime(2024, 11, 6, 5, 0, tzinfo=UTC), "6 Nov 2024", "2024年11月6日"),
        (date(2025, 11, 18), "today", "今日"),
        (None, "–", "–"),
    ],
)
def test_a_moment_is_as_near_as_people_say_it(value, english, japanese):
    assert wording.moment(value, AT) == english
    with translation.override("ja"):
        assert wording.moment(value, AT) == japanese


def test_days_are_written_in_each_language():
    on = date(2025, 11, 6)
    assert wording.day(on) == "6 November 2025"
    assert wording.day(on, "week") == "Thursday 6 November"
    with translation.override("ja"):
        assert wording.day(on) == "2025年11月6日"
        assert wording.day(on, "week") == "11月6日(木)"
        assert wording.day(on, "month") == "2025年11月"


def test_ago_says_how_long():
    assert wording.ago(AT - timedelta(days=21), AT) == "3 weeks ago"
    with translation.override("ja"):
        assert wording.ago(AT - timedelta(days=21), AT) == "3週間前"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(-3 * 366 * 86_400, 3 * 366 * 86_400), st.integers(0, 999_999), st.sampled_from(["en", "ja"]))
def test_ago_says_what_babel_says(seconds: int, microseconds: int, language: str):
    span = timedelta(seconds=seconds, microseconds=microseconds)
    with translation.override(language):
        said = format_timedelta(span, add_direction=True, locale=language)
        assert wording.ago(AT + span, AT) == (said.replace(" ", "") if language == "ja" else said)


def test_what_was_written_in_one_language_is_not_read_in_the_other():
    written = [(wording.moment(AT, AT), wording.moment_in_full(AT), wording.number(1234.5)) for _ in range(2)]
    with translation.override("ja"):
        assert wording.moment(AT, AT) == "今日 14:58"
        assert wording.moment_in_full(AT) == "2025年11月18日 14:58"
    assert written == [("today 14:58", "18 November 2025, 14:58", "1,235")] * 2


def test_japanese_names_begin_with_the_family():
    aya = SimpleNamespace(given_name="Aya", family_name="Nakamura", email="")
    assert wording.person_name(aya) == "Aya Nakamura"
    assert wording.initials(aya) == "AN"
    with translation.override("ja"):
        assert wording.person_name(aya) == "Nakamura Aya"


def test_a_name_in_chinese_characters_begins_with_the_family_in_every_language():
    mori = SimpleNamespace(given_name="大輔", family_name="森", email="")
    assert wording.person_name(mori) == "森 大輔"


def test_who_has_no_name_is_called_by_the_e_mail():
    assert wording.person_name(SimpleNamespace(given_name="", family_name="", email="a@b.example")) == "a@b.example"
    assert wording.person_name(None) == "–"


def test_initials_of_a_name_in_chinese_characters_are_the_family_name():
    assert wording.initials(SimpleNamespace(given_name="マラ", family_name="石川")) == "石川"


def test_what_rounds_to_nothing_has_no_sign_whoever_asks_first():
    with translation.override("en"):
        assert [wording.number(value) for value in (-0.3, 0, 0.3)] == ["0", "0", "0"]
        assert wording.number(-0.04, 1) == "0.0"
