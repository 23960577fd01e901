"""Questions about numbers as addresses: every number on a page is a link to the leads behind it."""

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

# The words of an address, and the parts of a question that they stand for.
WORDS = {"view": "view", "from": "from_role", "to": "to_role", "by": "by"}


def address(question: Question) -> dict[str, str]:
    """Write a question as the words of an address, without what it leaves open."""
    said = {"start": question.period.start.isoformat(), "end": question.period.end.isoformat()}
    said |= {word: getattr(question, name) for word, name in WORDS.items() if getattr(question, name)}
    if question.window_days is not None:
        said["window"] = str(question.window_days)
    return {**said, **question.filters, "at": question.at.isoformat()}


def behind_url(
    metric: str, question: Question, key: str = ALL, part: Part = "numerator", was: int | None = None
) -> str:
    """The page of the leads behind one number. `was`: how many the page that links to it showed."""
    said = address(question)
    if key != ALL:
        said["key"] = key
    if part != "numerator":
        said["part"] = part
    if was is not None:
        said["was"] = str(was)
    return f"{reverse('behind', args=[metric])}?{urlencode(said)}"


def part_of(row: Row, part: Part) -> int:
    """How many cases that part of a number has."""
    return {"numerator": row.numerator, "denominator": row.denominator or 0, "flagged": row.flagged}[part]


def read(said: Mapping[str, str]) -> Question:
    """Read a question from an address, or raise `BadQuestion` with the word that is wrong."""
    start, end = day("start", said.get("start", "")), day("end", said.get("end", ""))
    if end <= start:
        raise BadQuestion("end", _("The period ends after it starts."))
    filters = {each.name: said[each.name] for each in dimensions() if each.key and each.name in said}
    words = {name: said.get(word, "") for word, name in WORDS.items()}
    window = said.get("window", "")
    if window and not (window.isascii() and window.isdigit()):
        raise BadQuestion("window", _("A window is a number of days from 1 to 36,500."))
    return Question(
        Period(start, end),
        window_days=int(window) if window else None,
        filters=filters,
        at=moment(said.get("at", "")),
        **words,
    )


def day(word: str, text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise BadQuestion(word, _("“%(text)s” is not a date such as 2026-04-01.") % {"text": text})
    if not 1900 <= found.year <= 2200:
        raise BadQuestion(word, _("“%(text)s” is too far away.") % {"text": text})
    return found


def moment(text: str) -> datetime:
    """As of when. What cannot be read, and what is to come, means now."""
    try:
        at = parse_datetime(text.replace(" ", "+"))
    except ValueError:
        at = None
    present = now()
    return min(at, present) if at is not None and at.utcoffset() is not None else present
