from django.apps import AppConfig


class TeamsConfig(AppConfig):
    name = "teams"

    def ready(self) -> None:
        from teams import edits, subjects  # noqa: F401, PLC0415
        from teams.sign_in import rekeying  # noqa: F401, PLC0415
