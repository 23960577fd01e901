"""No deal is won or lost before it was opened. Deals that say so were opened when they were decided."""

from django.db import migrations, models
from django.db.models import F, Q

from smarketing.database import operations

MEND = """
WITH wrong AS (
    SELECT id, opened_at, coalesce(won_at, lost_at) AS decided_at FROM funnel_opportunity
    WHERE opened_at > coalesce(won_at, lost_at) FOR UPDATE
), kept AS (
    INSERT INTO history_change (subject, subject_id, field, old, new, at, how)
    SELECT 'opportunity', id, 'opened_at', to_jsonb(opened_at), to_jsonb(decided_at), now(), 'upgrade' FROM wrong
)
UPDATE funnel_opportunity o SET opened_at = wrong.decided_at FROM wrong WHERE wrong.id = o.id
"""


class Migration(migrations.Migration):

    dependencies = [
        ('funnel', '0005_sent_back'),
    ]

    operations = [
        migrations.RunSQL(MEND, migrations.RunSQL.noop),
        operations.AddConstraint(
            model_name='opportunity',
            constraint=models.CheckConstraint(
                condition=Q(opened_at=None) | (Q(won_at=None) | Q(won_at__gte=F('opened_at'))) & (Q(lost_at=None) | Q(lost_at__gte=F('opened_at'))),
                name='decided_after_it_was_opened',
            ),
        ),
    ]
