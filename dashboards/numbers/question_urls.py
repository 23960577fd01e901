"""Questions as query strings: every number on a page links to the leads behind it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.timezone import now
from django.utils.translation import gettext as _

from metrics.period import Period
from metrics.question import ALL, BadQuestion, Part, Question, dimensions
from metrics.rate import Row
from smarketing.requests.whole_numbers import parse_whole_number

# Names in a query string, and the attributes of a question they stand for.
QUERY_NAMES = {"view": "view", "from": "from_role", "to": "to_role", "by": "by"}


def to_query(question: Question) -> dict[str, str]:
    """A question as a query, without its empty parts."""
    query = {"start": question.period.start.isoformat(), "end": question.period.end.isoformat()}
    query |= {word: getattr(question, name) for word, name in QUERY_NAMES.items() if getattr(question, name)}
    if question.window_days is not None:
        query["window"] = str(question.window_days)
    seen = {"seen": "1"} if question.as_seen else {}
    return {**query, **question.filters, "at": question.at.isoformat(), **seen}


def behind_url(
    metric: str, question: Question, key: str = ALL, part: Part = "numerator", was: int | None = None
) -> str:
    """The URL of the page with the leads behind one number. `was`: the count that the linking page shows."""
    query = to_query(question)
    if key != ALL:
        query["key"] = key
    if part != "numerator":
        query["part"] = part
    if was is not None:
        query["was"] = str(was)
    return f"{reverse('behind', args=[metric])}?{urlencode(query)}"


def count_of_part(row: Row, part: Part) -> int:
    """How many cases a part of a number has."""
    return {"numerator": row.numerator, "denominator": row.denominator or 0, "flagged": row.flagged}[part]


def parse_question(query: Mapping[str, str]) -> Question:
    """Parse a question. Raises `BadQuestion` with the name that is wrong."""
    start, end = parse_day("start", query.get("start", "")), parse_day("end", query.get("end", ""))
    if end <= start:
        raise BadQuestion("end", _("The period ends after it starts."))
    filters = {
        dimension.name: query[dimension.name] for dimension in dimensions() if dimension.key and dimension.name in query
    }
    window = parse_whole_number(query.get("window", ""))
    if window is None and query.get("window"):
        raise BadQuestion("window", _("A window is a number of days from 1 to 36,500."))
    return Question(
        Period(start, end),
        view=query.get("view", ""),
        from_role=query.get("from", ""),
        to_role=query.get("to", ""),
        by=query.get("by", ""),
        window_days=window,
        filters=filters,
        at=parse_moment(query.get("at", "")),
        as_seen=query.get("seen") == "1",
    )


def parse_day(name: str, text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise BadQuestion(name, _("“%(text)s” is not a date such as 2026-04-01.") % {"text": text})
    if not 1900 <= day.year <= 2200:
        raise BadQuestion(name, _("“%(text)s” is too far away.") % {"text": text})
    return day


def parse_moment(text: str) -> datetime:
    """The moment the question is asked as of; now for no moment and for one in the future."""
    try:
        at = parse_datetime(text.replace(" ", "+"))
    except ValueError:
        at = None
    current = now()
    return min(at, current) if at is not None and at.utcoffset() is not None else current
