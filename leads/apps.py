from django.apps import AppConfig


class LeadsConfig(AppConfig):
    name = "leads"

    def ready(self) -> None:
        from leads.criteria import attributes  # noqa: PLC0415

        attributes.register()
