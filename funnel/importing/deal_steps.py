"""How the deals of a file move their leads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q

from funnel.importing.corrections import (
    correct_step,
    day_of,
    drop_step,
    is_day,
    move_beginnings,
    relink_next,
)
from funnel.journeys.standing import stand_at_last_step
from funnel.models.journeys import Journey, Transition
from funnel.models.opportunities import Opportunity
from funnel.models.stages import Stage, StageRole
from funnel.models.when import When
from funnel.qualification.qualifying import begin_missing
from leads.importing.engine.batches import Batch
from smarketing.company import bounds_of, company_zone, day_starting_at
from smarketing.company import day_of as company_day

# For each lead whose deals are new, or have an outcome now that they had not: when the first opened, was won, and
# the last was lost. Only new business moves a lead.
LEADS_THAT_MOVE = """
CREATE TEMP TABLE went ON COMMIT DROP AS
SELECT s.lead_id, min(known.at) AS first_at, (array_agg(known.day ORDER BY known.at))[1] AS first_on,
       min(o.opened_at) FILTER (WHERE o.kind = 'new') AS opened_at,
       (array_agg(o.opened_on ORDER BY o.opened_at) FILTER (WHERE o.kind = 'new'))[1] AS opened_on,
       min(o.won_at) FILTER (WHERE o.kind = 'new') AS won_at,
       (array_agg(o.won_on ORDER BY o.won_at) FILTER (WHERE o.kind = 'new'))[1] AS won_on,
       max(o.lost_at) FILTER (WHERE o.kind = 'new') AS lost_at,
       (array_agg(o.lost_on ORDER BY o.lost_at DESC NULLS LAST) FILTER (WHERE o.kind = 'new'))[1] AS lost_on,
       (array_agg(o.reason_id ORDER BY o.lost_at DESC NULLS LAST) FILTER (WHERE o.kind = 'new'))[1] AS reason_id
