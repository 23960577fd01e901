"""The question that a metric answers: which period and view, cut and filtered by which dimensions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar, cast

from django.db.models import Case, CharField, DateTimeField, F, Func, Model, QuerySet, Value, When
from django.db.models.expressions import Combinable, ExpressionWrapper
from django.db.models.functions import Trunc
from django.db.models.lookups import Exact, In
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from metrics.period import Period, Step
from metrics.rate import Row

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# The key of the only row of a question without a dimension.
ALL = "all"
# The key of all people together whose rows the asker does not see.
OTHERS = "others"
MICROSECOND = timedelta(microseconds=1)

Part: TypeAlias = Literal["numerator", "denominator", "flagged"]
Counted = TypeVar("Counted", bound=Model)
# SQL of dimension keys by dimension name: what the counted row itself stores, in place of what its lead is today.
Own: TypeAlias = Mapping[str, Combinable]
NOTHING_OWN: Own = {}
# The key of a bucket of time, as a format of PostgreSQL's to_char; the same as `Period.key`.
TO_CHAR_FORMATS = {"week": "YYYY-MM-DD", "month": "YYYY-MM", "quarter": 'YYYY-"Q"Q'}


class View(StrEnum):
    """The three views of a funnel. They give different numbers, so each number names its view."""

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
    """A metric does not take this question. Has a message in the user's language and the wrong part (`field`)."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class NotShown(BadQuestion):
    """The number is about somebody whose numbers the asker does not see."""


@dataclass(frozen=True)
class Dimension:
    """What numbers can be cut by: the source of a lead, its persona, the month.

    `key` takes the path to the lead (`""` from the lead itself, `"lead__"` from a row of a lead) and returns the SQL of
    a row's key: text, never null, `""` for an empty value. A dimension of time has no `key`: its buckets come from the
    moment that a metric counts by. `words` returns the label of a key in the user's language; where labels lie in a
    table, `names` those of several keys, asked together.
    """

    name: str
    label: StrOrPromise
    owner: str
    key: Callable[[str], Combinable] | None = None
    words: Callable[[str], StrOrPromise] | None = None
    names: Callable[[Sequence[str]], Mapping[str, StrOrPromise]] | None = None
    # What an empty value means.
    empty: StrOrPromise = gettext_lazy("none")
    # Its keys are the ids of people: not everybody sees each of their rows.
    is_personal: bool = False

    @property
    def is_time(self) -> bool:
        return self.key is None

    def key_label(self, key: str) -> str:
        """The name of a row: "All", what an empty value means, else what the dimension calls it."""
        return self.key_labels([key])[key]

    def key_labels(self, keys: Iterable[str]) -> dict[str, str]:
        """The names of rows, by their keys: what lies in a table is asked for all of them at once."""
        fixed = {ALL: _("All"), "": str(self.empty)} | ({OTHERS: _("Others")} if self.is_personal else {})
        keys = list(dict.fromkeys(keys))
        own = [key for key in keys if key not in fixed]
        names = self.names(own) if self.names and own else {}
        return {key: fixed.get(key) or str(names.get(key) or (self.words(key) if self.words else key)) for key in keys}


