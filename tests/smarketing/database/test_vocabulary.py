"""Small tables are read once while a page is made, and never remembered longer."""

from typing import Any

import pytest
from django.test import Client

from funnel.models import Reason, Stage
from leads.models import ActivityKind
from smarketing.database.together import Together
from smarketing.database.vocabulary import recall, recall_rows, remembering
from teams.models import Organization, Team, User
from tests import make

pytestmark = pytest.mark.django_db


def test_all_of_them_are_one_statement(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1), remembering():
        for _ in range(3):
            assert Stage.objects.known()
            assert Stage.objects.role("mql").name_en == "MQL"
            assert ActivityKind.objects.known()
            reason = Reason.objects.known()[0]
            assert Reason.objects.look_up(kind=reason.kind, key=reason.key) == reason


def test_what_is_known_is_the_whole_table_in_its_order() -> None:
    with remembering():
        known = {model: model._default_manager.known() for model in (Stage, Reason, ActivityKind, Team)}
    for model, rows in known.items():
        assert rows == list(model._default_manager.all())


def test_who_is_not_there_is_missed_as_ever() -> None:
    for context in (remembering, lambda: remembering()):
        with context(), pytest.raises(Stage.DoesNotExist):
            Stage.objects.look_up(role="nobody")
    with pytest.raises(Stage.DoesNotExist):
        Stage.objects.look_up(role="nobody")


@pytest.mark.parametrize(
    "write",
    [
        lambda: Stage.objects.filter(role="mql").update(name_en="Ready"),
        lambda: make.team(Team.Kind.SALES),
        lambda: Stage.objects.exclude(role=None).filter(role="customer").update(name_en="Buyer"),
    ],
)
def test_it_is_forgotten_as_soon_as_anything_is_written(write: Any) -> None:
    with remembering():
        before = [str(stage) for stage in Stage.objects.known()], Team.objects.known()
        write()
        after = [str(stage) for stage in Stage.objects.known()], Team.objects.known()
    assert before != after


def test_outside_of_a_page_everybody_asks_anew() -> None:
    assert "Ready" not in map(str, Stage.objects.known())
    Stage.objects.filter(role="mql").update(name_en="Ready")
    assert "Ready" in map(str, Stage.objects.known())
    asked: list[int] = []
    for _ in range(2):
        recall("anything", lambda: asked.append(1))
    assert asked == [1, 1]


def test_the_next_page_shows_what_was_changed_meanwhile(mara: User, client: Client) -> None:
    organization = Organization.ours()
    for name in ("MQL", "Ready"):
        Stage.objects.filter(role="mql").update(name_en=name)
        assert name in client.get("/settings/stages/").content.decode()
    with remembering():
        assert Organization.ours() == organization


def test_a_list_of_what_is_known_is_the_reader_s_own() -> None:
    with remembering():
        Stage.objects.known().clear()
        assert Stage.objects.known()


def test_what_is_asked_first_brings_them_along(django_assert_num_queries: Any) -> None:
    people = Together(lambda: [User.objects.all()])
    somebody = make.user()
    with django_assert_num_queries(1), remembering():
        for _ in range(2):
            assert recall_rows("people", people) == [[somebody]]
            assert Stage.objects.known()
    with django_assert_num_queries(2), remembering():
        assert Stage.objects.known()
        assert recall_rows("people", people) == [[somebody]]
    with django_assert_num_queries(2):
        assert recall_rows("people", people) == recall_rows("people", people)


def test_a_union_only_reads(django_assert_num_queries: Any) -> None:
    names = Team.objects.order_by().values_list("name", flat=True)
    with django_assert_num_queries(2), remembering():
        assert Stage.objects.known()
        assert list(names.union(User.objects.order_by().values_list("email", flat=True), all=True)) == []
        assert Stage.objects.known()
