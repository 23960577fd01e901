"""Everything that stands between a checkout with a database and a page that can be served."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
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
            collect_what_changed()


def collect_what_changed() -> None:
    """Hashing and packing takes seconds; so not when every file is as it was."""
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    now = f"{settings.STORAGES['staticfiles']['BACKEND']} {digest_of_sources()}"
    if stamp.exists() and stamp.read_text() == now:
        return
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(now)


def digest_of_sources() -> str:
    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            status = os.stat(storage.path(name))
            digest.update(f"{name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


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
