"""No moment of a hand-off lies before the one it follows. One that does is set to that one, and history keeps it."""

from django.db import migrations, models
from django.db.models import F, Q

from smarketing.database import operations

# Of a hand-off its answer and its giving up, of a clock its end: each with the moment that it follows.
MEND = """
WITH wrong AS (
    SELECT id, answered_at, given_up_at,
        greatest(answered_at, offered_at) AS answer, greatest(given_up_at, answered_at, offered_at) AS giving_up
    FROM sla_handoff WHERE answered_at < offered_at OR given_up_at < answered_at FOR UPDATE
), kept AS (
    INSERT INTO history_change (subject, subject_id, field, old, new, at, how)
    SELECT 'handoff', id, field, to_jsonb(old), to_jsonb(new), now(), 'upgrade'
    FROM wrong, LATERAL (VALUES ('answered_at', answered_at, answer), ('given_up_at', given_up_at, giving_up)) each
        (field, old, new)
    WHERE old < new
)
UPDATE sla_handoff handoff SET answered_at = wrong.answer,
    given_up_at = CASE WHEN wrong.given_up_at IS NOT NULL THEN wrong.giving_up END
FROM wrong WHERE wrong.id = handoff.id;
WITH wrong AS (
    SELECT id, handoff_id, kind, started_at, stopped_at FROM sla_timer WHERE stopped_at < started_at FOR UPDATE
), kept AS (
    INSERT INTO history_change (subject, subject_id, field, old, new, at, how)
    SELECT 'handoff', handoff_id, kind || ' stopped_at', to_jsonb(stopped_at), to_jsonb(started_at), now(), 'upgrade'
    FROM wrong
)
UPDATE sla_timer timer SET stopped_at = wrong.started_at, kept_at = CASE WHEN timer.kept_at IS NOT NULL
    THEN wrong.started_at END
FROM wrong WHERE wrong.id = timer.id;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('sla', '0023_encrypted_feeds'),
    ]

    operations = [
        migrations.RunSQL(MEND, migrations.RunSQL.noop),
        # What the statement wrote waits to be checked, and a table is not altered meanwhile.
        migrations.RunSQL('SET CONSTRAINTS ALL IMMEDIATE', migrations.RunSQL.noop),
        operations.AddConstraint(
            model_name='handoff',
            constraint=models.CheckConstraint(condition=Q(('answered_at', None), ('answered_at__gte', F('offered_at')), _connector='OR'), name='answered_after_it_was_offered'),
        ),
        operations.AddConstraint(
            model_name='handoff',
            constraint=models.CheckConstraint(condition=Q(('given_up_at', None), ('given_up_at__gte', F('answered_at')), _connector='OR'), name='given_up_after_it_was_answered'),
        ),
        operations.AddConstraint(
            model_name='timer',
            constraint=models.CheckConstraint(condition=Q(('stopped_at', None), ('stopped_at__gte', F('started_at')), _connector='OR'), name='a_clock_stops_after_it_started'),
        ),
    ]
