"""The one way in for what leads did: one activity, a batch that a program sends, the rows of a file.

All three are written by the same statements, over rows of (place, lead_id, kind_id, occurred_at, properties, system,
message_id): however many they are, they cost a few statements. The same message of the same system is kept once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.utils.timezone import now

from leads.models.activities import Activity, ActivityKind
from leads.models.leads import Lead
from leads.registering.consent import UNSUBSCRIBE, withdraw_by_unsubscribing
from leads.registering.races import Raced, repeat_when_raced
from leads.registering.reevaluation import enqueue_reevaluation, enqueue_selected


@dataclass(frozen=True)
class ActivityInput:
    """One thing a lead did, as it was sent."""

    lead: Lead
    kind: ActivityKind
    occurred_at: datetime
    system: str = ""
    message_id: str = ""
    properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ActivityRows:
    """Activities as the statement that selects them, with its parameters."""

    sql: str
    parameters: Mapping[str, Any]

    def within(self, statement: str) -> str:
        """The statement, with these rows in the place of its `{rows}`."""
        return statement.format(rows=self.sql)


# ---- Statements over such rows

# The place of each row whose message was kept before, or came earlier among these rows: the first arrival stands.
KNOWN_BY_MESSAGE = """
SELECT place FROM (
    SELECT place, row_number() OVER (PARTITION BY system, message_id ORDER BY place) AS nth, EXISTS (
        SELECT FROM leads_activityidentity i WHERE i.system = a.system AND i.message_id = a.message_id) AS is_kept
    FROM ({rows}) a WHERE message_id <> ''
) message WHERE is_kept OR nth > 1
"""
# Messages are written in their order: two who send the same ones wait for each other, and neither for ever.
WRITE = """
WITH fresh AS MATERIALIZED (
    SELECT nextval(pg_get_serial_sequence('leads_activity', 'id')) AS id, a.*
    FROM (SELECT * FROM ({rows}) r ORDER BY place) a
), written AS (
    INSERT INTO leads_activity (id, lead_id, kind_id, occurred_at, properties, system, created_at)
    SELECT id, lead_id, kind_id, occurred_at, properties, system, %(created_at)s FROM fresh ORDER BY place
), named AS (
    INSERT INTO leads_activityidentity (system, message_id, activity_id)
    SELECT system, message_id, id FROM fresh WHERE message_id <> '' ORDER BY system, message_id
    ON CONFLICT DO NOTHING RETURNING activity_id
)
SELECT array(SELECT id FROM fresh ORDER BY place),
       (SELECT count(*) FROM fresh WHERE message_id <> '') > (SELECT count(*) FROM named)
