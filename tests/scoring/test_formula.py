from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from scoring.formula import (
    MILLION,
    KindPoints,
    age,
    clamped,
    day_of,
    fit,
    interest,
    millionths,
    quadrant,
    rounded_points,
    start_of,
)

TODAY = datetime(2026, 11, 16, tzinfo=UTC)
NOON = TODAY + timedelta(hours=12)
DEMO = KindPoints(40 * MILLION, half_life_seconds=14 * 86_400)
VIEW = KindPoints(2 * MILLION, cap=5 * MILLION)


def points(*activities: tuple[str, datetime]) -> float:
    return interest(activities, {"demo": DEMO, "view": VIEW}, day_start=TODAY, at=NOON) / MILLION


def test_interest_fades_by_half_each_half_life():
    assert points(("demo", TODAY)) == 40
    assert points(("demo", TODAY - timedelta(days=14))) == 20
    assert points(("demo", TODAY - timedelta(days=28))) == 10


def test_what_happened_today_has_not_faded_yet():
    assert points(("demo", TODAY + timedelta(hours=3))) == 40


def test_without_a_half_life_nothing_fades():
    assert points(("view", TODAY - timedelta(days=3000))) == 2


def test_a_cap_holds_all_of_a_kind_together():
    assert points(*[("view", TODAY)] * 9) == 5


def test_a_cap_does_not_lift_points_below_zero():
    worth = KindPoints(-8 * MILLION, cap=5 * MILLION)
    at_work = interest([("left", TODAY), ("demo", TODAY)], {"left": worth, "demo": DEMO}, day_start=TODAY, at=NOON)
    assert at_work == 32 * MILLION


def test_what_is_dated_in_the_future_does_not_exist_yet():
    assert points(("demo", NOON)) == 40
    assert points(("demo", NOON + timedelta(microseconds=1))) == 0


def test_kinds_without_a_rule_are_worth_nothing():
    assert points(("newsletter", TODAY)) == 0


def test_scores_stay_between_0_and_100():
    assert points(*[("demo", TODAY)] * 4) == 100
    assert clamped(-1) == 0
    assert fit([30 * MILLION, -45 * MILLION]) == 0
    assert fit([90 * MILLION, 25 * MILLION, -10 * MILLION]) == 100 * MILLION


def test_an_age_is_in_whole_microseconds():
    assert age(TODAY - timedelta(microseconds=1), TODAY) > 0


def test_thresholds_compare_the_unrounded_score():
    thresholds = {"fit_threshold": 50 * MILLION, "interest_threshold": 50 * MILLION}
    assert rounded_points(49_999_999) == 50
    assert quadrant(49_999_999, 50 * MILLION, **thresholds) == "opportunistic"
    assert quadrant(50 * MILLION, 50 * MILLION, **thresholds) == "hot"
    assert quadrant(50 * MILLION, 49_999_999, **thresholds) == "nurture"
    assert quadrant(0, 0, **thresholds) == "drop"


def test_scores_are_shown_rounded_half_up():
    assert rounded_points(72_500_000) == 73
    assert rounded_points(72_499_999) == 72
    assert rounded_points(72_450_000, 1) == Decimal("72.5")


def test_a_day_is_the_company_s():
    tokyo = ZoneInfo("Asia/Tokyo")
    assert str(day_of(datetime(2026, 11, 15, 15, tzinfo=UTC), tokyo)) == "2026-11-16"
    assert start_of(day_of(NOON, tokyo), tokyo) == datetime(2026, 11, 15, 15, tzinfo=UTC)


def test_points_are_kept_in_whole_millionths():
    assert millionths(Decimal("12.345678")) == 12_345_678
    assert millionths(Decimal("-0.000001")) == -1
