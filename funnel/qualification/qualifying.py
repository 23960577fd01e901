"""Leads that meet a definition in force move on by themselves, one step at a time.

Both steps are single statements over a batch of leads, or over everyone: they find their own work, and run twice or by
several workers at once without moving anyone twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import F, Q, QuerySet
from django.utils.timezone import now

from funnel.events import JOURNEY_MOVED
from funnel.models.journeys import Journey, Transition
from funnel.models.stages import Definition, Stage, StageRole
from leads.criteria import condition
from leads.models import Lead

BEGUN = JOURNEY_MOVED.insert_sql(
    {"transition": "id", "lead": "lead_id", "from": "NULL", "to": "%(stage)s"},
    at="%(at)s",
    rows="steps WHERE how <> 'import'",
)
# The journey begins when the lead does. `history`: what an import brought in without any news begins quietly, and
# only news from then on let it qualify.
BEGIN = f"""
WITH begun AS (
    INSERT INTO funnel_journey (lead_id, stage_id, entered_at, closed_as, news_count_from)
    SELECT lead.id, %(stage)s, lead.created_at, '', CASE WHEN lead.id = ANY (%(history)s::bigint[]) THEN %(at)s END
    FROM leads_lead AS lead
    WHERE lead.merged_into_id IS NULL AND (%(leads)s::bigint[] IS NULL OR lead.id = ANY (%(leads)s::bigint[]))
      AND NOT EXISTS (SELECT FROM funnel_journey AS journey WHERE journey.lead_id = lead.id)
    ORDER BY lead.id
    ON CONFLICT DO NOTHING
    RETURNING lead_id, entered_at, news_count_from
), steps AS (
    INSERT INTO funnel_transition (lead_id, to_stage_id, at, recorded_at, how, because)
    SELECT lead_id, %(stage)s, entered_at, %(at)s,
           CASE WHEN news_count_from IS NULL THEN 'machine' ELSE 'import' END, ''
    FROM begun
    RETURNING id, lead_id, how
), told AS (
    {BEGUN}
)
SELECT count(*) FROM begun
"""

MOVED = JOURNEY_MOVED.insert_sql(
    {"transition": "id", "lead": "lead_id", "from": "from_stage_id", "to": "to_stage_id"}, at="%s", rows="steps"
)
# Locked in order, so that two workers do not wait for each other in a ring; then compared again and set.
MOVE = f"""
WITH due AS (
    SELECT lead_id, stage_id FROM funnel_journey AS standing WHERE standing.lead_id IN ({{due}})
    ORDER BY lead_id FOR UPDATE
), moved AS (
    UPDATE funnel_journey AS journey SET stage_id = %s, entered_at = %s
    FROM due
    WHERE journey.lead_id = due.lead_id AND journey.stage_id = due.stage_id
      AND journey.stage_id = ANY (%s) AND journey.closed_at IS NULL
    RETURNING journey.lead_id, due.stage_id AS from_stage_id
), steps AS (
    INSERT INTO funnel_transition (lead_id, from_stage_id, to_stage_id, at, recorded_at, how, definition_id, because)
    SELECT lead_id, from_stage_id, %s, %s, %s, %s, %s, %s FROM moved
    RETURNING id, lead_id, from_stage_id, to_stage_id
), told AS (
    {MOVED}
)
SELECT lead_id FROM moved ORDER BY lead_id
"""


def begin_missing(
    lead_ids: Sequence[int] | None = None,
    *,
    at: datetime | None = None,
    news: Mapping[int, datetime | None] | None = None,
) -> int:
    """Begin the journey of every lead that has none yet, and say how many. Safe to run twice.

    `news` gives, by lead, the last news that marked it; None is history that an import brought in: such a lead
    qualifies only by news from now on.
    """
    history = [lead for lead, news_at in (news or {}).items() if news_at is None]
    values = {
        "stage": Stage.objects.role(StageRole.LEAD).pk,
        "leads": None if lead_ids is None else list(lead_ids),
        "history": history,
        "at": at or now(),
    }
    with connection.cursor() as cursor:
        cursor.execute(BEGIN, values)
        return int(cursor.fetchone()[0])


def qualify(lead_ids: Sequence[int] | None = None, *, at: datetime | None = None) -> list[int]:
    """Move every lead that meets the next stage's definition there, and return who moved. Safe to run twice.

    From the last stage to the first, so that nobody takes two steps in one evaluation.
    """
    at = at or now()
    moved: list[int] = []
    for definition in Definition.objects.in_force(at).select_related("stage").order_by("-stage__position"):
        moved += _move(definition, lead_ids, at=at)
    return moved


def standing(definition: Definition, *, at: datetime | None = None) -> QuerySet[Lead]:
    """The leads that meet it where they stand: whom it would move at once, were it in force and meant to."""
    at = at or now()
    return _matching(definition, stages_before(definition.stage, at=at), None, at=at).filter(
        _has_news(at, all_count=True)
    )


def stages_before(stage: Stage, *, at: datetime | None = None) -> list[Stage]:
    """The stages from which a definition of `stage` takes leads: the one just before it; and where that one is of the
    company's own making and nothing defines it, the one before that as well."""
    at = at or now()
    defined = set(Definition.objects.in_force(at).values_list("stage_id", flat=True))
    found: list[Stage] = []
    for before in Stage.objects.filter(position__lt=stage.position).order_by("-position"):
        found.append(before)
        if before.role or before.pk in defined:
            break
    return found