"""
UNSUBSCRIBED = f"""
SELECT lead_id, occurred_at AS unsubscribed_at FROM ({{rows}}) a
WHERE kind_id = (SELECT id FROM leads_activitykind WHERE key = '{UNSUBSCRIBE}')
"""
# Each lead once for what it did, and once for each moment that is still to come; the last that it did is the news.
NEWS = """
SELECT lead_id, greatest(%(at)s::timestamptz, occurred_at) AS due_at, max(occurred_at) AS news_at
FROM ({rows}) a GROUP BY lead_id, greatest(%(at)s::timestamptz, occurred_at)
"""


def write_activities(
    rows: ActivityRows, *, created_at: datetime, told_at: datetime, by: int | None = None, how: str = UNSUBSCRIBE
) -> list[int]:
    """Keep activities that are not known yet, and take back the consent of those who unsubscribed.

    Returns their ids in the order of the rows. Raises `Raced` when somebody else kept one of the messages at this
    moment. Call inside a transaction; to enqueue the `NEWS` is the caller's.
    """
    with connection.cursor() as cursor:
        cursor.execute(rows.within(WRITE), {**rows.parameters, "created_at": created_at})
        ids, raced = cursor.fetchone()
    if raced:
        raise Raced
    withdraw_by_unsubscribing(rows.within(UNSUBSCRIBED), rows.parameters, told_at=told_at, by=by, how=how)
    return list(ids)


# ---- Verbs


def record(
    lead: Lead,
    kind_key: str,
    occurred_at: datetime,
    *,
    properties: Mapping[str, Any] | None = None,
    system: str = "",
    message_id: str = "",
    at: datetime | None = None,
) -> tuple[Activity, bool]:
    """Keep one thing the lead did. The same message of the same system, sent again, is the same activity.

    Returns it and whether it is new. Raises `ActivityKind.DoesNotExist`.
    """
    kind = ActivityKind.objects.get(key=kind_key)
    (activity_id,) = _record([ActivityInput(lead, kind, occurred_at, system, message_id, properties or {})], at=at)
    if activity_id is None:
        return Activity.objects.get(identity__system=system, identity__message_id=message_id), False
    if kind_key == UNSUBSCRIBE:
        lead.refresh_from_db(fields=["consent", "consent_at"])
    return Activity.objects.get(pk=activity_id), True


def record_all(activities: Sequence[ActivityInput], *, at: datetime | None = None) -> list[bool]:
    """Keep what leads did, and say of each whether it is new.

    The leads are evaluated anew: now, or at the moment of what has not happened yet.
    """
    return [activity_id is not None for activity_id in _record(activities, at=at)]


def _record(activities: Sequence[ActivityInput], *, at: datetime | None) -> list[int | None]:
    """The ids of those that are new, None for those that are known."""
    return repeat_when_raced(partial(_record_once, activities, at or now()))


def _record_once(activities: Sequence[ActivityInput], at: datetime) -> list[int | None]:
    placed = dict(enumerate(activities))
    known = _known_by_message(placed)
    fresh = {place: given for place, given in placed.items() if place not in known}
    ids: dict[int, int] = {}
    if fresh:
        rows = _rows_of(fresh)
        ids = dict(zip(fresh, write_activities(rows, created_at=now(), told_at=at), strict=True))
        enqueue_selected(rows.within(NEWS), rows.parameters, at=at)
    return [ids.get(place) for place in placed]


def _known_by_message(activities: Mapping[int, ActivityInput]) -> set[int]:
    named = {place: given for place, given in activities.items() if given.message_id}
    if not named:
        return set()
    rows = _rows_of(named)
    with connection.cursor() as cursor:
        cursor.execute(rows.within(KNOWN_BY_MESSAGE), rows.parameters)
        return {place for (place,) in cursor.fetchall()}


ROWS = """
SELECT place, lead_id, kind_id, occurred_at, properties::jsonb AS properties, system, message_id
FROM unnest(%(places)s::integer[], %(leads)s::bigint[], %(kinds)s::smallint[], %(moments)s::timestamptz[],
            %(properties)s::text[], %(systems)s::text[], %(messages)s::text[])
     AS sent (place, lead_id, kind_id, occurred_at, properties, system, message_id)
"""


def _rows_of(activities: Mapping[int, ActivityInput]) -> ActivityRows:
    given = activities.values()
    parameters = {
        "places": list(activities),
        "leads": [each.lead.pk for each in given],
        "kinds": [each.kind.pk for each in given],
        "moments": [each.occurred_at for each in given],
        "properties": [json.dumps(dict(each.properties)) for each in given],
        "systems": [each.system for each in given],
        "messages": [each.message_id for each in given],
    }
    return ActivityRows(ROWS, parameters)


def forget(lead: Lead, kind_key: str, occurred_at: datetime, *, at: datetime | None = None) -> bool:
    """Take back one thing that was written down by hand at that moment, and say whether it was there."""
    written = Activity.objects.filter(lead=lead, kind__key=kind_key, occurred_at=occurred_at, system="")
    with transaction.atomic():
        found = written.order_by("-pk").first()
        if found is None:
            return False
        found.delete()
        enqueue_reevaluation([lead.pk], at=at or now())
    return True
