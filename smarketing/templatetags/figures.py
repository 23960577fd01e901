"""Numbers and the small pictures beside them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join, json_script
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import now
from django.utils.translation import gettext as _

from smarketing.pages import wording

register = template.Library()


@register.simple_tag
def num(value: Any, href: str = "", label: str = "") -> SafeString:
    """A number that opens its rows: {% num week.offered offered_url %}. Text is shown as it is."""
    text = value if isinstance(value, str) else wording.number(value)
    spoken = format_html(' aria-label="{}"', label) if label else ""
    if href:
        return format_html('<a class="num" href="{}"{}>{}</a>', href, spoken, text)
    return format_html('<span class="num"{}>{}</span>', spoken, text)


@register.simple_tag
def delta(value: float | None, unit: str = "percent", tone: str = "") -> SafeString | str:
    """A change against what was: {% delta 0.06 %} is 6%, {% delta -0.028 "points" %} is 2.8 pts. Neutral unless a
    promise gives it a `tone`."""
    if value is None:
        return ""
    size = wording.number(abs(value) * 100, 1 if unit == "points" else 0)
    if not float(size.replace(",", "")):
        kind, text = " delta--flat", _("same")
    else:
        kind = " delta--down" if value < 0 else ""
        text = _("%(n)s pts") % {"n": size} if unit == "points" else f"{size}%"
    spoken = "" if kind == " delta--flat" else (_("down") if value < 0 else _("up"))
    toned = format_html(' data-tone="{}"', tone) if tone else ""
    return format_html(
        '<span class="delta{}"{}><span class="visually-hidden">{} </span>{}</span>', kind, toned, spoken, text
    )


def clamped(value: float | None) -> float:
    return round(min(100.0, max(0.0, value or 0.0)), 2)


@register.simple_tag
def bar(
    value: float | None,
    total: float | None = 1,
    mark: float | None = None,
    tone: str = "",
    party: str = "",
    size: str = "",
    label: str = "",
) -> SafeString:
    """A bar of value ÷ total, with a mark (a target, the pace, an average) in the same unit.

    {% bar 23 48 mark=24.5 tone="risk" size="l" %}. Give `label=` where no number stands beside it.
    """
    whole = float(total or 0)

    def width(part: float | None) -> float:
        return clamped(100 * float(part) / whole) if part is not None and whole > 0 else 0.0

    marked: SafeString | str = ""
    if mark is not None and whole > 0:
        height = {"l": 18, "thin": 10}.get(size, 14)
        marked = format_html(
            '<rect class="bar__mark" x="{}%" y="-3" width="2" height="{}"/>', min(width(mark), 99.5), height
        )
    attributes = format_html_join("", ' data-{}="{}"', [(k, v) for k, v in (("tone", tone), ("party", party)) if v])
    spoken = format_html(' role="img" aria-label="{}"', label) if label else mark_safe(' aria-hidden="true"')
    return format_html(
        '<svg class="bar{}"{}{}><rect class="bar__track" width="100%" height="100%"/>'
        '<rect class="bar__value" width="{}%" height="100%"/>{}</svg>',
        f" bar--{size}" if size else "",
        attributes,
        spoken,
        width(value),
        marked,
    )


@register.simple_tag
def progress(done: int, total: int | None, label: str) -> SafeString:
    """How far long work is: {% progress job.done job.total _("Import") %}; without a total, only that it runs."""
    share = clamped(100 * done / total) if total else 0.0
    known = format_html(' aria-valuenow="{}"', int(share)) if total else ""
    return format_html(
        '<svg class="bar" role="progressbar" aria-label="{}" aria-valuemin="0" aria-valuemax="100"{}>'
        '<rect class="bar__track" width="100%" height="100%"/>'
        '<rect class="bar__value" width="{}%" height="100%"/></svg>',
        label,
        known,
        share,
    )


@register.simple_tag
def open_windows(windows: Iterable[tuple[datetime, datetime]]) -> SafeString:
    """The attribute that lets the clocks inside an element tick in opening hours only.

    <section {% open_windows windows %}>: the windows from now to the last deadline, as pairs of moments.
    """
    pairs = [[int(start.timestamp()), int(end.timestamp())] for start, end in windows]
    return format_html('data-open-windows="{}"', json.dumps(pairs, separators=(",", ":")))


RISK = 0.25


@register.simple_tag
def countdown(
    due_at: datetime,
    left: timedelta | float,
    total: timedelta | float | None = None,
    at: datetime | None = None,
    begins_at: datetime | None = None,
    windows: Iterable[tuple[datetime, datetime]] | None = None,
) -> SafeString:
    """The clock of a promise that runs: {% countdown timer.due_at timer.left timer.answer_within %}.

    `left` is open time until `due_at` at the moment `at` (now): negative once it is over. `begins_at` is when it runs
    on, where it stands still. It ticks where it has windows of its own, or an element around it has
    {% open_windows … %}.
    """
    at = at or now()
    seconds = wording.seconds_of(left)
    whole = wording.seconds_of(total) if total is not None else 0.0
    over = seconds < 0
    words = _countdown_words(wording.language())
    tone = "breached" if over else "risk" if whole and seconds < whole * RISK else "neutral"
    time = wording.duration(seconds) if abs(seconds) >= 60 else words["less"]
    due = words["due"] % {"moment": wording.moment_to_the_minute(due_at, at)}
    # No open time lies before it: it is due when the clock on the wall says so.
    waits = not seconds and due_at > at
    text = due if waits else words["over" if over else "left"] % {"time": time}
    ring: SafeString | str = ""
    if whole and not over:
        ring = _ring(round(clamped(100 * seconds / whole)))
    return format_html(
        '<span class="countdown" data-tone="{}"{} data-at="{}" data-left="{}" data-total="{}"'
        ' data-text-left="{}" data-text-over="{}"{}>{}<time datetime="{}" title="{}">{}</time>{}</span>',
        tone,
        "" if waits else mark_safe(" data-countdown"),
        at.isoformat(),
        int(seconds),
        int(whole),
        words["left"] % {"time": "{}"},
        words["over"] % {"time": "{}"},
        "" if windows is None else format_html(" {}", open_windows(windows)),
        ring,
        due_at.isoformat(),
        due,
        text,
        _begins(begins_at, due_at, at) if begins_at else "",
    )


def _begins(begins_at: datetime, due_at: datetime, at: datetime) -> SafeString:
    """When a clock that stands still runs on, and until when: the script takes it away then."""
    same_day = wording.local(begins_at).date() == wording.local(due_at).date()
    moments = {
        "begins": wording.moment_to_the_minute(begins_at, at),
        "due": wording.clock(due_at) if same_day else wording.moment_to_the_minute(due_at, at),
    }
    return format_html(
        '<span class="countdown__begins" data-begins="{}">{}</span>',
        int(begins_at.timestamp()),
        _countdown_words(wording.language())["begins"] % moments,
    )


@cache
def _ring(percent: int) -> SafeString:
    return format_html(
        '<svg class="countdown__ring" viewBox="0 0 16 16" aria-hidden="true"><circle cx="8" cy="8" r="6"/>'
        '<circle cx="8" cy="8" r="6" pathLength="100" stroke-dasharray="{} 100"/></svg>',
        percent,
    )


@cache
def _countdown_words(language: str) -> dict[str, str]:
    """Looked up once a language, not five times a clock."""
    return {
        "over": _("%(time)s over"),
        "left": _("%(time)s left"),
        "less": _("under 1 min"),
        "due": _("Due %(moment)s"),
        "begins": _("begins %(begins)s, due %(due)s"),
    }


@register.simple_tag
def figure(figure: dict[str, Any], id: str, label: str, size: str = "", caption: str = "") -> SafeString:
    """A Plotly figure, drawn by script beside its table: {% figure chart "goal-chart" _("Contracts by week") %}.

    `figure` is {"data": […], "layout": {…}} as plain lists and dictionaries; a colour may be "$sales" or "$ink-3".
    """
    words = format_html('<figcaption class="legend">{}</figcaption>', caption) if caption else ""
    return format_html(
        '<figure class="figure{}" data-figure="{}" data-plotly="{}" data-template="{}">'
        '<div class="figure__plot" role="img" aria-label="{}"></div>{}</figure>{}',
        f" figure--{size}" if size else "",
        id,
        static("plotly/plotly.min.js"),
        static("plotly-template.json"),
        label,
        words,
        json_script(figure, id),
    )
