from typing import ClassVar

import django.utils.timezone
from django.db import migrations, models

# Who was invited and set a password read the mail, or was given its link by an administrator: the address is proved.
# What is not the address of the account any more proves nothing.
PROVED = """
DELETE FROM account_emailconfirmation c USING account_emailaddress a, teams_user u
WHERE c.email_address_id = a.id AND a.user_id = u.id AND lower(a.email) <> lower(u.email);
DELETE FROM account_emailaddress a USING teams_user u WHERE a.user_id = u.id AND lower(a.email) <> lower(u.email);
UPDATE account_emailaddress a SET verified = true, "primary" = true
FROM teams_user u WHERE a.user_id = u.id AND u.password NOT LIKE '!%';
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("teams", "0008_declared_notices"),
        ("account", "0009_emailaddress_unique_primary_email"),
    ]
    operations: ClassVar = [
        migrations.RunSQL(PROVED, migrations.RunSQL.noop),
        migrations.CreateModel(
            name="AccountMail",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("email", models.EmailField(max_length=254)),
                (
                    "kind",
                    models.CharField(
                        max_length=24,
                        choices=[
                            ("reset", "Reset"),
                            ("password_changed", "Password Changed"),
                            ("second_factor_on", "Second Factor On"),
                            ("second_factor_off", "Second Factor Off"),
                            ("recovery_codes", "Recovery Codes"),
                        ],
                    ),
                ),
                ("requested_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("address", models.GenericIPAddressField(null=True)),
                ("browser", models.CharField(blank=True, max_length=200)),
            ],
        ),
    ]
