"""What is asked of a metric: over which days, in which view, cut by what."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar, cast

from django.db.models import CharField, DateTimeField, F, Func, Model, QuerySet, Value
from django.db.models.expressions import Combinable, ExpressionWrapper
from django.db.models.functions import Trunc
from django.db.models.lookups import Exact
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from metrics.period import Period, Step
from metrics.rate import Row

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# The key of the one row of a question that is not cut by anything.
ALL = "all"
MICROSECOND = timedelta(microseconds=1)

Part: TypeAlias = Literal["numerator", "denominator", "flagged"]
M = TypeVar("M", bound=Model)
# The SQL of some dimensions' keys, by their names.
Own: TypeAlias = Mapping[str, Combinable]
NOTHING_OWN: Own = {}
# How a bucket of time is called, in the words of PostgreSQL's to_char; as `Period.key` calls it.
FORMS = {"week": "YYYY-MM-DD", "month": "YYYY-MM", "quarter": 'YYYY-"Q"Q'}


class View(StrEnum):
    """The three ways to look at a funnel. They give different numbers, so each number names its own."""

    COHORT = "cohort"
    PERIOD = "period"
    STOCK = "stock"

    @property
    def label(self) -> StrOrPromise:
        return VIEWS[self]


VIEWS = {
    View.COHORT: gettext_lazy("Cohort"),
    View.PERIOD: gettext_lazy("Period"),
    View.STOCK: gettext_lazy("Stock"),
}


class BadQuestion(ValueError):
    """This cannot be asked of that metric. Says why, in the asker's language, and which part (`field`) is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Dimension:
    """Something that numbers can be cut by: the source of a lead, its persona, the month.

    `key` gives the SQL of a row's key, text and never null, for a lead reached by a path (`""` from the lead itself,
    `"lead__"` from what belongs to one). Time has none: it is read from the moment that a metric counts. An empty
    dimension has the key `""`. `words` says a key in the reader's language.
    """

    name: str
    label: StrOrPromise
    owner: str
    key: Callable[[str], Combinable] | None = None
    words: Callable[[str], StrOrPromise] | None = None

    @property
    def is_time(self) -> bool:
        return self.key is None

    def say(self, key: str) -> str:
        if key == ALL:
            return _("All")
        if not key:
            return _("none")
        return str(self.words(key)) if self.words else key


@dataclass(frozen=True)
class Question:
    """One question, whole: the same question at the same moment has one answer."""

    period: Period
    view: str = ""
    from_role: str = ""
    to_role: str = ""
    window_days: int | None = None
    by: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)
    at: datetime = field(default_factory=now)

    def __hash__(self) -> int:
        parts = (self.view, self.from_role, self.to_role, self.window_days, self.by, self.at)
        return hash((self.period, parts, tuple(sorted(self.filters.items()))))

    @property
    def window(self) -> timedelta | None:
        """Days of 24 hours: a lead may convert within so long after it entered."""
        return None if self.window_days is None else timedelta(days=self.window_days)

    @property
    def known_until(self) -> datetime:
        """The first moment that it does not know of: what happens at the very moment of asking counts."""
        return self.at + MICROSECOND

    @property
    def counts_until(self) -> datetime:
        """The first moment that is no longer counted: the period's end, or what is to come."""
        return min(self.period.ends_at, self.known_until)

    def is_mature(self, period: Period | None = None) -> bool:
        """Whether time can no longer change the answer: the days are over, and so is the window after them."""
        return self.at >= (period or self.period).ends_at + (self.window or timedelta(0))

    @property
    def by_time(self) -> bool:
        """Whether it is cut into weeks, months or quarters."""
        return bool(self.by) and dimension(self.by).is_time

    def buckets(self) -> list[Period]:
        """The weeks, months or quarters that the question is cut into; the whole period, if it is not cut by time."""
        return self.period.split(cast(Step, self.by)) if self.by_time else [self.period]

    def key(self, at: str | Combinable, lead: str = "lead__", own: Own = NOTHING_OWN) -> Combinable:
        """The SQL of a row's key: of the moment `at` for weeks and the like, else of the lead at the end of that path.

        `own`: what the counted thing keeps of a dimension itself, in place of what its lead is today.
        """
        if not self.by:
            return Value(ALL, output_field=CharField())
        of_lead = dimension(self.by).key
        return self._bucket(at) if of_lead is None else own.get(self.by) or of_lead(lead)

    def _bucket(self, at: str | Combinable) -> Combinable:
        moment = F(at) if isinstance(at, str) else at
        begins = Trunc(moment, self.by, output_field=DateTimeField(), tzinfo=self.period.zone)
        form = Value(FORMS[self.by])
        return Func(ExpressionWrapper(begins, DateTimeField()), form, function="to_char", output_field=CharField())

    def filtered(self, rows: QuerySet[M, Any], lead: str = "lead__", own: Own = NOTHING_OWN) -> QuerySet[M, Any]:
        """Only the rows of the leads that the question is about; `own` as in `key`."""
        for name, value in self.filters.items():
            of_lead = dimension(name).key
            if of_lead is not None:
                key = own.get(name) or of_lead(lead)
                rows = rows.filter(Exact(key, Value(value, output_field=CharField())))
        return rows

    def narrowed(self, key: str) -> Question:
        """The question whose whole answer is one row of this one."""
        if not self.by:
            if key != ALL:
                raise BadQuestion("key", _("There is no row “%(key)s” in this answer.") % {"key": key})
            return self
        if not dimension(self.by).is_time:
            return replace(self, by="", filters={**self.filters, self.by: key})
        for period in self.buckets():
            if period.key == key:
                return replace(self, by="", period=period)
        raise BadQuestion("key", _("There is no row “%(key)s” in this answer.") % {"key": key})

    def completed(self, rows: Iterable[Row], empty: Callable[[str], Row]) -> list[Row]:
        """Weeks, months and quarters in their order, also those in which nothing happened; the rest as it came. A row
        is mature when its own days are over."""
        found = {row.key: row for row in rows}
        if self.by and not dimension(self.by).is_time:
            return [self._aged(row, self.period) for row in found.values()]
        keys = {period.key: period for period in self.buckets()} if self.by else {ALL: self.period}
        return [self._aged(found.get(key) or empty(key), period) for key, period in keys.items()]

    def _aged(self, row: Row, period: Period) -> Row:
        return replace(row, mature=row.mature and self.is_mature(period))


_dimensions: dict[str, Dimension] = {}


def register_dimension(new: Dimension) -> Dimension:
    """Make it known. Called by the app that owns it, when it is ready; a name has one owner."""
    known = _dimensions.setdefault(new.name, new)
    if known.owner != new.owner:
        raise ValueError(f"The dimension {new.name} belongs to {known.owner}; {new.owner} cannot have it too.")
    _dimensions[new.name] = new
    return new


def dimension(name: str) -> Dimension:
    try:
        return _dimensions[name]
    except KeyError:
        raise BadQuestion("by", _("There is no dimension “%(name)s”.") % {"name": name}) from None


def dimensions() -> list[Dimension]:
    return list(_dimensions.values())


register_dimension(Dimension("month", gettext_lazy("Month"), "metrics"))
register_dimension(Dimension("week", gettext_lazy("Week"), "metrics"))
register_dimension(Dimension("quarter", gettext_lazy("Quarter"), "metrics"))
