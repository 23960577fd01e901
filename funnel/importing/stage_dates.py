"""What files bring of the funnel: when leads entered which stage, and their deals.

Imported history is history: it opens no hand-off, starts no clock and tells nobody, unless the importer asks for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from funnel.importing.corrections import (
    TABLES,
    correct_step,
    is_day,
    means_now,
    move_beginnings,
    only_day,
    same_day,
    same_fact,
)
from funnel.journeys.standing import stand_at_last_step
from funnel.models.journeys import Journey, Transition
from funnel.models.stages import Stage, StageRole
from funnel.models.when import When
from funnel.qualification.qualifying import begin_missing
from leads.importing.engine.batches import Batch
from leads.importing.engine.fields import Field, fields_by_name
from leads.importing.files import cells
from leads.importing.kinds.leads import LeadImport
from smarketing.company import company_zone
from smarketing.pages.wording import moment

STAGES = gettext_lazy("Stages")

HUBSPOT = {
    StageRole.LEAD: "Lead",
    StageRole.MQL: "Marketing Qualified Lead",
    StageRole.SAL: "Sales Accepted Lead",
    StageRole.SQL: "Sales Qualified Lead",
    StageRole.OPPORTUNITY: "Opportunity",
    StageRole.CUSTOMER: "Customer",
}
LABELS = {
    StageRole.LEAD: pgettext_lazy("a date", "Became a lead"),
    StageRole.MQL: pgettext_lazy("a date", "Became MQL"),
    StageRole.SAL: pgettext_lazy("a date", "Became SAL"),
    StageRole.SQL: pgettext_lazy("a date", "Became SQL"),
    StageRole.OPPORTUNITY: pgettext_lazy("a date", "Became an opportunity"),
    StageRole.CUSTOMER: pgettext_lazy("a date", "Became a customer"),
}


def stage_fields() -> list[Field]:
    return [
        Field(
            f"stage.{role.value}", LABELS[role], cells.past_moment, "timestamptz", STAGES, is_moment=True,
            is_vital=True,
            synonyms=(
                f"Date entered \"{HUBSPOT[role]} (Lifecycle Stage Pipeline)\"", f"Became a {HUBSPOT[role]} Date",
                f"Became an {HUBSPOT[role]} Date", f"{role.value} date", f"{role.value}_at",
                f"{role.value.upper()}化日", f"{role.value.upper()}日",
            ),
        )
        for role in StageRole
    ]  # fmt: skip


# The steps that the rows name, each stage once a lead.
STEPS = f"""
CREATE TEMP TABLE steps ON COMMIT DROP AS
SELECT DISTINCT ON (s.lead_id, stage.id) s.line, s.lead_id, stage.id AS stage_id, stage.position, stage.role, given.at,
    {only_day("given.at")} AS day
FROM staging_rows s
CROSS JOIN LATERAL (VALUES {{given}}) given (role, at)
JOIN funnel_stage stage ON stage.role = given.role
WHERE s.refused IS NULL AND given.at IS NOT NULL
ORDER BY s.lead_id, stage.id, s.line DESC
"""
# Today's day means now; where a later stage was entered today at a known moment, the step lies as on a past day.
TODAY = f"""
UPDATE steps st SET at = %(at)s
WHERE {means_now("st.at")} AND NOT EXISTS (
    SELECT FROM steps o WHERE o.lead_id = st.lead_id AND o.position > st.position
      AND {same_day("o.at", "st.at")} AND NOT {is_day("o.at")}
) AND NOT EXISTS (
    SELECT FROM funnel_transition t WHERE t.lead_id = st.lead_id AND {same_day("t.at", "st.at")}
)
"""
# Known only to the day, a step lies after the steps of that day into earlier stages.
ON_THAT_DAY = f"""
UPDATE steps SET at = earlier.at
FROM (
    SELECT st.line, st.stage_id, max(o.at) AS at FROM steps st JOIN steps o
        ON o.lead_id = st.lead_id AND o.position < st.position AND {same_day("o.at", "st.at")}
    WHERE {is_day("st.at")} GROUP BY st.line, st.stage_id
) earlier
WHERE steps.line = earlier.line AND steps.stage_id = earlier.stage_id AND earlier.at > steps.at
"""
# What would lie behind the step into customer is not written.
AFTER_CUSTOMER = f"""
DELETE FROM steps st USING (
    SELECT lead_id, min(at) AS at FROM (
        SELECT lead_id, at FROM steps WHERE role = 'customer'
        UNION ALL
        SELECT t.lead_id, t.at FROM funnel_transition t JOIN funnel_stage g ON g.id = t.to_stage_id
        WHERE g.role = 'customer' AND t.lead_id IN (SELECT lead_id FROM steps)
    ) entries GROUP BY lead_id
) customer
WHERE customer.lead_id = st.lead_id AND st.role <> 'customer' AND st.at > customer.at
  AND NOT EXISTS (
      SELECT FROM funnel_transition t WHERE t.lead_id = st.lead_id AND t.to_stage_id = st.stage_id
        AND {same_fact(("t.at", "t.day"), ("st.at", "st.day"))})
