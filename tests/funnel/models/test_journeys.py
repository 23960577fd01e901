"""The verbs of a journey: each is one step of the ledger, written once, told once, and only from where it was read."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from funnel.models import Journey, Reason, Stage, StageRole, Transition
from history.models import Outbox
from leads.models import PendingReevaluation
from teams.models import Role
from tests import make
from tests.make import MONDAY_9AM

pytestmark = pytest.mark.django_db

NOON = MONDAY_9AM + timedelta(hours=3)
DAY = timedelta(days=1)


def stage(role: StageRole) -> Stage:
    return Stage.objects.role(role)


def journey(role: StageRole = StageRole.MQL) -> Journey:
    made = make.lead(role, created_at=MONDAY_9AM - DAY).journey
    PendingReevaluation.objects.all().delete()
    return made


def reason(kind: Reason.Kind, **fields: object) -> Reason:
    return Reason.objects.create(kind=kind, key=f"key{Reason.objects.count()}", name_en="Because", **fields)


def steps(of: Journey) -> list[Transition]:
    return list(Transition.objects.filter(lead=of.pk, at__gte=MONDAY_9AM).order_by("pk"))


def told(of: Journey) -> list[dict[str, object]]:
    rows = Outbox.objects.filter(kind="journey.moved", payload__lead=of.pk, at__gte=MONDAY_9AM).order_by("pk")
    return list(rows.values_list("payload", flat=True))


class TestMoving:
    def test_it_stands_at_the_new_stage_since_then(self):
        moved = journey()
        moved.move_to(stage(StageRole.SAL), because="Called", at=NOON)
        stored = Journey.objects.get(pk=moved.pk)
        assert (stored.stage.role, stored.entered_at) == (StageRole.SAL, NOON)
        assert (moved.stage, moved.entered_at) == (stored.stage, NOON)

    def test_it_is_one_step_of_the_ledger(self):
        moved, by = journey(), make.user(Role.MARKETER)
        step = moved.move_to(stage(StageRole.SAL), because="Called", by=by, at=NOON)
        assert steps(moved) == [step]
        assert (step.from_stage, step.to_stage) == (stage(StageRole.MQL), stage(StageRole.SAL))
        assert (step.at, step.by, step.how, step.because) == (NOON, by, Transition.How.PERSON, "Called")

    def test_it_is_told_once(self):
        moved = journey()
        step = moved.move_to(stage(StageRole.SAL), because="Called", at=NOON)
        sal, mql = stage(StageRole.SAL).pk, stage(StageRole.MQL).pk
        assert told(moved) == [{"transition": step.pk, "lead": moved.pk, "from": mql, "to": sal}]

    def test_who_arrives_is_evaluated_anew_at_that_moment(self):
        moved = journey()
        moved.move_to(stage(StageRole.SAL), because="", at=NOON)
        assert list(PendingReevaluation.objects.values_list("lead", "due_at", "news_at")) == [(moved.pk, NOON, None)]

    def test_history_that_is_imported_is_not_evaluated(self):
        moved = journey()
        moved.move_to(stage(StageRole.SAL), because="", at=NOON, how=Transition.How.IMPORT)
        assert not PendingReevaluation.objects.exists()

    def test_a_long_reason_is_cut_rather_than_refused(self):
        assert journey().move_to(stage(StageRole.SAL), because="理" * 301, at=NOON).because == "理" * 300

    def test_of_two_who_read_the_same_one_wins(self):
        first = journey()
        second = Journey.objects.get(pk=first.pk)
        first.move_to(stage(StageRole.SAL), because="First", at=NOON)
        with pytest.raises(Journey.Moved):
            second.move_to(stage(StageRole.SQL), because="Second", at=NOON)
        assert [step.because for step in steps(first)] == ["First"]
        assert len(told(first)) == 1
        assert Journey.objects.get(pk=first.pk).stage.role == StageRole.SAL

    def test_one_that_was_closed_meanwhile_does_not_move(self):
        read = journey()
        Journey.objects.get(pk=read.pk).close(Journey.Ended.LOST, because="", at=NOON)
        with pytest.raises(Journey.Moved):
            read.move_to(stage(StageRole.SAL), because="", at=NOON)

    def test_one_that_is_closed_is_reopened_first(self):
        closed = journey()
        closed.close(Journey.Ended.LOST, because="", at=NOON)
        with pytest.raises(Journey.Closed):
            closed.move_to(stage(StageRole.SAL), because="", at=NOON)

    def test_forwards_it_is_not_recycled(self):
        moved = journey()
        moved.move_to(stage(StageRole.SAL), because="", at=NOON)
        assert Journey.objects.get(pk=moved.pk).recycled_at is None


class TestRecycling:
    def test_back_in_nurture_it_sleeps_until_it_wakes(self):
        back, why = journey(), reason(Reason.Kind.RECYCLED)
        step = back.recycle(why, wake_at=NOON + 30 * DAY, at=NOON)
        stored = Journey.objects.get(pk=back.pk)
        assert (stored.stage.role, stored.recycled_at, stored.wake_at) == (StageRole.LEAD, NOON, NOON + 30 * DAY)
        assert (back.recycled_at, back.wake_at) == (NOON, NOON + 30 * DAY)
        assert (step.reason, step.because, step.to_stage) == (why, "Because", stage(StageRole.LEAD))

    def test_its_text_comes_before_the_name_of_the_reason(self):
        assert journey().recycle(reason(Reason.Kind.RECYCLED), text="In April", at=NOON).because == "In April"

    @pytest.mark.parametrize(("only_with_news", "since"), [(True, NOON), (False, None)])
    def test_where_asked_only_news_from_then_on_let_it_qualify(self, only_with_news: bool, since: object):
        back = journey()
        back.recycle(reason(Reason.Kind.RECYCLED), only_with_news=only_with_news, at=NOON)
        stored = Journey.objects.get(pk=back.pk)
        assert stored.news_count_from == since
        assert stored.waits_for_news is only_with_news

    def test_what_is_in_nurture_is_not_recycled(self):
        with pytest.raises(Journey.AlreadyThere):
            journey(StageRole.LEAD).recycle(reason(Reason.Kind.RECYCLED), at=NOON)

    @pytest.mark.parametrize("kind", [Reason.Kind.RECYCLED, Reason.Kind.REJECTED])
    def test_it_takes_reasons_of_these_lists(self, kind: Reason.Kind):
        assert journey().recycle(reason(kind), at=NOON).reason.kind == kind

    def test_a_reason_of_another_list_is_refused(self):
        back = journey()
        with pytest.raises(ValueError, match="another list"):
            back.recycle(reason(Reason.Kind.DISQUALIFIED), at=NOON)
        assert steps(back) == []

    @pytest.mark.parametrize("text", ["", "  "])
    def test_a_reason_that_says_nothing_needs_words(self, text: str):
        back = journey()
        with pytest.raises(Reason.NeedsText):
            back.recycle(reason(Reason.Kind.RECYCLED, needs_text=True), text=text, at=NOON)
        assert steps(back) == []


class TestWaitingForNews:
    @pytest.mark.parametrize(
        ("since", "news", "waits"),
        [
            (None, None, False),
            (None, NOON, False),
            (NOON, None, True),
            (NOON, NOON, True),
            (NOON, NOON + timedelta(microseconds=1), False),
        ],
    )
    def test_only_news_after_they_count_end_it(self, since: datetime | None, news: datetime | None, waits: bool):
        assert Journey(news_count_from=since, news_at=news).waits_for_news is waits


class TestClosing:
    def test_the_stage_stays_readable(self):
        closed = journey()
        step = closed.disqualify(reason(Reason.Kind.DISQUALIFIED), at=NOON)
        stored = Journey.objects.get(pk=closed.pk)
        assert (stored.stage.role, stored.closed_at, stored.closed_as) == (StageRole.MQL, NOON, "disqualified")
        assert (step.from_stage, step.to_stage, step.at) == (stage(StageRole.MQL), None, NOON)

    def test_it_is_told_with_no_stage_to_go_to(self):
        closed = journey()
        closed.close(Journey.Ended.LOST, because="", at=NOON)
        assert [payload["to"] for payload in told(closed)] == [None]

    def test_the_flow_takes_it_along_once_more_as_its_hand_off_ends(self):
        closed = journey()
        closed.close(Journey.Ended.LOST, because="", at=NOON)
        assert PendingReevaluation.objects.get().lead_id == closed.pk

    def test_it_is_closed_once(self):
        first = journey()
        second = Journey.objects.get(pk=first.pk)
        first.close(Journey.Ended.LOST, because="", at=NOON)
        with pytest.raises(Journey.Moved):
            second.close(Journey.Ended.DISQUALIFIED, because="", at=NOON + DAY)
        assert Journey.objects.get(pk=first.pk).closed_as == "lost"

    def test_one_that_moved_on_meanwhile_is_not_closed(self):
        read = journey()
        Journey.objects.get(pk=read.pk).move_to(stage(StageRole.SAL), because="", at=NOON)
        with pytest.raises(Journey.Moved):
            read.close(Journey.Ended.LOST, because="", at=NOON)
        assert Journey.objects.get(pk=read.pk).closed_at is None

    @pytest.mark.parametrize("fields", [{"closed_at": NOON}, {"closed_as": "lost"}])
    def test_the_database_wants_both_when_and_as_what(self, fields: dict[str, object]):
        open_one = journey()
        with pytest.raises(IntegrityError, match="a_closed_journey_says_as_what"), transaction.atomic():
            Journey.objects.filter(pk=open_one.pk).update(**fields)


class TestReopening:
    def test_it_begins_anew_where_it_ended(self):
        again = journey()
        again.close(Journey.Ended.LOST, because="", at=NOON)
        step = again.reopen(because="They called", at=NOON + DAY)
        stored = Journey.objects.get(pk=again.pk)
        assert (stored.stage.role, stored.entered_at, stored.closed_at) == (StageRole.MQL, NOON + DAY, None)
        assert stored.closed_as == ""
        assert (step.from_stage, step.to_stage) == (None, stage(StageRole.MQL))

    def test_or_at_another_stage(self):
        again = journey()
        again.close(Journey.Ended.LOST, because="", at=NOON)
        again.reopen(because="", to=stage(StageRole.LEAD), at=NOON + DAY)
        assert Journey.objects.get(pk=again.pk).stage.role == StageRole.LEAD

    def test_what_is_open_is_not_opened(self):
        open_one = journey()
        with pytest.raises(Journey.Moved):
            open_one.reopen(because="", at=NOON)
        assert steps(open_one) == []


class TestBeginning:
    def test_it_begins_with_its_lead(self):
        lead = make.lead(created_at=NOON)
        with transaction.atomic():
            begun = Journey.of(lead)
        assert (begun.stage.role, begun.entered_at) == (StageRole.LEAD, NOON)
        (step,) = steps(begun)
        assert (step.from_stage, step.to_stage.role, step.how) == (None, StageRole.LEAD, Transition.How.MACHINE)

    def test_it_begins_once(self):
        lead = make.lead(created_at=NOON)
        with transaction.atomic():
            assert Journey.of(lead) == Journey.of(lead)
        assert Transition.objects.filter(lead=lead).count() == 1
