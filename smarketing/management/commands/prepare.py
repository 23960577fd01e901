"""Everything that stands between a checkout with a database and a page that can be served."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand
from django.db import connection

ONE_AT_A_TIME = 0x534D41524B  # The database's number for this; any will do that nothing else uses.


class Command(BaseCommand):
    help = "Bring the database up to date, compile the translations, and collect the static files."

    def handle(self, *args: Any, **options: Any) -> None:
        with one_at_a_time():
            if "compile_translations" in get_commands():
                call_command("compile_translations", verbosity=0)
            # With its checks: a database that is too old, or knows no Japanese letters, is refused here.
            call_command("migrate", interactive=False, verbosity=options["verbosity"], skip_checks=False)
            call_command("collectstatic", interactive=False, verbosity=0)


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Two that start at once must not migrate at once. The lock is a connection's, and ends with it."""
    line = connection.copy()
    try:
        with line.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [ONE_AT_A_TIME])
        yield
    finally:
        line.close()
