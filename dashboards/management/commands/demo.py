"""Build, or build again, the demo company."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction
from django.utils.timezone import now

from dashboards.demo import cast
from dashboards.demo.year import Year
from history.leases import Step
from history.recording import told_when_it_happens
from leads.models import Lead
from sla.flow import background
from sla.models import Calendar
from smarketing.database.authors import writing
from teams.models import Organization, User

# What the first migrations made stays; everything else goes.
KEPT = (
    "django_migrations",
    "history_lease",
    "smarketing_heartbeat",
    "django_content_type",
    "auth_permission",
    "leads_activitykind",
    "funnel_stage",
    "funnel_reason",
    "sla_calendar",
)


class Command(BaseCommand):
    help = "Fill an empty database with the demo company: a year, about 3,000 leads and 60,000 activities."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--if-empty", action="store_true", help="do nothing when there is data already")
        parser.add_argument("--reset", action="store_true", help="throw the demo away and build it anew")
        parser.add_argument("--leads", type=int, default=3000)
        parser.add_argument("--days", type=int, default=365)
        parser.add_argument("--seed", type=int, default=2026)

    def handle(self, *args: Any, **options: Any) -> None:
        organization = Organization.ours()
        if options["reset"]:
            self._clear(organization)
        elif organization.demo_built_at:
            self._say_logins()
            return
        elif organization.is_demo:
            self._clear(organization)  # it was interrupted
        elif not organization.is_demo and self._has_data():
            if options["if_empty"]:
                return
            raise CommandError("There is data here already, and it is not the demo's. Nothing was changed.")
        with writing(how="demo"):
            self._build(options)

    def _has_data(self) -> bool:
        return User.objects.get_queryset().exists() or Lead.objects.exists()

    def _clear(self, organization: Organization) -> None:
        """Empty the demo's tables. Refuses where anything might be real."""
        if not organization.is_demo and self._has_data():
            raise CommandError("This is not the demo company: its data is real. Nothing was changed.")
        outsiders = User.objects.get_queryset().exclude(email__endswith=f"@{cast.DOMAIN}").exists()
        if organization.is_demo and outsiders:
            raise CommandError("Real people work in this demo: it may hold real data. Nothing was changed.")
        with connection.cursor() as cursor:
            tables = [name for name in connection.introspection.table_names(cursor) if name not in KEPT]
            names = ", ".join(connection.ops.quote_name(name) for name in tables)
            cursor.execute(f"TRUNCATE {names} RESTART IDENTITY")
        Calendar.objects.filter(is_default=False).delete()

    def _build(self, options: dict[str, Any]) -> None:
        if not Organization.ours().is_demo:
            with transaction.atomic():
                cast.make_people(_password())
        self._say_logins()
        self.stdout.write(
            "Living through the demo company's year. This takes some minutes; the pages fill when it is done."
        )
        end = now()
        story = {name: options[name] for name in ("days", "leads", "seed")}
        with background.paused() as paused, told_when_it_happens():
            step = without_waiting_for_the_disk(paused)
            year = Year(end, **story, say=self._say, step=step)
            with step():
                cast.make_settings()
                cast.make_goals(year.start, end)
            year.run()
            Organization.objects.filter(is_demo=True).update(demo_built_at=now())
        with connection.cursor() as cursor:
            cursor.execute("VACUUM (ANALYZE, SKIP_LOCKED)")
        self.stdout.write(f"The demo company is ready: {Lead.objects.count()} leads.")

    def _say(self, month: str) -> None:
        self.stdout.write(f"  {month}")
        self.stdout.flush()

    def _say_logins(self) -> None:
        self.stdout.write(f"Sign in at {settings.PUBLIC_URL} as one of")
        for login in cast.logins():
            self.stdout.write(f"  {login}")
        self.stdout.write(f"with the password {_password()}")
        self.stdout.flush()


def without_waiting_for_the_disk(step: Step) -> Step:
    """The same steps: nothing is lost with them that a second run would not make again."""

    @contextmanager
    def quick() -> Iterator[None]:
        with step(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = off")
            yield

    return quick


def _password() -> str:
    """The one from DEMO_PASSWORD, or one made at random at the first start and kept beside the data."""
    if settings.DEMO_PASSWORD:
        return str(settings.DEMO_PASSWORD)
    kept = Path(settings.VAR_DIR) / "demo-password"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.touch(mode=0o600)
        kept.write_text(secrets.token_urlsafe(9))
    return kept.read_text().strip()
