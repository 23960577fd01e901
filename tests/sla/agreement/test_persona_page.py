from datetime import timedelta

import pytest
from django.test import Client
from django.utils.timezone import now

from leads.models import Persona, PersonaVersion
from sla.models import AgreedPersona, Agreement
from teams.models import Role
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def persona() -> Persona:
    persona = Persona.objects.create()
    for number in (1, 2):
        version = PersonaVersion.objects.create(
            persona=persona, name="Plant manager", number=number, criteria={"all": []}
        )
        version.freeze()
    return persona


@pytest.fixture
def reader(client: Client) -> Client:
    client.force_login(make.user(Role.REP))
    return client


def agreed_on(version: PersonaVersion, **fields: object) -> Agreement:
    agreement = Agreement.objects.create(number=7)
    AgreedPersona.objects.create(agreement=agreement, version=version, position=1)
    Agreement.objects.filter(pk=agreement.pk).update(**fields)
    return agreement


def test_a_persona_in_no_agreement_shows_that(reader: Client, persona: Persona):
    page = reader.get(f"/personas/{persona.pk}/").content.decode()
    assert "No agreement in force names this persona" in page


def test_the_page_shows_which_version_is_agreed(reader: Client, persona: Persona):
    begun = now() - timedelta(days=3)
    agreed_on(persona.versions.get(number=1), proposed_at=begun, in_force_from=begun)
    latest = reader.get(f"/personas/{persona.pk}/").content.decode()
    assert f'Agreed is <a href="/personas/{persona.pk}/versions/1/">version 1</a>' in latest
    first = reader.get(f"/personas/{persona.pk}/versions/1/").content.decode()
    assert "This version is agreed" in first


def test_a_draft_that_names_another_version_is_shown(reader: Client, persona: Persona):
    agreed_on(persona.versions.get(number=2))
    page = reader.get(f"/personas/{persona.pk}/").content.decode()
    assert "on its way, names version 2" in page
