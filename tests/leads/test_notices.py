"""What people are told about leads and their imports."""

import pytest
from django.utils import translation

from leads.models import Lead
from leads.notices import IMPORT_DONE, LEAD_EXAMPLE, describe_import_done, lead_name, lead_params
from tests import make

AYA = Lead(pk=7, given_name="彩", family_name="中村", email="aya@x.example")


def test_a_notice_keeps_what_the_lead_is_called_by() -> None:
    assert lead_params(AYA) == {"lead": 7, "given_name": "彩", "family_name": "中村", "email": "aya@x.example"}


def test_a_lead_is_named_in_the_reader_s_order() -> None:
    params = lead_params(Lead(pk=7, given_name="Aya", family_name="Nakamura"))
    assert lead_name(params) == "Aya Nakamura"
    with translation.override("ja"):
        assert lead_name(lead_params(AYA)) == "中村 彩"


def test_without_a_name_a_lead_is_its_address_else_its_number() -> None:
    assert lead_name(lead_params(Lead(pk=7, email="aya@x.example"))) == "aya@x.example"
    assert lead_name(lead_params(Lead(pk=7))) == "Lead 7"


def test_the_example_is_what_a_notice_keeps() -> None:
    assert LEAD_EXAMPLE.keys() == lead_params(AYA).keys()


@pytest.mark.parametrize(("language", "sentence"), [("en", "The import of 展示会 is finished."), ("ja", "展示会")])
def test_a_finished_import_names_its_file(language: str, sentence: str) -> None:
    with translation.override(language):
        assert sentence in describe_import_done(IMPORT_DONE.example)


@pytest.mark.django_db
def test_whoever_asked_for_an_import_is_told_once_with_its_counts() -> None:
    mara = make.user()
    make.notice(mara, kind=IMPORT_DONE, about="import 7", created=5)
    assert mara.notices.get().params == {**IMPORT_DONE.example, "created": 5}
