from django.apps import AppConfig


class HistoryConfig(AppConfig):
    name = "history"

    def ready(self) -> None:
        from history import events, own_edits, own_subjects  # noqa: F401, PLC0415
