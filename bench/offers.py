"""Offering: a thousand leads that qualified at one moment go to ten reps, by capacity, territory and clock.

The product finds who waits, locks the turns, gives each lead to whoever's turn it is, and further ones of a company to
the same rep, computes the deadlines in opening hours, and writes hand-offs, clocks, steps, notices and the outbox. The
floor leaves the same rows behind by bare statements that deal the companies out one by one, with a deadline that is
given.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q

from bench.database import vacuum
from bench.generation import UNTIL
from bench.pairs import Benchmark
from bench.timers import SECOND, prepare
from funnel.models import Journey, Transition
from leads.models import Lead
from sla.models import Capacity, Handoff, Hop, Policy, Territory
from sla.routing.offering import offer
from teams.models import Role, User

LEADS, REPS = 1_000, 10
BECAUSE = "Met the definition"
AT = UNTIL - timedelta(days=14, hours=21)  # a Thursday at noon in Tokyo

FLOOR = [
    # The first lead of each company goes to the next rep, ...
    """
    INSERT INTO sla_handoff (lead_id, hop_id, transition_id, rep_id, policy_id, offered_at, answer, verdict, note,
        quadrant)
    SELECT lead_id, {hop}, id, (ARRAY{reps})[1 + row_number() OVER (ORDER BY at, id) %% {many}], {policy}, %(at)s,
        '', '', '', ''
    FROM (
        SELECT DISTINCT ON (coalesce(l.company_id, -l.id)) t.lead_id, t.id, t.at
        FROM funnel_transition t JOIN leads_lead l ON l.id = t.lead_id
        WHERE t.id = ANY (%(steps)s) ORDER BY coalesce(l.company_id, -l.id), t.at, t.id
    ) AS first
    """,
    # ... the others of the company follow it.
    """
    INSERT INTO sla_handoff (lead_id, hop_id, transition_id, rep_id, policy_id, offered_at, answer, verdict, note,
        quadrant, follows_id)
    SELECT t.lead_id, {hop}, t.id, h.rep_id, {policy}, %(at)s, '', '', '', '', h.id
    FROM funnel_transition t JOIN leads_lead l ON l.id = t.lead_id
    JOIN leads_lead other ON other.company_id = l.company_id AND other.id <> l.id
    JOIN sla_handoff h ON h.lead_id = other.id AND h.hop_id = {hop}
    WHERE t.id = ANY (%(steps)s)
    """,
    """
    INSERT INTO sla_timer (handoff_id, kind, target, started_at, due_at)
    SELECT id, 'answer', interval '4 hours', offered_at, offered_at + interval '5 hours' FROM sla_handoff
    WHERE hop_id = {hop} AND follows_id IS NULL
    """,
    """
    INSERT INTO sla_escalation (timer_id, percent, action, due_at, outcome)
    SELECT t.id, step.percent, step.action, t.due_at - step.earlier, '' FROM sla_timer t
    JOIN sla_handoff h ON h.id = t.handoff_id AND h.hop_id = {hop}
    CROSS JOIN (VALUES (80, 'remind', interval '1 hour'), (100, 'tell', interval '0')) step (percent, action, earlier)
    """,
    """
    INSERT INTO teams_notice (user_id, kind, about, params, url, created_at)
    SELECT h.rep_id, 'offered', 'handoff ' || h.id, jsonb_build_object('lead', l.id, 'family_name', l.family_name,
        'given_name', l.given_name, 'email', l.email, 'handoff', h.id), '', h.offered_at
    FROM sla_handoff h JOIN leads_lead l ON l.id = h.lead_id WHERE h.hop_id = {hop}
    """,
    """
    INSERT INTO history_outbox (kind, payload, at)
    SELECT 'handoff.offered', jsonb_build_object('handoff', id, 'lead', lead_id, 'rep', rep_id, 'replaces', NULL),
        offered_at
    FROM sla_handoff WHERE hop_id = {hop}
    """,
]
AGAIN = """
DELETE FROM sla_escalation USING sla_timer t, sla_handoff h
    WHERE t.id = sla_escalation.timer_id AND h.id = t.handoff_id AND h.hop_id = {hop};
