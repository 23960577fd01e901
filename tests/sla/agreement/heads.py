"""The heads who agree, and what they do again and again."""

from datetime import UTC, datetime, timedelta

from sla.agreement import definition_drafts, drafting, proposing, signing
from teams.models import Role, Team
from tests import make

NOW = make.MONDAY_9AM  # 9:00 in Tokyo
TUESDAY = datetime(2026, 11, 16, 15, tzinfo=UTC)  # Its start, in Tokyo
DAY = timedelta(days=1)


class Cast:
    """Mara heads marketing, Gina heads sales."""

    def __init__(self):
        self.mara, self.gina = make.user(Role.MARKETER, Role.MANAGER), make.user(Role.MANAGER)
        self.marketing = make.team(Team.Kind.MARKETING, head=self.mara)
        self.sales = make.team(Team.Kind.SALES, head=self.gina)


def propose_next(cast, at=TUESDAY):
    draft = drafting.draft_next(by=cast.mara, at=at)
    draft.notes = f"Version {draft.number}"
    draft.save()
    proposing.propose(draft, by=cast.mara, at=at)
    return draft


def draft_definition(stage, cast):
    """A draft that says something new."""
    changed = definition_drafts.draft_definition(stage, by=cast.mara)
    changed.text = "Who asked for a demo."
    changed.save()
    return changed


def sign_both(agreement, cast, at):
    signing.sign(agreement, by=cast.mara, at=at)
    signing.sign(agreement, by=cast.gina, at=at)
    agreement.refresh_from_db()
