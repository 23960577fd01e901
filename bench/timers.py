"""Timers: many fall due at once, and the inbox of a rep with five hundred open hand-offs.

`breach` is the statement that finds and marks what is overdue, a batch at a time, as the sweep runs it; the floor is
the same work as one bare UPDATE. `sweep` is all that a sweep does: it marks clocks and steps, tells reps and managers,
and writes the outbox; the floor is the four bare statements that leave the same rows behind, without locks, batches or
words. `inbox` is the list of a rep, with all that its lines show; the floor asks for the same rows in bare SQL.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from django.db import connection, transaction

from bench.database import untold, vacuum
from bench.generation import UNTIL, insert
from bench.pairs import Benchmark
from funnel.models import Stage, StageRole, Transition
from sla.escalation import sweeping
from sla.inbox import queries
from sla.models import Agreement, Escalation, Handoff, Hop, Policy, Timer
from teams.models import Role, Team, User

# Of five leads one is offered, and waits; of ten three are accepted, and wait for a touch.
OPEN, ACCEPTED = 5, 10 / 3
A_REP = 500
SECOND = "Bench closers"
HEAD = "bench-head@bench.example"
DUE = 10_000
ANSWER = timedelta(hours=4)
# What is not due now falls due long after.
LATER = UNTIL + timedelta(days=3650)

BREACH = "UPDATE sla_timer SET breached_at = due_at WHERE due_at < %s AND stopped_at IS NULL AND breached_at IS NULL"
SWEEP = [
    "CREATE TEMP TABLE overdue ON COMMIT DROP AS SELECT id FROM sla_timer LIMIT 0",
    f"WITH marked AS ({BREACH} RETURNING id) INSERT INTO overdue SELECT id FROM marked",
    "UPDATE sla_escalation SET done_at = %s, outcome = 'told' WHERE due_at <= %s AND done_at IS NULL",
    """
    INSERT INTO teams_notice (user_id, kind, about, params, url, created_at)
    SELECT told.id, 'breach', 'timer ' || t.id || told.at,
        jsonb_build_object('lead', l.id, 'family_name', l.family_name, 'given_name', l.given_name, 'email', l.email,
            'due_at', t.due_at, 'handoff', h.id, 'page', 'handoff', 'rep', jsonb_build_object(
                'given_name', r.given_name, 'family_name', r.family_name, 'email', r.email)), '', %s
    FROM overdue JOIN sla_timer t USING (id) JOIN sla_handoff h ON h.id = t.handoff_id
    JOIN leads_lead l ON l.id = h.lead_id JOIN teams_user r ON r.id = h.rep_id
    CROSS JOIN LATERAL (VALUES (h.rep_id, ''), ({manager}, ' at 100')) told (id, at)
    """,
    """
    INSERT INTO history_outbox (kind, payload, at)
    SELECT 'timer.breached', jsonb_build_object('timer', t.id, 'handoff', t.handoff_id), t.due_at
    FROM overdue JOIN sla_timer t USING (id)
    """,
]
INBOX = """
SELECT h.id, t.due_at, t.target, t.started_at, t.started_with::text, l.id, h.follows_id,
    l.family_name, l.given_name, l.email, l.title, c.name,
    s.fit, s.interest, m.fit_threshold, m.interest_threshold, last.kind_id, last.occurred_at
