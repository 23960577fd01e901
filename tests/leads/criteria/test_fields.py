"""Which fields criteria may name, and how a field becomes SQL."""

import pytest

from leads.criteria import fields
from leads.criteria.fields import (
    OPERATORS,
    Catalogue,
    Field,
    Frame,
    Type,
    is_of_a_family,
    register_family,
    register_field,
)
from tests import make

AT = make.MONDAY_9AM
SHOE = Field("shoe", Type.NUMBER, "Shoe", "{lead}.shoe")
SOCK = Field("foot.sock", Type.TEXT, "Sock", "{lead}.sock", in_fit=True)


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """A registry of the test's own, with one field and one family."""
    monkeypatch.setattr(fields, "_fields", {})
    monkeypatch.setattr(fields, "_families", {})
    register_field(SHOE)
    register_family("foot.", lambda: [SOCK])


def test_the_rows_are_named_by_their_aliases() -> None:
    sql, params = Frame(AT, lead="l", company="c").fill("{lead}.id = {company}.id")
    assert (sql, params) == ("l.id = c.id", [])


def test_the_moment_and_the_zone_are_parameters_in_their_order(in_tokyo: None) -> None:
    sql, params = Frame(AT).fill("({at} AT TIME ZONE {zone}) < {at}")
    assert (sql, params) == ("(%s AT TIME ZONE %s) < %s", [AT, "Asia/Tokyo", AT])


def test_other_braces_stay_as_they_are() -> None:
    assert Frame(AT).fill("{lead}.custom #>> '{}'") == ("leads_lead.custom #>> '{}'", [])


def test_a_template_may_be_a_function_of_the_frame() -> None:
    frame = Frame(AT, past=True)
    assert frame.fill(lambda given: (str(given.past), [given.at])) == ("True", [AT])


def test_a_field_is_found_by_its_name() -> None:
    assert Catalogue().get("shoe") is SHOE
    assert Catalogue().get("foot.sock") is SOCK
    assert Catalogue().get("hat") is None


def test_a_name_with_a_family_s_prefix_is_looked_for_in_the_family_alone() -> None:
    register_field(Field("foot.toe", Type.TEXT, "Toe", "x"))
    assert Catalogue().get("foot.toe") is None


def test_the_longest_prefix_is_the_family() -> None:
    heel = Field("foot.back.heel", Type.TEXT, "Heel", "x")
    register_family("foot.back.", lambda: [heel])
    assert Catalogue().get("foot.back.heel") is heel


def test_only_names_that_begin_with_a_prefix_are_of_a_family() -> None:
    assert is_of_a_family("foot.anything")
    assert not is_of_a_family("foot")
    assert not is_of_a_family("left.foot.sock")


def test_registering_a_name_again_replaces_it() -> None:
    again = Field("shoe", Type.TEXT, "Boot", "x")
    register_field(again)
    assert Catalogue().all() == [again, SOCK]


def test_fit_rules_see_only_what_is_marked_for_them() -> None:
    assert Catalogue("all").all() == [SHOE, SOCK]
    assert Catalogue("fit").all() == [SOCK]


def test_a_persona_may_not_name_a_persona() -> None:
    persona = Field("persona", Type.REFERENCE, "Persona", "x", in_fit=True)
    register_field(persona)
    assert persona in Catalogue("fit").all()
    assert persona not in Catalogue("persona").all()


def test_a_catalogue_asks_a_family_once() -> None:
    asked = []
    register_family("hat.", lambda: asked.append("asked") or [])  # type: ignore[func-returns-value]
    catalogue = Catalogue()
    catalogue.get("hat.one"), catalogue.get("hat.two"), catalogue.all()
    assert asked == ["asked"]


def test_a_field_without_choices_has_no_options() -> None:
    assert SHOE.options() == []
    assert Field("x", Type.CHOICE, "X", "x", choices=lambda: iter([("a", "A")])).options() == [("a", "A")]


@pytest.mark.parametrize("type_", list(Type))
def test_every_type_can_be_asked_whether_it_is_empty(type_: Type) -> None:
    assert "is_empty" in OPERATORS[type_]
    assert Field("x", type_, "X", "x").operators == OPERATORS[type_]
