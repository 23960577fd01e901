"""Make one thing for a test, with everything it needs and nothing it does not.

Pass what the test is about; leave out what it is not.
"""

from datetime import UTC, datetime
from itertools import count
from typing import Any

from django.utils.timezone import now

from funnel.models import Journey, Stage, StageRole, Transition
from leads.models import Activity, ActivityKind, Company, Lead
from teams.models import Role, Team, User

# Monday 16 November 2026, 9:00 in Tokyo.
MONDAY_9AM = datetime(2026, 11, 16, 0, tzinfo=UTC)
_number = count(1)


def user(*roles: Role, **fields: Any) -> User:
    fields.setdefault("email", f"user{next(_number)}@example.org")
    made: User = User.objects.create_user(roles=[role.value for role in roles], **fields)
    return made


def team(kind: Team.Kind, **fields: Any) -> Team:
    fields.setdefault("name", f"{kind.label} {next(_number)}")
    return Team.objects.create(kind=kind, **fields)


def company(**fields: Any) -> Company:
    fields.setdefault("name", f"Company {next(_number)}")
    return Company.objects.create(**fields)


def lead(stage: StageRole | None = None, **fields: Any) -> Lead:
    """A lead; with a stage, a journey that stands there since the lead was made."""
    fields.setdefault("email", f"lead{next(_number)}@example.org")
    made = Lead.objects.create(**fields)
    if stage is not None:
        here = Stage.objects.role(stage)
        Journey.objects.create(lead=made, stage=here, entered_at=made.created_at)
        Transition.objects.create(lead=made, to_stage=here, at=made.created_at, how=Transition.How.IMPORT)
    return made


def activity(lead: Lead, kind: str, occurred_at: datetime | None = None, **fields: Any) -> Activity:
    kinds = ActivityKind.objects.get(key=kind)
    return Activity.objects.create(lead=lead, kind=kinds, occurred_at=occurred_at or now(), **fields)
