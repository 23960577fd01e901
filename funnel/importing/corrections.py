"""How an import corrects the ledger: each correction is itself a row of history, with what the step was before."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy

from funnel.models.journeys import Transition
from history.models import Change
from leads.importing.engine.batches import Batch
from teams.models import User

WHEN = gettext_lazy("When")
TABLES = ("funnel_journey", "funnel_transition")
SUBJECT = "transition"
A_MICROSECOND = "'1 microsecond'"


def is_day(moment: str) -> str:
    """Whether a moment is the start of a company day, which is how a fact known only to its day is written.

    Where the clocks go back over midnight, it is the first of the two: `date_trunc` would give the second.
    """
    return f"{day_of(moment)} <> {day_of(f'{moment} - interval {A_MICROSECOND}')}"


def same_day(one: str, other: str) -> str:
    return f"{day_of(one)} = {day_of(other)}"


def day_of(moment: str) -> str:
    """The company day of a moment."""
    return f"(({moment}) AT TIME ZONE %(zone)s)::date"


def only_day(moment: str) -> str:
    """The day of a fact that is written so; nothing for every other moment."""
    return f"CASE WHEN {is_day(moment)} THEN {day_of(moment)} END"


def same_fact(one: tuple[str, str], other: tuple[str, str]) -> str:
    """Whether two facts may be one, each with its moment and the day that it keeps where only that is known: a day
    equals every moment of it."""
    # Rows of before days were kept lie at the start of theirs.
    days = " = ".join(f"coalesce({day}, {day_of(moment)})" for moment, day in (one, other))
    known = " OR ".join(f"{day} IS NOT NULL OR {is_day(moment)}" for moment, day in (one, other))
    return f"({one[0]} = {other[0]} OR {days} AND ({known}))"


def means_now(day: str) -> str:
    """Whether it is the day of today, `%(at)s`: a fact of which only that is known happens now."""
    return f"{is_day(day)} AND {same_day(day, '%(at)s::timestamptz')}"


# A beginning that nobody but an import wrote lies before everything known of its lead.
MOVE_BEGINNINGS = """
WITH begun AS (
    SELECT t.id, t.at, t.day, known.first_at, known.first_on
    FROM ({known}) known JOIN funnel_transition t ON t.lead_id = known.lead_id
    WHERE t.from_stage_id IS NULL AND t.how = 'import' AND t.because = '' AND t.at > known.first_at
    ORDER BY t.id FOR UPDATE OF t
), kept AS (
    INSERT INTO history_change (subject, subject_id, field, old, new, at, by_id, how)
    SELECT 'transition', b.id, v.field, v.old, v.new, %(at)s, %(by)s, %(how)s FROM begun b
    CROSS JOIN LATERAL (VALUES
        ('at', to_jsonb(b.at), to_jsonb(b.first_at)), ('day', to_jsonb(b.day), to_jsonb(b.first_on))
    ) v (field, old, new) WHERE v.old IS DISTINCT FROM v.new
)
UPDATE funnel_transition t SET at = begun.first_at, day = begun.first_on FROM begun WHERE begun.id = t.id
"""


def move_beginnings(batch: Batch, known: str) -> None:
    """`known` selects leads (lead_id, first_at, first_on), with the first moment that the file knows of them, and its
    day where only that is known."""
    batch.execute(MOVE_BEGINNINGS.format(known=known))


def correct_step(batch: Batch, step: Transition, **values: Any) -> None:
    """Give a step other values, by the names of their columns. That it was made later than we were told is told now."""
    if values.get("at", step.at) > step.recorded_at:
        values["recorded_at"] = max(batch.at, values["at"])
    differs = {name: value for name, value in values.items() if getattr(step, name) != value}
    _write_change(batch, step, {name: (getattr(step, name), value) for name, value in differs.items()})
    Transition.objects.filter(pk=step.pk).update(**values)
    for name, value in values.items():
        setattr(step, name, value)


def drop_step(batch: Batch, step: Transition) -> None:
    """Take out a step that never was."""
    _write_change(batch, step, {"to_stage_id": (step.to_stage_id, None), "at": (step.at, None)})
    step.to_stage_id = step.from_stage_id
    relink_next(batch, step)
    Transition.objects.filter(pk=step.pk).delete()


def relink_next(batch: Batch, step: Transition) -> None:
    """Let the step behind a corrected one come from where that one leads now."""
    behind = Q(at__gt=step.at) | Q(at=step.at, pk__gt=step.pk)
    following = Transition.objects.filter(behind, lead=step.lead_id).order_by("at", "pk").first()
    if following and following.from_stage_id != step.to_stage_id:
        correct_step(batch, following, from_stage_id=step.to_stage_id)


def _write_change(batch: Batch, step: Transition, changes: dict[str, tuple[Any, Any]]) -> None:
    by = User.objects.filter(pk=batch.by_id).first() if batch.by_id else None
    Change.objects.write(SUBJECT, step.pk, changes, at=batch.at, by=by, how=batch.how)
