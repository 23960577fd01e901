"""How the deals of a file move their leads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from funnel.importing.corrections import (
    correct_step,
    drop_step,
    is_day,
    move_beginnings,
    relink_next,
    same_day,
    stand_at_last_step,
)
from funnel.models.journeys import Transition
from funnel.models.opportunities import Opportunity
from funnel.models.stages import Stage, StageRole
from funnel.qualification.qualifying import begin_missing
from leads.importing.engine.batches import Batch
from smarketing.company import company_zone, day_starting_at

# For each lead whose deals are new, or have an outcome now that they had not: when the first opened, was won, and
# the last was lost. Only new business moves a lead.
LEADS_THAT_MOVE = """
CREATE TEMP TABLE went ON COMMIT DROP AS
SELECT s.lead_id, least(min(o.opened_at), min(o.won_at), min(o.lost_at)) AS first_at,
       min(o.opened_at) FILTER (WHERE o.kind = 'new') AS opened_at,
       min(o.won_at) FILTER (WHERE o.kind = 'new') AS won_at,
       max(o.lost_at) FILTER (WHERE o.kind = 'new') AS lost_at,
       (array_agg(o.reason_id ORDER BY o.lost_at DESC NULLS LAST) FILTER (WHERE o.kind = 'new'))[1] AS reason_id