RETURNING st.line, st.role, st.at, st.day
"""
# Journeys of leads that have none: the steps in the order of their dates, and the lead stands at the last.
BEGIN = """
WITH laid AS (
    SELECT st.*, lag(st.stage_id) OVER w AS came_from, lead(st.stage_id) OVER w IS NULL AS is_last
    FROM steps st
    WHERE NOT EXISTS (SELECT FROM funnel_journey j WHERE j.lead_id = st.lead_id)
    WINDOW w AS (PARTITION BY st.lead_id ORDER BY st.at, st.position)
), begun AS (
    INSERT INTO funnel_journey (lead_id, stage_id, entered_at, closed_as, news_count_from)
    SELECT lead_id, stage_id, at, '', %(news_count_from)s FROM laid WHERE is_last ORDER BY lead_id
    ON CONFLICT DO NOTHING RETURNING lead_id
)
INSERT INTO funnel_transition (lead_id, from_stage_id, to_stage_id, at, day, recorded_at, how, by_id, because)
SELECT l.lead_id, l.came_from, l.stage_id, l.at, l.day, greatest(%(at)s, l.at),
       CASE WHEN l.is_last THEN %(last_how)s ELSE 'import' END,
       CASE WHEN l.is_last AND %(last_how)s <> 'import' THEN %(by)s::bigint END, %(because)s
