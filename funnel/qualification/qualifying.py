"""Leads that meet a definition in force move on by themselves, one step at a time.

Both steps are single statements over a batch of leads, or over everyone: they find their own work, and run twice or by
several workers at once without moving anyone twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import DateTimeField, Exists, F, OuterRef, Q, QuerySet
from django.utils.timezone import now

from funnel.events import JOURNEY_MOVED
from funnel.models.journeys import Journey, Transition
from funnel.models.kept import KEPT_COLUMNS, KEPT_FROM, KEPT_SQL
from funnel.models.stages import Definition, Stage, StageRole
from history.recording import told_at
from leads.criteria import condition
from leads.models import Activity, Lead
from smarketing.database.statements import Given
from smarketing.database.together import Together
from smarketing.database.vocabulary import recall_rows

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
    INSERT INTO funnel_transition (lead_id, to_stage_id, at, recorded_at, how, because, {KEPT_COLUMNS})
    SELECT begun.lead_id, %(stage)s, entered_at, greatest(%(at)s, entered_at), 'machine', '', {KEPT_SQL}
    FROM begun {KEPT_FROM.format(rows="begun")} WHERE news_count_from IS NULL
    UNION ALL
    SELECT lead_id, %(stage)s, entered_at, greatest(%(at)s, entered_at), 'import', '', NULL, ''
    FROM begun WHERE news_count_from IS NOT NULL
    RETURNING id, lead_id, how
), told AS (
    {BEGUN}
)
SELECT count(*) FROM begun
"""

MOVED = JOURNEY_MOVED.insert_sql(
    {"transition": "id", "lead": "lead_id", "from": "from_stage_id", "to": "to_stage_id"}, at="%s", rows="steps"
)
# Who was sent back from farther on is still sent back.
BEYOND = "journey.sent_back_from_id IN (SELECT id FROM funnel_stage WHERE position > %s)"
# Locked in order, so that two workers do not wait for each other in a ring; then compared again and set.
MOVE = f"""
WITH due AS (
    SELECT lead_id, stage_id FROM funnel_journey AS standing WHERE standing.lead_id IN ({{due}})
    ORDER BY lead_id FOR NO KEY UPDATE
), moved AS (
    UPDATE funnel_journey AS journey SET stage_id = %s, entered_at = %s,
        sent_back_from_id = CASE WHEN {BEYOND} THEN journey.sent_back_from_id END,
        sent_back_at = CASE WHEN {BEYOND} THEN journey.sent_back_at END
    FROM due
    WHERE journey.lead_id = due.lead_id AND journey.stage_id = due.stage_id
      AND journey.stage_id = ANY (%s) AND journey.closed_at IS NULL
    RETURNING journey.lead_id, due.stage_id AS from_stage_id
), steps AS (
    INSERT INTO funnel_transition (lead_id, from_stage_id, to_stage_id, at, recorded_at, how, definition_id, because,
        {KEPT_COLUMNS})
    SELECT moved.lead_id, from_stage_id, %s, %s, %s, %s, %s, %s, {KEPT_SQL}
    FROM moved {KEPT_FROM.format(rows="moved")}
    RETURNING id, lead_id, from_stage_id, to_stage_id
), told AS (
    {MOVED}
)
SELECT lead_id FROM moved ORDER BY lead_id
"""


@dataclass(frozen=True)
class Funnel:
    """The stages, and the definitions in force at one moment, both in the order of the funnel."""

    stages: list[Stage]
    definitions: list[Definition]

    @classmethod
    def of(cls, at: datetime) -> Funnel:
        stages, definitions = recall_rows((cls, at), STAGES_AND_DEFINITIONS, at=at)
        return cls(stages, definitions)

    @property
    def first(self) -> Stage:
        return next(stage for stage in self.stages if stage.role == StageRole.LEAD)

    def before(self, stage: Stage) -> list[Stage]:
        """The stages from which a definition of `stage` takes leads: the one just before it; and where that one is of
        the company's own making and nothing defines it, the one before that as well."""
        defined = {definition.stage_id for definition in self.definitions}
        found: list[Stage] = []
        for before in reversed([each for each in self.stages if each.position < stage.position]):
            found.append(before)
            if before.role or before.pk in defined:
                break
        return found


STAGES_AND_DEFINITIONS = Together(
    lambda: [
        Stage.objects.all(),
        Definition.objects.in_force(Given("at", DateTimeField())).select_related("stage").order_by("stage__position"),
    ]
)


def begin_missing(
    lead_ids: Sequence[int] | None = None,
    *,
    at: datetime | None = None,
    news: Mapping[int, datetime | None] | None = None,
    funnel: Funnel | None = None,
) -> int:
    """Begin the journey of every lead that has none yet, and say how many. Safe to run twice.

    `news` gives, by lead, the last news that marked it; None is history that an import brought in: such a lead
    qualifies only by news from now on.
    """
    history = [lead for lead, news_at in (news or {}).items() if news_at is None]
    values = {
        "stage": (funnel or Funnel.of(at or now())).first.pk,
        "leads": None if lead_ids is None else list(lead_ids),
        "history": history,
        "at": at or now(),
    }
    with connection.cursor() as cursor:
        cursor.execute(BEGIN, values)
        return int(cursor.fetchone()[0])


def qualify(
    lead_ids: Sequence[int] | None = None, *, at: datetime | None = None, funnel: Funnel | None = None
) -> list[int]:
    """Move every lead that meets the next stage's definition there, and return who moved. Safe to run twice.

    From the last stage to the first, so that nobody takes two steps in one evaluation.
    """
    at = at or now()
    funnel = funnel or Funnel.of(at)
    moved: list[int] = []
    for definition in reversed(funnel.definitions):
        moved += _move(definition, funnel.before(definition.stage), lead_ids, at=at)
    return moved


