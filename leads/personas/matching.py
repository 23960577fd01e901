"""Which persona each lead is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils.timezone import now

from history.models import Change
from leads.criteria import condition_sql
from leads.models.leads import Lead
from leads.models.personas import Persona, PersonaMatch, PersonaVersion
from leads.registering.reevaluation import enqueue_reevaluation
from teams.models import User

HOW, BY_HAND = "persona", "page"
# For so long a lead is new.
NEW = timedelta(hours=1)

# A person's word stays; below it the machine keeps its own.
MATCH = """
WITH found AS MATERIALIZED (
    SELECT leads_lead.id AS lead_id, {first} AS persona_id
    FROM leads_lead LEFT JOIN leads_company ON leads_company.id = leads_lead.company_id
    WHERE leads_lead.merged_into_id IS NULL {chosen}
), locked AS MATERIALIZED (
    SELECT m.lead_id FROM leads_personamatch m JOIN found ON found.lead_id = m.lead_id
    WHERE m.machine_id IS DISTINCT FROM found.persona_id
    ORDER BY m.lead_id FOR NO KEY UPDATE OF m
), changed AS (
    UPDATE leads_personamatch m
    SET machine_id = found.persona_id,
        persona_id = CASE WHEN m.override_at IS NULL THEN found.persona_id ELSE m.persona_id END,
        matched_at = %s
    FROM found JOIN locked ON locked.lead_id = found.lead_id
    WHERE m.lead_id = found.lead_id AND m.machine_id IS DISTINCT FROM found.persona_id
    RETURNING m.lead_id, old.persona_id AS before, new.persona_id AS after
), made AS (
    INSERT INTO leads_personamatch (lead_id, persona_id, machine_id, matched_at, override_reason)
    SELECT found.lead_id, found.persona_id, found.persona_id, %s, '' FROM found
    WHERE found.persona_id IS NOT NULL
      AND NOT EXISTS (SELECT FROM leads_personamatch m WHERE m.lead_id = found.lead_id)
    ORDER BY found.lead_id
    ON CONFLICT (lead_id) DO NOTHING
    RETURNING lead_id, persona_id
), kept AS (
    INSERT INTO history_change (subject, subject_id, field, old, new, at, how)
    SELECT 'lead', lead_id, 'persona', to_jsonb(before), to_jsonb(after), %s, %s FROM changed
    WHERE before IS DISTINCT FROM after
), kept_first AS (
    -- Whoever was there for a while was none until now; of a new lead it is no change.
    INSERT INTO history_change (subject, subject_id, field, old, new, at, how)
    SELECT 'lead', made.lead_id, 'persona', NULL, to_jsonb(made.persona_id), %s, %s
    FROM made JOIN leads_lead lead ON lead.id = made.lead_id WHERE lead.recorded_at < %s
)
SELECT (SELECT count(*) FROM changed) + (SELECT count(*) FROM made)
"""


def match_personas(lead_ids: Sequence[int] | None, versions: Sequence[PersonaVersion], at: datetime) -> int:
    """Give each lead the first of these personas whose criteria hold, in one statement; None means every lead.

    `versions` are those of the agreement in force, in its order; a lead that meets none has none. Returns how many
    leads are another persona for the machine than before. Safe to run twice.
    """
    first, params = first_that_holds(versions, at)
    chosen = "" if lead_ids is None else "AND leads_lead.id = ANY(%s)"
    ids = [] if lead_ids is None else [list(lead_ids)]
    with connection.cursor() as cursor:
        cursor.execute(MATCH.format(first=first, chosen=chosen), [*params, *ids, at, at, at, HOW, at, HOW, at - NEW])
        return int(cursor.fetchone()[0])


def first_that_holds(
    versions: Sequence[PersonaVersion], at: datetime, *, as_of: datetime | None = None
) -> tuple[str, list[Any]]:
    """SQL of the first of these personas whose criteria hold, asked at that moment; `as_of`: as of one of the past."""
    cases, params = "", []
    for version in versions:
        if version.criteria is not None:
            sql, given = condition_sql(version.criteria, at=at, as_of=as_of)
            cases += f" WHEN {sql} THEN {int(version.persona_id)}"
            params += given
    return (f"(CASE{cases} END)::bigint" if cases else "NULL::bigint"), params


def say_persona(
    lead: Lead, persona: Persona | None, *, reason: str, by: User, at: datetime | None = None
) -> PersonaMatch:
    """A person's word on which persona a lead is, or that it is none, with the reason. The machine never overwrites it.

    Raises `ValueError` without a reason.
    """
    if not reason.strip():
        raise ValueError("A person's word needs a reason.")
    at = at or now()
    with transaction.atomic():
        match = locked(lead, at)
        before = match.persona_id
        match.persona = persona
        match.override_reason, match.override_by, match.override_at = reason.strip()[:200], by, at
        match.save()
        keep(match, before, by, at)
    return match


def leave_to_the_machine(lead: Lead, *, by: User, at: datetime | None = None) -> PersonaMatch:
    """Take a person's word back: from now on the lead is again what its attributes say."""
    at = at or now()
    with transaction.atomic():
        match = locked(lead, at)
        before = match.persona_id
        match.persona_id = match.machine_id
        match.override_reason, match.override_by, match.override_at = "", None, None
        match.save()
        keep(match, before, by, at)
    return match


def locked(lead: Lead, at: datetime) -> PersonaMatch:
    PersonaMatch.objects.get_or_create(lead=lead, defaults={"matched_at": at})
    return PersonaMatch.objects.select_for_update(of=("self",), no_key=True).get(lead=lead)


def keep(match: PersonaMatch, before: int | None, by: User, at: datetime) -> None:
    """Write down another persona, and let what follows from it be looked at anew."""
    if match.persona_id != before:
        Change.objects.write("lead", match.lead_id, {"persona": (before, match.persona_id)}, by=by, at=at, how=BY_HAND)
        enqueue_reevaluation([match.lead_id], at=at, news_at=at)
