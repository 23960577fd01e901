"""What may be written down in a review."""

from uuid import uuid4

import pytest
from django.utils import translation

from dashboards.reviews.forms import DecisionForm, NotesForm
from sla.models import Review
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def review() -> Review:
    agreement = make.agreement(clauses=[{"metric": "acceptance", "target": "0.8"}])
    days = {"due_on": "2026-12-01", "starts_on": "2026-11-01", "ends_on": "2026-12-01"}
    return Review.objects.create(agreement=agreement, kind="goals", **days)


def form(review: Review, **typed: str) -> DecisionForm:
    return DecisionForm({"text": "目標を下げる"} | typed, review=review)


def test_a_decision_is_about_the_whole_agreement_unless_it_names_a_clause(review: Review):
    whole = form(review)
    assert whole.is_valid()
    assert whole.cleaned_data["clause"] is None
    clause = review.agreement.clauses.get()
    one = form(review, clause=str(clause.key))
    assert one.is_valid()
    assert one.cleaned_data["clause"] == clause.key


def test_a_clause_of_another_agreement_is_none_to_decide_on(review: Review):
    for key in (str(uuid4()), "x"):
        assert list(form(review, clause=key).errors) == ["clause"]


@pytest.mark.parametrize("text", ["", "  ", "\u3000", "x" * 501])
def test_a_decision_has_words_and_five_hundred_letters_at_most(review: Review, text: str):
    assert list(form(review, text=text).errors) == ["text"]


def test_clauses_are_named_by_their_team_and_in_the_reader_s_language(review: Review):
    team = review.agreement.clauses.get().team
    (_whole, (key, english)) = form(review).fields["clause"].choices
    assert english.startswith(f"{team}: ")
    assert "<" not in english
    with translation.override("ja"):
        (_whole, (same, japanese)) = form(review).fields["clause"].choices
    assert (same, japanese != english) == (key, True)


def test_notes_may_be_emptied(review: Review):
    Review.objects.update(notes="before")
    review.refresh_from_db()
    notes = NotesForm({"notes": ""}, instance=review)
    assert notes.is_valid()
    notes.save()
    assert Review.objects.get().notes == ""
