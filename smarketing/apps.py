from typing import Any

from django.apps import AppConfig
from django.core.checks import Tags, register


class SmarketingConfig(AppConfig):
    name = "smarketing"

    def ready(self) -> None:
        from celery import signals  # noqa: PLC0415

        import smarketing.queue.celery  # noqa: F401, PLC0415 - tasks find the queue's app
        from smarketing.database.checks import database_is_fit  # noqa: PLC0415

        register(database_is_fit, Tags.database)
        signals.worker_init.connect(refuse_newer_data)


def refuse_newer_data(**about: Any) -> None:
    """No worker works on data of a newer version. Raises `Refused`."""
    from smarketing.database import versions  # noqa: PLC0415

    versions.refuse_newer_data()
