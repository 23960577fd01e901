"""Reviews: planned by the agreement's rhythm, remembered in time, held once, and drafted from."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connections

from sla.agreement import drafting
from sla.models import Agreement, Calendar, Decision, Review
from sla.reviews.reviewing import begin_day, draft_from_review, plan_reviews, send_reminders
from teams.models import Notice, Role, Team, User
from tests import make

pytestmark = pytest.mark.django_db

# Wednesday 18 February 2026, midnight in Tokyo.
SIGNED = datetime(2026, 2, 17, 15, tzinfo=UTC)


def tokyo(year: int, month: int, day: int, hour: int = 0) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC) - timedelta(hours=9)


def agreed(at: datetime = SIGNED, **fields: object) -> Agreement:
    return make.agreement(in_force_from=at, agreed=fields)


def followed(earlier: Agreement, at: datetime, **fields: object) -> Agreement:
    Agreement.objects.filter(pk=earlier.pk).update(replaced_at=at)
    return agreed(at, **fields)


def of(kind: str) -> list[tuple[date, date, date]]:
    rows = Review.objects.filter(kind=kind).order_by("due_on")
    return list(rows.values_list("due_on", "starts_on", "ends_on"))


def test_goals_are_reviewed_every_month_on_its_first_open_day():
    agreed()
    plan_reviews(at=SIGNED)
    assert of("goals")[:4] == [
        # A Sunday, then Monday.
        (date(2026, 3, 2), date(2026, 2, 1), date(2026, 3, 1)),
        (date(2026, 4, 1), date(2026, 3, 1), date(2026, 4, 1)),
        (date(2026, 5, 1), date(2026, 4, 1), date(2026, 5, 1)),
        (date(2026, 6, 1), date(2026, 5, 1), date(2026, 6, 1)),
    ]
    # The new year is a holiday, a Saturday and a Sunday follow.
    assert (date(2027, 1, 4), date(2026, 12, 1), date(2027, 1, 1)) in of("goals")
    assert len(of("goals")) == 13


@pytest.mark.parametrize(
    ("months", "first", "second"),
    [
        (
            3,
            (date(2026, 5, 1), date(2026, 2, 1), date(2026, 5, 1)),
            (date(2026, 8, 3), date(2026, 5, 1), date(2026, 8, 1)),
        ),
        (
            6,
            (date(2026, 8, 3), date(2026, 2, 1), date(2026, 8, 1)),
            (date(2027, 2, 1), date(2026, 8, 1), date(2027, 2, 1)),
        ),
    ],
)
def test_the_whole_is_reviewed_every_so_many_months_from_the_one_it_began_in(months, first, second):
    agreed(review_months=months)
    plan_reviews(at=SIGNED)
    assert of("whole")[:2] == [first, second]


def test_planning_again_changes_nothing_and_the_days_go_on():
    agreed()
    assert plan_reviews(at=SIGNED) > 0
    before = list(Review.objects.values_list("pk", "due_on"))
    assert plan_reviews(at=SIGNED) == 0
    assert list(Review.objects.values_list("pk", "due_on")) == before
    for n in range(1, 100):
        plan_reviews(at=SIGNED + timedelta(days=n))
    assert len(of("goals")) == 16
    assert len({starts for _due, starts, _ends in of("goals")}) == 16


def test_nothing_is_planned_for_the_past_and_nothing_without_an_agreement():
    assert plan_reviews(at=SIGNED) == 0
    agreed()
    plan_reviews(at=SIGNED + timedelta(days=200))
    assert min(due for due, _starts, _ends in of("goals")) == date(2026, 10, 1)
    assert min(due for due, _starts, _ends in of("whole")) == date(2027, 2, 1)


def test_a_version_that_keeps_the_rhythm_does_not_put_the_review_off():
    first = agreed()
    plan_reviews(at=SIGNED)
    second = followed(first, tokyo(2026, 6, 10))
    plan_reviews(at=tokyo(2026, 6, 10))
    assert of("whole")[0] == (date(2026, 8, 3), date(2026, 2, 1), date(2026, 8, 1))
    assert {review.agreement for review in Review.objects.filter(due_on__gt="2026-06-10")} == {second}
    assert {review.agreement for review in Review.objects.filter(due_on__lt="2026-06-10")} == {first}


def test_a_version_with_another_rhythm_counts_anew():
    first = agreed()
    plan_reviews(at=SIGNED)
    followed(first, tokyo(2026, 6, 10), review_months=3)
    plan_reviews(at=tokyo(2026, 6, 10))
    assert of("whole")[0] == (date(2026, 9, 1), date(2026, 6, 1), date(2026, 9, 1))


def test_what_was_decided_for_a_review_keeps_it_though_the_rhythm_changed():
    first = agreed()
    plan_reviews(at=SIGNED)
    kept = Review.objects.get(kind="whole", due_on=date(2026, 8, 3))
    kept.decide("Answer sooner", by=make.user(Role.MANAGER))
    followed(first, tokyo(2026, 6, 10), review_months=3)
    plan_reviews(at=tokyo(2026, 6, 10))
    assert Review.objects.filter(pk=kept.pk).exists()
    assert [due for due, *_ in of("whole")][:2] == [date(2026, 8, 3), date(2026, 9, 1)]


def test_what_was_noted_for_a_review_keeps_it_though_the_rhythm_changed():
    first = agreed()
    plan_reviews(at=SIGNED)
    noted = Review.objects.filter(kind="whole", due_on=date(2026, 8, 3))
    noted.update(notes="Ask about the fair")
    followed(first, tokyo(2026, 6, 10), review_months=3)
    plan_reviews(at=tokyo(2026, 6, 10))
    assert noted.get().notes == "Ask about the fair"


def test_after_a_time_without_an_agreement_the_rhythm_begins_anew():
    first = agreed()
    Agreement.objects.filter(pk=first.pk).update(replaced_at=tokyo(2026, 4, 1))
    agreed(tokyo(2026, 6, 10))
    plan_reviews(at=tokyo(2026, 6, 10))
    assert of("whole")[0] == (date(2026, 12, 1), date(2026, 6, 1), date(2026, 12, 1))


def test_a_day_that_is_closed_meanwhile_moves_the_review_that_is_to_come():
    agreed()
    plan_reviews(at=SIGNED)
    Calendar.default().days.create(day=date(2026, 4, 1))
    plan_reviews(at=tokyo(2026, 3, 2))
    assert [due for due, *_ in of("goals")][:2] == [date(2026, 3, 2), date(2026, 4, 2)]


def test_heads_and_managers_are_told_three_open_days_before_and_on_the_day_once_each():
    gina, hana = make.user(Role.MANAGER), make.user(Role.REP)
    made = agreed()
    Team.objects.filter(pk=made.parties.first().team_id).update(head=hana)
    make.user(Role.MANAGER, is_active=False)
    make.user(Role.MARKETER)
    told: dict[date, set[User]] = {}
    for hour in range(0, 24 * 20, 5):
        at = SIGNED + timedelta(hours=hour)
        before = set(Notice.objects.values_list("pk", flat=True))
        begin_day(at=at)
        if new := Notice.objects.exclude(pk__in=before):
            told[at.astimezone(Calendar.default().zone).date()] = {notice.user for notice in new}
    # Due on Monday 2 March: Wednesday (25), Thursday, Friday are open before it; 23 February is a holiday.
    assert told == {date(2026, 2, 25): {gina, hana}, date(2026, 3, 2): {gina, hana}}
    soon = "The review of the goals on 2 March 2026 comes up: prepare it."
    assert [notice.text for notice in Notice.objects.filter(user=gina).order_by("pk")] == [
        soon,
        "Today the goals are reviewed.",
    ]


def test_a_review_that_was_held_early_is_not_called_for_again():
    agreed()
    make.user(Role.MANAGER)
    plan_reviews(at=SIGNED)
    review = Review.objects.get(kind="goals", due_on=date(2026, 3, 2))
    review.hold(by=make.user(Role.MANAGER), at=tokyo(2026, 3, 1))
    assert send_reminders(at=tokyo(2026, 3, 2)) == 0
    plan_reviews(at=tokyo(2026, 3, 1))
    assert Review.objects.filter(kind="goals", starts_on=date(2026, 2, 1)).count() == 1


def test_of_two_who_hold_it_one_wins_and_what_it_decided_stays():
    agreed()
    plan_reviews(at=SIGNED)
    review, gina = Review.objects.earliest("due_on"), make.user(Role.MANAGER)
    decision = review.decide("Answer sooner", by=gina)
    review.hold(by=gina)
    with pytest.raises(Review.Held):
        Review.objects.get(pk=review.pk).hold(by=make.user(Role.MANAGER))
    with pytest.raises(Review.Held):
        review.decide("And more", by=gina)
    with pytest.raises(Review.Held):
        review.remove_decision(decision)
    with pytest.raises(Review.Held):
        review.write_notes("Too late")
    assert Decision.objects.count() == 1


def test_the_next_draft_takes_the_decisions_up_and_gives_them_back_when_it_is_thrown_away():
    agreed()
    plan_reviews(at=SIGNED)
    review, gina = Review.objects.earliest("due_on"), make.user(Role.MANAGER)
    review.decide("Answer sooner", by=gina)
    draft = draft_from_review(review, by=gina)
    review.decide("Fewer free-mail addresses", by=gina)
    assert draft_from_review(review, by=gina) == draft
    assert set(draft.decisions.values_list("text", flat=True)) == {"Answer sooner", "Fewer free-mail addresses"}
    drafting.discard(draft)
    assert review.decisions.filter(draft=None).count() == 2


def test_while_a_proposal_waits_nothing_is_drafted():
    agreed()
    plan_reviews(at=SIGNED)
    review, gina = Review.objects.earliest("due_on"), make.user(Role.MANAGER)
    draft = draft_from_review(review, by=gina)
    Agreement.objects.filter(pk=draft.pk).update(proposed_at=SIGNED)
    review.decide("Answer sooner", by=gina)
    with pytest.raises(Agreement.Frozen):
        draft_from_review(review, by=gina)
    assert review.decisions.filter(draft=None).exists()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_four_who_plan_at_once_plan_each_review_once():
    agreed()

    def work(_: int) -> int:
        try:
            return plan_reviews(at=SIGNED)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        new = sum(pool.map(work, range(4)))
    assert new == Review.objects.count() == len(of("goals")) + len(of("whole"))
    assert len(of("goals")) == 13
