from django.apps import AppConfig


class LeadsConfig(AppConfig):
    name = "leads"

    def ready(self) -> None:
        from leads import edits, events, metrics, notices, subjects  # noqa: F401, PLC0415
        from leads.criteria import attributes  # noqa: PLC0415
        from leads.importing.kinds import registered as kinds  # noqa: PLC0415

        attributes.register()
        kinds.register()
