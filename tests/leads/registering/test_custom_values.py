"""What an attribute of the administrator's takes: one reader, whoever says the value."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from leads.models import CustomField, Lead
from leads.registering.custom_field_forms import initial_value, typed_field
from leads.registering.custom_values import LONGEST_TEXT, read_custom_value, read_custom_values
from leads.registering.registration import change, register
from tests import make
from tests.api import Program, faults
from tests.leads.importing.importing import bring, counts

NOW = make.MONDAY_9AM
OF = CustomField.Type
TAKEN: list[tuple[str, Any, Any]] = [
    (OF.TEXT, " x ", "x"),
    (OF.TEXT, 44, "44"),
    (OF.TEXT, "x" * LONGEST_TEXT, "x" * LONGEST_TEXT),
    (OF.NUMBER, "44", 44),
    (OF.NUMBER, " 4.5 ", 4.5),
    (OF.NUMBER, Decimal("4.50"), 4.5),
    (OF.NUMBER, 4.0, 4),
    (OF.NUMBER, 0, 0),
    (OF.NUMBER, -(10**15) + 1, -(10**15) + 1),
    (OF.DATE, "2026-04-03", "2026-04-03"),
    (OF.DATE, date(2026, 4, 3), "2026-04-03"),
    (OF.DATE, datetime(2026, 4, 3, 23, tzinfo=UTC), "2026-04-04"),
    (OF.DATE, "2026-04-03T10:00:00Z", "2026-04-03"),
    (OF.BOOLEAN, True, True),
    (OF.BOOLEAN, False, False),
    (OF.CHOICE, "SAP", "SAP"),
]
REFUSED: list[tuple[str, Any, str]] = [
    (OF.TEXT, "x" * (LONGEST_TEXT + 1), "Longer than 2000 characters."),
    (OF.NUMBER, "many", "Not a number."),
    (OF.NUMBER, "nan", "Not a number."),
    (OF.NUMBER, float("inf"), "Not a number."),
    (OF.NUMBER, [1], "Not a number."),
    (OF.NUMBER, 10**400, "Not a number."),
    (OF.NUMBER, 10**15, "A number is too large."),
    (OF.NUMBER, -1e300, "A number is too large."),
    (OF.NUMBER, True, "Not a number."),
    (OF.NUMBER, "1_000", "Not a number."),
    (OF.DATE, "soon", "Not a date."),
    (OF.DATE, "2026-11-01, or later", "Not a date."),
    (OF.DATE, "2026-11-015", "Not a date."),
    (OF.DATE, "2026-02-30", "Not a date."),
    (OF.DATE, 20, "Not a date."),
    (OF.BOOLEAN, "true", "Neither yes nor no."),
    (OF.BOOLEAN, 1, "Neither yes nor no."),
    (OF.CHOICE, "sap", "Not one of the choices."),
]


def attribute(type: str) -> CustomField:
    return CustomField(key="extra", name_en="Extra", type=type, choices=["SAP", "Oracle"] if type == OF.CHOICE else [])


@pytest.mark.usefixtures("in_tokyo")
@pytest.mark.parametrize(("type", "value", "kept"), TAKEN)
def test_a_value_is_kept_as_its_type_says(type: str, value: Any, kept: Any) -> None:
    read = read_custom_value(attribute(type), value)
    assert read == kept
    assert read.__class__ is kept.__class__


@pytest.mark.usefixtures("in_tokyo")
@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-11-01T14:59:59Z", "2026-11-01"),
        ("2026-11-01T15:00:00Z", "2026-11-02"),
        ("2026-11-01T23:30:00-05:00", "2026-11-02"),
        ("2026-11-01T23:30:00", "2026-11-01"),
    ],
)
def test_a_moment_is_of_the_companys_day_that_it_lies_in(moment: str, day: str) -> None:
    assert read_custom_value(attribute(OF.DATE), moment) == day


@pytest.mark.parametrize(("type", "value", "reason"), REFUSED)
def test_what_is_refused_says_why(type: str, value: Any, reason: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        read_custom_value(attribute(type), value)
    assert wrong.value.messages == [reason]


@pytest.mark.parametrize("type", OF.values)
@pytest.mark.parametrize("nothing", [None, ""])
def test_nothing_is_nothing_of_any_type(type: str, nothing: Any) -> None:
    assert read_custom_value(attribute(type), nothing) is None


def test_a_choice_without_choices_is_a_text() -> None:
    assert read_custom_value(CustomField(key="erp", type=OF.CHOICE), "SAP") == "SAP"


@given(st.sampled_from(OF.values), st.text() | st.integers() | st.floats() | st.booleans() | st.dates())
def test_what_was_read_is_read_again_as_itself(type: str, value: Any) -> None:
    try:
        once = read_custom_value(attribute(type), value)
    except ValidationError:
        return
    assert read_custom_value(attribute(type), once) == (once if once != "" else None)


@pytest.mark.django_db
def test_each_attribute_tells_its_own_reason() -> None:
    make.custom_field("rank", "number"), make.custom_field("note")
    make.custom_field("tier", subject=CustomField.Subject.COMPANY)
    assert read_custom_values({"rank": "3", "note": "x"}, CustomField.Subject.LEAD) == {"rank": 3, "note": "x"}
    with pytest.raises(ValidationError) as wrong:
        read_custom_values({"rank": "high", "note": "x", "tier": "A", "shoe": 1}, CustomField.Subject.LEAD)
    assert wrong.value.message_dict == {
        "custom.rank": ["Not a number."],
        "custom.tier": ["There is no attribute “tier”."],
        "custom.shoe": ["There is no attribute “shoe”."],
    }


def test_of_no_values_nobody_asks_the_database() -> None:
    assert read_custom_values({}, CustomField.Subject.LEAD) == {}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("type", "given", "kept"),
    [("number", "44", 44), ("number", "4.5", 4.5), ("date", "2026-04-03", "2026-04-03"), ("boolean", True, True)],
)
def test_custom_attributes_are_typed(type: str, given: Any, kept: Any) -> None:
    CustomField.objects.create(key="extra", name_en="Extra", type=type)
    lead, _ = register({"email": "a@mihon.example", "custom.extra": given}, at=NOW)
    assert Lead.objects.get(pk=lead.pk).custom == {"extra": kept}
    assert change(lead, {"custom.extra": None}, at=NOW) == {"custom.extra": (kept, None)}


# ---- What is refused, by each way in


def extra(type: str) -> None:
    """The attribute, as the administrator makes it."""
    attribute(type).save()


@pytest.mark.django_db
@pytest.mark.parametrize(("type", "cell"), [(OF.NUMBER, "many"), (OF.DATE, "2026-02-30"), (OF.CHOICE, "sap")])
def test_a_page_says_it_at_the_field(mara: object, client: Client, type: str, cell: str) -> None:
    extra(type)
    answer = client.post(reverse("lead_new"), {"email": "a@mihon.example", "custom.extra": cell})
    assert answer.status_code == 422
    assert answer.context["form"].errors["custom.extra"]
    assert not Lead.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("type", "value"), [(type, value) for type, value, _reason in REFUSED if isinstance(value, str)]
)
def test_the_api_answers_400_with_the_pointer(program: Program, type: str, value: str) -> None:
    extra(type)
    answer = program.post("leads/", {"email": "a@mihon.example", "custom": {"extra": value}})
    assert answer.status_code == 400
    assert list(faults(answer)) == ["#/custom/extra"]
    assert not Lead.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("type", "cell"), [(OF.TEXT, "x" * 2001), (OF.NUMBER, "many"), (OF.DATE, "2026-02-30"), (OF.BOOLEAN, "perhaps"),
                       (OF.CHOICE, "sap")],
)  # fmt: skip
def test_a_file_leaves_the_cell_empty_and_says_so(type: str, cell: str) -> None:
    extra(type)
    made, told = bring("leads", f"mail,x\na@mihon.example,{cell}\n", {"mail": "email", "x": "custom.extra"})
    assert told == counts(created=1)
    assert Lead.objects.get().custom == {}
    (sentence,) = made.said
    assert sentence.startswith("Line 2: ")
    assert sentence.endswith("“Extra” was left empty.")


# ---- As form fields


@pytest.mark.parametrize(
    ("type", "typed", "value"),
    [
        (OF.TEXT, " x ", "x"),
        (OF.NUMBER, "1.23456789", Decimal("1.23456789")),
        (OF.DATE, "2026-04-03", date(2026, 4, 3)),
        (OF.BOOLEAN, "true", True),
        (OF.BOOLEAN, "false", False),
        (OF.BOOLEAN, "", None),
        (OF.CHOICE, "SAP", "SAP"),
    ],
)
def test_an_input_gives_what_the_reader_takes(type: str, typed: str, value: Any) -> None:
    cleaned = typed_field(attribute(type)).clean(typed)
    assert cleaned == value
    read_custom_value(attribute(type), cleaned)


@pytest.mark.parametrize(
    ("type", "kept", "shown"),
    [(OF.BOOLEAN, True, "true"), (OF.BOOLEAN, False, "false"), (OF.BOOLEAN, "old", "old"), (OF.NUMBER, 3, 3)],
)
def test_a_kept_value_is_typed_in_its_input(type: str, kept: Any, shown: Any) -> None:
    assert initial_value(attribute(type), kept) == shown


@pytest.mark.django_db
def test_a_page_saves_what_a_file_brought(mara: object, client: Client) -> None:
    make.custom_field("note")
    bring("leads", f"mail,x\na@mihon.example,{'x' * 1500}\n", {"mail": "email", "x": "custom.note"})
    lead = Lead.objects.get()
    data = {"email": lead.email, "title": "Buyer", "custom.note": lead.custom["note"]}
    assert client.post(reverse("lead_edit", args=[lead.pk]), data).status_code == 302
