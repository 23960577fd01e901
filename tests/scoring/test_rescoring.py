"""Scores by SQL, against the formula in Python."""

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import Settings

from leads.models import Activity, ActivityKind, Lead, PendingReevaluation
from scoring import formula
from scoring.models import Quadrant, Score, ScoreModel
from scoring.rescoring import RANGE, rescore, rescore_day
from smarketing.company import company_zone
from tests import make
from tests.scoring.make import score_model

pytestmark = pytest.mark.django_db
AT = make.MONDAY_9AM + timedelta(hours=5)
MANAGER = {"field": "seniority", "op": "=", "value": "Manager"}


def oracle(model: ScoreModel, lead: Lead, at: datetime) -> tuple[int, int, str]:
    """What the formula says, for fit rules that look at the seniority alone."""
    day_start = formula.start_of(formula.day_of(at, company_zone()), company_zone())
    kinds = {rule.kind.key: rule.worth for rule in model.interest_rules.select_related("kind")}
    fit = formula.fit(rule.millionths for rule in model.fit_rules.all() if rule.criteria.get("value") == lead.seniority)
    activities = lead.activities.values_list("kind__key", "occurred_at")
    interest = formula.interest(activities, kinds, day_start=day_start, at=at)
    thresholds = {"fit_threshold": model.fit_from, "interest_threshold": model.interest_from}
    return fit, interest, formula.quadrant(fit, interest, **thresholds)


def stored(leads: Iterable[Lead] | None = None) -> dict[int, tuple[int, int, str]]:
    scores = Score.objects.all() if leads is None else Score.objects.filter(lead__in=list(leads))
    return {score.lead_id: (score.fit, score.interest, score.machine_quadrant) for score in scores}


def test_a_score_is_fit_and_interest_and_a_quadrant():
    score_model(
        fit=[(MANAGER, 60), ({"field": "country", "op": "=", "value": "JP"}, -5)],
        interest={"demo_request": (40, None, 30), "page_view": (2, 5, None)},
        interest_threshold=20,
    )
    lead = make.lead(seniority="Manager", country="jp")
    start = make.MONDAY_9AM - timedelta(hours=9)
    make.activity(lead, "demo_request", start - timedelta(days=30))
    for hour in range(4):
        make.activity(lead, "page_view", start + timedelta(hours=hour))
    assert rescore([lead.pk], at=AT) == 1
    score = Score.objects.get(lead=lead)
    assert (score.fit, score.interest, score.quadrant) == (55_000_000, 25_000_000, Quadrant.HOT)
    assert str(score.scored_on) == "2026-11-16"


def test_what_has_not_changed_is_not_written():
    score_model(interest={"page_view": (2, None, None)})
    lead = make.lead()
    assert rescore([lead.pk], at=AT) == 1
    assert rescore([lead.pk], at=AT) == 0
    make.activity(lead, "page_view", AT)
    assert rescore(at=AT) == 1


def test_without_a_model_in_force_there_are_no_scores():
    make.lead()
    score_model(in_force_from=AT + timedelta(days=1))
    assert rescore(at=AT) == 0
    assert not Score.objects.exists()


def test_the_model_in_force_on_the_day_counts():
    old = score_model(interest={"page_view": (2, None, None)})
    new = score_model(interest={"page_view": (3, None, None)}, in_force_from=AT + timedelta(days=1))
    lead = make.lead()
    make.activity(lead, "page_view", AT)
    rescore(at=AT)
    assert Score.objects.get().model == old
    rescore(at=AT + timedelta(days=1))
    score = Score.objects.get()
    assert (score.model, score.interest) == (new, 3_000_000)


def test_a_merged_lead_has_no_score():
    score_model()
    kept = make.lead()
    make.lead(merged_into=kept, merged_at=AT)
    rescore(at=AT)
    rescore(list(Lead.objects.values_list("pk", flat=True)), at=AT)
    assert list(stored()) == [kept.pk]


def test_a_machine_does_not_overrule_a_person():
    score_model(interest={"page_view": (60, None, None)}, fit=[({"all": []}, 60)])
    lead = make.lead()
    rescore(at=AT)
    mara = make.user()
    lead.score.override_quadrant(Quadrant.HOT, reason="Met at the fair", by=mara, at=AT)
    make.activity(lead, "page_view", AT)
    rescore(at=AT)
    score = Score.objects.get()
    assert (score.quadrant, score.machine_quadrant) == (Quadrant.HOT, Quadrant.HOT)
    rescore(at=AT + timedelta(days=1))
    assert Score.objects.get().override_reason == "Met at the fair"


