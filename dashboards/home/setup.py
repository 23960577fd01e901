"""What an administrator sets up before the first agreement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from leads.models import Lead, Persona
from scoring.models import ScoreModel
from sla.models import Agreement, Calendar
from smarketing.database.together import any_of, fetch_together
from smarketing.pages.navigation import may_open, url_of
from teams.http import UserRequest
from teams.models import Organization, Team


@dataclass(frozen=True)
class SetupStep:
    """One thing that an administrator sets up."""

    text: str
    note: str
    url: str
    is_done: bool


def setup_steps(request: UserRequest, at: datetime) -> list[SetupStep]:
    """What must be set up before the first agreement, in order."""
    teams, agreements, leads, personas, models = fetch_together(
        Team.objects.filter(head__isnull=False, members__isnull=False).order_by().values_list("kind", flat=True),
        *(any_of(rows) for rows in (Agreement.objects.in_force(at), Lead.objects.all(), Persona.objects.all())),
        any_of(ScoreModel.objects.in_force(at)),
    )
    kinds, in_force = set(teams), bool(agreements)
    has_teams = Team.Kind.MARKETING in kinds and bool(kinds & {Team.Kind.SALES, Team.Kind.SDR})
    is_open = in_force or calendar_was_checked()
    is_named = bool(Organization.ours().name)
    steps = [
        (
            "organization",
            _("Say who you are"),
            _("Name, country, time zone and currency."),
            is_named,
        ),
        ("people", _("Invite people"), _("Marketing and sales, each with a head who signs."), has_teams),
        (
            "calendar",
            _("Check the opening hours"),
            _("Every deadline is counted in them."),
            is_open,
        ),
        ("imports", _("Bring in leads"), _("From a file of the system you use today."), bool(leads)),
        ("personas", _("Write a persona"), _("Whom both teams want to reach."), bool(personas)),
        (
            "scoring",
            _("Publish a score model"),
            _("How fit and interest are counted."),
            bool(models),
        ),
        ("agreement", _("Sign the agreement"), _("From then on leads qualify and are handed over."), in_force),
    ]
    return [
        SetupStep(text, note, url_of(name) if may_open(request.user, name) else "", done)
        for name, text, note, done in steps
    ]


def calendar_was_checked() -> bool:
    """Whether somebody added a closed day or changed the default opening hours."""
    calendar = Calendar.default()
    return calendar.days.exists() or calendar.windows != {
        str(day): [["09:00", "12:00"], ["13:00", "18:00"]] for day in range(5)
    }
