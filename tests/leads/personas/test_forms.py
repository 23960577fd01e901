"""What people write about personas."""

from typing import Any

import pytest

from leads.models import Persona, PersonaMatch, PersonaVersion
from leads.personas.forms import CommentForm, LeadPersonaForm, PersonaForm
from leads.personas.matching import say_persona
from tests import make

pytestmark = pytest.mark.django_db


def criteria(field: str) -> str:
    return f'{{"all": [{{"field": "{field}", "op": "is_empty"}}]}}'


def persona(name: str = "Plant head", **fields: Any) -> Persona:
    made = Persona.objects.create(**fields)
    PersonaVersion.objects.create(persona=made, name=name)
    return made


@pytest.mark.parametrize("field", ["persona", "stage", "fit", "interest"])
def test_a_persona_names_neither_a_persona_nor_a_score_nor_a_stage(field: str) -> None:
    assert list(PersonaForm({"name": "Plant head", "criteria": criteria(field)}).errors) == ["criteria"]


def test_a_persona_names_what_a_lead_and_its_company_are() -> None:
    assert PersonaForm({"name": "Plant head", "criteria": criteria("company.industry")}).is_valid()


def test_a_persona_may_be_words_alone() -> None:
    form = PersonaForm({"name": "Plant head"})
    assert form.is_valid()
    assert form.cleaned_data["criteria"] is None


@pytest.mark.parametrize(("length", "valid"), [(0, False), (120, True), (121, False)])
def test_a_persona_has_a_name_of_some_length(length: int, valid: bool) -> None:
    assert PersonaForm({"name": "長" * length}).is_valid() is valid


def test_what_differs_from_what_was_agreed_is_marked() -> None:
    agreed = PersonaVersion(criteria={"all": [{"field": "title", "op": "is_empty"}]})
    same, other = (
        PersonaForm(agreed=agreed, initial={"criteria": {"all": [{"field": name, "op": "is_empty"}]}})
        for name in ("title", "department")
    )
    assert "criteria__changed" not in str(same["criteria"])
    assert "criteria__changed" in str(other["criteria"])


@pytest.mark.parametrize("text", ["", " \n"])
def test_a_comment_says_something(text: str) -> None:
    assert list(CommentForm({"text": text}).errors) == ["text"]


def test_a_person_s_word_has_a_reason_and_a_persona_that_is_in_use() -> None:
    lead, head, retired = make.lead(), persona(), persona("Old", retired_at=make.NOON)
    assert LeadPersonaForm({"persona": head.pk, "reason": "Met her"}, lead=lead).is_valid()
    assert list(LeadPersonaForm({"persona": head.pk, "reason": " "}, lead=lead).errors) == ["reason"]
    assert list(LeadPersonaForm({"persona": retired.pk, "reason": "x"}, lead=lead).errors) == ["persona"]


def test_none_of_them_is_a_word_too() -> None:
    form = LeadPersonaForm({"persona": "", "reason": "Left the trade"}, lead=make.lead())
    assert form.is_valid()
    assert form.cleaned_data["persona"] is None


def test_the_form_begins_with_what_counts_now() -> None:
    lead, head, quality = make.lead(), persona(), persona("Quality")
    assert LeadPersonaForm(lead=lead).initial == {}
    PersonaMatch.objects.create(lead=lead, persona=head, machine=head)
    assert LeadPersonaForm(lead=lead).initial == {"persona": head.pk, "reason": ""}
    say_persona(lead, quality, reason="Met her", by=make.user())
    assert LeadPersonaForm(lead=lead).initial == {"persona": quality.pk, "reason": "Met her"}


def test_personas_are_called_by_their_latest_version() -> None:
    head = persona("Plant lead")
    head.versions.update(frozen_at=make.NOON)
    PersonaVersion.objects.create(persona=head, number=2, name="Plant head")
    form = LeadPersonaForm(lead=make.lead())
    assert "Plant head" in str(form["persona"])
    assert "Plant lead" not in str(form["persona"])
