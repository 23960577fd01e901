from django.apps import AppConfig


class DashboardsConfig(AppConfig):
    name = "dashboards"

    def ready(self) -> None:
        from dashboards import edits, subjects  # noqa: F401, PLC0415
        from dashboards.weekly import kept  # noqa: F401, PLC0415
