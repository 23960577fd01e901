"""What clocks tell: of a breach to whoever has the lead, of the steps that remind or tell to whom they say.

Ten thousand clocks that fall due at once are told in a few statements: the notices are made where the rows are.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from sla.escalation.notices import BREACH, REMINDER
from sla.events import TIMER_BREACHED
from smarketing.database.payloads import jsonb_sql, members_of
from teams.models import insert_notices_sql
from teams.notices import NameParams

TIMERS = """
sla_timer timer
JOIN sla_handoff handoff ON handoff.id = timer.handoff_id
JOIN teams_user rep ON rep.id = handoff.rep_id
JOIN leads_lead lead ON lead.id = handoff.lead_id
"""
# What a notice keeps of a timer, its hand-off and its lead.
PARAMS = {
    "lead": "lead.id",
    "family_name": "lead.family_name",
    "given_name": "lead.given_name",
    "email": "lead.email",
    "handoff": "handoff.id",
    "rep": jsonb_sql({name: f"rep.{name}" for name in members_of(NameParams)}),
    "due_at": """to_char(timer.due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')""",
}
BREACHES = insert_notices_sql(
    {BREACH: "true"},
    user="handoff.rep_id",
    about="'timer ' || timer.id",
    params=PARAMS | {"page": "'handoff'"},
    at="%(at)s",
    rows=f"""{TIMERS}WHERE timer.id = ANY (%(ids)s)
ORDER BY timer.due_at, timer.id""",
)
BREACHED = TIMER_BREACHED.insert_sql(
    {"timer": "id", "handoff": "handoff_id"}, at="due_at", rows="sla_timer WHERE id = ANY (%(ids)s) ORDER BY due_at, id"
)
NOTICES = insert_notices_sql(
    {BREACH: "timer.due_at < %(at)s", REMINDER: "true"},
    user="said.user_id",
    about="'timer ' || timer.id || ' at ' || said.percent",
    params=PARAMS | {"page": "CASE said.action WHEN 'tell' THEN 'lead' ELSE 'handoff' END"},
    at="%(at)s",
    rows="""said
JOIN sla_timer timer ON timer.id = said.timer_id
JOIN sla_handoff handoff ON handoff.id = timer.handoff_id
JOIN teams_user rep ON rep.id = handoff.rep_id
JOIN leads_lead lead ON lead.id = handoff.lead_id
WHERE said.user_id IS NOT NULL
ORDER BY timer.due_at, said.percent, said.id""",
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
{NOTICES}
"""
TOO_LATE = "too late"


def notify_breaches(timers: Sequence[int], *, at: datetime) -> None:
    """Tell the reps of these timers, and the outside world, that they fell due. Call it in the transaction that marks
    them."""
    if timers:
        _execute(BREACHES, timers, at=at)
        _execute(BREACHED, timers, at=at)


def take_steps(steps: Sequence[int], *, at: datetime) -> None:
    """Take these steps, which remind or tell, and keep what came of each, in the transaction that marks them."""
    if steps:
        _execute(STEPS, steps, at=at)


def _execute(sql: str, ids: Sequence[int], *, at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"ids": list(ids), "at": at, "too_late": TOO_LATE})
