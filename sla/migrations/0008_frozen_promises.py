from django.db import migrations

from smarketing.database import operations

CHILDREN = ("policy", "step", "clause")
FROZEN = "".join(
    f"""
CREATE TRIGGER {child}_frozen BEFORE INSERT OR UPDATE OR DELETE ON sla_{child}
    FOR EACH ROW EXECUTE FUNCTION keep_children_frozen('sla_agreement', 'agreement_id', 'proposed_at');
"""
    for child in CHILDREN
)
BACK = "".join(f"DROP TRIGGER {child}_frozen ON sla_{child};" for child in CHILDREN)


class Migration(migrations.Migration):
    dependencies = [("sla", "0007_policies_of_hops")]

    operations = [
        operations.RemoveConstraint(
            model_name='hop',
            name='an_answer_takes_some_time',
        ),
        operations.RemoveIndex(
            model_name='timer',
            name='timer_to_remind',
        ),
        migrations.RemoveField(
            model_name='hop',
            name='answer_within',
        ),
        migrations.RemoveField(
            model_name='timer',
            name='remind_at',
        ),
        migrations.RemoveField(
            model_name='timer',
            name='reminded_at',
        ),
        migrations.RunSQL(FROZEN, BACK),
    ]
