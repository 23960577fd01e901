"""The clock of a promise: deadlines, pauses, elapsed time, and what it refuses."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from sla.calendars.hours import OpeningHours, Windows
from tests.sla.calendars.second_clock import ALWAYS, BERLIN, HOUR, MINUTE, TOKYO, WITH_LUNCH, at_night, office, tokyo


class TestDeadline:
    def test_four_hours_from_monday_morning_end_after_lunch(self):
        assert office().deadline(tokyo(9, 9), 4 * HOUR) == tokyo(9, 14)

    def test_an_offer_at_night_starts_in_the_morning(self):
        assert office().deadline(tokyo(9, 3), HOUR) == tokyo(9, 10)

    def test_an_offer_at_lunch_starts_after_lunch(self):
        assert office().deadline(tokyo(9, 12, 30), HOUR) == tokyo(9, 14)

    def test_an_offer_on_friday_evening_ends_on_monday(self):
        assert office().deadline(tokyo(13, 17), 2 * HOUR) == tokyo(16, 10)

    def test_a_holiday_does_not_count(self):
        assert office(date(2026, 11, 16)).deadline(tokyo(13, 17), 2 * HOUR) == tokyo(17, 10)

    @pytest.mark.parametrize(
        ("closing", "due"),
        [
            ((time(13), time(0)), tokyo(25, 10, month=12)),
            ((time(12), time(0)), tokyo(25, 10, month=12)),
            ((time(11, 30), time(15)), tokyo(24, 16, 30, month=12)),
            ((time(0), time(11)), tokyo(24, 15, month=12)),
            ((time(0), time(0)), tokyo(25, 12, month=12)),
            ((time(18), time(19)), tokyo(24, 13, month=12) + HOUR),
        ],
    )
    def test_a_part_of_a_day_that_is_closed_does_not_count(self, closing: tuple[time, time], due: datetime):
        """24 December 2026 is a Thursday. An offer at ten, due in three opening hours."""
        hours = OpeningHours(WITH_LUNCH, frozenset(), TOKYO, {date(2026, 12, 24): closing})
        assert hours.deadline(tokyo(24, 10, month=12), 3 * HOUR) == due

    def test_the_end_of_a_window_beats_the_start_of_the_next(self):
        assert office().deadline(tokyo(9, 9), 3 * HOUR) == tokyo(9, 12)
        assert office().deadline(tokyo(13, 17), HOUR) == tokyo(13, 18)

    def test_one_microsecond_more_waits_for_the_next_window(self):
        microsecond = timedelta(microseconds=1)
        assert office().deadline(tokyo(9, 9), 3 * HOUR + microsecond) == tokyo(9, 13) + microsecond

    def test_an_offer_at_closing_time_starts_with_the_next_window(self):
        assert office().deadline(tokyo(13, 18), timedelta(microseconds=1)) == tokyo(16, 9) + timedelta(microseconds=1)

    def test_midnight_closes_at_the_end_of_the_day(self):
        late = office(windows={0: [(time(22), time(0))], 1: [(time(0), time(1))]})
        assert late.deadline(tokyo(9, 12), 2 * HOUR) == tokyo(10, 0)
        assert late.deadline(tokyo(9, 12), 3 * HOUR) == tokyo(10, 1)
        assert office(windows=ALWAYS).deadline(tokyo(9, 12), 48 * HOUR) == tokyo(11, 12)

    def test_windows_may_be_given_in_any_order_and_may_touch(self):
        hours = office(windows={0: [(time(12), time(13)), (time(9), time(12))]})
        assert hours.deadline(tokyo(9, 9), 4 * HOUR) == tokyo(9, 13)

    def test_the_answer_is_in_the_calendars_zone(self):
        due = office().deadline(datetime(2026, 11, 9, 0, tzinfo=UTC), HOUR)
        assert (due, due.tzinfo) == (tokyo(9, 10), TOKYO)

    def test_the_zone_of_the_start_does_not_matter(self):
        start = tokyo(9, 11, 15)
        assert office().deadline(start, HOUR) == office().deadline(start.astimezone(BERLIN), HOUR)

    def test_a_target_of_years_is_reached(self):
        """One hour a week: 300 hours are 300 weeks, more than five years, but never five years without an opening."""
        weekly = office(windows={0: [(time(9), time(10))]})
        assert weekly.deadline(tokyo(9, 9), 300 * HOUR) == tokyo(9, 10) + 299 * timedelta(weeks=1)


class TestPauses:
    def test_a_pause_moves_the_deadline_by_its_open_time(self):
        pause = (tokyo(9, 11), tokyo(9, 14))  # two open hours, and lunch
        assert office().deadline(tokyo(9, 9), 4 * HOUR, [pause]) == tokyo(9, 16)

    def test_pauses_that_overlap_count_once(self):
        pauses = [(tokyo(9, 10), tokyo(9, 11)), (tokyo(9, 9, 30), tokyo(9, 10, 30)), (tokyo(9, 10), tokyo(9, 11))]
        assert office().deadline(tokyo(9, 9), HOUR, pauses) == tokyo(9, 11, 30)
        assert office().elapsed(tokyo(9, 9), tokyo(9, 12), pauses) == 90 * MINUTE

    def test_a_pause_outside_changes_nothing(self):
        pauses = [(tokyo(8, 9), tokyo(9, 9)), (tokyo(9, 12), tokyo(9, 13)), (tokyo(9, 14), tokyo(20, 9))]
        assert office().deadline(tokyo(9, 9), 4 * HOUR, pauses) == tokyo(9, 14)
        assert office().elapsed(tokyo(9, 9), tokyo(9, 14), pauses) == 4 * HOUR

    def test_a_pause_under_way_at_the_start_holds_the_clock(self):
        assert office().deadline(tokyo(9, 9), HOUR, [(tokyo(8, 9), tokyo(9, 11))]) == tokyo(9, 12)

    def test_a_pause_that_begins_as_the_target_is_reached_is_too_late(self):
        assert office().deadline(tokyo(9, 9), HOUR, [(tokyo(9, 10), tokyo(9, 11))]) == tokyo(9, 10)

    def test_a_pause_of_no_length_changes_nothing(self):
        assert office().deadline(tokyo(9, 9), HOUR, [(tokyo(9, 9, 30), tokyo(9, 9, 30))]) == tokyo(9, 10)

    def test_a_pause_that_ends_before_it_begins_is_refused(self):
        backwards = [(tokyo(9, 11), tokyo(9, 10))]
        with pytest.raises(ValueError, match="ends before it begins"):
            office().deadline(tokyo(9, 9), HOUR, backwards)
        with pytest.raises(ValueError, match="ends before it begins"):
            office().elapsed(tokyo(9, 9), tokyo(9, 12), backwards)


class TestElapsed:
    def test_from_friday_afternoon_to_monday_morning_is_two_hours(self):
        assert office().elapsed(tokyo(13, 17), tokyo(16, 10)) == 2 * HOUR

    def test_nothing_has_passed_when_the_end_is_not_after_the_start(self):
        assert office().elapsed(tokyo(9, 12), tokyo(9, 12)) == timedelta(0)
        assert office().elapsed(tokyo(9, 12), tokyo(9, 9)) == timedelta(0)
        assert office().elapsed(tokyo(9, 12), tokyo(9, 9), [(tokyo(9, 10), tokyo(9, 11))]) == timedelta(0)

    def test_a_year_counts_every_weekday(self):
        weekdays = sum((date(2026, 1, 1) + timedelta(day)).weekday() < 5 for day in range(365))
        assert office().elapsed(tokyo(1, 0, month=1), tokyo(1, 0, month=1, year=2027)) == weekdays * 8 * HOUR


class TestRefusals:
    @pytest.mark.parametrize(
        ("windows", "says"),
        [
            ({}, r"^A calendar needs at least one open window\.$"),
            ({0: [], 4: []}, "at least one open window"),
            ({0: [(time(9), time(12)), (time(11), time(13))]}, "overlaps"),
            ({0: [(time(9), time(12)), (time(9), time(12))]}, "overlaps"),
            ({0: [(time(9), time(0)), (time(20), time(21))]}, "overlaps"),
            ({0: [(time(12), time(9))]}, "closes before it opens"),
            ({0: [(time(9), time(9))]}, "closes before it opens"),
            ({7: [(time(9), time(12))]}, "from 0 .Monday. to 6"),
            (
                {0: [(time(9, tzinfo=UTC), time(12))]},
                r"^The times of a window .* calendar's own: they carry no zone\.$",
            ),
        ],
    )
    def test_a_calendar_nobody_could_keep_is_refused(self, windows, says):
        with pytest.raises(ValueError, match=says):
            office(windows=windows)

    def test_a_moment_without_a_zone_is_refused_everywhere(self):
        naive, aware = datetime(2026, 11, 9, 9), tokyo(9, 10)  # noqa: DTZ001 - that is the point
        for call in (
            lambda: office().deadline(naive, HOUR),
            lambda: office().deadline(aware, HOUR, [(naive, aware)]),
            lambda: office().elapsed(naive, aware),
            lambda: office().elapsed(aware, naive),
            lambda: office().elapsed(aware, aware, [(aware, naive)]),
            lambda: office().is_open(naive),
            lambda: office().next_windows(naive),
        ):
            with pytest.raises(ValueError, match="names no zone"):
                call()

    @pytest.mark.parametrize("target", [timedelta(0), -HOUR])
    def test_a_promise_of_no_time_is_refused(self, target):
        with pytest.raises(ValueError, match="longer than nothing"):
            office().deadline(tokyo(9, 9), target)

    def test_five_years_without_an_opening_are_refused(self):
        closed_for = [date(2026, 1, 1) + timedelta(day) for day in range(6 * 366)]
        with pytest.raises(ValueError, match="five years"):
            office(*closed_for).deadline(tokyo(9, 9), HOUR)

    def test_a_pause_of_more_than_five_years_is_refused(self):
        with pytest.raises(ValueError, match="five years"):
            office().deadline(tokyo(9, 9), HOUR, [(tokyo(9, 9), tokyo(9, 9, year=2032))])

    def test_a_pause_of_five_years_to_the_day_is_borne(self):
        """1,827 days after Monday, 9 November 2026, lies Monday, 10 November 2031, and the hour in the office after."""
        begins = tokyo(9, 9)
        assert office().deadline(begins, HOUR, [(begins, tokyo(10, 9, year=2031))]) == tokyo(10, 10, year=2031)
        with pytest.raises(ValueError, match="five years"):
            office().deadline(begins, HOUR, [(begins, tokyo(10, 9, 1, year=2031))])

    def test_four_years_without_an_opening_are_borne(self):
        closed_for = [date(2026, 1, 1) + timedelta(day) for day in range(4 * 366)]
        assert office(*closed_for).deadline(tokyo(9, 9), HOUR) == tokyo(4, 10, month=1, year=2030)

    def test_the_end_of_the_calendar_is_refused_in_plain_words(self):
        with pytest.raises(ValueError, match="do not reach that far"):
            office().deadline(datetime(9999, 12, 31, 12, tzinfo=UTC), HOUR)

    @pytest.mark.parametrize("year", [1, 9999])
    def test_neither_the_first_year_nor_the_last_has_opening_hours(self, year):
        with pytest.raises(ValueError, match=r"^Opening hours do not reach that far\.$"):
            office().is_open(datetime(year, 6, 1, tzinfo=UTC))

    def test_the_years_in_between_have_them_from_their_first_moment_to_their_last(self):
        always = office(windows=ALWAYS)
        assert always.is_open(datetime(2, 1, 1, tzinfo=UTC))
        new_year = datetime(9999, 1, 1, tzinfo=UTC)
        assert always.elapsed(new_year - 48 * HOUR, new_year) == 48 * HOUR


class TestClockChanges:
    """Berlin goes forward on 29 March 2026 at 02:00, and back on 25 October 2026 at 03:00."""

    def test_an_office_that_sleeps_through_the_change_notices_nothing(self):
        due = office(tz=BERLIN).deadline(datetime(2026, 3, 27, 17, tzinfo=BERLIN), 2 * HOUR)
        assert due == datetime(2026, 3, 30, 10, tzinfo=BERLIN)

    def test_the_day_the_clock_goes_forward_has_23_hours(self):
        day = datetime(2026, 3, 29, tzinfo=BERLIN), datetime(2026, 3, 30, tzinfo=BERLIN)
        assert office(windows=ALWAYS, tz=BERLIN).elapsed(*day) == 23 * HOUR

    def test_the_day_the_clock_goes_back_has_25_hours(self):
        day = datetime(2026, 10, 25, tzinfo=BERLIN), datetime(2026, 10, 26, tzinfo=BERLIN)
        assert office(windows=ALWAYS, tz=BERLIN).elapsed(*day) == 25 * HOUR

    def test_a_window_over_the_gap_lasts_as_long_as_it_really_does(self):
        night = at_night(time(1), time(4), BERLIN)
        assert night.elapsed(datetime(2026, 3, 29, tzinfo=BERLIN), datetime(2026, 3, 30, tzinfo=BERLIN)) == 2 * HOUR

    def test_a_window_in_the_gap_does_not_happen(self):
        night = at_night(time(2, 15), time(2, 45), BERLIN)
        due = night.deadline(datetime(2026, 3, 29, tzinfo=BERLIN), 30 * MINUTE)
        assert due == datetime(2026, 3, 30, 2, 45, tzinfo=BERLIN)

    def test_a_window_that_ends_with_the_gap_is_no_window(self):
        night = at_night(time(2, 15), time(3), BERLIN)
        assert night.next_windows(datetime(2026, 3, 29, tzinfo=BERLIN), days=1) == []

    def test_a_window_that_begins_in_the_gap_begins_after_it(self):
        night = at_night(time(2, 30), time(3, 30), BERLIN)
        due = night.deadline(datetime(2026, 3, 29, tzinfo=BERLIN), 30 * MINUTE)
        assert due == datetime(2026, 3, 29, 3, 30, tzinfo=BERLIN)

    def test_the_hour_that_comes_twice_is_open_twice(self):
        night = at_night(time(2), time(3), BERLIN)
        due = night.deadline(datetime(2026, 10, 25, tzinfo=BERLIN), 90 * MINUTE)
        assert due.astimezone(UTC) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
        assert (due.hour, due.minute, due.fold) == (2, 30, 1)

    def test_lord_howe_moves_its_clock_by_half_an_hour(self):
        lord_howe = ZoneInfo("Australia/Lord_Howe")
        day = datetime(2026, 4, 5, tzinfo=lord_howe), datetime(2026, 4, 6, tzinfo=lord_howe)
        assert office(windows=ALWAYS, tz=lord_howe).elapsed(*day) == timedelta(hours=24, minutes=30)

    def test_santiago_has_no_midnight_when_its_clock_goes_forward(self):
        santiago = ZoneInfo("America/Santiago")
        day = datetime(2026, 9, 6, 1, tzinfo=santiago), datetime(2026, 9, 7, tzinfo=santiago)
        assert office(windows=ALWAYS, tz=santiago).elapsed(*day) == 23 * HOUR
        assert office(windows=ALWAYS, tz=santiago).deadline(day[0], 23 * HOUR) == day[1]

    def test_samoa_left_out_a_friday(self):
        apia = ZoneInfo("Pacific/Apia")
        due = office(tz=apia).deadline(datetime(2011, 12, 29, 17, tzinfo=apia), 2 * HOUR)
        assert due == datetime(2012, 1, 2, 10, tzinfo=apia)  # the Friday after this Thursday never came


class TestBesides:
    def test_it_is_open_from_the_first_moment_and_not_at_the_last(self):
        assert office().is_open(tokyo(9, 9))
        assert not office().is_open(tokyo(9, 12))
        assert not office().is_open(tokyo(8, 10))

    def test_half_the_target_is_a_share_of_open_time(self):
        assert office().at_share(tokyo(9, 10), 4 * HOUR, 0.5) == tokyo(9, 12)
        assert office().at_share(tokyo(13, 17), 5 * HOUR, 0.8) == tokyo(16, 12)

    def test_the_countdown_counts_a_begun_second_whole(self):
        due = tokyo(9, 12)
        assert office().open_seconds_left(tokyo(9, 11), due) == 3600
        assert office().open_seconds_left(due - timedelta(microseconds=1), due) == 1
        assert office().open_seconds_left(due, due) == 0
        assert office().open_seconds_left(tokyo(9, 15), due) == 0

    def test_the_next_windows_begin_with_the_one_under_way(self):
        assert office().next_windows(tokyo(13, 17), days=4) == [
            (tokyo(13, 17), tokyo(13, 18)),
            (tokyo(16, 9), tokyo(16, 12)),
            (tokyo(16, 13), tokyo(16, 18)),
        ]

    def test_windows_that_touch_are_one(self):
        new_year = tokyo(31, 12, month=12)
        assert office(windows=ALWAYS).next_windows(new_year, days=3) == [(new_year, tokyo(3, 0, month=1, year=2027))]

    def test_open_days_leave_out_weekends_and_holidays(self):
        assert office(date(2026, 11, 23)).open_days(date(2026, 11, 16), date(2026, 11, 30)) == 9
        assert office().open_days(date(2026, 11, 16), date(2026, 11, 16)) == 0

    def test_a_day_closed_for_a_part_is_open_unless_nothing_is_left_of_it(self):
        closings = {
            date(2026, 11, 16): (time(13), time(0)),
            date(2026, 11, 17): (time(9), time(18)),
            date(2026, 11, 18): (time(0), time(12)),
            date(2026, 11, 21): (time(0), time(12)),
        }
        hours = OpeningHours(WITH_LUNCH, frozenset({date(2026, 11, 18)}), TOKYO, closings)
        days = [date(2026, 11, day) for day in range(16, 23)]
        assert [day.day for day in days if hours.open_days(day, day + timedelta(days=1))] == [16, 19, 20]
        assert hours.open_days(days[0], date(2026, 11, 23)) == 3

    @pytest.mark.parametrize("closing", [(time(13), time(12)), (time(13), time(13)), (time(13, tzinfo=UTC), time(14))])
    def test_a_closing_that_ends_before_it_begins_is_refused(self, closing: tuple[time, time]):
        with pytest.raises(ValueError, match=r"closes before|carry no zone"):
            OpeningHours(WITH_LUNCH, frozenset(), TOKYO, {date(2026, 11, 16): closing})

    def test_equal_calendars_are_one_key(self):
        assert {office(): "kept"}[office(windows={**WITH_LUNCH, 5: []})] == "kept"

    def test_calendars_that_differ_are_told_apart_by_their_keys(self):
        """Were their hashes the same, each look into a cache would compare them all."""
        differ = [office(), office(date(2026, 11, 16)), office(windows=ALWAYS), office(tz=BERLIN)]
        assert len({hash(hours) for hours in differ}) == 4

    def test_a_calendar_does_not_change_when_what_it_was_made_from_does(self):
        windows: Windows = {0: [(time(9), time(12))]}
        holidays = {date(2026, 11, 23)}
        closings = {date(2026, 11, 16): (time(11), time(12))}
        hours, same = (OpeningHours(windows, holidays, TOKYO, closings) for _ in range(2))  # type: ignore[arg-type]
        windows[0].clear()
        holidays.clear()
        closings.clear()
        assert hours.deadline(tokyo(9, 9), HOUR) == tokyo(9, 10)
        assert hours.windows == {0: [(time(9), time(12))]}
        assert hours.holidays == {date(2026, 11, 23)}
        assert hours.closings == {date(2026, 11, 16): (time(11), time(12))}
        assert (hours, hash(hours)) == (same, hash(same))

    def test_a_window_begins_and_ends_to_the_microsecond(self):
        hours = office(windows={0: [(time(9, 1, 2, 3), time(9, 4, 5, 6))]})
        assert hours.next_windows(tokyo(9, 0), 1) == [
            (
                tokyo(9, 9, 1) + timedelta(seconds=2, microseconds=3),
                tokyo(9, 9, 4) + timedelta(seconds=5, microseconds=6),
            )
        ]
