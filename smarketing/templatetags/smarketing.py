"""What pages are made of: words, numbers and small pieces. `docs/pages.md` shows each in use."""

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from django import template
from django.forms import BoundField
from django.http import HttpRequest
from django.template.context import Context
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join, json_script
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from smarketing.pages import navigation, wording
from smarketing.pages.icons import ICONS
from smarketing.pages.themes import theme_of
from smarketing.proportion import wilson

register = template.Library()

register.filter("number", wording.number)
register.filter("percent", wording.percent)
register.filter("money", wording.money)
register.filter("money_exact", wording.money_exact)
register.filter("duration", wording.duration)
register.filter("days", wording.days)
register.filter("person_name", wording.person_name)
register.filter("initials", wording.initials)


@register.filter
def day(value: date | datetime | None, form: str = "") -> str:
    """{{ week.start|day }}, {{ week.start|day:"short" }}, "week" (with the day of the week) or "month"."""
    return wording.day(value, form)


@register.filter
def day_in(value: date, month: date) -> str:
    """A day of a list headed by a month (its first day): the number alone, or with the month where that is another."""
    is_headed = (value.year, value.month) == (month.year, month.month)
    return str(value.day) if is_headed else wording.day(value, "short")


@register.filter
def clock(value: datetime) -> str:
    return wording.clock(value)


@register.filter
def ago(value: datetime | None) -> str:
    return wording.ago(value)


@register.filter
def moment(value: date | datetime | None) -> str:
    return wording.moment(value)


@register.simple_tag
def when(value: date | datetime | None, form: str = "moment") -> str:
    """A moment in <time>, in full behind it: {% when lead.created_at %}, {% when note.at "ago" %}."""
    if value is None:
        return wording.NOTHING
    near = isinstance(value, datetime) and form == "ago"
    text = wording.ago(value) if near and isinstance(value, datetime) else wording.moment(value)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', value.isoformat(), wording.moment_in_full(value), text
    )


@register.simple_tag
@cache
def icon(name: str) -> SafeString:
    """{% icon "inbox" %}; the names are in smarketing/pages/icons.py."""
    return mark_safe(f'<svg class="icon" viewBox="0 0 16 16" aria-hidden="true">{ICONS[name]}</svg>')


@register.simple_tag
def num(value: Any, href: str = "", label: str = "") -> SafeString:
    """A number that opens its rows: {% num week.offered offered_url %}. Text is shown as it is."""
    text = value if isinstance(value, str) else wording.number(value)
    spoken = format_html(' aria-label="{}"', label) if label else ""
    if href:
        return format_html('<a class="num" href="{}"{}>{}</a>', href, spoken, text)
    return format_html('<span class="num"{}>{}</span>', spoken, text)


@register.simple_tag
def rate(
    numerator: Any,
    denominator: int | None = None,
    href: str = "",
    of: bool = True,
    interval: bool = False,
    digits: int = 1,
) -> SafeString:
    """A share with its count: {% rate 79 84 %}, {% rate week.answered %} (anything with a numerator and a
    denominator), `href=` its rows, `of=False` without the count, `interval=True` with the 95 % interval."""
    if hasattr(numerator, "numerator") and hasattr(numerator, "denominator") and not isinstance(numerator, int):
        numerator, denominator = numerator.numerator, numerator.denominator
    if not denominator:
        value = format_html('<span class="muted" aria-label="{}">–</span>', _("no rate: nothing to count"))
        interval = False
    else:
        value = num(wording.share(numerator, denominator, digits), href)
    parts = [value]
    if of:
        parts.append(format_html('<span class="of">{} / {}</span>', wording.number(numerator), of_what(denominator)))
    if interval and denominator and 0 <= numerator <= denominator:
        parts.append(
            format_html(
                '<span class="of" title="{}">{}</span>',
                _("95% interval"),
                wording.from_to(*wilson(numerator, denominator)),
            )
        )
    return mark_safe(" ".join(parts))


def of_what(denominator: int | None) -> str:
    return wording.number(denominator or 0)


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


@register.simple_tag
def badge(text: Any, tone: str = "neutral", line: bool = False) -> SafeString:
    """A state: {% badge _("Kept") "kept" %}; `line=True` for a plain name such as a stage."""
    if line:
        return format_html('<span class="badge badge--line">{}</span>', text)
    return format_html('<span class="badge" data-tone="{}">{}</span>', tone, text)


@register.simple_tag
def party(name: str, text: Any = "", plain: bool = False) -> SafeString:
    """Whose it is: {% party "sales" %}, {% party team.party team %}."""
    words = {"marketing": _("Marketing"), "sales": _("Sales"), "both": _("Both teams")}
    kind = " party--plain" if plain else ""
    return format_html('<span class="party{}" data-party="{}">{}</span>', kind, name, text or words[name])


def party_of(person: Any) -> str:
    return getattr(getattr(person, "team", None), "party", "") or ""


@register.simple_tag
def avatar(person: Any, size: str = "") -> SafeString:
    """{% avatar user %}, {% avatar lead "l" %}, {% avatar user "s" %}."""
    owner = party_of(person)
    return format_html(
        '<span class="avatar{}"{} aria-hidden="true">{}</span>',
        f" avatar--{size}" if size else "",
        format_html(' data-party="{}"', owner) if owner else "",
        wording.initials(person),
    )


