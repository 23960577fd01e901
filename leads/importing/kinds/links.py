"""Ours that a row names by a word: the owner by an e-mail, the campaign by its name."""

from __future__ import annotations

from django.utils.translation import gettext as _

from leads.importing.engine.batches import Batch
from leads.models.campaigns import Campaign
from leads.text.folding import fold
from teams.models import User


def users_by_email(batch: Batch) -> dict[str, int]:
    """Users by folded e-mail; with a warning for each owner that rows name and who is not at work among us."""
    wanted = {fold(row.values["owner"]): row.values["owner"] for row in batch.rows if "owner" in row.values}
    ours = {
        fold(email): (pk, is_active) for email, pk, is_active in User.objects.values_list("email", "pk", "is_active")
    }
    for key, written in wanted.items():
        if key not in ours:
            batch.warnings.add(_("“%(owner)s” is nobody of ours: the owner was left open.") % {"owner": written})
        elif not ours[key][1]:
            text = _("“%(owner)s” works here no more: the owner was left open.")
            batch.warnings.add(text % {"owner": written})
    return {key: pk for key, (pk, is_active) in ours.items() if is_active}


def campaigns_by_name(batch: Batch) -> dict[str, int]:
    """Campaigns by folded name; those that are new are made."""
    written = [row.values["campaign"] for row in batch.rows if "campaign" in row.values]
    wanted = {fold(name): name for name in reversed(written)}
    known = {fold(name): pk for name, pk in Campaign.objects.values_list("name", "pk")}
    for key, name in wanted.items():
        if key not in known:
            known[key] = Campaign.objects.get_or_create(name=name)[0].pk
            batch.warnings.add(_("The campaign “%(campaign)s” was new and was made.") % {"campaign": name})
    return known