FROM staging_rows s JOIN funnel_opportunity o ON o.id = s.opportunity_id
WHERE s.refused IS NULL AND (s.is_new OR s.is_changed AND
    (s.dates_before ->> 'opened_at', s.dates_before ->> 'won_at', s.dates_before ->> 'lost_at') IS DISTINCT FROM
    (to_jsonb(o.opened_at) #>> '{}', to_jsonb(o.won_at) #>> '{}', to_jsonb(o.lost_at) #>> '{}'))
GROUP BY s.lead_id
"""
# The moment of a step of which the file gives only the day: after the steps of that day into earlier stages.
AT = f"""CASE WHEN {is_day("w.{moment}")} THEN greatest(w.{{moment}}, (
    SELECT max(t.at) FROM funnel_transition t JOIN funnel_stage g ON g.id = t.to_stage_id
    WHERE t.lead_id = w.lead_id AND g.position < %(position)s AND {same_day("t.at", "w.{moment}")}
)) ELSE w.{{moment}} END"""
# One step of every lead in `went` that is due. Dated before the last one it is history, and moves nobody.
STEP = f"""
WITH due AS (
    SELECT j.lead_id, j.stage_id, j.closed_at IS NOT NULL AS was_closed, {AT} AS at
    FROM went w JOIN funnel_journey j ON j.lead_id = w.lead_id JOIN funnel_stage s ON s.id = j.stage_id
    WHERE w.{{moment}} IS NOT NULL AND s.position < %(position)s AND {{which}}
    ORDER BY j.lead_id FOR NO KEY UPDATE OF j
)
INSERT INTO funnel_transition (lead_id, from_stage_id, to_stage_id, at, recorded_at, how, because)
SELECT lead_id, CASE WHEN NOT was_closed THEN stage_id END, %(stage)s, at, greatest(%(now)s, at), 'import', %(because)s
FROM due
WHERE NOT EXISTS (
    SELECT FROM funnel_transition t WHERE t.lead_id = due.lead_id AND t.to_stage_id = %(stage)s AND t.at = due.at)
ORDER BY lead_id
"""
LOSE = f"""
WITH due AS (
    SELECT j.lead_id, j.stage_id, {AT.format(moment="lost_at")} AS at, w.reason_id
    FROM went w JOIN funnel_journey j ON j.lead_id = w.lead_id JOIN funnel_stage s ON s.id = j.stage_id
    WHERE w.lost_at IS NOT NULL AND j.closed_at IS NULL AND s.position < %(position)s
      AND NOT EXISTS (
          SELECT FROM funnel_opportunity o WHERE o.lead_id = j.lead_id AND o.kind = 'new' AND o.lost_at IS NULL)
    ORDER BY j.lead_id FOR NO KEY UPDATE OF j
)
INSERT INTO funnel_transition (lead_id, from_stage_id, to_stage_id, at, recorded_at, how, reason_id, because)
SELECT lead_id, stage_id, NULL, at, greatest(%(now)s, at), 'import', reason_id, %(because)s
FROM due
WHERE NOT EXISTS (
    SELECT FROM funnel_transition t WHERE t.lead_id = due.lead_id AND t.to_stage_id IS NULL AND t.at = due.at)
ORDER BY lead_id
"""


def move_leads(batch: Batch) -> None:
    batch.execute("DROP TABLE IF EXISTS pg_temp.went")
    batch.execute(LEADS_THAT_MOVE)
    leads = [lead for (lead,) in batch.fetch("SELECT lead_id FROM went ORDER BY lead_id")]
    if not leads:
        return
    begin_missing(leads, at=batch.at, news=dict.fromkeys(leads))
    if batch.correct:
        _correct_outcomes(batch)
    move_beginnings(batch, "SELECT lead_id, first_at FROM went")
    stand_at_last_step(batch, leads)
    stages = {stage.role: stage for stage in Stage.objects.exclude(role=None)}
    words = {"because": batch.how.capitalize(), "now": batch.at, "zone": str(company_zone())}
    opportunity, customer = stages[StageRole.OPPORTUNITY], stages[StageRole.CUSTOMER]
    # A deal that was opened reopens no journey that was closed; a contract does.
    opened, won = (
        STEP.format(moment="opened_at", which="j.closed_at IS NULL"),
        STEP.format(moment="won_at", which="TRUE"),
    )
    batch.execute(opened, stage=opportunity.pk, position=opportunity.position, **words)
    stand_at_last_step(batch, leads)
    batch.execute(won, stage=customer.pk, position=customer.position, **words)
    stand_at_last_step(batch, leads)
    batch.execute(LOSE, position=customer.position, **words)
    stand_at_last_step(batch, leads)
    batch.enqueue("SELECT lead_id, %(at)s::timestamptz AS due_at, NULL::timestamptz AS news_at FROM went")


# New business whose opening or outcome the file corrected, with what it was before the file.
CORRECTED = """
SELECT DISTINCT ON (o.id) o.id, (s.dates_before ->> 'opened_at')::timestamptz,
    (s.dates_before ->> 'won_at')::timestamptz, (s.dates_before ->> 'lost_at')::timestamptz
FROM staging_rows s JOIN funnel_opportunity o ON o.id = s.opportunity_id JOIN went w ON w.lead_id = o.lead_id
WHERE s.refused IS NULL AND s.is_changed AND o.kind = 'new'
ORDER BY o.id, s.turn
"""


@dataclass
class _Corrected:
    """A deal whose dates a file corrected, and the steps that an import had written of it before."""

    batch: Batch
    deal: Opportunity
    opened_at: datetime | None
    won_at: datetime | None
    lost_at: datetime | None

    def correct_steps(self) -> None:
        deal = self.deal
        if self.opened_at and deal.opened_at and (step := self._step(StageRole.OPPORTUNITY, self.opened_at)):
            self._redate(step, deal.opened_at)
        if self.won_at and (step := self._step(StageRole.CUSTOMER, self.won_at)):
            self._correct_win(step)
        elif self.lost_at and (step := self._step(None, self.lost_at)):
            self._correct_loss(step)

    def _step(self, role: StageRole | None, at: datetime) -> Transition | None:
        steps = Transition.objects.filter(lead=self.deal.lead_id, how=Transition.How.IMPORT, to_stage__role=role)
        day = day_starting_at(at)
        of_then = steps.filter(at__gte=day[0], at__lt=day[1]) if day else steps.filter(at=at)
        return of_then.order_by("pk").first()

    def _correct_win(self, step: Transition) -> None:
        """The first win counts, whichever it is now. Without one, the step was the loss; or none, while another deal is
        open."""
        others = Opportunity.objects.new_business().filter(lead=self.deal.lead_id)
        if first := others.won().order_by("won_at", "pk").first():
            assert first.won_at
            self._redate(step, first.won_at)
        elif others.open().exists():
            drop_step(self.batch, step)
        elif self.deal.lost_at:
            self._correct(step, to_stage_id=None, at=self.deal.lost_at, reason_id=self.deal.reason_id)

    def _correct_loss(self, step: Transition) -> None:
        if self.deal.won_at:
            customer = Stage.objects.role(StageRole.CUSTOMER)
            self._correct(step, to_stage_id=customer.pk, at=self.deal.won_at, reason_id=None)
        elif self.deal.lost_at:
            self._redate(step, self.deal.lost_at)

    def _redate(self, step: Transition, at: datetime) -> None:
        if step.at != at:
            self._correct(step, at=at)

    def _correct(self, step: Transition, **values: object) -> None:
        correct_step(self.batch, step, **values)
        relink_next(self.batch, step)


def _correct_outcomes(batch: Batch) -> None:
    """Where a deal's dates were corrected, the steps that an import wrote of it follow them."""
    corrected = [
        _Corrected(batch, Opportunity.objects.get(pk=deal), *before) for deal, *before in batch.fetch(CORRECTED)
    ]
    for each in corrected:
        each.correct_steps()
    stand_at_last_step(batch, [each.deal.lead_id for each in corrected])