FROM staging_rows s JOIN funnel_opportunity o ON o.id = s.opportunity_id
CROSS JOIN LATERAL (VALUES (o.opened_at, o.opened_on), (o.won_at, o.won_on), (o.lost_at, o.lost_on)) known (at, day)
WHERE s.refused IS NULL AND (s.is_new OR s.is_changed AND
    (s.dates_before ->> 'opened_at', s.dates_before ->> 'won_at', s.dates_before ->> 'lost_at') IS DISTINCT FROM
    (to_jsonb(o.opened_at) #>> '{}', to_jsonb(o.won_at) #>> '{}', to_jsonb(o.lost_at) #>> '{}'))
GROUP BY s.lead_id
"""
# The moment of a step of which only the day is known: after the steps of that day into earlier stages.
AT = f"""CASE WHEN w.{{day}} IS NOT NULL OR {is_day("w.{moment}")} THEN greatest(w.{{moment}}, (
    SELECT max(t.at) FROM funnel_transition t JOIN funnel_stage g ON g.id = t.to_stage_id
    WHERE t.lead_id = w.lead_id AND g.position < %(position)s
      AND {day_of("t.at")} = coalesce(w.{{day}}, {day_of("w.{moment}")})
)) ELSE w.{{moment}} END"""
# One step of every lead in `went` that is due. Dated before the last one it is history, and moves nobody.
STEP = f"""
WITH due AS (
    SELECT j.lead_id, j.stage_id, j.closed_at IS NOT NULL AS was_closed, {AT} AS at, w.{{day}} AS day
    FROM went w JOIN funnel_journey j ON j.lead_id = w.lead_id JOIN funnel_stage s ON s.id = j.stage_id
    WHERE w.{{moment}} IS NOT NULL AND s.position < %(position)s AND {{which}}
    ORDER BY j.lead_id FOR NO KEY UPDATE OF j
)
INSERT INTO funnel_transition (lead_id, from_stage_id, to_stage_id, at, day, recorded_at, how, because)
SELECT lead_id, CASE WHEN NOT was_closed THEN stage_id END, %(stage)s, at, day, greatest(%(now)s, at), 'import',
    %(because)s
FROM due
WHERE NOT EXISTS (
    SELECT FROM funnel_transition t WHERE t.lead_id = due.lead_id AND t.to_stage_id = %(stage)s AND t.at = due.at)
ORDER BY lead_id
"""
LOSE = f"""
WITH due AS (
    SELECT j.lead_id, j.stage_id, {AT.format(moment="lost_at", day="lost_on")} AS at, w.lost_on AS day, w.reason_id
    FROM went w JOIN funnel_journey j ON j.lead_id = w.lead_id JOIN funnel_stage s ON s.id = j.stage_id
    WHERE w.lost_at IS NOT NULL AND j.closed_at IS NULL AND s.position < %(position)s
      AND NOT EXISTS (
          SELECT FROM funnel_opportunity o WHERE o.lead_id = j.lead_id AND o.kind = 'new' AND o.lost_at IS NULL)
    ORDER BY j.lead_id FOR NO KEY UPDATE OF j
)
INSERT INTO funnel_transition (lead_id, from_stage_id, to_stage_id, at, day, recorded_at, how, reason_id, because)
SELECT lead_id, stage_id, NULL, at, day, greatest(%(now)s, at), 'import', reason_id, %(because)s
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
    move_beginnings(batch, "SELECT lead_id, first_at, first_on FROM went")
    stand_at_last_step(leads)
    stages = {stage.role: stage for stage in Stage.objects.exclude(role=None)}
    words = {"because": batch.how.capitalize(), "now": batch.at, "zone": str(company_zone())}
    opportunity, customer = stages[StageRole.OPPORTUNITY], stages[StageRole.CUSTOMER]
    # A deal that was opened reopens no journey that was closed; a contract does.
    opened, won = (
        STEP.format(moment="opened_at", day="opened_on", which="j.closed_at IS NULL"),
        STEP.format(moment="won_at", day="won_on", which="TRUE"),
    )
    batch.execute(opened, stage=opportunity.pk, position=opportunity.position, **words)
    stand_at_last_step(leads)
    batch.execute(won, stage=customer.pk, position=customer.position, **words)
    stand_at_last_step(leads)
    batch.execute(LOSE, position=customer.position, **words)
    stand_at_last_step(leads)
    batch.enqueue("SELECT lead_id, %(at)s::timestamptz AS due_at, NULL::timestamptz AS news_at FROM went")


# New business whose opening or outcome the file corrected, with what it was before the file.
CORRECTED = """
SELECT DISTINCT ON (o.id) o.id, (s.dates_before ->> 'opened_at')::timestamptz, (s.dates_before ->> 'opened_on')::date,
    (s.dates_before ->> 'won_at')::timestamptz, (s.dates_before ->> 'won_on')::date,
    (s.dates_before ->> 'lost_at')::timestamptz, (s.dates_before ->> 'lost_on')::date
FROM staging_rows s JOIN funnel_opportunity o ON o.id = s.opportunity_id JOIN went w ON w.lead_id = o.lead_id
WHERE s.refused IS NULL AND s.is_changed AND o.kind = 'new'
ORDER BY o.id, s.turn
"""


@dataclass
class _Corrected:
    """A deal whose dates a file corrected, and the steps that an import had written of it before."""

    batch: Batch
    deal: Opportunity
    opened: When | None
    won: When | None
    lost: When | None

    def correct_steps(self) -> None:
        opened = _when(self.deal.opened_at, self.deal.opened_on)
        if self.opened and opened and (step := self._step(StageRole.OPPORTUNITY, self.opened)):
            self._redate(step, opened, before=StageRole.OPPORTUNITY)
        if self.won and (step := self._step(StageRole.CUSTOMER, self.won)):
            self._correct_win(step)
        elif self.lost and (step := self._step(None, self.lost)):
            self._correct_loss(step)

    def _step(self, role: StageRole | None, when: When) -> Transition | None:
        steps = Transition.objects.filter(lead=self.deal.lead_id, how=Transition.How.IMPORT, to_stage__role=role)
        of_then = Q(at=when.at)
        if day := bounds_of(when.day) if when.day else day_starting_at(when.at):
            of_then = Q(at__gte=day[0], at__lt=day[1])
        if when.day:
            of_then = Q(day=when.day) | Q(day=None) & of_then
        return steps.filter(of_then).order_by("pk").first()

    def _correct_win(self, step: Transition) -> None:
        """The first win counts, whichever it is now. Without one, the step was the loss; or none, while another deal is
        open."""
        others = Opportunity.objects.new_business().filter(lead=self.deal.lead_id)
        lost = _when(self.deal.lost_at, self.deal.lost_on)
        if first := others.won().order_by("won_at", "pk").first():
            assert first.won_at
            self._redate(step, When(first.won_at, first.won_on))
        elif others.open().exists():
            drop_step(self.batch, step)
        elif lost:
            self._redate(step, lost, to_stage_id=None, reason_id=self.deal.reason_id)

    def _correct_loss(self, step: Transition) -> None:
        won, lost = _when(self.deal.won_at, self.deal.won_on), _when(self.deal.lost_at, self.deal.lost_on)
        if won:
            self._redate(step, won, to_stage_id=Stage.objects.role(StageRole.CUSTOMER).pk, reason_id=None)
        elif lost:
            self._redate(step, lost)

    def _redate(
        self, step: Transition, when: When, *, before: StageRole = StageRole.CUSTOMER, **values: object
    ) -> None:
        """Where only its day is known, it follows the steps of that day into stages before that of `before`."""
        if day := when.day or day_starting_at(when.at) and company_day(when.at):
            earlier = Journey.objects.get(pk=step.lead_id).when_on(day, before=Stage.objects.role(before))
            when = When(max(when.at, earlier.at), when.day)
        if values or (step.at, step.day) != when:
            correct_step(self.batch, step, **values, **when._asdict())
            relink_next(self.batch, step)


def _when(at: datetime | None, day: date | None) -> When | None:
    return When(at, day) if at else None


def _correct_outcomes(batch: Batch) -> None:
    """Where a deal's dates were corrected, the steps that an import wrote of it follow them."""
    corrected = [
        _Corrected(batch, Opportunity.objects.get(pk=deal), _when(*opened), _when(*won), _when(*lost))
        for deal, *dates in batch.fetch(CORRECTED)
        for opened, won, lost in [(dates[:2], dates[2:4], dates[4:])]
    ]
    for each in corrected:
        each.correct_steps()
    stand_at_last_step([each.deal.lead_id for each in corrected])
