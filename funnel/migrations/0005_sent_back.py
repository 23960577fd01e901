import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

from smarketing.database import operations

# Who stands where a rejection, a lapse, a giving-up or a person put them, in an earlier stage. A person's recycling (with
# a reason of the list of recycling, and no hand-off behind it) has its own wake-up.
MARK = """
UPDATE funnel_journey journey SET sent_back_from_id = last.from_stage_id, sent_back_at = last.at
FROM (
    SELECT DISTINCT ON (lead_id) lead_id, from_stage_id, to_stage_id, at, how, reason_id
    FROM funnel_transition ORDER BY lead_id, at DESC, id DESC
) last
JOIN funnel_stage came_from ON came_from.id = last.from_stage_id
JOIN funnel_stage to_stage ON to_stage.id = last.to_stage_id
WHERE last.lead_id = journey.lead_id AND journey.closed_at IS NULL AND journey.stage_id = last.to_stage_id
    AND to_stage.position < came_from.position
    AND (last.how = 'handoff' OR last.how = 'person' AND last.reason_id IS NULL)
"""


class Migration(migrations.Migration):

    dependencies = [
        ("funnel", "0004_triggers"),
        ("leads", "0013_own_doings"),
    ]

    operations = [
        migrations.AddField(
            model_name="journey",
            name="sent_back_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="journey",
            name="sent_back_from",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="funnel.stage",
            ),
        ),
        migrations.RunSQL(MARK, migrations.RunSQL.noop),
        operations.AddConstraint(
            model_name="journey",
            constraint=models.CheckConstraint(
                condition=Q(sent_back_at=None, sent_back_from=None)
                | Q(sent_back_at__isnull=False, sent_back_from__isnull=False),
                name="who_was_sent_back_came_from_somewhere",
            ),
        ),
    ]
