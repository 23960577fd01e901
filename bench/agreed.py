"""An agreement under which leads flow: three personas, a definition of the MQL, and a hop to ten reps.

It is in force only while a benchmark of the flow runs, in place of the one under which `timers` made hand-offs. The
leads that flow have none of those: they stand at the beginning.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction

from bench.database import untold, vacuum
from bench.generation import UNTIL
from bench.scores import publish_rules
from bench.timers import ANSWER, prepare
from funnel.models import Definition, Stage, StageRole
from leads.models import Persona, PersonaVersion
from sla.models import Agreement, Hop
from teams.models import Role, Team, User

INBOUND = "Bench inbound"
REPS = 10
# So many leads change at once; of each ten one asks for a demo.
CHANGED, ASKS = 10_000, 10
SINCE = UNTIL - timedelta(days=30)
PERSONAS = {
    "Decides": {"field": "seniority", "op": "in", "value": ["Executive", "Director"]},
    "Runs the systems": {"field": "department", "op": "=", "value": "Information systems"},
    "Buys": {"field": "department", "op": "=", "value": "Purchasing"},
}
DEFINITION = {
    "all": [
        {"did": "demo_request", "at_least": 1, "within_days": 7},
        {"field": "interest", "op": ">=", "value": 30},
    ]
}
LEADS = """
DROP TABLE IF EXISTS bench_flowing;
CREATE TABLE bench_flowing (lead_id bigint PRIMARY KEY, asks boolean NOT NULL, entered_at timestamptz);
INSERT INTO bench_flowing
SELECT id, row_number() OVER (ORDER BY hashint8(id)) % {asks} = 1, entered_at FROM leads_lead lead
JOIN funnel_journey journey ON journey.lead_id = lead.id AND journey.stage_id = {first}
WHERE NOT EXISTS (SELECT FROM sla_handoff WHERE lead_id = lead.id) ORDER BY hashint8(id) LIMIT {changed};
"""
# Of these leads nothing else was ever written but that they began: what is there is from a run before.
CLEAR = """
DELETE FROM sla_escalation USING sla_timer timer, sla_handoff handoff
    WHERE timer.id = sla_escalation.timer_id AND handoff.id = timer.handoff_id AND handoff.hop_id = {hop};
DELETE FROM sla_timer USING sla_handoff handoff WHERE handoff.id = sla_timer.handoff_id AND handoff.hop_id = {hop};
DELETE FROM sla_handoff WHERE hop_id = {hop};
DELETE FROM funnel_transition WHERE from_stage_id = {first} AND lead_id IN (SELECT lead_id FROM bench_flowing);
UPDATE funnel_journey journey SET stage_id = {first}, entered_at = flowing.entered_at, news_at = NULL
    FROM bench_flowing flowing WHERE flowing.lead_id = journey.lead_id
    AND (journey.stage_id, journey.news_at) IS DISTINCT FROM ({first}, NULL);
DELETE FROM leads_personamatch WHERE lead_id IN (SELECT lead_id FROM bench_flowing WHERE asks);
DELETE FROM leads_activityidentity USING leads_activity activity
    WHERE activity.id = leads_activityidentity.activity_id AND activity.occurred_at > {until}
    AND activity.lead_id IN (SELECT lead_id FROM bench_flowing);
DELETE FROM leads_activity WHERE occurred_at > {until} AND lead_id IN (SELECT lead_id FROM bench_flowing);
DELETE FROM history_change
    WHERE subject = 'lead' AND subject_id IN (SELECT lead_id FROM bench_flowing) AND field = 'persona';