def test_a_window_of_a_fit_rule_lasts_whole_days():
    """A score belongs to a day: within it, time alone changes nothing."""
    score_model(fit=[({"did": "demo_request", "within_days": 7}, 10)])
    lead = make.lead()
    noon = make.MONDAY_9AM + timedelta(hours=3)
    make.activity(lead, "demo_request", noon - timedelta(days=7))
    rescore(at=noon - timedelta(minutes=1))
    assert Score.objects.get().fit == 10_000_000
    assert rescore(at=noon + timedelta(hours=5)) == 0
    rescore(at=noon + timedelta(days=1))
    assert Score.objects.get().fit == 0


def test_activities_ages_old_fade_to_nothing():
    score_model(interest={"page_view": (999, None, "0.01")})
    lead = make.lead()
    make.activity(lead, "page_view", datetime(1900, 1, 1, tzinfo=UTC))
    rescore(at=AT)
    assert Score.objects.get().interest == 0


def test_rules_that_together_pass_what_an_integer_holds_are_clamped_like_any_other():
    score_model(fit=[(MANAGER, 999)] * 3)
    lead = make.lead(seniority="Manager")
    rescore(at=AT)
    assert Score.objects.get(lead=lead).fit == 100_000_000


def test_the_nightly_pass_brings_everyone_to_the_day_and_may_run_twice():
    model = score_model(interest={"page_view": (64, None, 1)})
    leads = [make.lead() for _ in range(3)]
    for lead in leads:
        make.activity(lead, "page_view", make.MONDAY_9AM - timedelta(days=2, hours=9))
    rescore([lead.pk for lead in leads[:2]], at=AT)
    tomorrow = AT + timedelta(days=1)
    assert rescore_day(tomorrow) == 3
    assert rescore_day(tomorrow + timedelta(hours=1)) == 0
    assert stored() == {lead.pk: oracle(model, lead, tomorrow) for lead in leads}


@pytest.mark.parametrize("to", ["America/Los_Angeles", "Pacific/Kiritimati", "Asia/Singapore"])
def test_another_zone_makes_every_score_due_again_and_equals_a_rebuild(settings: Settings, to: str):
    """West to the day before, east to the day after, and to another start of the same day."""
    settings.COMPANY_TIME_ZONE = "Asia/Tokyo"
    score_model(interest={"page_view": (50, None, 1)})
    lead = make.lead()
    make.activity(lead, "page_view", AT - timedelta(days=4))
    rescore_day(at=AT)
    assert rescore_day(at=AT) == 0
    settings.COMPANY_TIME_ZONE = to
    assert rescore_day(at=AT) == 1
    kept = stored()
    rescore(at=AT)
    assert stored() == kept
    assert rescore_day(at=AT) == 0


def test_what_is_dated_in_the_future_marks_its_lead_due_again_at_its_moment():
    score_model(interest={"page_view": (2, None, None)})
    lead, other = make.lead(), make.lead()
    moment = AT + timedelta(hours=3)
    for each in (moment, moment + timedelta(days=1)):
        make.activity(lead, "page_view", each)
    make.activity(other, "page_view", AT)
    rescore([lead.pk, other.pk], at=AT)
    rescore(at=AT)
    mark = PendingReevaluation.objects.get()
    assert (mark.lead, mark.due_at, mark.news_at) == (lead, moment, moment)
    assert Score.objects.get(lead=lead).interest == 0
    rescore([lead.pk], at=moment)
    assert Score.objects.get(lead=lead).interest == 2_000_000
    assert PendingReevaluation.objects.filter(due_at=moment + timedelta(days=1)).count() == 1


@pytest.mark.parametrize(("points", "cap", "interest"), [(2, 5, 5), (-8, 5, 0), (2, 0, 0), (2, "7.5", "7.5")])
def test_a_cap_binds_upward_only(points, cap, interest):
    """40 points of a demo request stand beside, so that what is below zero shows."""
    score_model(interest={"page_view": (points, cap, None), "demo_request": (40, None, None)})
    lead = make.lead()
    make.activity(lead, "demo_request", AT)
    for _ in range(4):
        make.activity(lead, "page_view", AT)
    rescore([lead.pk], at=AT)
    below = min(0, 4 * points)
    assert Score.objects.get().interest == max(0, (40 + below + Decimal(interest)) * 1_000_000)


