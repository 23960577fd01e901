from django.apps import AppConfig
from django.core.checks import Tags, register


class SmarketingConfig(AppConfig):
    name = "smarketing"

    def ready(self) -> None:
        from smarketing.database.checks import database_is_fit  # noqa: PLC0415

        register(database_is_fit, Tags.database)
