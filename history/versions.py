"""Versions: what is drafted, frozen, in force and replaced, each a row of its series.

A version is a draft until it is frozen, and is never edited after that: the next version says it anew. Whether it is in
force is decided by its dates, each version for `[in_force_from, replaced_at)`; nothing flips a flag. One that was
replaced before it began keeps the empty stretch `[x, x)`: it never was in force.

A model declares the column that freezes it, and lists in its `Meta` the constraints and the trigger that keep all this
in the database: `numbered`, `one_draft`, `one_in_force`, `in_force_is_frozen`, and `KeepFrozen` of `history.frozen`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Self, TypeVar

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.db import models, transaction
from django.db.models import F, Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from smarketing.database.locks import acquire_named
from smarketing.database.statements import Given

VersionT = TypeVar("VersionT", bound="Versioned")
DatedT = TypeVar("DatedT", bound="DatedVersion")


class State(models.TextChoices):
    """Where a version is on its way."""

    DRAFT = "draft", _("Draft")
    FROZEN = "frozen", _("Frozen")
    PROPOSED = "proposed", _("Proposed")
    COMING = "coming", _("Begins soon")
    IN_FORCE = "in_force", _("In force")
    REPLACED = "replaced", _("Replaced")
    NEVER = "never", _("Replaced before it began")

    @property
    def tone(self) -> str:
        """The colour of its badge; "" for a plain one."""
        return {State.PROPOSED: "risk", State.COMING: "neutral", State.IN_FORCE: "kept"}.get(self, "")


class VersionedQuerySet(models.QuerySet[VersionT]):
    def drafts(self) -> Self:
        return self.filter(**{self.model.FROZEN_AT: None})

    def frozen(self) -> Self:
        return self.exclude(**{self.model.FROZEN_AT: None})

    def series(self, of: models.Model | int | None = None) -> Self:
        """The versions of one thing (or of the key of one); all of them where the model is one series."""
        if (of is None) != (self.model.SERIES == ""):
            raise TypeError(f"{self.model.__name__} is numbered by {self.model.SERIES or 'itself alone'}.")
        return self.all() if of is None else self.filter(**{self.model.SERIES: of})

    def lock_series(self, of: models.Model | None = None) -> Self:
        """The versions of one series, to which nobody else adds one until the transaction ends.

        Take it before looking for a draft or for the next number. It is no row's lock: the first version has no row
        before it, and locking the row that a series belongs to would hold up whoever points to that row.
        """
        versions = self.series(of)
        acquire_named(f"versions {self.model._meta.db_table} {of.pk if of else ''}")
        return versions

    def next_number(self) -> int:
        """The number after the highest of a series; only under its lock is it nobody else's."""
        return (self.aggregate(highest=models.Max("number"))["highest"] or 0) + 1

    def newest(self) -> VersionT | None:
        return self.order_by("-number").first()


class Versioned(models.Model):
    """One version of its series: a draft until it is frozen, then never edited."""

    class Frozen(Exception):
        """It is no draft any more: the next version says it anew."""

    # The foreign key to what this is a version of; "" where all rows are versions of one thing.
    SERIES: ClassVar[str] = ""
    # The column whose moment freezes a version, and what a frozen one is until it is put in force.
    FROZEN_AT: ClassVar[str] = "frozen_at"
    ONCE_FROZEN: ClassVar[State] = State.FROZEN

    number = models.PositiveIntegerField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        abstract = True

    @property
    def is_draft(self) -> bool:
        return getattr(self, self.FROZEN_AT) is None

    @property
    def state(self) -> State:
        return self.state_at(now())

    def state_at(self, at: datetime) -> State:
        """Its state at that moment, as far as its dates are known now."""
        return State.DRAFT if self.is_draft else self.ONCE_FROZEN

    def previous(self) -> Self | None:
        """The version before it in its series."""
        versions: VersionedQuerySet[Self] = VersionedQuerySet(type(self))
        return versions.series(self._series_key()).filter(number__lt=self.number).newest()

    def lock_draft(self) -> Self:
        """Return the draft under a row lock; call inside a transaction. Raises `Frozen` once it is frozen."""
        locked: Self = type(self)._default_manager.select_for_update(of=["self"]).get(pk=self.pk)
        if not locked.is_draft:
            raise self.Frozen
        return locked

    def freeze(self, *, at: datetime | None = None, **also: Any) -> None:
        """Let nobody edit it any more; `also` is written with it. One that is frozen stays as it is."""
        drafts = type(self)._default_manager.filter(**{"pk": self.pk, self.FROZEN_AT: None})
        drafts.update(**{self.FROZEN_AT: at or now()}, **also)
        self.refresh_from_db(fields=[self.FROZEN_AT, *also])

    def _series_key(self) -> int | None:
        return getattr(self, f"{self.SERIES}_id") if self.SERIES else None


