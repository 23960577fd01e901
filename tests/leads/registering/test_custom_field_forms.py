"""What an administrator types about attributes of our own, and how a form carries their values."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from leads.models import CustomField
from leads.pages.forms import CompanyForm
from leads.registering.custom_field_forms import CustomFieldForm, initial_value, typed_field
from tests import make

pytestmark = pytest.mark.django_db
ERP = {"name_en": "ERP", "subject": "lead", "key": "erp", "type": "text"}


def saved(**typed: Any) -> CustomField:
    form = CustomFieldForm(ERP | typed)
    assert form.is_valid(), form.errors
    made: CustomField = form.save()
    return made


@pytest.mark.parametrize(
    ("typed", "choices"),
    [
        ("SAP\nOracle", ["SAP", "Oracle"]),
        (" SAP \r\n\r\n Oracle\t", ["SAP", "Oracle"]),
        ("b\na\nb", ["b", "a"]),
        ("１次\n1次", ["１次", "1次"]),
        ("one, two", ["one, two"]),
    ],
)
def test_choices_are_typed_one_a_line_and_kept_once(typed: str, choices: list[str]) -> None:
    assert saved(type="choice", choices=typed).choices == choices


@pytest.mark.parametrize("typed", ["", " \n \t\n"])
def test_one_of_a_list_needs_at_least_one(typed: str) -> None:
    assert list(CustomFieldForm(ERP | {"type": "choice", "choices": typed}).errors) == ["choices"]


def test_a_key_is_given_once_a_subject() -> None:
    make.custom_field("erp")
    assert CustomFieldForm(ERP).errors
    assert saved(subject="company").subject == CustomField.Subject.COMPANY


@pytest.mark.parametrize("key", ["", "e r p", "é", "e.r.p", "x" * 41])
def test_a_key_is_a_plain_word(key: str) -> None:
    assert "key" in CustomFieldForm(ERP | {"key": key}).errors


def test_only_the_names_and_the_choices_of_what_is_in_use_change() -> None:
    field = make.custom_field("erp", "choice", choices=["SAP"])
    form = CustomFieldForm(
        ERP | {"name_ja": "基幹", "key": "x", "subject": "company", "choices": "Oracle"}, instance=field
    )
    form.save()
    field.refresh_from_db()
    assert (field.key, field.subject, field.type) == ("erp", "lead", "choice")
    assert (field.name_ja, field.choices) == ("基幹", ["Oracle"])


def test_choices_are_shown_as_they_are_typed() -> None:
    field = make.custom_field("erp", "choice", choices=["SAP", "Oracle"])
    assert CustomFieldForm(instance=field).initial["choices"] == "SAP\nOracle"


def test_an_attribute_is_called_in_the_language_of_the_page() -> None:
    field = make.custom_field("erp", name_en="ERP", name_ja="基幹システム")
    assert typed_field(field).label == "ERP"
    with translation.override("ja"):
        assert typed_field(field).label == "基幹システム"


def test_yes_no_and_nothing_are_three_answers() -> None:
    field = typed_field(make.custom_field("vip", "boolean"))
    assert [field.clean(typed) for typed in ("true", "false", "")] == [True, False, None]


def test_a_choice_that_left_the_list_is_refused() -> None:
    field = typed_field(make.custom_field("erp", "choice", choices=["SAP"]))
    assert field.clean("") == ""
    with pytest.raises(ValidationError):
        field.clean("Oracle")


@pytest.mark.parametrize(("kept", "shown"), [(True, "true"), (False, "false"), (None, None), ("perhaps", "perhaps")])
def test_a_kept_answer_is_shown_as_it_is_typed(kept: Any, shown: Any) -> None:
    assert initial_value(make.custom_field("vip", "boolean"), kept) == shown


def test_a_form_shows_only_the_attributes_of_its_subject() -> None:
    make.custom_field("of_lead"), make.custom_field("of_company", subject=CustomField.Subject.COMPANY)
    form = CompanyForm()
    assert [bound.name for bound in form.custom_fields] == ["custom.of_company"]


def test_a_form_begins_with_what_the_record_has() -> None:
    make.custom_field("rank", "number", subject=CustomField.Subject.COMPANY)
    company = make.company(name="Mihon", employees=5, custom={"rank": 3, "legacy": "x"})
    form = CompanyForm(subject=company)
    assert (form["name"].value(), form["employees"].value(), form["custom.rank"].value()) == ("Mihon", 5, 3)


def test_what_is_typed_wrong_is_told_at_its_field() -> None:
    make.custom_field("rank", "number", subject=CustomField.Subject.COMPANY)
    form = CompanyForm({"name": "Mihon", "custom.rank": "1000000000000000"})
    assert form.errors == {"custom.rank": ["A number is too large."]}


def test_what_the_record_refuses_is_told_at_its_field_or_above_all() -> None:
    form = CompanyForm({"name": "Mihon"})
    assert form.is_valid()
    form.refuse(ValidationError({"name": ["Taken."], "elsewhere": ["Gone."]}))
    assert form.errors == {"name": ["Taken."], "__all__": ["Gone."]}
