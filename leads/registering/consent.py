"""Consent to e-mail: what a lead's consent is after somebody stated it, and since when.

The one rule for pages, programs, files and merges. Whoever may edit a lead may state that consent was given or
withdrawn; it holds from the moment it is stated, and what is stated again does not begin anew. Unsubscribing takes
consent back from the moment of unsubscribing, unless it was stated since, and at the latest when we are told. What was
taken back is given again by a person on the lead's page or by a program that changes this one lead: not by a file, a
registration or a merge, whose word may be older than the refusal.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from leads.models.leads import Lead

WITHDRAWN = Lead.Consent.WITHDRAWN.value
# The kind of activity that takes consent back.
UNSUBSCRIBE = "unsubscribe"


def stated_by(consent: str | None, *, unsubscribed: bool | None) -> str | None:
    """What a row says of consent that may say it twice: as such, and as unsubscribed. None: nothing.

    Where a row says both, it is unsubscribed; "not unsubscribed" says nothing.
    """
    return WITHDRAWN if unsubscribed else consent


def keeps_refusal(before: str, stated: str | None) -> bool:
    """Whether consent that was taken back stays so, whatever rows say that nobody wrote for this lead alone."""
    return before == WITHDRAWN and bool(stated) and stated != WITHDRAWN


def kept_refusal_sql(before: str, stated: str) -> str:
    """What rows state, where it does not give consent back: NULL for what is not heard."""
    return f"CASE WHEN {before} <> '{WITHDRAWN}' OR {stated} = '{WITHDRAWN}' THEN {stated} END"


def consent_since(before: str, since: datetime | None, stated: str, *, at: datetime) -> datetime | None:
    """Since when the consent is what was stated at that moment; `since` is when it became what it was before."""
    return since if stated == before else at


def consent_since_sql(before: str, since: str, stated: str) -> str:
    """The twin of `consent_since` in SQL: expressions, NULL for nothing stated, and the parameter `at`."""
    return f"CASE WHEN {stated} <> {before} THEN %(at)s::timestamptz ELSE {since} END"


# Over rows of (lead_id, unsubscribed_at): the last of them counts, and only where consent was not stated after it. One
# that is dated ahead counts from when we are told.
WITHDRAW = f"""
WITH unsubscribed AS MATERIALIZED (
    SELECT lead_id, least(max(unsubscribed_at), %(told_at)s) AS at FROM ({{rows}}) each GROUP BY lead_id
), gone AS MATERIALIZED (
    SELECT l.id, l.consent, u.at FROM unsubscribed u JOIN leads_lead l ON l.id = u.lead_id
    WHERE l.consent <> '{WITHDRAWN}' AND (l.consent_at IS NULL OR l.consent_at <= u.at)
    ORDER BY l.id FOR NO KEY UPDATE OF l
), kept AS (
    INSERT INTO history_change (subject, subject_id, field, old, new, at, by_id, how)
    SELECT 'lead', id, 'consent', to_jsonb(consent), to_jsonb('{WITHDRAWN}'::text), at, %(by)s, %(how)s FROM gone
)
UPDATE leads_lead l SET consent = '{WITHDRAWN}', consent_at = gone.at FROM gone WHERE l.id = gone.id
"""


def withdraw_by_unsubscribing(
    rows: str, parameters: Mapping[str, Any], *, told_at: datetime, by: int | None = None, how: str = UNSUBSCRIBE
) -> int:
    """Take back the consent of leads that unsubscribed, and keep what it was. Returns of how many.

    `rows` selects (lead_id, unsubscribed_at). Whatever that date, we honour it when we are told, at `told_at`: no
    change is dated later than that.
    """
    with connection.cursor() as cursor:
        cursor.execute(WITHDRAW.format(rows=rows), {**parameters, "told_at": told_at, "by": by, "how": how})
        return int(cursor.rowcount)
