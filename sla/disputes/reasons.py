"""Why leads were rejected, and why opportunities were lost and won: counted beside each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from funnel.models import Reason
from metrics.question import Question, dimension
from metrics.rate import Row
from metrics.registry import metric
from smarketing.database.together import Asked

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

REJECTED, LOST, WON = Reason.Kind.REJECTED, Reason.Kind.LOST, Reason.Kind.WON
# The metric, by which reason it is cut, of which list, and what it is called.
LISTS: tuple[tuple[str, str, Reason.Kind, StrOrPromise, StrOrPromise], ...] = (
    ("rejected", "reason", REJECTED, _("Why leads were rejected"), _("None was rejected in these days.")),
    ("lost", "lost_reason", LOST, _("Why opportunities were lost"), _("None was lost in these days.")),
    ("contracts", "won_reason", WON, _("Why opportunities were won"), _("None was won in these days.")),
)


@dataclass(frozen=True)
class CountedReason:
    """How often one reason was given, with the URL of the leads behind it."""

    key: str
    name: str
    n: int
    url: str


@dataclass(frozen=True)
class ReasonList:
    """The reasons of one outcome, as `_reason_list.html` takes them."""

    name: str
    title: StrOrPromise
    none: StrOrPromise
    rows: list[CountedReason]

    @property
    def total(self) -> int:
        return sum(row.n for row in self.rows)


def reason_lists(question: Question) -> list[ReasonList]:
    """The three lists of that question, the most frequent reason first."""
    return asked_reason_lists(question).fetch()


def asked_reason_lists(question: Question) -> Asked[list[ReasonList]]:
    """The lists, to be asked with what else a page shows."""
    questions = _questions(question)
    asked = Asked.all_of([metric(name).asked(each) for name, each in questions])
    return Asked(asked.querysets, lambda *found: _lists_of(questions, asked.make(*found)))


def lists_of_counts(question: Question, counts: Mapping[str, Mapping[str, int]]) -> list[ReasonList]:
    """The lists of counts that were kept: how often each reason was given, by the name of the list and its key."""
    kept = [[Row.of_count(key, n) for key, n in counts[name].items()] for name, *_words in LISTS]
    return _lists_of(_questions(question), kept)


def _questions(question: Question) -> list[tuple[str, Question]]:
    return [(name, replace(question, by=by)) for name, by, *_words in LISTS]


def _lists_of(questions: list[tuple[str, Question]], answers: list[list[Row]]) -> list[ReasonList]:
    names: dict[str, dict[str, str]] = {kind: {} for kind in (REJECTED, LOST, WON)}
    for reason in (each for each in Reason.objects.known() if each.kind in names):
        names[reason.kind][reason.key] = str(reason)
    return [
        ReasonList(name, title, none, _counted(name, each, rows, names[kind]))
        for (name, _by, kind, title, none), (_name, each), rows in zip(LISTS, questions, answers, strict=True)
    ]


def _counted(name: str, question: Question, rows: list[Row], names: Mapping[str, str]) -> list[CountedReason]:
    without = dimension(question.by).key_label("")
    return [
        CountedReason(
            row.key, names.get(row.key, row.key) or without, row.numerator, _url(name, question, row.key, row.numerator)
        )
        for row in sorted(rows, key=lambda row: (-row.numerator, row.key))
    ]


def _url(name: str, question: Question, key: str, was: int) -> str:
    period = question.period
    query = {"start": period.start.isoformat(), "end": period.end.isoformat(), "by": question.by}
    query |= {"at": question.at.isoformat(), **({"seen": "1"} if question.as_seen else {}), "key": key, "was": str(was)}
    return f"{reverse('behind', args=[name])}?{urlencode(query)}"
