from django.apps import AppConfig


class FunnelConfig(AppConfig):
    name = "funnel"

    def ready(self) -> None:
        from funnel import fields  # noqa: PLC0415

        fields.register()