@dataclass(frozen=True)
class Question:
    """A complete question: asked again with the same `at`, it has the same answer."""

    period: Period
    view: str = ""
    from_role: str = ""
    to_role: str = ""
    window_days: int | None = None
    by: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)
    at: datetime = field(default_factory=now)
    # Only what we had been told before `at`; else what had happened by then, as far as we know today.
    as_seen: bool = False
    # Whose rows a cut by people shows, by their ids; the others are one row. None: everybody's.
    people: frozenset[str] | None = None

    def __hash__(self) -> int:
        parts = (self.view, self.from_role, self.to_role, self.window_days, self.by, self.at, self.as_seen, self.people)
        return hash((self.period, parts, tuple(sorted(self.filters.items()))))

    @property
    def window(self) -> timedelta | None:
        """How long after it entered a lead may convert, in days of 24 hours."""
        return None if self.window_days is None else timedelta(days=self.window_days)

    @property
    def known_until(self) -> datetime:
        """The end, exclusive, of what it knows: facts of the moment `at` itself count."""
        return self.at + MICROSECOND

    @property
    def counts_until(self) -> datetime:
        """The end, exclusive, of what it counts: the end of the period, or of what it knows."""
        return min(self.period.ends_at, self.known_until)

    def told(self, rows: QuerySet[Counted, Any], recorded_at: str = "recorded_at") -> QuerySet[Counted, Any]:
        """Only the rows that count: asked as seen, those that we had been told."""
        return rows.filter(**{f"{recorded_at}__lt": self.at}) if self.as_seen else rows

    def is_mature(self, period: Period | None = None) -> bool:
        """Whether the period and the window after it are over, so that time no longer changes the answer."""
        return self.at >= (period or self.period).ends_at + (self.window or timedelta(0))

    @property
    def by_time(self) -> bool:
        """Whether it is cut into weeks, months or quarters."""
        return bool(self.by) and dimension(self.by).is_time

    def buckets(self) -> list[Period]:
        """The weeks, months or quarters that it is cut into; the whole period if it is not cut by time."""
        return self.period.split(cast(Step, self.by)) if self.by_time else [self.period]

    def key(self, at: str | Combinable, lead: str = "lead__", own: Own = NOTHING_OWN) -> Combinable:
        """The SQL of a row's key: from the moment `at` for dimensions of time, else from the lead at that path.

        `own`: keys that the counted row stores itself, which precede those of its lead today.
        """
        if not self.by:
            return Value(ALL, output_field=CharField())
        lead_key = dimension(self.by).key
        return self._bucket(at) if lead_key is None else self._shown(self.by, own.get(self.by) or lead_key(lead))

    def _shown(self, name: str, key: Combinable) -> Combinable:
        """The key of a dimension, that of people who are not shown replaced by the one of the others."""
        if self.people is None or not dimension(name).is_personal:
            return key
        is_shown = In(key, sorted(self.people))
        return Case(When(is_shown, then=key), default=Value(OTHERS), output_field=CharField())

    def check_shown(self) -> Question:
        """The question. Raises `NotShown` where it is narrowed to somebody whose row is not shown."""
        for name, key in self.filters.items():
            if self.people is not None and dimension(name).is_personal and key not in {*self.people, OTHERS}:
                raise NotShown(name, _("You see your own numbers, and those of the others together."))
        return self

    def _bucket(self, at: str | Combinable) -> Combinable:
        moment = F(at) if isinstance(at, str) else at
        begins = Trunc(moment, self.by, output_field=DateTimeField(), tzinfo=self.period.zone)
        form = Value(TO_CHAR_FORMATS[self.by])
        return Func(ExpressionWrapper(begins, DateTimeField()), form, function="to_char", output_field=CharField())

    def filtered(
        self, rows: QuerySet[Counted, Any], lead: str = "lead__", own: Own = NOTHING_OWN
    ) -> QuerySet[Counted, Any]:
        """Only the rows that match the question's filters; `own` as in `key`."""
        for name, value in self.filters.items():
            lead_key = dimension(name).key
            if lead_key is not None:
                key = self._shown(name, own.get(name) or lead_key(lead))
                rows = rows.filter(Exact(key, Value(value, output_field=CharField())))
        return rows

    def narrowed(self, key: str) -> Question:
        """The question whose answer is the row with this key. Raises `BadQuestion` if there is no such row, `NotShown`
        if it is of somebody else."""
        if not self.by:
            if key != ALL:
                raise BadQuestion("key", _("There is no row “%(key)s” in this answer.") % {"key": key})
            return self
        if not dimension(self.by).is_time:
            return replace(self, by="", filters={**self.filters, self.by: key}).check_shown()
        for period in self.buckets():
            if period.key == key:
                return replace(self, by="", period=period)
        raise BadQuestion("key", _("There is no row “%(key)s” in this answer.") % {"key": key})

    def completed(self, rows: Iterable[Row], empty: Callable[[str], Row]) -> list[Row]:
        """The rows with `mature` set; of a dimension of time in order, with `empty(key)` for a missing key."""
        by_key = {row.key: row for row in rows}
        if self.by and not dimension(self.by).is_time:
            return [self._with_maturity(row, self.period) for row in by_key.values()]
        keys = {period.key: period for period in self.buckets()} if self.by else {ALL: self.period}
        return [self._with_maturity(by_key.get(key) or empty(key), period) for key, period in keys.items()]

    def _with_maturity(self, row: Row, period: Period) -> Row:
        return replace(row, mature=row.mature and self.is_mature(period))


_dimensions: dict[str, Dimension] = {}


def register_dimension(new: Dimension) -> Dimension:
    """Register a dimension; called by the app that owns it, when it is ready. `ValueError` if another owns the name."""
    registered = _dimensions.setdefault(new.name, new)
    if registered.owner != new.owner:
        raise ValueError(f"The dimension {new.name} belongs to {registered.owner}; {new.owner} cannot have it too.")
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
