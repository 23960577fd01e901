"""What is known by a name, in the language of the page."""

import pytest
from django.utils import translation

from leads.models import ActivityKind
from leads.models.names import named


@pytest.mark.parametrize(
    ("language", "japanese", "shown"),
    [("en", "電話", "Call"), ("ja", "電話", "電話"), ("ja", "", "Call"), ("en", "", "Call"), ("fr", "電話", "Call")],
)
def test_a_name_is_in_the_language_of_the_page_else_in_english(language: str, japanese: str, shown: str) -> None:
    with translation.override(language):
        assert named("Call", japanese) == shown
        assert str(ActivityKind(name_en="Call", name_ja=japanese)) == shown


def test_without_a_language_it_is_english() -> None:
    with translation.override(None):
        assert named("Call", "電話") == "Call"
