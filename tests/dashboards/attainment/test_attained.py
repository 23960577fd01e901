"""One clause in one period: what is said of its value, its pace and its end."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from dashboards.attainment.attained import WORRYING, Attained, period_label
from dashboards.attainment.views import day_of, period_tabs
from metrics.period import Period
from sla.models import Agreement, Attainment, Calendar
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tokyo")]
TOKYO = ZoneInfo("Asia/Tokyo")
State = Attainment.State
NOVEMBER = {"starts_on": date(2026, 11, 1), "ends_on": date(2026, 12, 1)}
# Friday; 13 of the 19 open days of November have passed.
FRIDAY = datetime(2026, 11, 20, 12, tzinfo=TOKYO)
OVER = datetime(2026, 12, 1, tzinfo=TOKYO)
RATE = {"metric": "acceptance", "target": Decimal("0.8")}


def attained(clause: dict[str, Any] | None = None, **stored: Any) -> Attained:
    """Leads handed over in November: at least 19, unless it says otherwise. The rows of a test are of one agreement."""
    fields = {"metric": "handed_over", "target": 19} | (clause or {})
    agreement = Agreement.objects.first() or make.agreement(clauses=[fields])
    row = {"state": State.ON_TRACK, "computed_at": FRIDAY, **NOVEMBER} | stored
    made = Attainment(clause=agreement.clauses.get(metric=fields["metric"]), **row)
    return Attained(made.clause, made, Calendar.default().hours(at=FRIDAY), "JPY")


def count(n: int, **stored: Any) -> Attained:
    return attained(value=Decimal(n), numerator=Decimal(n), **stored)


def rate(n: int, of: int, **stored: Any) -> Attained:
    return attained(
        RATE, value=Decimal(n) / of if of else None, numerator=Decimal(n), denominator=Decimal(of), **stored
    )


@pytest.mark.parametrize(("n", "said"), [(13, "on pace (13)"), (14, "1 ahead of pace (13)"), (4, "9 behind pace (13)")])
def test_a_count_is_ahead_of_its_pace_or_behind(n: int, said: str):
    assert count(n).against_pace == said


def test_what_is_behind_is_never_said_to_be_on_pace():
    barely = attained(value=Decimal("12.98"), numerator=Decimal(12), denominator=None)
    assert barely.against_pace == "0.02 behind pace (13)"


@pytest.mark.parametrize(
    ("n", "of", "said"), [(1592, 2000, "79.6%"), (15_992, 20_000, "79.96%"), (16_008, 20_000, "80.0%")]
)
def test_a_rate_that_misses_its_target_is_never_written_like_it(n: int, of: int, said: str):
    assert rate(n, of, state=State.MISSED).value_text == said


def test_the_pace_is_not_told_once_the_period_is_over():
    assert count(4, computed_at=OVER).against_pace == ""
    assert count(4, computed_at=OVER - timedelta(microseconds=1)).against_pace != ""


def test_before_the_first_open_day_there_is_no_pace():
    sunday = datetime(2026, 11, 1, 12, tzinfo=TOKYO)
    assert count(0, computed_at=sunday).against_pace == "no open day has passed yet"


def test_a_rate_has_no_pace_and_a_plausible_end():
    running = rate(8, 10)
    assert running.against_pace == ""
    assert running.projected.startswith("plausibly ")
    assert running.has_interval


def test_a_count_is_told_where_it_ends_with_its_interval():
    projected = count(13).projected
    assert projected.startswith("at this pace 19 in the end (")
    assert count(13, computed_at=OVER).projected == ""


def test_what_is_maturing_has_no_end_yet():
    assert rate(8, 10, state=State.MATURING).projected == ""


def test_a_rate_over_nothing_is_no_rate():
    nothing = rate(0, 0, state=State.NO_DATA)
    assert (nothing.value_text, nothing.has_interval, nothing.projected) == ("–", False, "")


@pytest.mark.parametrize(
    ("state", "tone"),
    [
        (State.MET, "kept"),
        (State.ON_TRACK, "kept"),
        (State.AT_RISK, "risk"),
        (State.BEHIND, "breached"),
        (State.MISSED, "breached"),
        (State.MATURING, "neutral"),
        (State.NO_DATA, "neutral"),
    ],
)
def test_a_state_has_its_tone_and_worries_or_does_not(state: Attainment.State, tone: str):
    shown = count(4, state=state)
    assert (shown.tone, shown.is_worrying) == (tone, state in WORRYING)
    assert shown.is_worrying == (tone in ("risk", "breached"))


def test_a_value_that_a_late_fact_changed_says_what_it_was():
    assert count(5, decided_at=OVER, decided_value=Decimal(4)).revised_from == "4"
    assert count(5, decided_at=OVER, decided_value=Decimal(5)).revised_from == ""
    assert count(5).revised_from == ""


def test_each_count_opens_its_rows_as_of_the_moment_it_was_computed():
    shown = rate(8, 10)
    assert shown.url.startswith("/behind/acceptance/")
    assert "was=8" in shown.url
    assert "part=denominator" in shown.of_url
    assert "was=10" in shown.of_url
    assert "at=2026-11-20T12%3A00%3A00%2B09%3A00" in shown.url


def test_a_count_is_out_of_nothing():
    assert count(5).url.startswith("/behind/handed_over/")
    assert count(5).of_url == ""


def test_the_axis_of_a_rate_holds_its_interval_and_its_target():
    low, high = rate(2, 10).axis
    assert low <= 0.06
    assert high >= 0.8
    assert all(0 <= end <= 1 for end in (low, high))
    assert rate(10, 10).axis[1] == 1


def test_the_mark_is_the_pace_and_in_the_end_the_target():
    assert count(4).mark == 13
    assert count(4, computed_at=OVER).mark == 19
    assert count(40).scale == 40
    assert count(4).scale == 19


def test_a_point_says_its_period_its_value_and_its_state():
    assert count(4, state=State.BEHIND).point.title == "November 2026: 4, Behind"


def test_a_japanese_reader_reads_no_english():
    with translation.override("ja"):
        shown = count(4, state=State.BEHIND)
        for words in (shown.against_pace, shown.projected, shown.state, shown.target_text, shown.period_text):
            assert not words.isascii()


# Periods


@pytest.mark.parametrize(
    ("every", "period", "english", "japanese"),
    [
        ("month", Period(date(2026, 2, 1), date(2026, 3, 1), TOKYO), "February 2026", "2026年2月"),
        ("quarter", Period(date(2026, 1, 1), date(2026, 4, 1), TOKYO), "Quarter 1, 2026", "2026年第1四半期"),
        ("quarter", Period(date(2026, 10, 1), date(2027, 1, 1), TOKYO), "Quarter 4, 2026", "2026年第4四半期"),
        ("week", Period(date(2026, 11, 9), date(2026, 11, 16), TOKYO), "9 – 15 November 2026", "2026年11月9日〜15日"),
    ],
)
def test_a_period_is_called_as_people_call_it(every: str, period: Period, english: str, japanese: str):
    assert period_label(period, every) == english
    with translation.override("ja"):
        assert period_label(period, every) == japanese


@pytest.mark.parametrize(
    ("text", "on"), [("", date(2026, 11, 20)), ("2026-11-20", date(2026, 11, 20)), ("2001-01-01", date(2001, 1, 1))]
)
def test_a_day_is_today_unless_it_says_otherwise(text: str, on: date):
    assert day_of(text, FRIDAY.date()) == on


@pytest.mark.parametrize("text", ["2026-11-21", "2000-12-31", "soon", "2026-02-30", "20. November"])
def test_a_day_to_come_or_none_at_all_is_refused_in_words(text: str):
    with pytest.raises(ValueError, match=r".+\."):
        day_of(text, FRIDAY.date())
    with translation.override("ja"), pytest.raises(ValueError) as refused:
        day_of(text, FRIDAY.date())
    assert not str(refused.value).isascii()


def test_the_tabs_keep_the_day_and_mark_the_one_that_is_open():
    tabs = period_tabs(FRIDAY.date(), "month")
    assert [tab["is_here"] for tab in tabs] == [False, False, True, False]
    assert tabs[0]["url"] == "/attainment/?on=2026-11-20"
    assert tabs[3]["url"] == "/attainment/?on=2026-11-20&every=quarter"