FROM sla_handoff h
JOIN sla_timer t ON t.handoff_id = h.id AND t.kind = 'answer'
JOIN leads_lead l ON l.id = h.lead_id
LEFT JOIN leads_company c ON c.id = l.company_id
LEFT JOIN scoring_score s ON s.lead_id = l.id
LEFT JOIN scoring_scoremodel m ON m.id = s.model_id
LEFT JOIN LATERAL (
    SELECT a.kind_id, a.occurred_at FROM leads_activity a WHERE a.lead_id = l.id
    ORDER BY a.occurred_at DESC, a.id DESC LIMIT 1
) last ON true
WHERE h.rep_id = %s AND h.answer = ''
ORDER BY t.due_at, h.id
"""
DUE_AGAIN = """
UPDATE sla_timer SET due_at = %(at)s, breached_at = NULL WHERE id IN (SELECT id FROM bench_due);
UPDATE sla_escalation SET due_at = %(at)s, done_at = NULL, outcome = '' WHERE timer_id IN (SELECT id FROM bench_due);
DELETE FROM teams_notice;
DELETE FROM history_outbox;
"""


def benchmark(name: str, *, leads: int) -> Benchmark:
    """One of `breach`, `sweep`, `inbox`."""
    running = prepare(leads)
    if name == "inbox":
        what = f"List the inbox of a rep with {A_REP} open hand-offs of {leads // OPEN:,}"
        return Benchmark(name, what, _inbox, _bare_inbox, aim=1.5, unit="hand-offs", check=_same_rows)
    due = _due(running)
    if name == "breach":
        what = f"Find and mark {due:,} overdue clocks of {running:,}"
        return Benchmark(name, what, _breach, _bare_breach, aim=1.5, unit="clocks", prepare=_fall_due, check=_check)
    what = f"Sweep {due:,} overdue clocks of {running:,}: mark, take their steps, tell"
    check = partial(_check, told=2)
    return Benchmark(name, what, _sweep, _bare_sweep, aim=2.5, unit="clocks", prepare=_fall_due, check=check)


def moment(run: int) -> datetime:
    return UNTIL + timedelta(hours=run + 1)


def _at(run: int) -> datetime:
    return moment(run) + timedelta(seconds=1)


def _breach(run: int) -> int:
    done = 0
    while marked := len(sweeping.mark_overdue(at=_at(run))):
        done += marked
    return done


def _bare_breach(run: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(BREACH, [_at(run)])
        return int(cursor.rowcount)


def _sweep(run: int) -> int:
    return sweeping.sweep_timers(at=_at(run))["breached"]


def _bare_sweep(run: int) -> int:
    at = _at(run)
    manager = Team.objects.get(name="Bench sales").head_id
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in SWEEP:
            cursor.execute(statement.replace("{manager}", str(manager)), [at] * statement.count("%s"))
        return int(cursor.rowcount)


def a_rep() -> User:
    return User.objects.get(email="bench-rep0@bench.example")


def _inbox(run: int) -> int:
    return len(list(queries.offer_rows(a_rep())))


def _bare_inbox(run: int) -> int:
    return len(_bare_rows())


def _bare_rows() -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(INBOX, [a_rep().pk])
        return list(cursor.fetchall())


def _same_rows(run: int) -> None:
    """Both ways list the same lines, in the same order."""
    if list(queries.offer_rows(a_rep())) != _bare_rows():
        raise AssertionError("The product's inbox and the floor's are not the same.")


def _fall_due(run: int) -> None:
    """The same clocks fall due again; what the run before left behind is not this one's to pay for."""
    with connection.cursor() as cursor:
        cursor.execute(DUE_AGAIN, {"at": moment(run)})
    vacuum("sla_timer", "sla_escalation", "teams_notice", "history_outbox")


