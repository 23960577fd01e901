"""How an import corrects the ledger: each correction is itself a row of history, with what the step was before."""

from __future__ import annotations

from collections.abc import Sequence
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
    return f"{_day_of(moment)} <> {_day_of(f'{moment} - interval {A_MICROSECOND}')}"


def same_day(one: str, other: str) -> str:
    return f"{_day_of(one)} = {_day_of(other)}"


def _day_of(moment: str) -> str:
    return f"(({moment}) AT TIME ZONE %(zone)s)::date"


def same_fact(one: str, other: str) -> str:
    """Whether two moments may be those of one fact: a day equals every moment of it."""
    return f"({one} = {other} OR {same_day(one, other)} AND ({is_day(one)} OR {is_day(other)}))"


def means_now(day: str) -> str:
    """Whether it is the day of today, `%(at)s`: a fact of which only that is known happens now."""
    return f"{is_day(day)} AND {same_day(day, '%(at)s::timestamptz')}"


# A lead stands at its last step; where that closed its journey, at the last stage that it entered.
STAND_AT_LAST_STEP = """
WITH last AS (
    SELECT DISTINCT ON (lead_id) lead_id, to_stage_id, at, reason_id FROM funnel_transition
    WHERE lead_id = ANY (%(leads)s) ORDER BY lead_id, at DESC, id DESC
), entry AS (
    SELECT DISTINCT ON (lead_id) lead_id, to_stage_id, at FROM funnel_transition
    WHERE lead_id = ANY (%(leads)s) AND to_stage_id IS NOT NULL ORDER BY lead_id, at DESC, id DESC
)
UPDATE funnel_journey j
SET stage_id = entry.to_stage_id, entered_at = entry.at,
    closed_at = CASE WHEN last.to_stage_id IS NULL THEN last.at END,
    closed_as = CASE WHEN last.to_stage_id IS NOT NULL THEN ''
                     WHEN j.closed_as <> '' THEN j.closed_as
                     WHEN r.kind = 'disqualified' THEN 'disqualified' ELSE 'lost' END
FROM last JOIN entry ON entry.lead_id = last.lead_id LEFT JOIN funnel_reason r ON r.id = last.reason_id
WHERE j.lead_id = last.lead_id AND (j.stage_id, j.entered_at, j.closed_at) IS DISTINCT FROM
    (entry.to_stage_id, entry.at, CASE WHEN last.to_stage_id IS NULL THEN last.at END)
"""


# A beginning that nobody but an import wrote lies before everything known of its lead.
MOVE_BEGINNINGS = """
WITH begun AS (
    SELECT t.id, t.at, known.first_at FROM ({known}) known JOIN funnel_transition t ON t.lead_id = known.lead_id
    WHERE t.from_stage_id IS NULL AND t.how = 'import' AND t.because = '' AND t.at > known.first_at
    ORDER BY t.id FOR UPDATE OF t
), kept AS (
    INSERT INTO history_change (subject, subject_id, field, old, new, at, by_id, how)
    SELECT 'transition', id, 'at', to_jsonb(at), to_jsonb(first_at), %(at)s, %(by)s, %(how)s FROM begun
)
UPDATE funnel_transition t SET at = begun.first_at FROM begun WHERE begun.id = t.id
"""


def move_beginnings(batch: Batch, known: str) -> None:
    """`known` selects leads (lead_id, first_at), with the first moment that the file knows of them."""
    batch.execute(MOVE_BEGINNINGS.format(known=known))


def correct_step(batch: Batch, step: Transition, **values: Any) -> None:
    """Give a step other values, by the names of their columns. That it was made later than we were told is told now."""
    if values.get("at", step.at) > step.recorded_at:
        values["recorded_at"] = max(batch.at, values["at"])
    _write_change(batch, step, {name: (getattr(step, name), value) for name, value in values.items()})
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


def stand_at_last_step(batch: Batch, leads: Sequence[int]) -> None:
    batch.execute(STAND_AT_LAST_STEP, leads=list(leads))


def _write_change(batch: Batch, step: Transition, changes: dict[str, tuple[Any, Any]]) -> None:
    by = User.objects.filter(pk=batch.by_id).first() if batch.by_id else None
    Change.objects.write(SUBJECT, step.pk, changes, at=batch.at, by=by, how=batch.how)