def _matching(
    definition: Definition, stages: Sequence[Stage], lead_ids: Sequence[int] | None, *, at: datetime
) -> QuerySet[Lead]:
    """Leads that stand just before the stage, awake and past the cool-off, and meet the criteria now."""
    if definition.criteria is None:
        return Lead.objects.none()
    here = Lead.objects.unmerged().filter(
        journey__stage__in=[stage.pk for stage in stages], journey__closed_at=None, journey__entered_at__lte=at
    )
    if lead_ids is not None:
        here = here.filter(pk__in=list(lead_ids))
    return here.filter(_past_cool_off(definition, at), condition(definition.criteria, at=at))


def _past_cool_off(definition: Definition, at: datetime) -> Q:
    """Past its wake-up and, once recycled, past the cool-off."""
    long_ago = at - timedelta(days=definition.cool_off_days)
    cooled = Q(journey__recycled_at=None) | Q(journey__recycled_at__lte=long_ago)
    return (Q(journey__wake_at=None) | Q(journey__wake_at__lte=at)) & cooled


def may_qualify_from(journey: Journey, *, at: datetime | None = None) -> datetime | None:
    """From when a lead that went back to nurture may qualify again: past its wake-up and the cool-off of the
    definition that takes leads from there. None: it was not recycled, or nothing takes leads from there."""
    if journey.closed_at or journey.recycled_at is None or journey.stage.role != StageRole.LEAD:
        return None
    for definition in Definition.objects.in_force(at or now()).select_related("stage").order_by("stage__position"):
        if journey.stage in stages_before(definition.stage, at=at):
            cooled = journey.recycled_at + timedelta(days=definition.cool_off_days)
            return max(cooled, journey.wake_at or cooled)
    return None


def _has_news(since: datetime, *, all_count: bool) -> Q:
    """Something new since the definition came into force, or since an import placed the lead; who entered the stage
    since then does not stand there from before. `all_count`: standing leads qualify too."""
    counts = Q(journey__news_count_from=None) | Q(journey__news_at__gt=F("journey__news_count_from"))
    if all_count:
        return counts
    return counts & (Q(journey__news_at__gte=since) | Q(journey__entered_at__gte=since))


def _move(definition: Definition, lead_ids: Sequence[int] | None, *, at: datetime) -> list[int]:
    since = definition.in_force_from
    assert since is not None
    stages = stages_before(definition.stage, at=at)
    meeting = _matching(definition, stages, lead_ids, at=at)
    due = meeting.filter(_has_news(since, all_count=definition.qualifies_standing)).order_by().values("pk")
    try:
        found, params = due.query.sql_with_params()
    except EmptyResultSet:
        return []
    to, machine = definition.stage_id, Transition.How.MACHINE.value
    from_stages = [stage.pk for stage in stages]
    values: list[Any] = [*params, to, at, from_stages, to, at, now(), machine, definition.pk, str(definition), at]
    with connection.cursor() as cursor:
        cursor.execute(MOVE.format(due=found), values)
        return [lead for (lead,) in cursor.fetchall()]