@register.simple_tag
def person(someone: Any, href: str = "") -> SafeString | str:
    """Avatar and name: {% person handoff.rep %}."""
    if someone is None:
        return wording.NOTHING
    name = wording.person_name(someone)
    shown = format_html('<a href="{}">{}</a>', href, name) if href else name
    return format_html('<span class="person">{}{}</span>', avatar(someone, "s"), shown)


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
def interval(
    numerator: int,
    denominator: int,
    target: float | None = None,
    tone: str = "neutral",
    low: float = 0,
    high: float = 1,
) -> SafeString | str:
    """A rate with its 95 % interval against the promised value, on an axis from `low` to `high` (shares).

    {% interval 79 84 target=0.95 tone="risk" low=0.8 %}
    """
    if not denominator or high <= low:
        return ""

    def x(value: float) -> float:
        return clamped(100 * (value - low) / (high - low))

    begin, end = wilson(numerator, denominator)
    aim: SafeString | str = ""
    if target is not None:
        aim = format_html('<line class="interval__target" x1="{0}%" x2="{0}%" y1="2" y2="18"/>', x(target))
    return format_html(
        '<svg class="interval" data-tone="{}" aria-hidden="true">'
        '<line class="interval__axis" x1="0" x2="100%" y1="10" y2="10"/>'
        '<line class="interval__range" x1="{}%" x2="{}%" y1="10" y2="10"/>{}'
        '<circle class="interval__value" cx="{}%" cy="10" r="4.5"/></svg>',
        tone,
        x(begin),
        x(end),
        aim,
        x(numerator / denominator),
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
    due_at: datetime, left: timedelta | float, total: timedelta | float | None = None, at: datetime | None = None
) -> SafeString:
    """The clock of a promise that runs: {% countdown timer.due_at timer.left timer.answer_within %}.

    `left` is open time until `due_at` at the moment `at` (now): negative once it is over. It ticks where an element
    around it has {% open_windows … %}.
    """
    seconds = wording.seconds_of(left)
    whole = wording.seconds_of(total) if total is not None else 0.0
    over = seconds < 0
    words = _countdown_words(wording.language())
    tone = "breached" if over else "risk" if whole and seconds < whole * RISK else "neutral"
    text = words["over" if over else "left"] % {"time": wording.duration(seconds)}
    ring: SafeString | str = ""
    if whole and not over:
        ring = _ring(round(clamped(100 * seconds / whole)))
    return format_html(
        '<span class="countdown" data-tone="{}" data-countdown data-at="{}" data-left="{}" data-total="{}"'
        ' data-text-left="{}" data-text-over="{}">{}<time datetime="{}" title="{}">{}</time></span>',
        tone,
        (at or now()).isoformat(),
        int(seconds),
        int(whole),
        words["left"] % {"time": "{}"},
        words["over"] % {"time": "{}"},
        ring,
        due_at.isoformat(),
        words["due"] % {"moment": wording.moment(due_at)},
        text,
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
    """Looked up once a language, not four times a clock."""
    return {"over": _("%(time)s over"), "left": _("%(time)s left"), "due": _("Due %(moment)s")}


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


@register.filter
def tone(level: str) -> str:
    """A message's level as a tone: {{ message.level_tag|tone }}."""
    return {"success": "kept", "warning": "risk", "error": "breached"}.get(level, "neutral")


@register.filter
def count_of(count: int, words: str) -> str:
    """ "12 leads": {{ n|count_of:"lead,leads" }} in English; give both forms as msgids of your catalogue."""
    one, many = words.split(",")
    return f"{wording.number(count)} {ngettext(one, many, count)}"


@register.simple_tag(takes_context=True)
def theme(context: Context) -> str:
    """The chosen theme: "light", "dark" or "" for what the system says."""
    request = context.get("request")
    return theme_of(request) if isinstance(request, HttpRequest) else ""


@register.simple_tag(takes_context=True)
def nav_sections(context: Context) -> Sequence[navigation.Section]:
    request = context.get("request")
    if not isinstance(request, HttpRequest) or not request.user.is_authenticated:
        return []
    return navigation.sections(request, context.get("nav_counts"), str(context.get("nav_here") or ""))


@register.simple_tag
def nav_link(link: navigation.Link) -> SafeString:
    """One line of the navigation."""
    count: SafeString | str = ""
    if link.count:
        toned = format_html(' data-tone="{}"', link.tone) if link.tone else ""
        count = format_html('<span class="nav__count"{}>{}</span>', toned, wording.number(link.count))
    here = mark_safe(' aria-current="page"') if link.is_here else ""
    shown = (link.url, here, icon(link.icon), link.label, count)
    return format_html('<a class="nav__link" href="{}"{}>{}{}{}</a>', *shown)


@register.simple_tag(takes_context=True)
def may_open(context: Context, name: str) -> bool:
    """{% may_open "lead_edit" as may_edit %}: whether the person may open the view of that name."""
    request = context.get("request")
    return isinstance(request, HttpRequest) and navigation.may_open(request.user, name)


@register.simple_tag
def page_url(name: str) -> str:
    """The address of a page that may not exist (then empty): {% page_url "profile" as profile_url %}."""
    return navigation.url_of(name)


@register.filter
def input_type(field: BoundField) -> str:
    return field.widget_type
