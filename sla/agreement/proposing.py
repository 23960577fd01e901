"""Proposing a draft: it is frozen with everything it names, and the heads are asked to sign."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from history.models import Change
from sla.agreement.content import same_in_force
from sla.agreement.missing import missing
from sla.agreement.models.agreements import Agreement
from sla.agreement.notices import TO_SIGN
from sla.agreement.notifying import notify
from sla.events import AGREEMENT_PROPOSED
from teams.models import User

HISTORY_SUBJECT = "agreement"


def propose(agreement: Agreement, *, by: User, at: datetime | None = None) -> None:
    """Freeze the draft and everything it names, and ask the heads to sign. Raises `Frozen`, and `NotReady` where
    something is missing or nothing changed."""
    with transaction.atomic():
        locked = agreement.lock_draft()
        at = at or now()
        if problems := [*missing(locked), *_check_changes(locked, at)]:
            raise Agreement.NotReady(problems)
        for version in locked.personas():
            version.freeze(at=at)
        for definition in locked.definitions():
            definition.freeze(at=at)
        assert locked.score_model is not None
        locked.score_model.freeze(at=at)
        locked.freeze(at=at, proposed_by=by)
        AGREEMENT_PROPOSED.emit({"agreement": locked.pk, "number": locked.number}, at=at)
        Change.objects.write(HISTORY_SUBJECT, locked.pk, {"proposed_at": (None, at)}, at=at, by=by, how="proposal")
        heads = [party.head for party in locked.parties.select_related("head") if party.head]
        notify(heads, TO_SIGN, locked, at=at)
    agreement.refresh_from_db()


def _check_changes(draft: Agreement, at: datetime) -> list[str]:
    if same := same_in_force(draft, at=at):
        return [_("It says the same as version %(number)s: there is nothing to sign.") % {"number": same.number}]
    return []
