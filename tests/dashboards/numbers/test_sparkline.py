"""Where the dots, lines and target of a sparkline lie, in a box of 120 by 32 with an edge of 4."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.numbers.sparkline import EDGE, HEIGHT, WIDTH, Point, Sparkline, draw_sparkline


def point(value: float | None, target: float = 10.0) -> Point:
    return Point(value, target, "kept", f"{value}")


def drawn(*values: float | None, target: float = 10.0) -> Sparkline:
    plot = draw_sparkline([point(value, target) for value in values])
    assert plot is not None
    return plot


@pytest.mark.parametrize("values", [[], [None], [None, None, None]])
def test_a_history_without_a_value_is_not_drawn(values):
    assert draw_sparkline([point(value) for value in values]) is None


def test_one_value_stands_in_the_middle_and_has_no_line():
    plot = drawn(5.0)
    assert [(dot.x, dot.y) for dot in plot.dots] == [(60.0, 16.0)]
    assert plot.lines == []


def test_the_oldest_is_at_the_left_edge_and_the_newest_at_the_right():
    assert [dot.x for dot in drawn(0.0, 5.0, 10.0).dots] == [4.0, 60.0, 116.0]


def test_the_highest_is_at_the_top_edge_and_zero_at_the_bottom():
    assert [dot.y for dot in drawn(0.0, 5.0, 10.0).dots] == [28.0, 16.0, 4.0]


def test_a_period_without_a_value_is_a_gap_in_the_line():
    plot = drawn(10.0, 10.0, None, 0.0, 0.0)
    assert plot.lines == ["4.0,4.0 32.0,4.0", "88.0,28.0 116.0,28.0"]
    assert len(plot.dots) == 4


def test_a_value_between_two_gaps_is_a_dot_alone():
    plot = drawn(None, 10.0, None)
    assert plot.lines == []
    assert [(dot.x, dot.y) for dot in plot.dots] == [(60.0, 4.0)]


def test_only_the_latest_period_has_the_large_dot():
    assert [dot.is_last for dot in drawn(1.0, 2.0, 3.0).dots] == [False, False, True]


def test_no_dot_is_large_while_the_latest_period_has_no_value():
    assert [dot.is_last for dot in drawn(1.0, 2.0, None).dots] == [False, False]


def test_a_dot_keeps_the_tone_and_title_of_its_period():
    plot = draw_sparkline([Point(None, 1, "neutral", "May"), Point(3, 1, "breached", "June")])
    assert plot is not None
    assert [(dot.tone, dot.title) for dot in plot.dots] == [("breached", "June")]


def test_a_target_that_stays_is_one_line_from_edge_to_edge():
    assert drawn(0.0, 10.0).target == "0.0,4.0 120.0,4.0"


def test_a_target_that_changes_steps_half_way_between_two_periods():
    plot = draw_sparkline([point(0.0, 5), point(0.0, 10), point(0.0, 10)])
    assert plot is not None
    assert plot.target == "0.0,16.0 32.0,16.0 32.0,4.0 120.0,4.0"


def test_the_target_is_in_the_box_even_where_no_value_comes_near_it():
    plot = drawn(1.0, 2.0, target=100.0)
    assert plot.target == "0.0,4.0 120.0,4.0"
    assert [dot.y for dot in plot.dots] == [27.8, 27.5]


def test_values_that_are_all_high_begin_a_little_below_the_lowest():
    """A share of 90 to 95 % would be a flat line on an axis from 0."""
    assert [dot.y for dot in drawn(0.90, 0.95, target=0.95).dots] == [16.0, 4.0]


def test_values_that_are_all_the_same_are_not_divided_by_nothing():
    assert [dot.y for dot in drawn(10.0, 10.0).dots] == [4.0, 4.0]
    assert [dot.y for dot in drawn(0.0, 0.0, target=0.0).dots] == [28.0, 28.0]


def test_a_value_below_zero_is_inside_the_box():
    plot = drawn(-5.0, target=0.0)
    assert (plot.dots[0].y, plot.target) == (28.0, "0.0,4.0 120.0,4.0")


def test_a_larger_box_is_filled():
    plot = draw_sparkline([point(0.0), point(10.0)], width=300, height=80)
    assert plot is not None
    assert [(dot.x, dot.y) for dot in plot.dots] == [(4.0, 76.0), (296.0, 4.0)]
    assert (plot.width, plot.height) == (300, 80)


VALUES = st.floats(-1e6, 1e6, allow_nan=False, allow_subnormal=False).map(lambda value: round(value, 3))


@given(st.lists(st.tuples(st.none() | VALUES, VALUES), min_size=1, max_size=20))
def test_everything_is_inside_the_box_and_higher_where_it_is_more(history):
    plot = draw_sparkline([point(value, target) for value, target in history])
    values = [value for value, _target in history if value is not None]
    if plot is None:
        assert not values
        return
    assert all(EDGE <= dot.x <= WIDTH - EDGE for dot in plot.dots)
    assert all(EDGE <= dot.y <= HEIGHT - EDGE for dot in plot.dots)
    by_value = [dot.y for _value, dot in sorted(zip(values, plot.dots, strict=True), key=lambda pair: pair[0])]
    assert by_value == sorted(by_value, reverse=True)
