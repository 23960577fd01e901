"""What a tree of conditions answers."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import translation

from history.models import Change
from leads.criteria import TooMany, condition, condition_sql, counts, explain, todays_values
from leads.criteria.asking import asked_in_time
from leads.models import Lead
from tests import make

pytestmark = pytest.mark.django_db
AT = make.MONDAY_9AM
DAY = timedelta(days=1)
CTO: dict[str, Any] = {"field": "title", "op": "=", "value": "CTO"}
CALL: dict[str, Any] = {"did": "call"}


def test_counting_knows_nobody_who_was_merged() -> None:
    kept = make.lead(title="CTO")
    make.lead(title="CTO", merged_into=kept, merged_at=AT)
    assert counts(CTO, at=AT) == {"*": 1, "": 1}


def test_of_nothing_everyone_is_counted_and_of_no_choice_nobody() -> None:
    make.lead()
    assert counts({"all": []}, at=AT) == {"*": 1, "": 1}
    assert counts({"any": []}, at=AT) == {"*": 1, "": 0}


def test_a_missing_value_counts_on_neither_side_of_a_comparison_but_is_denied() -> None:
    make.lead(title="")
    tree = {"any": [CTO, {"not": CTO}, {"not": {"not": CTO}}]}
    found = counts(tree, at=AT)
    assert [found[path] for path in ("/any/0", "/any/1", "/any/2", "/any/2/not")] == [0, 1, 0, 1]


def test_counting_waits_no_longer_than_it_may_and_leaves_the_next_statement_its_time() -> None:
    with pytest.raises(TooMany):
        asked_in_time("SELECT pg_sleep(1)", [], timedelta(milliseconds=20))
    assert asked_in_time("SELECT 1", [], timedelta(seconds=5)) == (1,)
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)


def test_another_fault_of_the_database_is_not_taken_for_slowness() -> None:
    with pytest.raises(OperationalError):
        asked_in_time("SELECT pg_terminate_backend(NULL), 1 FROM pg_read_file('/nowhere')", [], timedelta(seconds=5))


def test_a_lead_is_explained_leaf_by_leaf_in_one_query_of_it(django_assert_num_queries: Any) -> None:
    lead = make.lead(title="CTO")
    with django_assert_num_queries(1):
        told = explain({"all": [CTO, {"field": "source", "op": "=", "value": "fair"}]}, lead.pk, AT)
    assert (told.join, told.holds, [leaf.holds for leaf in told.leaves()]) == ("all", False, [True, False])


def test_of_nobody_nothing_holds() -> None:
    told = explain({"any": [CTO, CALL]}, 0, AT)
    assert [leaf.holds for leaf in (told, *told.leaves())] == [False, False, False]


def test_a_merged_lead_is_still_explained() -> None:
    gone = make.lead(title="CTO", merged_into=make.lead(), merged_at=AT)
    assert explain(CTO, gone.pk, AT).holds


@pytest.mark.parametrize(
    ("tree", "holds"),
    [
        ({"not": CTO}, False),
        ({"not": {"any": [CTO, CALL]}}, False),
        ({"not": {"any": [CALL, CALL]}}, True),
        ({"not": {"all": [CTO, CALL]}}, True),
        ({"not": {"not": CTO}}, True),
    ],
)
def test_none_of_these_is_told_as_one_group(tree: dict[str, Any], holds: bool) -> None:
    told = explain(tree, make.lead(title="CTO").pk, AT)
    assert (told.join, told.holds) == ("none", holds)


HR = {"field": "title", "op": "=", "value": "HR"}


@pytest.mark.parametrize(
    ("tree", "effects"),
    [
        (CTO, "helps"),
        (CALL, "hinders"),
        ({"not": CALL}, "helps"),
        ({"not": CTO}, "hinders"),
        ({"not": {"not": CTO}}, "helps"),
        ({"all": [CTO, CALL]}, "helps hinders"),
        ({"all": [CTO, {"not": {"any": [CALL, HR]}}]}, "helps helps helps"),
        ({"all": [CALL, {"not": {"any": [CTO, HR]}}]}, "hinders hinders helps"),
        # One is enough: what fails beside it hinders nothing.
        ({"any": [CTO, CALL]}, "helps neither"),
        ({"any": [HR, CALL]}, "hinders hinders"),
        ({"all": [CALL, {"any": [HR, CTO]}]}, "hinders neither helps"),
        ({"not": {"all": [CTO, CALL]}}, "neither helps"),
    ],
)
def test_each_condition_says_whether_it_helps_or_hinders(tree: dict[str, Any], effects: str) -> None:
    told = explain(tree, make.lead(title="CTO").pk, AT)
    assert " ".join(effect for _leaf, effect in told.effects()) == effects


def test_parts_are_told_in_the_language_of_the_page() -> None:
    with translation.override("ja"):
        assert explain(CTO, make.lead().pk, AT).words == "役職が「CTO」である"


@pytest.mark.parametrize(("days", "holds"), [(1, False), (2, True)])
def test_windows_count_back_from_where_they_are_told_to(days: int, holds: bool) -> None:
    lead = make.lead()
    make.activity(lead, "call", AT - timedelta(hours=12))
    tree = CALL | {"within_days": days}
    from_tomorrow = AT + DAY
    assert explain(tree, lead.pk, AT).holds
    assert explain(tree, lead.pk, AT, windows_from=from_tomorrow).holds is holds
    sql, params = condition_sql(tree, at=AT, windows_from=from_tomorrow)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM leads_lead WHERE {sql}", params)
        assert cursor.fetchone() == (int(holds),)


def test_what_happens_later_has_not_happened_yet() -> None:
    lead = make.lead()
    make.activity(lead, "call", AT)
    calling = Lead.objects.filter(condition(CALL, at=AT - timedelta(microseconds=1)))
    assert not calling.exists()
    assert Lead.objects.filter(condition(CALL, at=AT)).get() == lead


def test_as_of_a_moment_the_first_change_after_it_tells_what_was() -> None:
    lead = make.lead(title="Chief")
    Change.objects.write("lead", lead.pk, {"title": ("Buyer", "CTO")}, at=AT - 2 * DAY)
    Change.objects.write("lead", lead.pk, {"title": ("CTO", "Chief")}, at=AT)
    was = {
        days: Lead.objects.filter(condition(CTO, as_of=AT - days * DAY)).exists() for days in (0, 1, 2, 3)
    }  # fmt: skip
    # A change at the very moment has happened.
    assert was == {0: False, 1: True, 2: True, 3: False}


def test_when_a_lead_became_known_and_what_it_did_need_no_history() -> None:
    known = {"field": "created_at", "op": "<", "value": "2026-01-01"}
    assert todays_values({"any": [known, CALL]}, AT) == []
