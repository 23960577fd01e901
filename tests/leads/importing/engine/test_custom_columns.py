"""Columns that are attributes of the administrator."""

from __future__ import annotations

import pytest

from history.models import Change
from leads.models import (
    CustomField,
    Lead,
)
from tests import make
from tests.leads.importing.importing import bring, counts

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tokyo")]
NOW = make.MONDAY_9AM


def test_unknown_custom_attributes_are_made_as_text_and_said() -> None:
    CustomField.objects.create(key="budget", name_en="Budget", type="number")
    mapping = {"mail": "email", "lp": "custom.landing page", "money": "custom.budget"}
    made, told = bring("leads", 'mail,lp,money\na@x.example,/home,"1,200"\nb@x.example,,lots\n', mapping, decimal=".")
    assert told == counts(created=2)
    assert Lead.objects.get(email="a@x.example").custom == {"landing_page": "/home", "budget": 1200}
    assert Lead.objects.get(email="b@x.example").custom == {}
    assert "Line 3: “lots” is not a number. “Budget” was left empty." in made.said
    assert CustomField.objects.get(key="landing_page").type == "text"
    assert any("landing_page" in sentence for sentence in made.said)


def test_a_custom_attribute_that_changes_is_history() -> None:
    mapping = {"mail": "email", "lp": "custom.lp", "x": "custom.x"}
    bring("leads", "mail,lp,x\na@x.example,/home,1\n", mapping)
    assert bring("leads", "mail,lp,x\na@x.example,/pricing,1\n", mapping)[1] == counts(updated=1)
    kept = Change.objects.get()
    assert (kept.field, kept.old, kept.new) == ("custom.lp", "/home", "/pricing")
    assert Lead.objects.get().custom == {"lp": "/pricing", "x": "1"}
