from django.db import migrations

CHILDREN = ("agreedpersona", "agreeddefinition", "party", "hop")
FROZEN = """
CREATE TRIGGER agreement_frozen BEFORE UPDATE OR DELETE ON sla_agreement
    FOR EACH ROW EXECUTE FUNCTION keep_frozen('proposed_at', 'in_force_from', 'replaced_at', 'unfreeze');
""" + "".join(
    f"""
CREATE TRIGGER {child}_frozen BEFORE INSERT OR UPDATE OR DELETE ON sla_{child}
    FOR EACH ROW EXECUTE FUNCTION keep_children_frozen('sla_agreement', 'agreement_id', 'proposed_at');
"""
    for child in CHILDREN
)
BACK = "DROP TRIGGER agreement_frozen ON sla_agreement;" + "".join(
    f"DROP TRIGGER {child}_frozen ON sla_{child};" for child in CHILDREN
)


def make(apps, schema_editor):
    day = [["09:00", "12:00"], ["13:00", "18:00"]]
    apps.get_model("sla", "Calendar").objects.get_or_create(
        is_default=True, defaults={"name": "Company", "windows": {str(weekday): day for weekday in range(5)}}
    )


class Migration(migrations.Migration):
    dependencies = [("sla", "0001_initial"), ("history", "0003_frozen")]
    operations = [
        migrations.RunPython(make, migrations.RunPython.noop),
        migrations.RunSQL(FROZEN, BACK),
    ]