FROM laid l JOIN begun b ON b.lead_id = l.lead_id
ORDER BY l.lead_id, l.at, l.position
RETURNING lead_id
"""
# Steps of leads that were on their way before, which the ledger does not have at that moment.
DIFFERENT_STEPS = f"""
SELECT st.line, st.lead_id, st.role, st.at, st.day, known.at, known.day
FROM steps st
LEFT JOIN LATERAL (
    SELECT t.at, t.day FROM funnel_transition t
    WHERE t.lead_id = st.lead_id AND t.to_stage_id = st.stage_id ORDER BY t.at LIMIT 1
) known ON true
WHERE NOT EXISTS (
    SELECT FROM funnel_transition t WHERE t.lead_id = st.lead_id AND t.to_stage_id = st.stage_id
      AND {same_fact(("t.at", "t.day"), ("st.at", "st.day"))}
)
ORDER BY st.line, st.position
"""


# What a corrected file knows first of each lead.
FIRST_KNOWN = """
SELECT DISTINCT ON (lead_id) lead_id, at AS first_at, day AS first_on FROM steps ORDER BY lead_id, at, position
"""


class LeadHistoryImport(LeadImport):
    """Leads with the dates at which they entered the stages of the funnel."""

    fields = {**LeadImport.fields, **fields_by_name(stage_fields())}
    tables = (*LeadImport.tables, *TABLES)

    def import_batch(self, batch: Batch) -> None:
        """Begin the journeys of new leads, with the steps that the rows date. A journey that began before is not moved:
        what differs is said, and corrected only where the importer asks for it."""
        super().import_batch(batch)
        roles = [role.value for role in StageRole if batch.gives(f"stage.{role.value}")]
        if roles:
            _import_steps(batch, roles)
        _begin_quietly(batch)


def _begin_quietly(batch: Batch) -> None:
    """New leads without a date begin where everyone begins, before anything else about them comes in: what a second
    file says that they did is history too."""
    if batch.qualify_at_once:
        return  # They begin in the normal flow, with their arrival as the news.
    new = [lead for (lead,) in batch.fetch("SELECT lead_id FROM staging_rows WHERE is_new AND refused IS NULL")]
    if new:
        begin_missing(new, at=batch.at, news=dict.fromkeys(new))


def _import_steps(batch: Batch, roles: list[str]) -> None:
    batch.execute("DROP TABLE IF EXISTS pg_temp.steps")
    zone = str(company_zone())
    batch.execute(STEPS.format(given=", ".join(f"('{role}', s.\"stage.{role}\")" for role in roles)), zone=zone)
    batch.execute(TODAY, zone=zone)
    batch.execute(ON_THAT_DAY, zone=zone)
    for line, role, *when in batch.fetch(AFTER_CUSTOMER, zone=zone):
        batch.warnings.add(_format_after_customer(line, role, When(*when)))
    batch.execute("ANALYZE steps")
    begun = batch.fetch(BEGIN, **_step_values(batch))
    batch.execute(
        "UPDATE staging_rows SET is_changed = true WHERE lead_id = ANY(%(leads)s)", leads=[lead for (lead,) in begun]
    )
    different = [
        (line, lead, role, When(at, day), When(known_at, known_day) if known_at else None)
        for line, lead, role, at, day, known_at, known_day in batch.fetch(DIFFERENT_STEPS, zone=zone)
    ]
    if batch.correct:
        _correct_steps(batch, different)
        return
    for line, _lead, role, given, known in different:
        batch.warnings.add(_format_difference(line, role, given, known))


def _step_values(batch: Batch) -> dict[str, Any]:
    """How imported steps are written. Where the importer asks for it, the last one is to be worked, and opens a
    hand-off as any other."""
    asked = batch.qualify_at_once
    return {
        "news_count_from": None if asked else batch.at,
        "last_how": Transition.How.IMPORT_LIVE.value if asked else Transition.How.IMPORT.value,
        "because": batch.how.capitalize(),
    }


def _format_after_customer(line: int, role: str, given: When) -> str:
    words = {"line": line, "stage": LABELS[StageRole(role)], "given": moment(given.day or given.at)}
    return _("Line %(line)s: “%(stage)s” %(given)s lies after it became a customer. It was left out.") % words


def _format_difference(line: int, role: str, given: When, known: When | None) -> str:
    words = {"line": line, "stage": LABELS[StageRole(role)], "given": _format_when(given)}
    if known is None:
        return (
            _("Line %(line)s: “%(stage)s” %(given)s is not in the journey, which had begun before. It was left so.")
            % words
        )
    words["known"] = _format_when(known)
    return _("Line %(line)s: “%(stage)s” is %(known)s here, the file says %(given)s. It was left so.") % words


def _format_when(when: When) -> str:
    return f"{when.day}" if when.day else f"{when.at.astimezone(company_zone()):%Y-%m-%d %H:%M}"


def _correct_steps(batch: Batch, different: Iterable[tuple[Any, ...]]) -> None:
    """Let the file's dates stand in the ledger, and lay the journeys anew that are imported history alone."""
    stages = {stage.role: stage for stage in Stage.objects.exclude(role=None)}
    leads = set()
    for line, lead_id, role, given, known in different:
        imported = Transition.objects.filter(lead=lead_id, to_stage=stages[role], how=Transition.How.IMPORT)
        if known is None:
            Transition.objects.create(
                lead_id=lead_id, to_stage=stages[role], **given._asdict(), recorded_at=max(batch.at, given.at),
                how=Transition.How.IMPORT, because=batch.how.capitalize(),
            )  # fmt: skip
        elif first := imported.order_by("at", "pk").first():
            correct_step(batch, first, **given._asdict())
        else:
            batch.warnings.add(_format_difference(line, role, given, known))
            continue
        leads.add(lead_id)
        batch.execute("UPDATE staging_rows SET is_changed = true WHERE line = %(line)s", line=line)
    list(Journey.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=leads).order_by("pk"))
    move_beginnings(batch, FIRST_KNOWN)
    for lead_id in sorted(leads):
        _relink_imported(lead_id)
    stand_at_last_step(sorted(leads))


def _relink_imported(lead_id: int) -> None:
    """Let each step of a ledger that is imported history alone come from the one before it."""
    steps = list(Transition.objects.filter(lead=lead_id).select_related("to_stage").order_by("at", "pk"))
    if any(step.how != Transition.How.IMPORT or step.to_stage is None for step in steps):
        return  # People or the machine moved it since: only the dates are corrected.
    for before, step in zip([None, *steps], steps, strict=False):
        step.from_stage = before.to_stage if before else None
        step.save(update_fields=["from_stage"])
