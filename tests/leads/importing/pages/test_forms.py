"""What is asked about a file, and what is made of the answers."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.datastructures import MultiValueDict

from leads.importing.engine.kinds import kind_of
from leads.importing.pages.field_choices import FieldChoices
from leads.importing.pages.forms import (
    LARGEST_MB,
    LayoutForm,
    MappingForm,
    UploadForm,
    kind_choices,
)
from leads.models import CustomField, Import
from tests import make

pytestmark = pytest.mark.django_db
LEADS = kind_of("leads")


def mapping_form(
    data: dict[str, Any] | None = None, *, kind: str = "leads", headers: tuple[str, ...] = ("Mail", "Note"), **job: Any
) -> MappingForm:
    given = None if data is None else {"system": "crm", "column_0": "email"} | data
    return MappingForm(given, job=Import(kind=kind, **job), kind=kind_of(kind), headers=headers, unknown=[])


def words(text: str) -> MappingForm:
    return mapping_form({"words": text})


# ---- The file


def test_leads_come_first_of_what_a_file_may_hold() -> None:
    assert [name for name, _label in kind_choices()][:4] == ["leads", "activities", "opportunities", "companies"]


@pytest.mark.parametrize(("more", "valid"), [(0, True), (1, False)])
def test_a_file_is_as_large_as_it_may_be(more: int, valid: bool) -> None:
    file = SimpleUploadedFile("list.csv", b"Mail\n")
    file.size = LARGEST_MB * 1024 * 1024 + more
    assert UploadForm({"kind": "leads"}, MultiValueDict({"file": [file]})).is_valid() is valid


def test_an_upload_needs_a_file_and_a_kind_that_is_known() -> None:
    form = UploadForm({"kind": "shoes"}, MultiValueDict())
    assert set(form.errors) == {"kind", "file"}


@pytest.mark.parametrize(("line", "valid"), [("-1", False), ("0", True), ("1000", True), ("1001", False), ("２", True)])
def test_headers_stand_on_one_of_the_first_lines(line: str, valid: bool) -> None:
    form = LayoutForm({"encoding": "cp932", "delimiter": "\t", "header_line": line})
    assert form.is_valid() is valid


# ---- Columns and constants


def test_columns_that_are_left_out_and_constants_without_a_value_are_in_no_mapping() -> None:
    form = mapping_form({"column_1": "", "constant_0": "country", "value_0": "Japan", "constant_1": "source"})
    assert form.is_valid(), form.errors
    mapping = form.mapping()
    assert (mapping.columns, mapping.constants) == ({"Mail": "email"}, {"country": "Japan"})


def test_at_least_one_column_is_chosen() -> None:
    form = mapping_form({"column_0": "", "constant_0": "email", "value_0": "a@x.example"})
    assert form.non_field_errors() == ["Choose at least one column."]


def test_what_a_row_must_give_has_its_column() -> None:
    (text,) = mapping_form({"column_0": "title"}).non_field_errors()
    assert text.startswith("Choose a column for it: There is neither an e-mail nor an external id")


def test_a_constant_gives_what_every_row_must_give() -> None:
    columns = {"column_0": "lead.email", "column_1": "occurred_at"}
    assert mapping_form(columns, kind="activities").non_field_errors()
    assert mapping_form(columns | {"constant_0": "kind", "value_0": "call"}, kind="activities").is_valid()


def test_a_deal_s_file_may_have_a_column_for_each_outcome() -> None:
    headers = ("Mail", "Deal", "Won", "Lost")
    columns = {"column_0": "lead.email", "column_1": "name", "column_2": "won_at", "column_3": "lost_at"}
    form = mapping_form(columns, kind="opportunities", headers=headers)
    assert not form.non_field_errors()


def test_a_field_that_does_not_exist_is_not_chosen() -> None:
    assert "column_1" in mapping_form({"column_1": "shoe"}).errors


def test_a_file_comes_from_a_system() -> None:
    assert "system" in mapping_form({"system": " "}).errors


# ---- Words


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("source: 展示会 = exhibition", {"source": {"展示会": "exhibition"}}),
        ("source：展示会＝exhibition", {"source": {"展示会": "exhibition"}}),
        ("  source :  trade fair  =  exhibition hall  ", {"source": {"trade fair": "exhibition hall"}}),
        (
            "source: a = x\n\n  \ncountry: JP = Japan\nsource: b = x",
            {"source": {"a": "x", "b": "x"}, "country": {"JP": "Japan"}},
        ),
        ("source: a = x=y", {"source": {"a": "x=y"}}),
        ("source: 10:30 = morning", {"source": {"10:30": "morning"}}),
        ("source: a =", {}),
        ("", {}),
    ],
)
def test_words_are_written_one_a_line(typed: str, read: dict[str, dict[str, str]]) -> None:
    form = words(typed)
    assert form.is_valid(), form.errors
    assert form.mapping().values == read


@pytest.mark.parametrize("typed", ["source", "source: a", "= x", ": a = x", "source: = x"])
def test_a_line_that_says_no_word_is_told(typed: str) -> None:
    assert words(typed).errors["words"] == [f"“{typed}”: write field: their word = our word."]


def test_words_are_of_a_field_that_exists() -> None:
    assert words("shoe: a = x").errors["words"] == ["There is no field “shoe”."]


# ---- How a form begins


def test_a_form_begins_with_the_mapping_as_it_is() -> None:
    written = {
        "columns": {"Mail": "email"},
        "constants": {"country": "Japan"},
        "values": {"source": {"展示会": "exhibition"}},
    }
    form = mapping_form(mapping=written, system="crm", date_format="mdy")
    assert [form[f"column_{number}"].initial for number in (0, 1)] == ["email", ""]
    assert [(field.initial, value.initial) for field, value in form.constant_rows()] == [
        ("country", "Japan"), ("", ""), ("", ""),
    ]  # fmt: skip
    assert (form["words"].initial, form["date_format"].initial) == ("source: 展示会 = exhibition", "mdy")


def test_in_doubt_the_day_comes_first() -> None:
    assert mapping_form()["date_format"].initial == ""


def test_words_that_are_not_known_wait_for_ours() -> None:
    form = MappingForm(
        None, job=Import(kind="activities"), kind=kind_of("activities"), headers=["What"], unknown=[("kind", "訪問")]
    )
    assert form["words"].initial == "kind: 訪問 = "


# ---- What a column may become


def offered(header: str = "", chosen: str = "", kind: Any = LEADS) -> dict[str, dict[str, str]]:
    """By the label of their group, the fields and what they are called."""
    choices = FieldChoices(kind)
    groups: dict[str, dict[str, str]] = {}
    for group, fields in [*choices.groups, *choices.new(header, chosen)]:
        groups.setdefault(group, {}).update({name: str(label) for name, label in fields})
    return {group: fields for group, fields in groups.items() if fields}


def test_a_column_may_be_left_out_and_a_constant_need_not_be_given() -> None:
    form = mapping_form()
    assert '<option value="">Leave out</option>' in str(form["column_0"])
    assert '<option value="">—</option>' in str(form["constant_0"])


def test_the_field_that_is_chosen_is_selected_and_a_header_can_write_no_markup() -> None:
    form = mapping_form(headers=("Mail", "<b>&"), mapping={"columns": {"Mail": "email", "<b>&": "custom.b"}})
    assert str(form["column_0"]).count(" selected") == 1
    assert '<option value="email" selected>' in str(form["column_0"])
    assert '<option value="custom.b" selected>' in str(form["column_1"])
    assert "<b>" not in str(form["column_1"])


def test_two_columns_that_would_be_one_attribute_are_refused_at_the_later() -> None:
    form = mapping_form(
        {"column_0": "email", "column_1": "custom.Budget_EUR", "column_2": "custom.Budget_EUR"},
        headers=("E-mail", "Budget (EUR)", "Budget [EUR]"),
    )
    assert form.errors == {"column_2": ["“Budget (EUR)” is this attribute already: leave one of the two out."]}


def test_a_file_without_headers_is_asked() -> None:
    assert set(mapping_form({}, header_line=0).errors) == {"has_no_headers"}
    assert mapping_form({"has_no_headers": "on"}, header_line=0).is_valid()
    assert mapping_form({}).is_valid()


def test_a_header_may_become_an_attribute_of_its_own() -> None:
    assert offered("Landing page")["Custom attribute"] == {"custom.Landing_page": "New: Landing page"}
    assert "Custom attribute" not in offered()


def test_an_attribute_that_is_there_is_offered_by_its_name_and_not_as_new() -> None:
    make.custom_field("erp", name_en="ERP system")
    assert offered("erp")["Custom attribute"] == {"custom.erp": "ERP system"}


def test_attributes_are_offered_by_whose_they_are() -> None:
    make.custom_field("of_lead"), make.custom_field("of_firm", subject=CustomField.Subject.COMPANY)
    in_leads = offered()
    assert list(in_leads["Custom attribute"]) == ["custom.of_lead"]
    assert list(in_leads["Custom attribute of the company"]) == ["company.custom.of_firm"]
    assert list(offered(kind=kind_of("companies"))["Custom attribute"]) == ["custom.of_firm"]


def test_what_was_chosen_last_time_stays_to_be_chosen() -> None:
    assert offered("Mail", "custom.old")["Custom attribute"]["custom.old"] == "old"