def test_a_replaced_model_leaves_nobody_behind():
    """Also who was scored on this very day already, by the model before."""
    score_model(interest={"page_view": (2, None, None)}, in_force_from=AT - timedelta(days=1))
    scored, unscored = make.lead(), make.lead()
    for lead in (scored, unscored):
        make.activity(lead, "page_view", AT - timedelta(hours=1))
    rescore([scored.pk], at=AT - timedelta(minutes=1))
    new = score_model(interest={"page_view": (3, None, None)}, in_force_from=AT)
    assert rescore_day(AT) == 2
    assert set(Score.objects.values_list("lead", "model", "interest")) == {
        (scored.pk, new.pk, 3_000_000),
        (unscored.pk, new.pk, 3_000_000),
    }


def test_a_new_model_that_says_the_same_stands_on_every_score():
    """Else the nightly pass would look at them again and again."""
    score_model(in_force_from=AT - timedelta(days=1))
    make.lead()
    rescore(at=AT - timedelta(minutes=1))
    new = score_model(in_force_from=AT)
    assert rescore_day(AT) == 1
    assert Score.objects.get().model == new
    assert rescore_day(AT) == 0


def test_the_nightly_pass_without_a_model_is_nothing():
    make.lead()
    assert rescore_day(AT) == 0


def test_what_happens_at_the_very_moment_counts_and_after_it_does_not():
    score_model(interest={"page_view": (2, None, None)})
    lead = make.lead()
    make.activity(lead, "page_view", AT)
    make.activity(lead, "page_view", AT + timedelta(microseconds=1))
    rescore([lead.pk], at=AT)
    assert Score.objects.get().interest == 2_000_000


def test_naming_nobody_scores_nobody():
    score_model()
    make.lead()
    assert rescore([], at=AT) == 0
    assert not Score.objects.exists()


def test_a_lead_named_twice_is_written_once_and_one_that_is_gone_not_at_all():
    score_model()
    lead = make.lead()
    assert rescore([lead.pk, lead.pk, lead.pk + 1], at=AT) == 1
    assert list(stored()) == [lead.pk]


def test_scoring_some_leaves_the_others_alone():
    score_model(interest={"page_view": (2, None, None)})
    leads = [make.lead(), make.lead(pk=10_000_000)]
    rescore(at=AT)
    for lead in leads:
        make.activity(lead, "page_view", AT)
    assert rescore([leads[0].pk], at=AT) == 1
    assert Score.objects.get(lead=leads[1]).interest == 0


def test_everyone_is_every_range_of_ids():
    score_model()
    for pk in (RANGE - 1, RANGE, 5 * RANGE, 6 * RANGE - 1):
        make.lead(pk=pk)
    assert rescore(at=AT) == 4


@pytest.mark.parametrize(
    ("zone", "interest"), [("Asia/Tokyo", 20), ("UTC", 40), ("America/Los_Angeles", 40), ("Pacific/Kiritimati", 20)]
)
def test_a_day_begins_in_the_company_s_zone(settings: Settings, zone: str, interest: int):
    """What happened on Sunday evening in London has faded for a company whose Monday has begun."""
    settings.COMPANY_TIME_ZONE = zone
    at = datetime(2026, 11, 15, 20, tzinfo=UTC)
    model = score_model(interest={"page_view": (40, None, "0.25")})
    lead = make.lead()
    day_start = formula.start_of(formula.day_of(at, ZoneInfo(zone)), ZoneInfo(zone))
    make.activity(lead, "page_view", day_start - (timedelta(hours=6) if interest == 20 else timedelta()))
    rescore([lead.pk], at=at)
    assert Score.objects.get().interest == interest * 1_000_000
    assert Score.objects.get().scored_on == formula.day_of(at, ZoneInfo(zone))
    assert stored()[lead.pk] == oracle(model, lead, at)