class DatedVersionQuerySet(VersionedQuerySet[DatedT]):
    def in_force(self, at: datetime | Given | None = None) -> Self:
        """Those that are in force at that moment, one of each series at most."""
        at = at or now()
        return self._lasting_beyond(at).filter(in_force_from__lte=at)

    def dated(self) -> Self:
        """Those that were given a day: in force now, before or to come, or never after all."""
        return self.filter(in_force_from__isnull=False)

    def end(self, *, at: datetime) -> None:
        """Let none of them be in force from that moment on: what has not begun by then never will."""
        self._lasting_beyond(F("in_force_from")).filter(in_force_from__gte=at).update(replaced_at=F("in_force_from"))
        self._lasting_beyond(at).filter(in_force_from__lt=at).update(replaced_at=at)

    def _lasting_beyond(self, moment: datetime | F | Given) -> Self:
        return self.filter(Q(replaced_at=None) | Q(replaced_at__gt=moment))


class DatedVersion(Versioned):
    """A version with its own dates: in force from a moment on, until the next one replaces it."""

    class Replaced(Exception):
        """A version that was in force and was replaced does not come back: the next one says the same."""

    in_force_from = models.DateTimeField(null=True, blank=True, editable=False)
    replaced_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True

    def holds(self, at: datetime) -> bool:
        """Whether it is in force at that moment; a draft or a proposal never is."""
        begins, ends = self.in_force_from, self.replaced_at
        return begins is not None and begins <= at and (ends is None or at < ends)

    def state_at(self, at: datetime) -> State:
        begins, ends = self.in_force_from, self.replaced_at
        if begins is None:
            return super().state_at(at)
        if begins == ends:
            return State.NEVER
        if at < begins:
            return State.COMING
        return State.IN_FORCE if self.holds(at) else State.REPLACED

    def put_in_force(self, *, from_at: datetime) -> None:
        """Be in force from that moment on, in place of the one of its series that would.

        One that is in force already goes on as it is. Raises `Replaced` for one whose time is over.
        """
        self._begin(from_at)

    @transaction.atomic
    def _begin(self, from_at: datetime, **also: Any) -> None:
        """Put it in force; `also` is written with it where it begins anew."""
        versions: DatedVersionQuerySet[Self] = DatedVersionQuerySet(type(self))
        row = versions.select_for_update().filter(pk=self.pk)
        begins, ends = row.values_list("in_force_from", "replaced_at").get()
        versions.series(self._series_key()).dated().exclude(pk=self.pk).end(at=from_at)
        if begins is None or begins >= from_at or begins == ends:
            row.update(in_force_from=from_at, replaced_at=None, **also)
        elif ends is not None and ends < from_at:
            raise self.Replaced
        elif ends is not None:
            row.update(replaced_at=None)  # whoever should have replaced it will not
        self.refresh_from_db(fields=["in_force_from", "replaced_at", *also])


class DateTimeRange(models.Func):
    """`[from, to)` of two columns, as a range."""

    function = "tstzrange"
    output_field = DateTimeRangeField()


# The columns of a frozen version that its coming into force still writes.
DATES = ("in_force_from", "replaced_at")


def numbered(name: str, *, series: str) -> models.UniqueConstraint:
    """No two versions of a series have one number. (In a series of all rows, `number` itself is unique.)"""
    return models.UniqueConstraint(fields=[series, "number"], name=name)


def one_draft(name: str, *, series: str, frozen_at: str = "frozen_at") -> models.UniqueConstraint:
    """A series has one draft at most."""
    return models.UniqueConstraint(fields=[series], condition=Q(**{frozen_at: None}), name=name)


def one_in_force(name: str, *, series: str = "") -> ExclusionConstraint:
    """No two versions of a series are in force at one moment."""
    dates: Any = (DateTimeRange(*DATES, RangeBoundary()), RangeOperators.OVERLAPS)
    expressions = [(F(series), RangeOperators.EQUAL), dates] if series else [dates]
    return ExclusionConstraint(name=name, expressions=expressions, condition=Q(in_force_from__isnull=False))


def in_force_is_frozen(name: str, *, frozen_at: str = "frozen_at", also: str = "") -> models.CheckConstraint:
    """Only a frozen version is put in force; one that needs another column `also` has it filled."""
    needed = {f"{column}__isnull": False for column in (frozen_at, also) if column}
    return models.CheckConstraint(condition=Q(in_force_from=None) | Q(**needed), name=name)
