"""By what of a lead numbers can be cut."""

from typing import Any

import pytest

from leads.metrics import persona_names, text_at
from leads.models import Campaign, Lead, Persona, PersonaMatch, PersonaVersion
from metrics.question import dimension
from tests import make

pytestmark = pytest.mark.django_db


def key(name: str, lead: Lead) -> Any:
    """The key under which a lead is counted."""
    made = dimension(name).key
    assert made is not None
    return Lead.objects.annotate(key=made("")).values_list("key", flat=True).get(pk=lead.pk)


def plant_head() -> Persona:
    persona = Persona.objects.create()
    PersonaVersion.objects.create(persona=persona, name="Plant head")
    return persona


@pytest.mark.parametrize("name", ["source", "campaign", "country", "persona"])
def test_a_lead_that_has_none_is_counted_under_the_empty_key(name: str) -> None:
    assert key(name, make.lead()) == ""


def test_a_lead_is_counted_under_what_it_has() -> None:
    head = plant_head()
    lead = make.lead(source="展示会", country="Japan", campaign=Campaign.objects.create(name="Spring"))
    PersonaMatch.objects.create(lead=lead, persona=head, machine=head)
    found = [key(name, lead) for name in ("source", "campaign", "country", "persona")]
    assert found == ["展示会", "Spring", "Japan", str(head.pk)]


def test_a_match_that_is_nobody_is_no_persona() -> None:
    lead = make.lead()
    PersonaMatch.objects.create(lead=lead)
    assert key("persona", lead) == ""


def test_a_key_is_reached_from_other_rows() -> None:
    lead = make.lead(source="fair")
    activity = make.activity(lead, "call", make.NOON)
    found = type(activity).objects.annotate(key=text_at("source", "lead__")).values_list("key", flat=True)
    assert list(found) == ["fair"]


def test_a_persona_is_called_by_its_name() -> None:
    head = plant_head()
    assert dimension("persona").key_labels([str(head.pk)]) == {str(head.pk): "Plant head"}


@pytest.mark.parametrize("key", ["", "none", "12345", "-1", "1.5"])
def test_a_key_of_no_persona_has_no_name(key: str) -> None:
    assert persona_names([key]) == {}
