"""Versions of a persona, and whose word counts."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.utils import DatabaseError

from leads.models import Persona, PersonaMatch, PersonaVersion
from tests import make

NOW = make.MONDAY_9AM
pytestmark = pytest.mark.django_db


def version(persona: Persona, number: int = 1, **fields: Any) -> PersonaVersion:
    return PersonaVersion.objects.create(persona=persona, number=number, **{"name": f"Version {number}"} | fields)


def test_a_persona_is_called_as_its_latest_version() -> None:
    persona = Persona.objects.create()
    assert str(persona) == str(persona.pk)
    version(persona, 2, name="Plant head", frozen_at=NOW), version(persona, 1, name="Plant lead", frozen_at=NOW)
    assert str(Persona.objects.get()) == "Plant head"


def test_a_list_of_personas_asks_for_their_versions_once(django_assert_num_queries: Any) -> None:
    for _ in range(3):
        version(Persona.objects.create())
    with django_assert_num_queries(2):
        assert [str(each) for each in Persona.objects.prefetch_related("versions")] == ["Version 1"] * 3


def test_a_persona_has_one_draft() -> None:
    persona = Persona.objects.create()
    version(persona, 1, frozen_at=NOW), version(persona, 2)
    with pytest.raises(IntegrityError, match="one_draft_version_per_persona"), transaction.atomic():
        version(persona, 3)


def test_a_number_is_given_once_a_persona() -> None:
    persona = Persona.objects.create()
    version(persona, 1, frozen_at=NOW)
    assert version(Persona.objects.create(), 1).pk
    with pytest.raises(IntegrityError, match="persona_versions_are_numbered"), transaction.atomic():
        version(persona, 1, frozen_at=NOW)


def test_a_version_is_frozen_once_and_then_stays_as_it_is() -> None:
    draft = version(Persona.objects.create())
    draft.freeze(at=NOW)
    draft.freeze()
    draft.refresh_from_db()
    assert draft.frozen_at == NOW
    with pytest.raises(DatabaseError), transaction.atomic():
        PersonaVersion.objects.update(name="Other")


def test_a_person_s_word_has_a_reason() -> None:
    with pytest.raises(IntegrityError, match="persona_override_has_a_reason"), transaction.atomic():
        PersonaMatch.objects.create(lead=make.lead(), override_at=NOW, override_by=make.user())


def test_without_a_word_the_machine_counts() -> None:
    head, quality = Persona.objects.create(), Persona.objects.create()
    assert PersonaMatch.objects.create(lead=make.lead(), persona=head, machine=head).pk
    with pytest.raises(IntegrityError, match="without_a_word_the_machine_counts"), transaction.atomic():
        PersonaMatch.objects.create(lead=make.lead(), persona=quality, machine=head)


def test_what_people_said_comes_in_its_order() -> None:
    persona, sam = Persona.objects.create(), make.user()
    for text, at in (("later", make.NOON), ("first", NOW), ("also later", make.NOON)):
        persona.comments.create(by=sam, text=text, at=at)
    assert list(persona.comments.values_list("text", flat=True)) == ["first", "later", "also later"]
