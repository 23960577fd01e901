"""Two records of one person become one: who it is, and what it did."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from history.models import Change
from leads.models import Activity, Identity, Lead, PendingReevaluation, Persona, PersonaMatch, SearchEntry
from leads.personas.matching import say_persona
from leads.registering.identities import FORMER_EMAIL, leads_named_by
from leads.registering.merging import filled, merge_leads, merge_personas
from leads.registering.registration import register
from sla.flow.merging import merge
from tests import make
from tests.leads.importing.importing import bring, counts

NOW = make.MONDAY_9AM
pytestmark = pytest.mark.django_db


def join(kept: Lead, other: Lead, **values: Any) -> None:
    with transaction.atomic():
        merge_personas(kept, other)
        merge_leads(kept, other, values, by=make.user(), at=NOW)


def former(lead: Lead) -> list[str]:
    """The addresses that the lead was known by once."""
    found = lead.identities.filter(system=FORMER_EMAIL).order_by("external_id")
    return list(found.values_list("external_id", flat=True))


def test_a_file_brought_in_again_after_a_merge_changes_nothing() -> None:
    kept, _ = register({"email": "a@x.example"}, identities=[("crm", "1")], at=NOW)
    gone, _ = register({"email": "b@x.example"}, identities=[("crm", "2")], at=NOW)
    did = "lead,what,when\n2,call,2026-11-01\n2,call,2026-11-01\n"
    mapping = {"lead": "lead.external_id", "what": "kind", "when": "occurred_at"}
    bring("activities", did, mapping)
    merge(kept, gone, by=make.user(), at=NOW)
    assert bring("activities", did, mapping)[1] == counts(unchanged=2)
    assert bring("leads", "mail,id\n,2\nB@x.example,\n", {"mail": "email", "id": "external_id"})[1]["created"] == 0
    assert Lead.objects.unmerged().get() == kept
    assert Activity.objects.filter(lead=kept).count() == 2


def test_the_address_of_the_other_is_kept_folded_and_one_s_own_needs_no_reminder() -> None:
    kept, other = make.lead(email="new@x.example"), make.lead(email="Ｏld@X.example")
    join(kept, other)
    assert former(kept) == ["old@x.example"]
    assert leads_named_by("OLD@x.example") == [kept]


def test_where_the_other_s_address_is_chosen_the_former_one_is_one_s_own() -> None:
    kept, other = make.lead(email="old@x.example"), make.lead(email="new@x.example")
    join(kept, other, email="new@x.example")
    assert former(kept) == ["old@x.example"]


def test_a_lead_without_an_address_leaves_none_behind() -> None:
    kept, other = make.lead(email="a@x.example"), make.lead(email="")
    other.identities.create(system="crm", external_id="7")
    join(kept, other)
    assert former(kept) == []
    assert leads_named_by("", [("crm", "7")]) == [kept]


def test_who_was_merged_into_the_other_is_merged_into_the_one_that_is_kept() -> None:
    first, second, third = make.lead(email="1@x.example"), make.lead(email="2@x.example"), make.lead()
    join(second, first)
    join(third, second)
    assert set(third.merged.all()) == {first, second}
    assert former(third) == ["1@x.example", "2@x.example"]


def test_both_histories_say_where_it_went_and_where_it_came_from() -> None:
    kept, other = make.lead(), make.lead()
    join(kept, other)
    told = Change.objects.order_by("field").values_list("subject_id", "field", "old", "new", "how", "at")
    assert list(told) == [
        (kept.pk, "merged", None, other.pk, "merge", NOW),
        (other.pk, "merged_into", None, kept.pk, "merge", NOW),
    ]


def test_the_one_that_is_kept_is_evaluated_anew_and_the_other_never_again() -> None:
    kept, other = make.lead(), make.lead()
    PendingReevaluation.objects.create(lead=other, due_at=NOW + timedelta(days=1))
    join(kept, other)
    assert set(PendingReevaluation.objects.values_list("lead", "due_at", "news_at")) == {(kept.pk, NOW, NOW)}


def test_only_the_kept_one_has_an_entry_to_be_found_by() -> None:
    kept, _ = register({"email": "a@x.example", "family_name": "Weber"}, at=NOW)
    other, _ = register({"email": "b@x.example", "family_name": "Schmidt"}, at=NOW)
    join(kept, other, family_name="Schmidt")
    assert "schmidt" in SearchEntry.objects.get().text


def test_the_other_keeps_its_attributes_as_they_were() -> None:
    kept, other = make.lead(title="CTO"), make.lead(title="Head", custom={"erp": "SAP"})
    join(kept, other, title="Head")
    other.refresh_from_db()
    assert (other.title, other.custom, other.merged_into, other.merged_at) == ("Head", {"erp": "SAP"}, kept, NOW)


# ---- Attributes of the administrator's


def test_what_an_attribute_does_not_take_any_more_stays_with_the_other() -> None:
    make.custom_field("erp", "choice", choices=["SAP"]), make.custom_field("lines", "number")
    kept, other = make.lead(), make.lead(custom={"erp": "Oracle", "legacy": "x", "lines": 4})
    join(kept, other)
    kept.refresh_from_db()
    assert kept.custom == {"lines": 4}
    assert Lead.objects.get(pk=other.pk).custom == {"erp": "Oracle", "legacy": "x", "lines": 4}


@pytest.mark.parametrize("missing", [{}, {"x": None}, {"x": ""}])
def test_what_only_the_other_had_is_taken(missing: dict[str, Any]) -> None:
    make.custom_field("x")
    assert filled(Lead(custom=missing), Lead(custom={"x": "theirs"}), {}) == {"custom.x": "theirs"}


@pytest.mark.parametrize("own", [0, False, "mine"])
def test_no_and_nought_are_values_that_stay(own: Any) -> None:
    make.custom_field("x")
    assert filled(Lead(custom={"x": own}), Lead(custom={"x": "theirs"}), {}) == {}


@pytest.mark.parametrize("theirs", [None, ""])
def test_nothing_is_not_taken(theirs: Any) -> None:
    assert filled(Lead(custom={}), Lead(custom={"x": theirs}), {}) == {}


@pytest.mark.parametrize("theirs", [0, 2.5])
def test_a_nought_of_the_other_is_taken_where_one_has_nothing(theirs: Any) -> None:
    make.custom_field("x", "number")
    assert filled(Lead(custom={"x": None}), Lead(custom={"x": theirs}), {}) == {"custom.x": theirs}


def test_what_was_chosen_counts_also_where_it_is_empty() -> None:
    make.custom_field("x")
    chosen = {"custom.x": "", "title": "CTO"}
    assert filled(Lead(custom={}), Lead(custom={"x": "theirs"}), chosen) == chosen


# ---- The persona


def persona_of(lead: Lead) -> tuple[Any, ...]:
    return PersonaMatch.objects.values_list("persona", "machine", "override_reason").get(lead=lead)


def test_a_person_s_word_on_the_other_is_taken_over_and_the_machine_s_stays_below_it() -> None:
    sam, head, quality = make.user(), Persona.objects.create(), Persona.objects.create()
    kept, other = make.lead(), make.lead()
    PersonaMatch.objects.create(lead=kept, persona=head, machine=head)
    say_persona(other, quality, reason="Met her", by=sam, at=NOW - timedelta(days=1))
    join(kept, other)
    assert persona_of(kept) == (quality.pk, head.pk, "Met her")
    match = PersonaMatch.objects.get()
    assert (match.override_by, match.override_at) == (sam, NOW - timedelta(days=1))


def test_one_s_own_word_counts_before_the_other_s() -> None:
    sam, head, quality = make.user(), Persona.objects.create(), Persona.objects.create()
    kept, other = make.lead(), make.lead()
    say_persona(kept, head, reason="Earlier", by=sam, at=NOW - timedelta(days=9))
    say_persona(other, quality, reason="Later", by=sam, at=NOW - timedelta(days=1))
    join(kept, other)
    assert persona_of(kept) == (head.pk, None, "Earlier")
    assert PersonaMatch.objects.count() == 1


def test_the_word_that_the_other_is_no_persona_counts_too() -> None:
    head, kept, other = Persona.objects.create(), make.lead(), make.lead()
    PersonaMatch.objects.create(lead=kept, persona=head, machine=head)
    say_persona(other, None, reason="Left the trade", by=make.user(), at=NOW)
    join(kept, other)
    assert persona_of(kept) == (None, head.pk, "Left the trade")


def test_what_the_machine_made_of_the_other_is_forgotten() -> None:
    head, kept, other = Persona.objects.create(), make.lead(), make.lead()
    PersonaMatch.objects.create(lead=other, persona=head, machine=head)
    join(kept, other)
    assert not PersonaMatch.objects.exists()


def test_identities_stay_each_once() -> None:
    kept, _ = register({"email": "a@x.example"}, identities=[("crm", "1")], at=NOW)
    other, _ = register({"email": "b@x.example"}, identities=[("crm", "2")], at=NOW)
    join(kept, other)
    named = Identity.objects.exclude(system=FORMER_EMAIL).order_by("external_id")
    assert list(named.values_list("external_id", "lead")) == [("1", kept.pk), ("2", kept.pk)]
