"""How well they fit and how keen they are."""

from django.apps import AppConfig


class ScoringConfig(AppConfig):
    name = "scoring"

    def ready(self) -> None:
        from scoring import edits, events, fields, kept, subjects  # noqa: F401, PLC0415 - models are ready now

        fields.register()
