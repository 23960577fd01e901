"""Everything that stands between a checkout with a database and a page that can be served."""

from typing import Any

from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Bring the database up to date, compile the translations, and collect the static files."

    def handle(self, *args: Any, **options: Any) -> None:
        if "compile_translations" in get_commands():
            call_command("compile_translations", verbosity=0)
        call_command("migrate", interactive=False, verbosity=options["verbosity"])
        call_command("collectstatic", interactive=False, verbosity=0)
