"""Plotly figures as plain dictionaries; each page also shows the numbers as a table.

A colour such as "$ink" is a token of the theme. A point whose `customdata` is a path links to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from metrics.rate import Rate
from smarketing.pages import wording

Figure = dict[str, Any]
FIXED = {"fixedrange": True}
SHARE_AT_POINT = "%{x}: %{hovertext}<extra></extra>"


def goal(stored: dict[str, Any], label: str) -> Figure:
    """The value reached by the end of each week, against the pace line to the target."""
    target, open_days = float(stored["target"]), stored["open_days"] or 1
    days = [day for day, _passed, _value in stored["days"]]
    reached = [(day, float(Decimal(value))) for day, _passed, value in stored["days"] if value is not None]
    top = max([target, *(value for _day, value in reached)]) or 1
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines",
                "x": days,
                "y": [target * passed / open_days for _day, passed, _value in stored["days"]],
                "line": {"color": "$ink-3", "dash": "dash", "width": 1.5},
                "hovertemplate": "%{y:,.1f}<extra></extra>",
            },
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": [day for day, _value in reached],
                "y": [value for _day, value in reached],
                "line": {"color": "$ink", "width": 2.5},
                "marker": {"color": "$ink", "size": [*([0] * (len(reached) - 1)), 9]},
                "hovertemplate": "%{y:,.0f}<extra></extra>",
            },
        ],
        "layout": {
            "showlegend": False,
            "margin": {"l": 36, "r": 16, "t": 12, "b": 28},
            "xaxis": {"type": "date", "range": [days[0], days[-1]], "nticks": 5, "tickformat": "%-d/%-m", **FIXED},
            "yaxis": {"range": [0, top * 1.08], "nticks": 4, **FIXED},
            "annotations": [end_label(reached[-1][0], reached[-1][1], label)] if reached else [],
        },
    }


def end_label(x: str, y: float, text: str) -> dict[str, Any]:
    """A label at the end of a line, in place of a legend."""
    return {"x": x, "y": y, "text": text, "showarrow": False, "xanchor": "left", "yanchor": "top", "xshift": 8}


def share_and_counts(n: int, of: int) -> str:
    """20.9% (86 / 412); only the two numbers where they make no percentage."""
    return f"{wording.share(n, of)} ({n} / {of})" if wording.is_percentage(n, of) or not of else wording.share(n, of)


def in_time(weeks: Sequence[Sequence[Any]], urls: Sequence[str]) -> Figure:
    """The share answered in time by week; a week in which nothing fell due is a gap."""
    values = [Rate(n, of).value for _monday, n, of in weeks]
    lowest = min([value for value in values if value is not None], default=0.0)
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": [monday for monday, _n, _of in weeks],
                "y": values,
                "customdata": list(urls),
                "text": [share_and_counts(n, of) for _monday, n, of in weeks],
                "line": {"color": "$sales", "width": 2},
                "marker": {"color": "$sales", "size": [*([5] * (len(weeks) - 1)), 9]},
                "hovertemplate": "%{text}<extra></extra>",
            }
        ],
        "layout": {
            "showlegend": False,
            "margin": {"l": 40, "r": 12, "t": 8, "b": 24},
            "xaxis": {"type": "date", "nticks": 4, "tickformat": "%-d/%-m", **FIXED},
            "yaxis": {"range": [max(0.0, lowest - 0.1), 1.03], "tickformat": ".0%", "nticks": 4, **FIXED},
        },
    }


def funnel(names: Sequence[str], counts: Sequence[int], urls: Sequence[str], parties: Sequence[str]) -> Figure:
    """The stages one below the other, as wide as the number of leads that entered them."""
    colours = {"marketing": "$marketing", "sales": "$sales", "both": "$ink"}
    return {
        "data": [
            {
                "type": "funnel",
                "y": list(names),
                "x": list(counts),
                "customdata": list(urls),
                "textinfo": "value",
                "hovertemplate": "%{y}: %{x:,}<extra></extra>",
                "marker": {"color": [colours[party] for party in parties]},
                "connector": {"fillcolor": "$line", "line": {"width": 0}},
            }
        ],
        "layout": {
            "showlegend": False,
            "margin": {"l": 110, "r": 12, "t": 8, "b": 8},
            "yaxis": {"automargin": True, **FIXED},
            "xaxis": FIXED,
        },
    }


def values(
    keys: Sequence[str],
    values: Sequence[float | None],
    urls: Sequence[str],
    *,
    texts: Sequence[str] = (),
    share: bool,
    over_time: bool,
) -> Figure:
    """One value a key: a line over time, else bars."""
    style: dict[str, Any] = (
        {"type": "scatter", "mode": "lines+markers", "line": {"color": "$ink", "width": 2}, "marker": {"size": 7}}
        if over_time
        else {"type": "bar", "marker": {"color": "$ink-3"}}
    )
    axis: dict[str, Any] = {"tickformat": ".0%"} if share else {"tickformat": ",~f"}
    return {
        "data": [
            {"x": list(keys), "y": list(values), "customdata": list(urls), **style}
            | (
                {"hovertext": list(texts), "hovertemplate": SHARE_AT_POINT}
                if share
                else {"hovertemplate": "%{x}: %{y:,}<extra></extra>"}
            )
        ],
        "layout": {
            "showlegend": False,
            "margin": {"l": 56, "r": 12, "t": 12, "b": 48},
            "xaxis": {"type": "category", "automargin": True, **FIXED},
            "yaxis": {"rangemode": "tozero", "automargin": True, **axis, **FIXED},
        },
    }
