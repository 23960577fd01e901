"""Numbers cut by quadrant."""

import pytest
from django.utils import translation

from leads.models import Lead
from scoring.metrics import QUADRANT
from scoring.models import Quadrant
from tests import make

pytestmark = pytest.mark.django_db


def key_of(lead: Lead) -> str:
    assert QUADRANT.key is not None
    key: str = Lead.objects.annotate(quadrant=QUADRANT.key("")).get(pk=lead.pk).quadrant
    return key


def words(key: str) -> str:
    assert QUADRANT.words is not None
    return str(QUADRANT.words(key))


def test_the_key_is_the_machine_s_quadrant_unless_a_person_said_otherwise():
    lead, overridden = make.lead(), make.lead()
    make.score(lead, machine_quadrant=Quadrant.NURTURE)
    make.score(overridden, machine_quadrant=Quadrant.NURTURE, override=Quadrant.HOT, override_reason="Fair")
    assert (key_of(lead), key_of(overridden)) == ("nurture", "hot")


def test_a_lead_without_a_score_has_the_empty_key():
    assert key_of(make.lead()) == ""


def test_a_quadrant_is_read_in_the_language_of_the_page():
    assert words("opportunistic") == "Opportunistic"
    with translation.override("ja"):
        assert words("hot") == Quadrant.HOT.label
        assert not words("hot").isascii()


def test_a_key_that_is_no_quadrant_is_said_as_it_is():
    assert (words(""), words("warm")) == ("", "warm")
