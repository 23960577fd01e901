"""Several query sets by one statement: what comes is what each would have given alone."""

from typing import Any

import pytest
from django.db.models import Count, FloatField, IntegerField, QuerySet, Value
from django.db.models.functions import Length

from leads.models import Company, Lead, PersonaVersion
from scoring.models import InterestRule
from sla.models import Agreement, Calendar, Clause, Handoff, Policy, Timer
from smarketing.database.statements import Given
from smarketing.database.together import Asked, Together, any_of, count_of, fetch_together
from teams.models import User
from tests import make
from tests.scoring.make import score_model

pytestmark = pytest.mark.django_db


def columns(row: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(row).items() if name != "_state"}


@pytest.fixture
def filled() -> None:
    """Of each type of column a row: texts, arrays, JSON, decimals, durations, moments, days, times, keys."""
    handoff = make.handoff()
    Lead.objects.filter(pk=handoff.lead_id).update(custom={"a": [1, 0.5, None, "ü"]}, company=make.company())
    clauses = [{"target": "0.9500", "filters": {"a": "b"}}]
    make.next_agreement(Agreement.objects.get(), from_at=make.NOON, clauses=clauses)
    score_model(interest={"demo_request": ("40.25", None, 30)})


@pytest.mark.parametrize(
    "rows",
    [
        Agreement.objects.all(),
        Calendar.objects.all(),
        Clause.objects.select_related("team", "owner"),
        Handoff.objects.select_related("lead__company", "rep__team", "hop__agreement", "reason"),
        InterestRule.objects.select_related("kind"),
        Lead.objects.select_related("company", "owner")
        .annotate(letters=Length("email"), half=Value(0.5, FloatField()))
        .order_by("-pk")[:1],
        Policy.objects.filter(pk__in=[]),
        Timer.objects.all(),
        User.objects.order_by("-email"),
    ],
    ids=lambda rows: rows.model.__name__,
)
def test_rows_are_what_the_query_set_gives_alone(filled: None, rows: QuerySet[Any]) -> None:
    (together,) = fetch_together(rows.all())
    alone = list(rows.all())
    assert [columns(row) for row in together] == [columns(row) for row in alone]
    for name in rows.query.select_related or ():
        assert [getattr(row, name) for row in together] == [getattr(row, name) for row in alone]


def test_lists_of_values_come_as_they_do_alone(filled: None) -> None:
    counted = Lead.objects.values_list("company").annotate(n=Count("pk")).order_by()
    names = Company.objects.values_list("name", flat=True)
    together = fetch_together(counted.all(), names.all())
    assert together == [list(counted), list(names)]


def test_they_are_one_statement(filled: None, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        fetch_together(User.objects.all(), PersonaVersion.objects.all(), Calendar.objects.all())


def test_it_is_compiled_once_for_all_that_is_given() -> None:
    built = []

    def build() -> list[QuerySet[Any]]:
        built.append(True)
        return [User.objects.filter(pk=Given("pk", IntegerField()))]

    by_key = Together(build)
    for person in (make.user(), make.user()):
        assert by_key.fetch(pk=person.pk) == [[person]]
    assert by_key.fetch(pk=0) == [[]]
    assert built == [True]


def test_what_is_asked_together_is_made_apart(django_assert_num_queries: Any) -> None:
    for name in ("Ada", "Bob"):
        make.lead(given_name=name)
    names = Asked((Lead.objects.order_by("given_name").values_list("given_name", flat=True),), ", ".join)
    counts = Asked((count_of(Lead.objects.all()), count_of(Company.objects.all())), lambda *found: found)
    nothing = Asked((), lambda: "nothing")
    with django_assert_num_queries(1):
        assert Asked.all_of([names, nothing, counts]).fetch() == ["Ada, Bob", "nothing", ([2], [0])]
    with django_assert_num_queries(1):
        assert names.fetch() == "Ada, Bob"
    assert nothing.fetch() == "nothing"


@pytest.mark.parametrize(("limit", "n"), [(None, 3), (2, 2), (3, 3), (4, 3)])
def test_rows_are_counted_up_to_a_limit(limit: int | None, n: int) -> None:
    assert fetch_together(any_of(Lead.objects.all())) == [[]]
    for _ in range(3):
        make.lead()
    counted, found = fetch_together(count_of(Lead.objects.order_by("email"), limit), any_of(Lead.objects.all()))
    assert (counted, len(found)) == ([n], 1)
