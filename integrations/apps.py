from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    name = "integrations"

    def ready(self) -> None:
        from integrations import edits, notices, subjects  # noqa: F401, PLC0415
        from integrations.chat import rekeying  # noqa: F401, PLC0415
