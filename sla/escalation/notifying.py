"""Notifying people of breaches and of the steps that remind a rep or tell a manager.

Whole batches are notified by a few statements that write the notices in the database: ten thousand timers may fall due
at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from sla.escalation.notices import BREACH, REMINDER
from sla.events import TIMER_BREACHED
from smarketing.database.payloads import jsonb_sql, members_of
from teams.models import Role, insert_notices_sql
from teams.notices import NameParams
from teams.people.standing_in import stand_in_sql

TIMERS_SQL = """
sla_timer timer
JOIN sla_handoff handoff ON handoff.id = timer.handoff_id
JOIN teams_user rep ON rep.id = handoff.rep_id
JOIN leads_lead lead ON lead.id = handoff.lead_id
"""
# The parameters of a notice about a timer, by name: SQL over the rows of `TIMERS_SQL`.
PARAMS_SQL = {
    "lead": "lead.id",
    "family_name": "lead.family_name",
    "given_name": "lead.given_name",
    "email": "lead.email",
    "handoff": "handoff.id",
    "rep": jsonb_sql({name: f"rep.{name}" for name in members_of(NameParams)}),
    "due_at": """to_char(timer.due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')""",
}
BREACH_NOTICES_SQL = insert_notices_sql(
    {BREACH: "true"},
    user="told.id",
    about="'timer ' || timer.id",
    params=PARAMS_SQL | {"page": "CASE told.id WHEN handoff.rep_id THEN 'handoff' ELSE 'lead' END"},
    at="%(at)s",
    rows=f"""{TIMERS_SQL}
JOIN LATERAL (SELECT {stand_in_sql("handoff.rep_id")} AS id) told ON told.id IS NOT NULL
WHERE timer.id = ANY (%(ids)s)
ORDER BY timer.due_at, timer.id""",
)
BREACH_EVENTS_SQL = TIMER_BREACHED.insert_sql(
    {"timer": "id", "handoff": "handoff_id"}, at="due_at", rows="sla_timer WHERE id = ANY (%(ids)s) ORDER BY due_at, id"
)
STEP_NOTICES_SQL = insert_notices_sql(
    {BREACH: "timer.due_at < %(at)s", REMINDER: "true"},
    user="step_to.user_id",
    about="'timer ' || timer.id || ' at ' || step_to.percent",
    params=PARAMS_SQL | {"page": "CASE step_to.user_id WHEN handoff.rep_id THEN 'handoff' ELSE 'lead' END"},
    at="%(at)s",
    rows="""step_to
JOIN sla_timer timer ON timer.id = step_to.timer_id
JOIN sla_handoff handoff ON handoff.id = timer.handoff_id
JOIN teams_user rep ON rep.id = handoff.rep_id
JOIN leads_lead lead ON lead.id = handoff.lead_id
WHERE step_to.user_id IS NOT NULL
ORDER BY timer.due_at, step_to.percent, step_to.id""",
)
# `step_to` is each step with the user it notifies, if any. A reminder that comes too late is dropped: the rep got the
# breach. A manager's step notifies whom the agreement names, else the head of the team; where that is the rep, or
# nobody, a manager, else an administrator. In place of who left, somebody else is notified.
NOTIFY_STEPS_SQL = f"""
WITH step_to AS MATERIALIZED (
    SELECT step.id, step.action, step.percent, step.timer_id, late.is_late,
        CASE
            WHEN step.action = 'tell' THEN COALESCE(NULLIF(whom.id, handoff.rep_id), manager.id)
            WHEN NOT late.is_late THEN reminded.id
        END AS user_id
    FROM sla_escalation step
    JOIN sla_timer timer ON timer.id = step.timer_id
    JOIN sla_handoff handoff ON handoff.id = timer.handoff_id
    JOIN sla_hop hop ON hop.id = handoff.hop_id
    JOIN teams_team team ON team.id = hop.receiving_team_id
    LEFT JOIN sla_party party ON party.agreement_id = hop.agreement_id AND party.team_id = team.id
    CROSS JOIN LATERAL (SELECT {stand_in_sql("COALESCE(party.escalates_to_id, team.head_id)")} AS id) whom
    CROSS JOIN LATERAL (SELECT {stand_in_sql("handoff.rep_id")} AS id) reminded
    LEFT JOIN LATERAL (
        SELECT person.id FROM teams_user person
        WHERE person.is_active AND person.id <> handoff.rep_id
        AND person.roles && '{{{Role.MANAGER.value},{Role.ADMINISTRATOR.value}}}'::varchar[]
        ORDER BY '{Role.MANAGER.value}' = ANY (person.roles) DESC, person.team_id IS NOT DISTINCT FROM team.id DESC,
            person.id LIMIT 1
    ) manager ON true
    CROSS JOIN LATERAL (
        SELECT step.action = 'remind' AND step.percent < 100 AND timer.due_at < %(at)s AS is_late
    ) late
    WHERE step.id = ANY (%(ids)s)
), kept AS (
    UPDATE sla_escalation step
    SET outcome = CASE WHEN step_to.user_id IS NOT NULL THEN 'told' WHEN step_to.is_late THEN %(too_late)s
        ELSE 'nobody' END
    FROM step_to WHERE step.id = step_to.id
)
{STEP_NOTICES_SQL}
"""
TOO_LATE = "too late"


def notify_breaches(timers: Sequence[int], *, at: datetime) -> None:
    """Notify the reps of breached timers, and emit their events. Call it in the transaction that marks them."""
    if timers:
        _execute(BREACH_NOTICES_SQL, timers, at=at)
        _execute(BREACH_EVENTS_SQL, timers, at=at)


def notify_steps(steps: Sequence[int], *, at: datetime) -> None:
    """Run steps that notify, and store their outcomes. Call it in the transaction that marks them as done."""
    if steps:
        _execute(NOTIFY_STEPS_SQL, steps, at=at)


def _execute(sql: str, ids: Sequence[int], *, at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"ids": list(ids), "at": at, "too_late": TOO_LATE})
