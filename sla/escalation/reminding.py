"""What clocks tell: of a breach to whoever has the lead, of the steps that remind or tell to whom they say.

Ten thousand clocks that fall due at once are told in a few statements: the notices are made where the rows are.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from django.db import connection
from django.db.models import QuerySet

from sla.events import TIMER_BREACHED
from sla.handoffs.models.handoffs import Handoff
from teams.models import Notice, User

# What a notice keeps of a clock and its lead, to be worded in the reader's language; names of reps are words already.
ABOUT_CLOCK = """
jsonb_build_object('lead', lead.id, 'family_name', lead.family_name, 'given_name', lead.given_name,
    'email', lead.email, 'rep', %(names)s::jsonb ->> handoff.rep_id::text,
    'due_at', to_char(timer.due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'))
"""
BREACHES = f"""
INSERT INTO teams_notice (user_id, kind, about, params, url, created_at)
SELECT handoff.rep_id, %(breach)s, 'timer ' || timer.id, {ABOUT_CLOCK}, '/inbox/' || handoff.id || '/', %(at)s
FROM sla_timer timer
JOIN sla_handoff handoff ON handoff.id = timer.handoff_id
JOIN leads_lead lead ON lead.id = handoff.lead_id
WHERE timer.id = ANY (%(ids)s)
ORDER BY timer.due_at, timer.id
ON CONFLICT DO NOTHING
"""
BREACHED = TIMER_BREACHED.insert_sql(
    {"timer": "id", "handoff": "handoff_id"}, at="due_at", rows="sla_timer WHERE id = ANY (%(ids)s) ORDER BY due_at, id"
)
# A reminder that it falls due helps nobody once it has; whoever was away finds the breach. Whom a manager's step tells
# the agreement names, else it is the head of the team; a manager who has the lead is not told of it twice.
STEPS = f"""
WITH said AS MATERIALIZED (
    SELECT step.id, step.action, step.percent, step.timer_id,
        CASE
            WHEN step.action = 'tell' THEN CASE WHEN whom.id IS DISTINCT FROM handoff.rep_id THEN whom.id END
            WHEN step.percent >= 100 OR timer.due_at >= %(at)s THEN handoff.rep_id
        END AS user_id
    FROM sla_escalation step
    JOIN sla_timer timer ON timer.id = step.timer_id
    JOIN sla_handoff handoff ON handoff.id = timer.handoff_id
    JOIN sla_hop hop ON hop.id = handoff.hop_id
    JOIN teams_team team ON team.id = hop.receiving_team_id
    LEFT JOIN sla_party party ON party.agreement_id = hop.agreement_id AND party.team_id = team.id
    CROSS JOIN LATERAL (SELECT COALESCE(party.escalates_to_id, team.head_id) AS id) whom
    WHERE step.id = ANY (%(ids)s)
), kept AS (
    UPDATE sla_escalation step
    SET outcome = CASE WHEN said.user_id IS NOT NULL THEN 'told' WHEN said.action = 'tell' THEN 'nobody'
        ELSE %(too_late)s END
    FROM said WHERE step.id = said.id
)
INSERT INTO teams_notice (user_id, kind, about, params, url, created_at)
SELECT said.user_id, CASE WHEN timer.due_at < %(at)s THEN %(breach)s ELSE %(reminder)s END,
    'timer ' || timer.id || ' at ' || said.percent, {ABOUT_CLOCK},
    CASE said.action WHEN 'tell' THEN '/leads/' || lead.id || '/' ELSE '/inbox/' || handoff.id || '/' END, %(at)s
FROM said
JOIN sla_timer timer ON timer.id = said.timer_id
JOIN sla_handoff handoff ON handoff.id = timer.handoff_id
JOIN leads_lead lead ON lead.id = handoff.lead_id
WHERE said.user_id IS NOT NULL
ORDER BY timer.due_at, said.percent, said.id
ON CONFLICT DO NOTHING
"""
TOO_LATE = "too late"


def tell_breaches(timers: Sequence[int], *, at: datetime) -> None:
    """Tell the reps of these clocks, and the outside world, that they fell due. Call it in the transaction that marks
    them."""
    if timers:
        _execute(BREACHES, timers, names_of(Handoff.objects.filter(timers__in=timers)), at=at)
        _execute(BREACHED, timers, {}, at=at)


def take_steps(steps: Sequence[int], *, at: datetime) -> None:
    """Take these steps, which remind or tell, and keep what came of each, in the transaction that marks them."""
    if steps:
        _execute(STEPS, steps, names_of(Handoff.objects.filter(timers__escalations__in=steps)), at=at)


def names_of(handoffs: QuerySet[Handoff]) -> dict[int, str]:
    """The names of the reps of hand-offs, by their id."""
    reps = User.objects.filter(pk__in=handoffs.values("rep"))
    return {rep.pk: str(rep) for rep in reps}


def _execute(sql: str, ids: Sequence[int], names: dict[int, str], *, at: datetime) -> None:
    words = {"breach": Notice.Kind.BREACH.value, "reminder": Notice.Kind.REMINDER.value, "too_late": TOO_LATE}
    with connection.cursor() as cursor:
        cursor.execute(sql, words | {"ids": list(ids), "names": json.dumps(names), "at": at})
