"""Filling in what steps keep of their moment (`funnel.models.kept`), for those from before steps kept it.

From the hand-off that the step opened, else *as of* the step: personas by the history of changes and of people's words,
or by the criteria then in force where a lead was first matched later; quadrants by people's words and the score of that
company day. What an import brought in keeps nothing, and what neither tells stays empty.

Batch by batch in the order of ids; a row keeps how far it has come. Interrupted, the next call goes on from there.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from time import monotonic
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.utils.timezone import now

from funnel.models import Transition
from history import leases
from history.leases import Step
from leads.criteria.fields import Frame, Sql
from leads.notices import notify_failed_leads
from leads.personas.matching import first_that_holds
from scoring.fields import quadrant_by
from scoring.formula import day_of
from scoring.models import ScoreModel
from scoring.rescoring import Scoring
from sla.agreement.models.agreements import Agreement
from sla.flow.models import PastFill
from smarketing.company import company_zone, knowing
from smarketing.database.isolating import isolate
from smarketing.database.vocabulary import remembering

BATCH = 1000
LEASE = "fill_past"
PLACEHOLDER = re.compile(r"%[s%]")

# Of the steps of a batch that keep nothing yet: what their first hand-off kept. One from before hand-offs kept it has
# no quadrant.
OPENED = """
SELECT DISTINCT ON (step.id) step.id, step.lead_id, step.at, handoff.persona_id, handoff.quadrant
FROM funnel_transition step
LEFT JOIN sla_handoff handoff
    ON handoff.transition_id = step.id AND handoff.replaces_id IS NULL AND handoff.quadrant <> ''
WHERE step.id > %s AND step.id <= %s AND step.how NOT IN ('import', 'import_live')
    AND step.persona_id IS NULL AND step.quadrant = ''
ORDER BY step.id, handoff.id
"""
# The persona as of the step: what it was before the first change after it; else today's, where the lead was matched or
# a person had said so by then; else, as of then, by the criteria in force.
AS_OF = """
SELECT step.id, CASE
        WHEN later.old IS NOT NULL THEN (later.old #>> '{{}}')::bigint
        WHEN found.matched_at <= step.at OR found.override_at <= step.at THEN found.persona_id
        ELSE {persona}
    END, coalesce({quadrant}, '')
FROM funnel_transition step
JOIN leads_lead ON leads_lead.id = step.lead_id
LEFT JOIN leads_company ON leads_company.id = leads_lead.company_id
LEFT JOIN leads_personamatch found ON found.lead_id = step.lead_id
LEFT JOIN LATERAL (
    SELECT coalesce(change.old, 'null') AS old FROM history_change change
    WHERE change.subject = 'lead' AND change.subject_id = step.lead_id AND change.field = 'persona'
        AND change.at > step.at
    ORDER BY change.at, change.id LIMIT 1
) later ON TRUE
WHERE step.id = ANY (%s)
"""
# Leads first, in order, as whoever merges them does.
HOLD = "SELECT FROM leads_lead WHERE id = ANY (%s) ORDER BY id FOR NO KEY UPDATE"
WRITE = """
UPDATE funnel_transition step SET persona_id = persona.id, quadrant = filled.quadrant
FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) filled (id, persona_id, quadrant)
    LEFT JOIN leads_persona persona ON persona.id = filled.persona_id
WHERE step.id = filled.id AND step.persona_id IS NULL AND step.quadrant = ''
    AND step.how NOT IN ('import', 'import_live')
