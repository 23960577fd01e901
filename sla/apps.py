from django.apps import AppConfig


class SlaConfig(AppConfig):
    name = "sla"

    def ready(self) -> None:
        from sla import edits, events, metrics, notices, subjects  # noqa: F401, PLC0415
        from sla.attainment import kept  # noqa: F401, PLC0415
        from sla.feed import rekeying  # noqa: F401, PLC0415
        from sla.handoffs import working  # noqa: PLC0415

        working.register()
