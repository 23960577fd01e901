from django.apps import AppConfig


class FunnelConfig(AppConfig):
    name = "funnel"

    def ready(self) -> None:
        from funnel import fields, metrics  # noqa: F401, PLC0415

        fields.register()
