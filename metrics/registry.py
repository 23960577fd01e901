"""Every number by its name: what it is, what it takes, how it is counted, and the leads behind it.

Each app describes the metrics of its own nouns in its `metrics.py` and registers them when it is ready; pages, clauses,
the API and the `metric` command ask for them here:

    question = Question(Period.month_of(today), view="cohort", from_role="mql", to_role="customer", by="week")
    rows = metric("conversion").rows(question)
    leads = metric("conversion").behind(question, rows[0].key, "numerator")
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from metrics.question import (
    BadQuestion,
    Dimension,
    Part,
    Question,
    View,
    dimension,
    dimensions,
    register_dimension,
)
from metrics.rate import Rate, Row

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# Primary keys of leads, as SQL: `Lead.objects.filter(pk__in=...)`.
LeadPks: TypeAlias = QuerySet[Any, Any]


class UnknownMetric(ValueError):
    """Nobody defined a metric of this name."""


class Unit(StrEnum):
    COUNT = "count"
    RATE = "rate"
    # Seconds of open time.
    DURATION = "duration"
    MONEY = "money"

    @property
    def label(self) -> StrOrPromise:
        return UNITS[self]


UNITS = {
    Unit.COUNT: gettext_lazy("Count"),
    Unit.RATE: gettext_lazy("Rate"),
    Unit.DURATION: gettext_lazy("Duration"),
    Unit.MONEY: gettext_lazy("Money"),
}


@dataclass(frozen=True)
class Metric:
    """A number that both teams mean the same by.

    `count` answers a question, one row a key (`Question.key` is the SQL of it); rows of weeks and months in which
    nothing happened are added here. `leads` gives the leads behind a question that is not cut by anything.

    `stages`: "none" are named; "one" may be (`to_role`); a "pair" must be (`from_role`, `to_role`). `roles` are those
    it knows, in the order of the funnel. The first of the views is the one meant when none is named.
    """

    name: str
    label: StrOrPromise
    definition: StrOrPromise
    unit: Unit
    count: Callable[[Question], Iterable[Row]]
    leads: Callable[[Question, Part], LeadPks]
    views: tuple[View, ...] = (View.PERIOD,)
    dimensions: tuple[str, ...] = ("month", "week", "quarter")
    stages: Literal["none", "one", "pair"] = "none"
    roles: tuple[str, ...] = ()
    takes_window: bool = False
    # Why something is flagged and left out of the number.
    flagged_as: StrOrPromise = gettext_lazy("dated before its cause")

    def rows(self, question: Question) -> list[Row]:
        """Answer the question, or raise `BadQuestion`."""
        question = self.accept(question)
        return question.completed(self.count(question), self.empty)

    def value(self, question: Question) -> Row:
        """The one row of a question that is not cut by anything."""
        (row,) = self.rows(replace(question, by=""))
        return row

    def behind(self, question: Question, key: str, part: Part = "numerator") -> LeadPks:
        """The leads behind one number of the answer, or `BadQuestion`."""
        if part not in ("numerator", "denominator", "flagged"):
            raise BadQuestion("part", _("A number has a numerator, a denominator and what is flagged."))
        return self.leads(self.accept(question).narrowed(key), part)

    def accept(self, question: Question) -> Question:
        """Return the question with what it left open, if this metric takes it."""
        question = replace(question, view=question.view or self.views[0])
        self._check_view(question)
        self._check_stages(question)
        for name in (*filter(None, [question.by]), *question.filters):
            self._check_dimension(name)
        return question

    def _check_view(self, question: Question) -> None:
        if question.view not in self.views:
            raise self._refused(
                "view",
                _("%(metric)s has no view “%(view)s”, but: %(known)s."),
                view=question.view,
                known=", ".join(self.views),
            )
        if question.window_days is None:
            return
        if not self.takes_window or question.view != View.COHORT:
            raise self._refused("window", _("%(metric)s takes no window in this view."))
        if not 1 <= question.window_days <= 36_500:
            raise self._refused("window", _("A window is a number of days from 1 to 36,500."))

    def _check_stages(self, question: Question) -> None:
        wanted = {"none": (), "one": ("to",), "pair": ("from", "to")}[self.stages]
        for end, role in (("from", question.from_role), ("to", question.to_role)):
            if role and end not in wanted:
                raise self._refused(end, _("%(metric)s takes no stage “%(end)s”."), end=end)
            if role and role not in self.roles:
                text = _("There is no stage “%(role)s”, but: %(known)s.")
                raise self._refused(end, text, role=role, known=", ".join(self.roles))
            if not role and self.stages == "pair":
                raise self._refused(end, _("%(metric)s needs the stages it counts from and to."))
        if self.stages == "pair" and self.roles.index(question.from_role) >= self.roles.index(question.to_role):
            raise self._refused("to", _("The stage to count to comes after the one to count from."))

    def _check_dimension(self, name: str) -> None:
        if name not in self.dimensions:
            text = _("%(metric)s cannot be cut by “%(name)s”, but by: %(known)s.")
            raise self._refused("by", text, name=name, known=", ".join(self.dimensions))
        dimension(name)

    def _refused(self, field: str, text: str, **words: str) -> BadQuestion:
        return BadQuestion(field, text % {"metric": self.name, **words})

    def empty(self, key: str) -> Row:
        if self.unit == Unit.RATE:
            return Row.of_rate(key, Rate(0, 0))
        if self.unit == Unit.DURATION:
            return Row.of_value(key, None, cases=0)
        return Row.of_count(key, 0)


_metrics: dict[str, Metric] = {}


def register(new: Metric) -> Metric:
    """Make it known. Called by the app that defines it, when it is ready; a number is defined once."""
    known = _metrics.get(new.name)
    if known is not None and known != new:
        raise ValueError(f"The metric {new.name} is defined twice.")
    _metrics[new.name] = new
    return new


def metric(name: str) -> Metric:
    try:
        return _metrics[name]
    except KeyError:
        known = ", ".join(sorted(_metrics))
        text = _("There is no metric “%(name)s”, but: %(known)s.") if known else _("There is no metric “%(name)s”.")
        raise UnknownMetric(text % {"name": name, "known": known}) from None


def metrics() -> list[Metric]:
    return sorted(_metrics.values(), key=lambda metric: metric.name)


__all__ = [
    "BadQuestion",
    "Dimension",
    "LeadPks",
    "Metric",
    "Part",
    "Question",
    "Unit",
    "UnknownMetric",
    "View",
    "dimension",
    "dimensions",
    "metric",
    "metrics",
    "register",
    "register_dimension",
]
