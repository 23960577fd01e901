from django.apps import AppConfig


class FunnelConfig(AppConfig):
    name = "funnel"

    def ready(self) -> None:
        from funnel import edits, events, subjects  # noqa: F401, PLC0415
        from funnel.importing import registered as importing  # noqa: PLC0415
        from funnel.metrics import registered as metrics  # noqa: F401, PLC0415
        from funnel.qualification import fields  # noqa: PLC0415

        fields.register()
        importing.register()
