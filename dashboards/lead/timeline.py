"""The timeline of one lead, latest first: activities, transitions, offers, answers and touches, in pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from dashboards.lead.timeline_items import Item, describe_events
from leads.models import Lead
from smarketing.database.keyset import Cursor

PAGE_SIZE = 20


# Each query walks back along an index (lead, moment). A hand-off is two events, its offer and its answer; the
# transition that an answer makes is part of the answer. The digit orders events of one moment: causes come first.
EVENT_QUERIES = {
    "activity": "SELECT occurred_at AS at, '1 activity' AS what, id FROM leads_activity"
    " WHERE lead_id = %(lead)s AND occurred_at <= %(now)s",
    "step": "SELECT at, '2 step', id FROM funnel_transition WHERE lead_id = %(lead)s AND how <> 'handoff'",
    "offer": "SELECT offered_at, '3 offer', id FROM sla_handoff WHERE lead_id = %(lead)s",
    "answer": "SELECT answered_at, '4 answer', id FROM sla_handoff WHERE lead_id = %(lead)s AND answer <> ''",
    # A call or meeting in which the lead took part is an activity already.
    "touch": "SELECT t.at, '5 touch', t.id FROM sla_touch t JOIN sla_handoff h ON h.id = t.handoff_id"
    " WHERE h.lead_id = %(lead)s AND NOT (t.is_contact AND t.kind IN ('call', 'meeting'))",
}
THEIRS, OURS = ("activity",), ("step", "offer", "answer", "touch")


@dataclass(frozen=True)
class TimelinePage:
    """Some lines, and the cursor of the earlier ones."""

    items: list[Item]
    earlier: str = ""


def timeline_page(
    lead: Lead, which: str = "all", cursor: str = "", *, at: datetime, size: int = PAGE_SIZE
) -> TimelinePage:
    """The latest lines up to `at`, or before the cursor; `which` is "all", "theirs" (activities) or "ours"."""
    parts = {"theirs": THEIRS, "ours": OURS}.get(which, tuple(EVENT_QUERIES))
    before = Cursor.parse(cursor) if cursor else None
    events = query_events(lead, parts, before, at, size + 1)
    items = describe_events(events[:size])
    if len(events) <= size:
        return TimelinePage(items)
    last_at, what, pk = events[size - 1]
    return TimelinePage(items, str(Cursor(f"{last_at.isoformat()}|{what}", pk)))


def query_events(
    lead: Lead, parts: tuple[str, ...], before: Cursor | None, at: datetime, limit: int
) -> list[tuple[datetime, str, int]]:
    """The latest events as (moment, kind with its digit, id), before the cursor."""
    params: dict[str, Any] = {"lead": lead.pk, "now": at, "limit": limit}
    beyond = ""
    if before is not None and isinstance(before.value, str) and before.value.count("|") == 1:
        moment, what = before.value.split("|")
        try:
            params |= {"at": datetime.fromisoformat(moment), "what": what, "id": before.key}
            beyond = "WHERE at <= %(at)s AND (at, what, id) < (%(at)s, %(what)s, %(id)s)"
        except ValueError:
            beyond = ""
    latest = f"{beyond} ORDER BY at DESC, id DESC LIMIT %(limit)s"
    queries = [f"(SELECT * FROM ({EVENT_QUERIES[part]}) {part}_ (at, what, id) {latest})" for part in parts]
    union = " UNION ALL ".join(queries)
    sql = f"SELECT at, what, id FROM ({union}) events ORDER BY at DESC, what DESC, id DESC LIMIT %(limit)s"
    with connection.cursor() as sql_cursor:
        sql_cursor.execute(sql, params)
        return list(sql_cursor.fetchall())