"""


@dataclass
class Batch:
    """What the steps of one batch keep from now on, by id, and how many tell where from."""

    kept: dict[int, tuple[int | None, str]] = field(default_factory=dict)
    leads: dict[int, int] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    failed: list[int] = field(default_factory=list)


def fill_past(*, step: Step = transaction.atomic, seconds: float | None = None) -> PastFill | None:
    """Fill in what is left, for so many `seconds`, and return how far it has come; None: there is nothing to fill.

    Safe to run twice. Raises `leases.Taken` while another process is at it.
    """
    fill = PastFill.objects.order_by("pk").last()
    if fill is None or fill.finished_at:
        return fill
    until = None if seconds is None else monotonic() + seconds
    with leases.hold(LEASE) as lease:
        while not _fill_next(lease, step) and (until is None or monotonic() < until):
            pass
    return PastFill.objects.get(pk=fill.pk)


def _fill_next(lease: leases.Held, step: Step) -> bool:
    """Fill one batch, in a transaction that also keeps how far it has come. Return whether that was the last."""
    with step():
        lease.check()
        fill = PastFill.objects.order_by("pk").latest("pk")
        to = min(fill.done_to + BATCH, fill.up_to)
        batch = _look(fill.done_to, to)
        _write(batch)
        return fill.advance(to, batch.counts)


def _look(after: int, to: int) -> Batch:
    batch = Batch()
    ids = Transition.objects.filter(pk__gt=after, pk__lte=to)
    batch.counts["brought_in"] = ids.filter(how__in=Transition.BROUGHT_IN).count()
    unknown: list[tuple[int, datetime]] = []
    with connection.cursor() as cursor:
        cursor.execute(OPENED, [after, to])
        for pk, lead, at, persona, quadrant in cursor.fetchall():
            batch.leads[pk] = lead
            if quadrant:
                batch.kept[pk] = persona, quadrant
            else:
                unknown.append((pk, at))
    batch.counts["from_handoffs"] = len(batch.kept)
    if unknown:
        zone, terms = company_zone(), Terms.read()
        with knowing(zone.key), remembering():
            for moment, ids_of_day in terms.by_day(unknown, zone):
                batch.failed += isolate(ids_of_day, terms.look_as_of(moment, batch))
    told = sum(1 for pk, _at in unknown if batch.kept.get(pk, (None, "")) != (None, ""))
    batch.counts.update(from_history=told, not_known=len(unknown) - told)
    notify_failed_leads([batch.leads[pk] for pk in batch.failed], at=now())
    return batch


@dataclass(frozen=True)
class Terms:
    """All agreements and score models that were ever in force, with what they name: a batch has steps of many days."""

    agreements: Sequence[Agreement]
    models: Sequence[ScoreModel]

    @classmethod
    def read(cls) -> Terms:
        agreements = Agreement.objects.dated().prefetch_related("agreed_personas__version")
        models = ScoreModel.objects.dated().prefetch_related("fit_rules", "interest_rules__kind")
        return cls(list(agreements), list(models))

    def model_at(self, moment: datetime) -> ScoreModel | None:
        return next((model for model in self.models if model.holds(moment)), None)

    def by_day(self, steps: Sequence[tuple[int, datetime]], zone: ZoneInfo) -> Iterator[tuple[datetime, list[int]]]:
        """The steps of each company day by the score model that was in force at them, with one of their moments: all
        else begins with a day."""
        grouped: dict[tuple[date, ScoreModel | None], list[tuple[int, datetime]]] = defaultdict(list)
        for pk, at in steps:
            grouped[day_of(at, zone), self.model_at(at)].append((pk, at))
        for group in grouped.values():
            yield group[0][1], [pk for pk, _at in group]

    def look_as_of(self, moment: datetime, batch: Batch) -> Callable[[Sequence[int]], None]:
        """Return what looks up steps of the company day of that moment, each as of its own."""
        versions = [
            agreed.version
            for agreement in self.agreements
            if agreement.holds(moment)
            for agreed in agreement.agreed_personas.all()
        ]
        persona = at_each_step(first_that_holds(versions, moment, as_of=moment), moment)
        frame = Frame(moment, past=True, lead="leads_lead")
        quadrant = at_each_step(quadrant_by(self._scoring_at(moment), frame), moment)
        sql = AS_OF.format(persona=persona[0], quadrant=quadrant[0])

        def look(ids: Sequence[int]) -> None:
            with connection.cursor() as cursor:
                cursor.execute(sql, [*persona[1], *quadrant[1], list(ids)])
                batch.kept |= {pk: (of, where) for pk, of, where in cursor.fetchall()}

        return look

    def _scoring_at(self, moment: datetime) -> Scoring | None:
        model = self.model_at(moment)
        if model is None:
            return None
        scoring = Scoring(model, moment, past=True)
        scoring.interest_rules = list(model.interest_rules.all())
        return scoring


def at_each_step(sql: Sql, moment: datetime) -> Sql:
    """SQL made for one moment, for the moment of each step."""
    text, given = sql
    params = iter(given)
    left: list[Any] = []

    def put(place: re.Match[str]) -> str:
        if place[0] == "%%":
            return "%%"
        value = next(params)
        if value is moment:
            return "step.at"
        left.append(value)
        return "%s"

    return PLACEHOLDER.sub(put, text), left


def _write(batch: Batch) -> None:
    kept = {pk: known for pk, known in batch.kept.items() if known != (None, "")}
    if not kept:
        return
    personas, quadrants = zip(*kept.values(), strict=True)
    with connection.cursor() as cursor:
        cursor.execute(HOLD, [sorted({batch.leads[pk] for pk in kept})])
        cursor.execute(WRITE, [list(kept), list(personas), list(quadrants)])