def test_a_half_life_is_counted_in_seconds_over_a_change_of_the_clock(settings: Settings):
    """On 25 October 2026 the day of Berlin has 25 hours: one half-life of a day ends an hour before midnight."""
    settings.COMPANY_TIME_ZONE = "Europe/Berlin"
    score_model(interest={"page_view": (64, None, 1)})
    monday = datetime(2026, 10, 26, tzinfo=ZoneInfo("Europe/Berlin"))
    leads = [make.lead(), make.lead()]
    make.activity(leads[0], "page_view", monday.astimezone(UTC) - timedelta(hours=24))
    make.activity(leads[1], "page_view", datetime(2026, 10, 25, tzinfo=ZoneInfo("Europe/Berlin")))
    rescore(at=monday)
    assert Score.objects.get(lead=leads[0]).interest == 32_000_000
    assert Score.objects.get(lead=leads[1]).interest < 32_000_000


def test_a_fit_rule_about_the_company_asks_the_lead_s_own():
    score_model(fit=[({"field": "company.employees", "op": ">=", "value": 300}, 10)])
    large, small, without = (
        make.lead(company=make.company(employees=300)),
        make.lead(company=make.company(employees=299)),
        make.lead(),
    )
    rescore(at=AT)
    fits = {pk: fit for pk, (fit, _interest, _quadrant) in stored().items()}
    assert fits == {large.pk: 10_000_000, small.pk: 0, without.pk: 0}


def test_full_width_text_fits_like_any_other():
    score_model(fit=[({"field": "title", "op": "=", "value": "CTO"}, 10)])
    lead = make.lead(title="ＣＴＯ")
    rescore(at=AT)
    assert Score.objects.get(lead=lead).fit == 10_000_000


KEYS = ["page_view", "demo_request", "unsubscribe", "email_open"]
points = st.decimals(min_value=-999, max_value=999, places=6)
kind_rules = st.dictionaries(
    st.sampled_from(KEYS),
    st.tuples(
        points,
        st.none() | st.decimals(min_value=0, max_value=300, places=3),
        st.none() | st.decimals(min_value="0.01", max_value=5000, places=2),
    ),
)
moments = st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
histories = st.lists(st.tuples(st.sampled_from(KEYS), moments), max_size=12)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kind_rules, st.lists(points, max_size=3), histories, moments, st.decimals(0, 100, places=6))
def test_sql_agrees_with_the_formula_to_the_millionth(rules, fits, history, at, threshold):
    ScoreModel.objects.all().update(in_force_from=None)
    model = score_model(
        interest=rules, fit=[(MANAGER, each) for each in fits], fit_threshold=threshold, interest_threshold=threshold
    )
    lead = make.lead(seniority="Manager")
    kinds = {kind.key: kind for kind in ActivityKind.objects.all()}
    Activity.objects.bulk_create(Activity(lead=lead, kind=kinds[key], occurred_at=moment) for key, moment in history)
    rescore([lead.pk], at=at, model=model)
    assert stored([lead])[lead.pk] == oracle(model, lead, at)


def test_a_rebuild_equals_the_increments():
    """Activities arrive out of order and a few at a time, over three days; then everything is computed anew."""
    chance = random.Random(5)
    model = score_model(
        fit=[(MANAGER, "33.333333"), ({"field": "seniority", "op": "=", "value": "Staff"}, "12.5")],
        interest={
            "page_view": ("1.1", 20, "3.5"),
            "demo_request": (40, None, 30),
            "email_open": ("0.333333", 3, None),
            "unsubscribe": (-7, None, 90),
        },
        fit_threshold=20,
        interest_threshold=10,
    )
    leads = [make.lead(seniority=chance.choice(["Manager", "Staff", ""])) for _ in range(40)]
    kinds = {kind.key: kind for kind in ActivityKind.objects.all()}
    for hour in range(60):
        at = AT + timedelta(hours=hour)
        if at.astimezone(company_zone()).hour == 0:
            rescore_day(at)
        touched = chance.sample(leads, 6)
        Activity.objects.bulk_create(
            Activity(
                lead=lead,
                kind=kinds[chance.choice(KEYS)],
                occurred_at=at - timedelta(seconds=chance.random() * chance.choice([60, 86_400, 90 * 86_400])),
            )
            for lead in touched
            for _ in range(3)
        )
        rescore([lead.pk for lead in touched], at=at)
    increments = stored()
    Score.objects.all().delete()
    rescore(at=at)
    assert stored() == increments == {lead.pk: oracle(model, lead, at) for lead in leads}
