"""What the figures show, as the dictionaries that Plotly draws."""

from typing import Any

import pytest

from dashboards.numbers import charts

WEEKS = ["2026-11-02", "2026-11-09", "2026-11-16"]


def stored_goal(*days: tuple[str, int, str | None], target: str = "40", open_days: int = 20) -> dict[str, Any]:
    return {"target": target, "open_days": open_days, "days": [list(day) for day in days]}


def pace_and_value(figure: charts.Figure) -> tuple[dict[str, Any], dict[str, Any]]:
    pace, value = figure["data"]
    return pace, value


# A goal


def test_the_pace_line_runs_with_the_open_days_to_the_target():
    figure = charts.goal(stored_goal(("2026-11-02", 0, "0"), ("2026-11-09", 5, "8"), ("2026-11-30", 20, None)), "8")
    pace, _value = pace_and_value(figure)
    assert pace["x"] == ["2026-11-02", "2026-11-09", "2026-11-30"]
    assert pace["y"] == [0, 10, 40]


def test_the_value_ends_where_it_is_not_known_yet():
    figure = charts.goal(stored_goal(("2026-11-02", 0, "0"), ("2026-11-09", 5, "8.5"), ("2026-11-30", 20, None)), "8")
    _pace, value = pace_and_value(figure)
    assert (value["x"], value["y"]) == (["2026-11-02", "2026-11-09"], [0.0, 8.5])


def test_only_the_latest_value_has_a_marker_and_the_label():
    figure = charts.goal(stored_goal(("2026-11-02", 0, "0"), ("2026-11-09", 5, "8"), ("2026-11-16", 10, "12")), "12")
    _pace, value = pace_and_value(figure)
    assert value["marker"]["size"] == [0, 0, 9]
    (label,) = figure["layout"]["annotations"]
    assert (label["x"], label["y"], label["text"]) == ("2026-11-16", 12.0, "12")


def test_before_the_first_value_only_the_pace_is_drawn():
    figure = charts.goal(stored_goal(("2026-11-02", 0, None), ("2026-11-30", 20, None)), "–")
    pace, value = pace_and_value(figure)
    assert (pace["y"], value["y"]) == ([0, 40], [])
    assert figure["layout"]["annotations"] == []


@pytest.mark.parametrize(
    ("target", "reached", "top"),
    [("40", "8", 43.2), ("40", "50", 54.0), ("0", "0", 1.08)],
    ids=["to the target", "beyond the target", "nothing at all"],
)
def test_the_axis_reaches_above_the_target_and_the_value(target, reached, top):
    figure = charts.goal(stored_goal(("2026-11-02", 5, reached), target=target), reached)
    low, high = figure["layout"]["yaxis"]["range"]
    assert (low, high) == (0, pytest.approx(top))


def test_a_goal_without_open_days_has_a_flat_pace():
    figure = charts.goal(stored_goal(("2026-11-02", 0, "1"), open_days=0), "1")
    assert pace_and_value(figure)[0]["y"] == [0]


# Answered in time


def test_a_week_in_which_nothing_fell_due_is_a_gap():
    (line,) = charts.in_time([(WEEKS[0], 3, 4), (WEEKS[1], 0, 0), (WEEKS[2], 0, 2)], ["/a", "/b", "/c"])["data"]
    assert line["x"] == WEEKS
    assert line["y"] == [0.75, None, 0.0]


def test_a_point_shows_its_counts_and_opens_its_week():
    (line,) = charts.in_time([(WEEKS[0], 6, 8), (WEEKS[1], 4, 4)], ["/a", "/b"])["data"]
    assert line["text"] == ["75.0% (6 / 8)", "4 / 4"]
    assert line["customdata"] == ["/a", "/b"]
    assert line["marker"]["size"] == [5, 9]


@pytest.mark.parametrize(
    ("weeks", "bottom"),
    [([(WEEKS[0], 9, 10)], 0.8), ([(WEEKS[0], 1, 20)], 0.0), ([(WEEKS[0], 0, 0)], 0.0)],
    ids=["a little below the lowest", "never below nothing", "no week has a rate"],
)
def test_the_axis_of_shares_begins_near_the_lowest(weeks, bottom):
    low, high = charts.in_time(weeks, ["/a"])["layout"]["yaxis"]["range"]
    assert (low, high) == (pytest.approx(bottom), 1.03)


# The funnel


def test_a_stage_of_the_funnel_has_the_colour_of_its_party_and_opens_its_leads():
    figure = charts.funnel(["Lead", "SAL", "Customer"], [9, 4, 1], ["/l", "/s", "/c"], ["marketing", "sales", "both"])
    (bars,) = figure["data"]
    assert (bars["y"], bars["x"], bars["customdata"]) == (["Lead", "SAL", "Customer"], [9, 4, 1], ["/l", "/s", "/c"])
    assert bars["marker"]["color"] == ["$marketing", "$sales", "$ink"]


# The answer of a metric


@pytest.mark.parametrize(("over_time", "kind"), [(True, "scatter"), (False, "bar")])
def test_values_over_time_are_a_line_and_others_are_bars(over_time, kind):
    (drawn,) = charts.values(["a", "b"], [1, None], ["/a", "/b"], share=False, over_time=over_time)["data"]
    assert drawn["type"] == kind
    assert (drawn["x"], drawn["y"], drawn["customdata"]) == (["a", "b"], [1, None], ["/a", "/b"])


@pytest.mark.parametrize(("share", "format"), [(True, ".0%"), (False, ",~f")])
def test_shares_are_labelled_in_percent(share, format):
    figure = charts.values(["a"], [0.5], ["/a"], texts=["1 / 2"], share=share, over_time=False)
    assert figure["layout"]["yaxis"]["tickformat"] == format
    assert ("%{hovertext}" in figure["data"][0]["hovertemplate"]) == share
    assert figure["data"][0].get("hovertext") == (["1 / 2"] if share else None)


def test_a_key_that_looks_like_a_number_or_a_day_stays_a_name():
    """A source "2024" or a week "2026-11-16" is a category: Plotly would otherwise spread them on an axis."""
    assert charts.values(["2024"], [1], ["/"], share=False, over_time=False)["layout"]["xaxis"]["type"] == "category"


@pytest.mark.parametrize(
    "figure",
    [
        charts.goal(stored_goal(("2026-11-02", 5, "8")), "8"),
        charts.in_time([(WEEKS[0], 1, 2)], ["/"]),
        charts.funnel(["Lead"], [1], ["/"], ["both"]),
        charts.values(["a"], [1], ["/"], share=True, over_time=True),
    ],
    ids=["goal", "in time", "funnel", "values"],
)
def test_no_figure_can_be_dragged_out_of_its_place(figure):
    """A finger that scrolls the page would otherwise zoom the figure."""
    assert figure["layout"]["xaxis"]["fixedrange"]
    assert figure["layout"]["yaxis"]["fixedrange"]
    assert not figure["layout"]["showlegend"]
