"""What a hop promised becomes a policy, and the reminder of a running clock becomes a step of it."""

from django.db import migrations

STEPS = ((80, "remind"), (100, "tell"))


def policies_of_hops(apps, schema_editor):
    model = apps.get_model
    for agreement in model("sla", "Agreement").objects.all():
        hops = list(model("sla", "Hop").objects.filter(agreement=agreement).order_by("from_stage__position"))
        for position, hop in enumerate(hops, 1):
            policy = model("sla", "Policy").objects.create(
                agreement=agreement,
                position=position,
                # The last one matches all.
                stage=None if position == len(hops) else hop.from_stage,
                answer_within=hop.answer_within,
            )
            for percent, action in STEPS:
                model("sla", "Step").objects.create(agreement=agreement, policy=policy, percent=percent, action=action)
            model("sla", "Handoff").objects.filter(hop=hop).update(policy=policy)
    running = model("sla", "Timer").objects.filter(stopped_at=None, reminded_at=None, remind_at__isnull=False)
    model("sla", "Escalation").objects.bulk_create(
        model("sla", "Escalation")(timer=timer, percent=80, action="remind", due_at=timer.remind_at)
        for timer in running
    )


class Migration(migrations.Migration):
    dependencies = [("sla", "0006_agreed_promises"), ("history", "0003_frozen")]
    operations = [migrations.RunPython(policies_of_hops, migrations.RunPython.noop)]
