from django.apps import AppConfig


class FunnelConfig(AppConfig):
    name = "funnel"

    def ready(self) -> None:
        from funnel import fields, importing, metrics  # noqa: F401, PLC0415

        fields.register()
        importing.register()