def standing(definition: Definition, *, at: datetime | None = None) -> QuerySet[Lead]:
    """The leads that meet it where they stand: whom it would move at once, were it in force and meant to."""
    at = at or now()
    return _matching(definition, stages_before(definition.stage, at=at), None, at=at).filter(
        _has_news(at, at, all_count=True)
    )


def stages_before(stage: Stage, *, at: datetime | None = None) -> list[Stage]:
    """`Funnel.before` of that moment."""
    return Funnel.of(at or now()).before(stage)


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
    may_again = _past_cool_off(definition, at) & _may_come_back(definition, at)
    return here.filter(may_again, condition(definition.criteria, at=at))


# By a person's step it is free of what the recycling asked for.
MOVED_ON = Q(journey__recycled_at__lt=F("journey__entered_at")) & ~Q(journey__stage__role=StageRole.LEAD)


def _past_cool_off(definition: Definition, at: datetime) -> Q:
    """Past its wake-up and the cool-off, as long as it stands where it was recycled."""
    long_ago = at - timedelta(days=definition.cool_off_days)
    cooled = Q(journey__recycled_at=None) | Q(journey__recycled_at__lte=long_ago)
    awake = Q(journey__wake_at=None) | Q(journey__wake_at__lte=at)
    return awake & cooled | MOVED_ON


def _may_come_back(definition: Definition, at: datetime) -> Q:
    """Not sent back from there or from before; or past the cool-off since then, and the lead did something of its own
    after it."""
    elsewhere = Q(journey__sent_back_from=None) | Q(journey__sent_back_from__position__gt=definition.stage.position)
    cooled = Q(journey__sent_back_at__lte=at - timedelta(days=definition.cool_off_days))
    return elsewhere | cooled & _acted_since("sent_back_at", at)


def _acted_since(moment: str, at: datetime) -> Q:
    """The lead did something of its own after that moment of its journey: what one of us wrote down is none."""
    acts = Activity.objects.filter(lead=OuterRef("pk"), kind__is_own_doing=True, occurred_at__lte=at)
    return Q(Exists(acts.filter(occurred_at__gt=OuterRef(f"journey__{moment}"))))


def may_qualify_from(journey: Journey, *, at: datetime | None = None) -> datetime | None:
    """From when a lead that went back to nurture, or was sent back, may qualify again: past its wake-up and the
    cool-off of the definition that takes leads from there. None: neither, or nothing takes leads from there."""
    definition = _next_definition(journey, at=at or now())
    if definition is None:
        return None
    since = _sent_back_at(journey, definition)
    if journey.is_recycled and journey.recycled_at:
        since = max(journey.recycled_at, since or journey.recycled_at)
    if since is None:
        return None
    cooled = since + timedelta(days=definition.cool_off_days)
    return max(cooled, journey.wake_at or cooled)


def waits_for_news(journey: Journey, *, at: datetime | None = None) -> bool:
    """Whether it may qualify only once its lead has done something new, since it was recycled or sent back."""
    at = at or now()
    definition = _next_definition(journey, at=at)
    is_asked = journey.news_count_from == journey.recycled_at
    moments = [
        _sent_back_at(journey, definition) if definition else None,
        journey.recycled_at if is_asked and journey.stage.role == StageRole.LEAD else None,
    ]
    acts = Activity.objects.filter(lead=journey.pk, kind__is_own_doing=True, occurred_at__lte=at)
    since = max(filter(None, moments), default=None)
    must_act = since is not None and not acts.filter(occurred_at__gt=since).exists()
    return must_act or journey.waits_for_news and not is_asked


def _next_definition(journey: Journey, *, at: datetime) -> Definition | None:
    """The definition that takes leads from where it stands."""
    if journey.closed_at:
        return None
    funnel = Funnel.of(at)
    return next((each for each in funnel.definitions if journey.stage in funnel.before(each.stage)), None)


def _sent_back_at(journey: Journey, definition: Definition) -> datetime | None:
    """When it was sent back, from that definition's stage or from before it."""
    came_from = journey.sent_back_from
    return journey.sent_back_at if came_from and came_from.position <= definition.stage.position else None


def _has_news(since: datetime, at: datetime, *, all_count: bool) -> Q:
    """Something new since the definition came into force, or since an import placed the lead; who entered the stage
    since then does not stand there from before. Who was recycled until it does something new did so, by itself.
    `all_count`: standing leads qualify too."""
    counts = Q(journey__news_count_from=None) | Q(journey__news_at__gt=F("journey__news_count_from"))
    asked = Q(journey__news_count_from=F("journey__recycled_at"))
    counts = ~asked & counts | asked & (_acted_since("recycled_at", at) | MOVED_ON)
    if all_count:
        return counts
    return counts & (Q(journey__news_at__gte=since) | Q(journey__entered_at__gte=since))


def _move(
    definition: Definition, stages: Sequence[Stage], lead_ids: Sequence[int] | None, *, at: datetime
) -> list[int]:
    since = definition.in_force_from
    assert since is not None
    meeting = _matching(definition, stages, lead_ids, at=at)
    due = meeting.filter(_has_news(since, at, all_count=definition.qualifies_standing)).order_by().values("pk")
    try:
        found, params = due.query.sql_with_params()
    except EmptyResultSet:
        return []
    to, machine = definition.stage_id, Transition.How.MACHINE.value
    from_stages = [stage.pk for stage in stages]
    moved = [to, at, definition.stage.position, definition.stage.position, from_stages]
    values: list[Any] = [*params, *moved, to, at, told_at(at), machine, definition.pk, str(definition), at]
    with connection.cursor() as cursor:
        cursor.execute(MOVE.format(due=found), values)
        return [lead for (lead,) in cursor.fetchall()]
