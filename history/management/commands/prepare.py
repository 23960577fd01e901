"""Everything that stands between a checkout with a database and a page that can be served."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, connections, transaction
from django.utils.timezone import now

from history import leases
from history.models import Lease
from smarketing.company import company_zone
from smarketing.database.checks import refuse_unfit
from smarketing.database.locks import Lock
from smarketing.database.zones import first_difference

# The name of the connection that holds the lock.
PREPARING = "preparing"
LEASE = "prepare"
# The migration of history that makes them.
LEASES_SINCE = "0006_leases"


class Command(BaseCommand):
    help = "Bring the database up to date, compile the translations, and collect the static files."

    def handle(self, *args: Any, **options: Any) -> None:
        refuse_unfit(connection)
        with one_at_a_time():
            make_leases()
        if leases.is_held(LEASE):
            self.stderr.write("Another process prepares the database; waiting for it, or for a minute of its silence.")
        try:
            with leases.hold(LEASE, waits=True) as lease:
                for work in (compile_translations, partial(migrate, options["verbosity"]), collect_what_changed):
                    work()
                    with lease.step():
                        pass  # Raises `Lost` where somebody else took over meanwhile.
        except leases.Lost:
            raise CommandError("Another process took over, since this one gave no sign of life for a minute.")
        self._warn_of_zone()

    def _warn_of_zone(self) -> None:
        """Days are counted by us and by the database: both have to know the same clocks."""
        zone = company_zone()
        if day := first_difference(zone, now().date()):
            self.stderr.write(f"From {day} on the database has other clocks in {zone} than we: update its server.")


def make_leases() -> None:
    """The first migrations, up to the table of leases."""
    if Lease._meta.db_table not in connection.introspection.table_names():
        call_command("migrate", "history", LEASES_SINCE, interactive=False, verbosity=0)


def compile_translations() -> None:
    if "compile_translations" in get_commands():
        call_command("compile_translations", verbosity=0)


def migrate(verbosity: int) -> None:
    call_command("migrate", interactive=False, verbosity=verbosity)


def collect_what_changed() -> None:
    """Hashing and packing takes seconds; so not when every file is as it was."""
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    digest = f"{settings.STORAGES['staticfiles']['BACKEND']} {digest_of_sources()}"
    if stamp.exists() and stamp.read_text() == digest:
        return
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(digest)


def digest_of_sources() -> str:
    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            status = os.stat(storage.path(name))
            digest.update(f"{name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Two that start at once must not both make the table of leases, which keeps them apart afterwards. The lock is
    held by a transaction that stays open, in a connection of its own, and ends with it."""
    connections[PREPARING] = connection.copy(PREPARING)
    try:
        with transaction.atomic(using=PREPARING):
            Lock.PREPARING.acquire(using=PREPARING)
            yield
    finally:
        connections[PREPARING].close()
        del connections[PREPARING]
