from typing import ClassVar

from django.db import migrations, models

from teams.sign_in.rekeying import reencrypt_second_factors


def encrypt(apps, schema_editor):
    reencrypt_second_factors(apps.get_model("mfa", "Authenticator"))


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("teams", "0009_account_mails"),
        ("mfa", "0003_authenticator_type_uniq"),
    ]
    operations: ClassVar = [
        migrations.RunPython(encrypt, migrations.RunPython.noop),
        migrations.AddField(
            model_name="organization",
            name="second_factor_required",
            field=models.BooleanField(
                default=False,
                help_text="Who has none sets one up at the next page, and goes on from there. Tokens keep working.",
                verbose_name="Everybody needs a second factor",
            ),
        ),
    ]