DELETE FROM leads_stalelead;
DELETE FROM teams_notice;
DELETE FROM history_outbox;
"""
CLEARED = (
    "sla_escalation", "sla_timer", "sla_handoff", "funnel_transition", "funnel_journey", "leads_personamatch",
    "leads_activity", "leads_stalelead", "scoring_score", "teams_notice", "history_outbox",
)  # fmt: skip


@dataclass(frozen=True)
class Agreed:
    """What is in force, and how many leads flow."""

    hop: Hop
    definition: Definition
    personas: list[PersonaVersion]
    reps: list[int]
    leads: int

    def clear(self) -> None:
        """Let the leads stand where they stood, with nothing that a run left behind."""
        words = {"hop": self.hop.pk, "first": _first().pk, "until": _sql(UNTIL)}
        with untold(), connection.cursor() as cursor:
            cursor.execute(CLEAR.format(**words))
        vacuum(*CLEARED)

    def end(self) -> None:
        """Let the agreement of the others be in force again."""
        self.clear()
        with transaction.atomic():
            for version in (self.hop.agreement, self.definition):
                type(version)._default_manager.filter(pk=version.pk).update(in_force_from=SINCE, replaced_at=SINCE)
            before = Agreement.objects.exclude(pk=self.hop.agreement_id).order_by("-number")[:1].values("pk")
            Agreement.objects.filter(pk__in=list(before.values_list("pk", flat=True))).update(replaced_at=None)


@contextmanager
def agreed(leads: int) -> Iterator[Agreed]:
    """The same, in force until the end of the block."""
    found = agree(leads)
    try:
        yield found
    finally:
        found.end()


def agree(leads: int) -> Agreed:
    """Put it in force, drafted at first sight, and choose the leads that flow."""
    prepare(leads)
    publish_rules()
    with transaction.atomic():
        hop = Hop.objects.filter(receiving_team__name=INBOUND).first() or _draft()
        definition = Definition.objects.get(stage=hop.from_stage, text=INBOUND)
        hop.agreement.put_in_force(from_at=SINCE)
        definition.put_in_force(from_at=SINCE)
    reps = list(User.objects.filter(team=hop.receiving_team_id).order_by("pk").values_list("pk", flat=True))
    with connection.cursor() as cursor:
        changed = min(CHANGED, leads)
        cursor.execute(LEADS.format(asks=ASKS, first=_first().pk, changed=changed))
        cursor.execute("SELECT count(*) FROM bench_flowing")
        (count,) = cursor.fetchone()
    vacuum("bench_flowing", analyze=True)
    found = Agreed(hop, definition, hop.agreement.personas(), reps, count)
    found.clear()
    return found


def _draft() -> Hop:
    marketing = Team.objects.get(name="Bench marketing")
    inbound = Team.objects.create(name=INBOUND, kind=Team.Kind.SALES)
    emails = [f"bench-inbound{n}@bench.example" for n in range(REPS)]
    User.objects.bulk_create(User(email=email, roles=[Role.REP.value], team=inbound) for email in emails)
    agreement = Agreement.objects.create(number=Agreement.objects.count() + 1)
    policy = agreement.policies.create(position=1, answer_within=ANSWER)
    for percent, action in ((80, "remind"), (100, "tell")):
        agreement.steps.create(policy=policy, percent=percent, action=action)
    for position, (name, criteria) in enumerate(PERSONAS.items(), 1):
        version = PersonaVersion.objects.create(persona=Persona.objects.create(), name=name, criteria=criteria)
        agreement.agreed_personas.create(version=version, position=position)
    mql = Stage.objects.role(StageRole.MQL)
    definition = Definition.objects.create(stage=mql, number=1, text=INBOUND, criteria=DEFINITION)
    agreement.agreed_definitions.create(definition=definition)
    hop = agreement.hops.create(
        from_stage=mql,
        offering_team=marketing,
        receiving_team=inbound,
        accepted_stage=Stage.objects.role(StageRole.SAL),
        rejected_stage=_first(),
    )
    agreement.freeze(at=SINCE)
    definition.freeze(at=SINCE)
    return hop


def _first() -> Stage:
    return Stage.objects.role(StageRole.LEAD)


def _sql(at: datetime) -> str:
    return f"'{at.isoformat()}'::timestamptz"
