"""What holds when: versions that follow each other, each for `[in_force_from, replaced_at)`.

An exclusion constraint sees to it that no two hold at once. A version that was replaced before it began keeps the empty
stretch `[x, x)`: it never held.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Model, Q, QuerySet


def holding(at: datetime) -> Q:
    """Return the condition of a version that holds at that moment."""
    lasting = Q(replaced_at=None) | Q(replaced_at__gt=at)
    return lasting & Q(in_force_from__lte=at)


class Replaced(Exception):
    """A version that held and was replaced does not come back: the next one says the same."""


@transaction.atomic
def begin(version: Model, others: QuerySet[Any], *, from_at: datetime, **also: Any) -> None:
    """Let `version` hold from that moment on, in place of whichever of `others` would.

    `others` are the versions that may not hold beside it. `also` is written with it where it begins anew. Raises
    `Replaced` for a version whose time is over.
    """
    row = type(version)._default_manager.select_for_update().filter(pk=version.pk)
    begins, ends = row.values_list("in_force_from", "replaced_at").get()
    end(others.exclude(pk=version.pk), at=from_at)
    if begins is None or begins >= from_at or begins == ends:
        row.update(in_force_from=from_at, replaced_at=None, **also)
    elif ends is not None and ends < from_at:
        raise Replaced
    elif ends is not None:
        row.update(replaced_at=None)  # whoever should have replaced it will not


def end(versions: QuerySet[Any], *, at: datetime) -> None:
    """Let none of them hold from that moment on: what has not begun by then never will."""
    lasting = Q(replaced_at=None) | Q(replaced_at__gt=F("in_force_from"))
    versions.filter(lasting, in_force_from__gte=at).update(replaced_at=F("in_force_from"))
    beyond = Q(replaced_at=None) | Q(replaced_at__gt=at)
    versions.filter(beyond, in_force_from__lt=at).update(replaced_at=at)
