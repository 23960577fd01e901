"""Every metric by its name: its definition, the questions it takes, how it is counted, and the leads behind it.

Each app describes the metrics of its own nouns in its `metrics.py` and registers them when it is ready; pages, clauses,
the API and the `metric` command ask for them here:

    question = Question(Period.month_of(today), view="cohort", from_role="mql", to_role="customer", by="week")
    rows = metric("conversion").rows(question)
    leads = metric("conversion").behind(question, rows[0].key, "numerator")

Numbers that are shown beside each other are asked by one statement: `Asked.all_of([metric(...).asked(...), ...])`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from metrics.asked import Answer
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
from smarketing.database.together import Asked

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# Primary keys of leads, as SQL: `Lead.objects.filter(pk__in=...)`.
LeadPks: TypeAlias = QuerySet[Any, Any]


class UnknownMetric(ValueError):
    """No metric of this name is registered."""


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
    """One number, defined once for both teams.

    `count` answers a question with one row a key (`Question.key` is its SQL), or returns what is to be asked for it;
    rows of weeks and months in which nothing happened are added here. `leads` returns the leads behind a question
    without a dimension.

    `stages`: a question names "none", may name "one" (`to_role`), or must name a "pair" (`from_role`, `to_role`) out of
    `roles`, which are in the order of the funnel. The first of the `views` is the default.
    """

    name: str
    label: StrOrPromise
    definition: StrOrPromise
    unit: Unit
    count: Callable[[Question], Answer]
    leads: Callable[[Question, Part], LeadPks]
    views: tuple[View, ...] = (View.PERIOD,)
    dimensions: tuple[str, ...] = ("month", "week", "quarter")
    stages: Literal["none", "one", "pair"] = "none"
    roles: tuple[str, ...] = ()
    takes_window: bool = False
    # Of an amount or a duration: the column of the rows of `leads` that holds what each comes to; of amounts, that of
    # the currency after it.
    each: tuple[str, ...] = ()
    # Why a case is flagged and not counted.
    flagged_as: StrOrPromise = gettext_lazy("dated before its cause")

    def asked(self, question: Question) -> Asked[list[Row]]:
        """What is to be asked for its answer to the question, with others by one statement. Raises `BadQuestion`."""
        question = self.accept(question)
        answer = self.count(question)
        if not isinstance(answer, Asked):
            rows = question.completed(answer, self.empty)
            return Asked((), lambda: rows)
        make = answer.make
        return Asked(answer.querysets, lambda *found: question.completed(make(*found), self.empty))

    def asked_value(self, question: Question) -> Asked[Row]:
        """The same for the only row of the question without its dimension."""
        asked = self.asked(replace(question, by=""))
        return Asked(asked.querysets, lambda *found: asked.make(*found)[0])

    def rows(self, question: Question) -> list[Row]:
        """Answer the question. Raises `BadQuestion`."""
        return self.asked(question).fetch()

    def value(self, question: Question) -> Row:
        """The only row of the question without its dimension. Raises `BadQuestion`."""
        return self.asked_value(question).fetch()

    def behind(self, question: Question, key: str, part: Part = "numerator") -> LeadPks:
        """The leads behind one number of the answer. Raises `BadQuestion`."""
        if part not in ("numerator", "denominator", "flagged"):
            raise BadQuestion("part", _("A number has a numerator, a denominator and what is flagged."))
        return self.leads(self.accept(question).narrowed(key), part)

    def accept(self, question: Question) -> Question:
        """Return the question with its default view. Raises `BadQuestion` if this metric does not take it, `NotShown`
        where it is narrowed to somebody whose numbers the asker does not see."""
        question = replace(question, view=question.view or self.views[0])
        self._check_view(question)
        self._check_stages(question)
        for name in (*filter(None, [question.by]), *question.filters):
            self._check_dimension(name)
        return question.check_shown()

    def _check_view(self, question: Question) -> None:
        if question.view not in self.views:
            raise self._refuse(
                "view",
                _("%(metric)s has no view “%(view)s”, but: %(known)s."),
                view=question.view,
                known=", ".join(self.views),
            )
        if question.window_days is None:
            return
        if not self.takes_window or question.view != View.COHORT:
            raise self._refuse("window", _("%(metric)s takes no window in this view."))
        if not 1 <= question.window_days <= 36_500:
            raise self._refuse("window", _("A window is a number of days from 1 to 36,500."))

    def _check_stages(self, question: Question) -> None:
        allowed = {"none": (), "one": ("to",), "pair": ("from", "to")}[self.stages]
        for end, role in (("from", question.from_role), ("to", question.to_role)):
            if role and end not in allowed:
                raise self._refuse(end, _("%(metric)s takes no stage “%(end)s”."), end=end)
            if role and role not in self.roles:
                message = _("There is no stage “%(role)s”, but: %(known)s.")
                raise self._refuse(end, message, role=role, known=", ".join(self.roles))
            if not role and self.stages == "pair":
                raise self._refuse(end, _("%(metric)s needs the stages it counts from and to."))
        if self.stages == "pair" and self.roles.index(question.from_role) >= self.roles.index(question.to_role):
            raise self._refuse("to", _("The stage to count to comes after the one to count from."))

    def _check_dimension(self, name: str) -> None:
        if name not in self.dimensions:
            text = _("%(metric)s cannot be cut by “%(name)s”, but by: %(known)s.")
            raise self._refuse("by", text, name=name, known=", ".join(self.dimensions))
        dimension(name)

    def _refuse(self, field: str, text: str, **words: str) -> BadQuestion:
        return BadQuestion(field, text % {"metric": self.name, **words})

    def empty(self, key: str) -> Row:
        """The row of a key for which nothing was counted."""
        if self.unit == Unit.RATE:
            return Row.of_rate(key, Rate(0, 0))
        if self.unit == Unit.DURATION:
            return Row.of_value(key, None, cases=0)
        return Row.of_count(key, 0)


_metrics: dict[str, Metric] = {}


def register(new: Metric) -> Metric:
    """Register a metric; called by the app that defines it, when it is ready. `ValueError` if the name is taken."""
    registered = _metrics.get(new.name)
    if registered is not None and registered != new:
        raise ValueError(f"The metric {new.name} is defined twice.")
    _metrics[new.name] = new
    return new


def metric(name: str) -> Metric:
    """The metric of this name. Raises `UnknownMetric`."""
    try:
        return _metrics[name]
    except KeyError:
        names = ", ".join(sorted(_metrics))
        text = _("There is no metric “%(name)s”, but: %(known)s.") if names else _("There is no metric “%(name)s”.")
        raise UnknownMetric(text % {"name": name, "known": names}) from None


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
