"""Two records of one person become one: who it is, and what it did. The whole of a merge is `sla/flow/merging.py`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from history.models import Change
from history.subjects import move_rows
from leads.models.custom_fields import CustomField
from leads.models.leads import Identity, Lead, SearchEntry
from leads.models.personas import PersonaMatch
from leads.registering.consent import WITHDRAWN
from leads.registering.custom_values import refused_custom_values
from leads.registering.identities import FORMER_EMAIL
from leads.registering.reevaluation import dequeue, enqueue_reevaluation
from leads.registering.registration import change
from leads.registering.searching import refresh
from leads.text.folding import fold
from teams.models import User

HOW = "merge"


def merge_leads(kept: Lead, other: Lead, values: Mapping[str, Any], *, by: User, at: datetime) -> None:
    """Give `kept` these values and all that `other` did and was known by.

    The other's row keeps its attributes and its history, and says where it went. Its address and its ids name `kept`
    from now on. Call inside a transaction that holds both leads.
    """
    for address in {each for each in (kept.email, other.email) if each}:
        Identity.objects.get_or_create(system=FORMER_EMAIL, external_id=fold(address), defaults={"lead": kept})
    other.identities.update(is_of_merged=True)
    move_rows("leads", of_lead=other.pk, to_lead=kept.pk)
    # First, so that its address is free for the one that is kept.
    Lead.objects.filter(pk=other.pk).update(merged_into=kept, merged_at=at)
    other.merged_into, other.merged_at = kept, at
    change(kept, filled(kept, other, values), by=by, how=HOW, at=at, news=True)
    forget_needless(kept)
    Change.objects.write("lead", kept.pk, {"merged": (None, other.pk)}, at=at, by=by, how=HOW)
    Change.objects.write("lead", other.pk, {"merged_into": (None, kept.pk)}, at=at, by=by, how=HOW)
    SearchEntry.objects.filter(lead=other).delete()
    dequeue(other.pk)
    refresh([kept.pk])
    enqueue_reevaluation([kept.pk], at=at, news_at=at)


def filled(kept: Lead, other: Lead, values: Mapping[str, Any]) -> dict[str, Any]:
    """The chosen values, and of the administrator's attributes those that only the other had.

    A value that its attribute no longer takes (a choice that left the list) stays with the other's row: nobody who
    merges could put it right.
    """
    only_there = {
        key: value
        for key, value in other.custom.items()
        if value not in (None, "") and kept.custom.get(key) in (None, "")
    }
    refused = refused_custom_values(only_there, CustomField.Subject.LEAD)
    taken = {f"custom.{key}": value for key, value in only_there.items() if f"custom.{key}" not in refused}
    # Whoever took consent back took it back, whichever record it stands in.
    refusal = {"consent": WITHDRAWN} if WITHDRAWN in (kept.consent, other.consent) else {}
    return taken | dict(values) | refusal


def forget_needless(kept: Lead) -> None:
    """An address that the lead has now needs no reminder that it once had it."""
    Identity.objects.filter(lead=kept, system=FORMER_EMAIL, external_id=fold(kept.email)).delete()


def merge_personas(kept: Lead, other: Lead) -> None:
    """Keep a person's word on the persona: `kept`'s own, else the other's. Call inside a transaction that holds both
    leads."""
    matches = {match.pk: match for match in PersonaMatch.objects.filter(lead__in=[kept, other])}
    mine, theirs = matches.get(kept.pk), matches.get(other.pk)
    if theirs is None:
        return
    if theirs.override_at and not (mine and mine.override_at):
        PersonaMatch.objects.update_or_create(
            lead=kept,
            defaults={
                "persona_id": theirs.persona_id,
                "override_reason": theirs.override_reason,
                "override_by_id": theirs.override_by_id,
                "override_at": theirs.override_at,
            },
        )
    theirs.delete()