DELETE FROM sla_timer USING sla_handoff h WHERE h.id = sla_timer.handoff_id AND h.hop_id = {hop};
DELETE FROM sla_handoff WHERE hop_id = {hop};
DELETE FROM teams_notice;
DELETE FROM history_outbox;
"""


def benchmark(*, leads: int) -> Benchmark:
    prepare(leads)
    hop = _hop()
    steps = dict(Transition.objects.filter(to_stage=hop.from_stage_id, because=BECAUSE).values_list("lead", "pk"))
    waiting = steps or _let_wait(hop, min(LEADS, leads // 4))
    what = f"Offer {len(waiting):,} leads to {REPS} reps by capacity, territory and clock"
    policy = Policy.objects.get(agreement=hop.agreement_id)
    reps = list(User.objects.filter(team=hop.receiving_team_id).order_by("pk").values_list("pk", flat=True))
    words = {"hop": hop.pk, "policy": policy.pk, "reps": reps, "many": REPS}

    def product(run: int) -> int:
        return offer(list(waiting), at=_at(run))

    def floor(run: int) -> int:
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in FLOOR:
                cursor.execute(statement.format(**words), {"at": _at(run), "steps": list(waiting.values())})
            return int(cursor.rowcount)

    def prepared(run: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(AGAIN.format(**words))
        vacuum("sla_escalation", "sla_timer", "sla_handoff", "teams_notice", "history_outbox")

    def check(run: int) -> None:
        # Who follows another has its clock.
        clocks = Q(timers__due_at__gt=_at(run)) | Q(follows__timers__due_at__gt=_at(run))
        offered = Handoff.objects.filter(clocks, hop=hop).count()
        if offered != len(waiting):
            raise AssertionError(f"Only {offered:,} of {len(waiting):,} leads were offered.")

    return Benchmark("offer", what, product, floor, aim=3.0, unit="leads", prepare=prepared, check=check)


def _at(run: int) -> datetime:
    return AT + timedelta(seconds=run)


def _hop() -> Hop:
    """The hop to ten reps with limits, half of whom work a territory."""
    hop = Hop.objects.select_related("from_stage", "receiving_team").get(receiving_team__name=SECOND)
    if not Territory.objects.filter(team=hop.receiving_team).exists():
        with transaction.atomic():
            reps = [
                User.objects.create_user(
                    f"bench-offer{n}@bench.example", roles=[Role.REP.value], team=hop.receiving_team
                )
                for n in range(REPS)
            ]
            Capacity.objects.bulk_create(Capacity(user=rep, most_open=400, most_a_week=800) for rep in reps)
            japan = {"field": "company.country", "op": "=", "value": "JP"}
            for name, criteria, members in (("Japan", japan, reps[:5]), ("Elsewhere", {"not": japan}, reps[5:])):
                Territory.objects.create(team=hop.receiving_team, name=name, criteria=criteria).members.set(members)
    return hop


def _let_wait(hop: Hop, many: int) -> dict[int, int]:
    """Let leads that nobody was offered yet stand in the hop's stage: the step into it, by the lead's id."""
    since = AT - timedelta(minutes=1)
    ids = list(Lead.objects.filter(handoffs=None).order_by("-pk").values_list("pk", flat=True)[:many])
    with transaction.atomic():
        Journey.objects.filter(pk__in=ids).update(stage=hop.from_stage, entered_at=since)
        made = Transition.objects.bulk_create(
            Transition(
                lead_id=lead,
                to_stage=hop.from_stage,
                at=since,
                how=Transition.How.MACHINE,
                because=BECAUSE,
            )
            for lead in ids
        )
    vacuum("funnel_journey", "funnel_transition", analyze=True)
    return {step.lead_id: step.pk for step in made}
