from django.apps import AppConfig


class SlaConfig(AppConfig):
    name = "sla"

    def ready(self) -> None:
        from sla import events, metrics, notices  # noqa: F401, PLC0415