def _check(run: int, told: int = 0) -> None:
    """The product's work was done: each is breached from when it fell due, and all were told."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM bench_due")
        (due,) = cursor.fetchone()
        cursor.execute("SELECT count(*) FROM teams_notice")
        (notices,) = cursor.fetchone()
    breached = Timer.objects.filter(breached_at=moment(run)).count()
    if (breached, notices) != (due, told * due):
        raise AssertionError(f"Only {breached:,} of {due:,} were breached, and {notices:,} told.")


def prepare(leads: int) -> int:
    """Make hand-offs and their running clocks, unless they are there from before, and say how many clocks run."""
    if not Handoff.objects.exists():
        with transaction.atomic():
            _fill(leads)
        vacuum(analyze=True)
    # The first ones: what another benchmark offered since is not this one's.
    running = leads // OPEN + int(leads / ACCEPTED)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_due")
        cursor.execute(
            f"CREATE TABLE bench_due AS SELECT id FROM sla_timer WHERE id <= {running}"
            f" ORDER BY hashint8(id) LIMIT {_due(running)}"
        )
    vacuum("bench_due", analyze=True)
    return running


def _due(running: int) -> int:
    return min(DUE, running // 2)


def _fill(leads: int) -> None:
    opened, accepted = leads // OPEN, int(leads / ACCEPTED)
    hop, policy, reps = _agree(max(1, opened // A_REP))
    with untold(), connection.cursor() as cursor:
        since = f"'{UNTIL.isoformat()}'::timestamptz - interval '3 hours'"
        many = f"generate_series(1, {opened + accepted}) i"
        is_open, answered = f"i <= {opened}", f"{since} + interval '1 hour'"
        # Each has the steps to where its hand-off left it, and stands there: otherwise whoever sweeps takes it back.
        step = {"lead_id": "i", "from_stage_id": str(hop.rejected_stage_id), "to_stage_id": str(hop.from_stage_id)}
        cursor.execute(insert(Transition, step | {"id": f"{leads} + i", "at": since, "how": "'machine'"}, many))
        step |= {"from_stage_id": str(hop.from_stage_id), "to_stage_id": str(hop.accepted_stage_id)}
        step |= {"id": f"{leads + accepted} + i", "at": answered, "how": "'handoff'"}
        cursor.execute(insert(Transition, step, f"generate_series({opened + 1}, {opened + accepted}) i"))
        cursor.execute(
            f"UPDATE funnel_journey SET stage_id = CASE WHEN {is_open} THEN {hop.from_stage_id}"
            f" ELSE {hop.accepted_stage_id} END, entered_at = CASE WHEN {is_open} THEN {since} ELSE {answered} END"
            f" FROM {many} WHERE lead_id = i"
        )
        handoff = {
            "id": "i",
            "lead_id": "i",
            "hop_id": str(hop.pk),
            "transition_id": f"{leads} + i",
            "rep_id": f"(ARRAY{reps})[1 + (i - 1) / {A_REP} % {len(reps)}]",
            "policy_id": str(policy.pk),
            "offered_at": f"{since} + i * interval '1 millisecond'",
            "answer": f"CASE WHEN {is_open} THEN '' ELSE 'accepted' END",
            "answered_at": f"CASE WHEN {is_open} THEN NULL ELSE {answered} END",
        }
        cursor.execute(insert(Handoff, handoff, many))
        timer = {
            "id": "i",
            "handoff_id": "i",
            "kind": f"CASE WHEN {is_open} THEN 'answer' ELSE 'first_touch' END",
            "target": f"interval '{ANSWER.total_seconds()} seconds'",
            "started_at": since,
            "due_at": f"'{LATER.isoformat()}'::timestamptz + i * interval '1 second'",
        }
        cursor.execute(insert(Timer, timer, many))
        come = {"timer_id": "i", "percent": "percent", "action": "action", "due_at": f"'{LATER.isoformat()}'"}
        steps = "(VALUES (80, 'remind'), (100, 'tell')) step (percent, action)"
        cursor.execute(insert(Escalation, come, f"{many} CROSS JOIN {steps}"))
        for model in (Transition, Handoff, Timer, Escalation):
            table = model._meta.db_table
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")


def _agree(reps: int) -> tuple[Hop, Policy, list[int]]:
    """An agreement in force: its hop, its policy, and who sells."""
    head = User.objects.create_user(HEAD, roles=[Role.MANAGER.value])
    sales = Team.objects.create(name="Bench sales", kind=Team.Kind.SALES, head=head)
    marketing = Team.objects.create(name="Bench marketing", kind=Team.Kind.MARKETING)
    emails = [f"bench-rep{n}@bench.example" for n in range(reps)]
    sellers = User.objects.bulk_create(User(email=email, roles=[Role.REP.value], team=sales) for email in emails)
    agreed = Agreement.objects.create(number=Agreement.objects.count() + 1)
    policy = agreed.policies.create(position=1, answer_within=ANSWER)
    mql, sal = Stage.objects.role(StageRole.MQL), Stage.objects.role(StageRole.SAL)
    lead = Stage.objects.role(StageRole.LEAD)
    for percent, action in ((80, "remind"), (100, "tell")):
        agreed.steps.create(policy=policy, percent=percent, action=action)
    hop = agreed.hops.create(
        from_stage=mql, offering_team=marketing, receiving_team=sales, accepted_stage=sal, rejected_stage=lead
    )
    # To whom `offers` hands over.
    second = Team.objects.create(name=SECOND, kind=Team.Kind.SALES)
    sql = Stage.objects.role(StageRole.SQL)
    agreed.hops.create(
        from_stage=sql, offering_team=sales, receiving_team=second, accepted_stage=sql, rejected_stage=sal
    )
    since = UNTIL - timedelta(days=60)
    Agreement.objects.filter(pk=agreed.pk).update(proposed_at=since, in_force_from=since)
    return hop, policy, [user.pk for user in sellers]
