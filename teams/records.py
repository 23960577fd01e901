"""Records that everybody reads and some may change: leads, companies, opportunities."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.shortcuts import get_object_or_404

from teams.models import User
from teams.permissions import Reach, reaches

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

R = TypeVar("R", bound=models.Model)


class OnlyRead(PermissionDenied):
    """A person reads this record, and may not change it."""

    def __init__(self, record: models.Model) -> None:
        records = _records_of(type(record))
        super().__init__(records.refusal)
        # The page on which it is read is named as its kind is.
        self.record, self.page = record, records.kind


class RecordQuerySet(models.QuerySet[R]):
    """Records of a kind of which the permission table says how far each role reaches."""

    kind: ClassVar[str]
    # Told to whoever reads a record and may not change it.
    refusal: ClassVar[StrOrPromise]

    def held_by(self, people: QuerySet[User]) -> Q:
        """Of the records that one of these people owns or works."""
        return Q(owner__in=people)

    def held_by_nobody(self) -> Q:
        """Of the records that have no owner, or one who left, and that nobody works."""
        return ~Q(owner__in=User.objects.active())

    def nobodys(self) -> Self:
        return self.filter(self.held_by_nobody())

    def editable_by(self, person: User) -> Self:
        """Those that this person may change. The others are there to be read."""
        wide = reaches(person, self.kind)
        if Reach.ALL in wide:
            return self.all()
        editable = Q(pk__in=[])
        if Reach.TEAM in wide:
            editable |= self.held_by(User.objects.sharing_with(person))
        if Reach.NOBODYS in wide:
            editable |= self.held_by_nobody()
        return self.filter(editable)

    def takeable_by(self, person: User) -> Self:
        """Those that are nobody's, and that this person may take, and change from then on."""
        return self.nobodys() if reaches(person, self.kind) == {Reach.TEAM} else self.none()

    def lock(self) -> None:
        """Lock them, by their ids, with what is locked before them. Call inside a transaction."""
        list(self.select_for_update(of=("self",), no_key=True).order_by("pk").values_list("pk"))

    def with_rights_of(self, person: User) -> Self:
        """Each with `is_editable` and `is_takeable`, whether this person may change or take it."""
        if Reach.ALL in reaches(person, self.kind):
            return self.annotate(is_editable=Value(True), is_takeable=Value(False))
        same = _records_of(self.model).filter(pk=OuterRef("pk"))
        return self.annotate(is_editable=_holds(same.editable_by(person)), is_takeable=_holds(same.takeable_by(person)))


def _holds(same: RecordQuerySet[Any]) -> Coalesce:
    """Whether there is such a record. For an `EXISTS` of each row of a long list the database would look up all such
    records first, of which a page shows fifty."""
    return Coalesce(Subquery(same.order_by().values_list(Value(True))[:1]), Value(False))


def get_editable(records: RecordQuerySet[R], person: User, **lookup: Any) -> R:
    """The record; `Http404` where there is none, `OnlyRead` where this person only reads it."""
    record = get_object_or_404(records, **lookup)
    check_editable(record, person)
    return record


def check_editable(record: models.Model, person: User) -> None:
    """Raise `OnlyRead` where this person only reads the record."""
    if not is_editable(record, person):
        raise OnlyRead(record)


@contextmanager
def changing(person: User, *records: models.Model) -> Iterator[None]:
    """A transaction in which this person changes the records, which are of one kind: locked, and asked again.

    Whoever asked before may have waited for somebody who gave the record to another person meanwhile. Raises
    `OnlyRead` where this person only reads one of them by now.
    """
    with transaction.atomic():
        lock_editable(person, *records)
        yield


def lock_editable(person: User, *records: models.Model) -> None:
    """The same inside a transaction: lock the records until it ends."""
    of_kind = _records_of(type(records[0]))
    editable = editable_of(of_kind, person, {record.pk for record in records})
    for record in records:
        if record.pk not in editable:
            raise OnlyRead(record)


def editable_of(records: RecordQuerySet[R], person: User, pks: Collection[int]) -> set[int]:
    """Of those with these ids, lock them, the ids of those that this person may change. Call inside a transaction."""
    chosen = records.filter(pk__in=pks)
    if Reach.ALL not in reaches(person, records.kind):  # whoever changes all needs not know whose they are
        chosen.lock()
    return set(chosen.editable_by(person).values_list("pk", flat=True))


def is_editable(record: models.Model, person: User) -> bool:
    return _records_of(type(record)).editable_by(person).filter(pk=record.pk).exists()


def is_takeable(record: models.Model, person: User) -> bool:
    return _records_of(type(record)).takeable_by(person).filter(pk=record.pk).exists()


def _records_of(model: type[R]) -> RecordQuerySet[R]:
    records = model._default_manager.all()
    assert isinstance(records, RecordQuerySet)
    return records
