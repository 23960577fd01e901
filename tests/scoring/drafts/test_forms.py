"""What may be typed into a draft, and how it is said when it may not."""

from decimal import Decimal
from typing import Any

import pytest
from django.utils.timezone import now

from leads.models import ActivityKind
from scoring.drafts.drafting import begin_draft
from scoring.drafts.forms import DraftForms, FitPointsForm, FitRuleForm, KindForm, ThresholdsForm, format_input
from scoring.models import FitRule, InterestRule, ScoreModel

pytestmark = pytest.mark.django_db
MANAGER = {"field": "seniority", "op": "=", "value": "Manager"}


@pytest.fixture
def draft() -> ScoreModel:
    return begin_draft()


@pytest.fixture
def demo() -> ActivityKind:
    return ActivityKind.objects.get(key="demo_request")


def kind_form(kind: ActivityKind, rule: InterestRule | None = None, **values: str) -> KindForm:
    return KindForm({f"kind-{kind.pk}-{name}": value for name, value in values.items()}, kind=kind, rule=rule)


def thresholds(draft: ScoreModel, **values: str) -> ThresholdsForm:
    return ThresholdsForm({"fit_threshold": "50", "interest_threshold": "50"} | values, instance=draft)


@pytest.mark.parametrize("typed", ["0", "100", "33.333333", "５０"])
def test_a_threshold_lies_between_0_and_100(draft: ScoreModel, typed: str):
    assert thresholds(draft, fit_threshold=typed).is_valid()


@pytest.mark.parametrize("typed", ["-0.000001", "100.000001", "", "half", "NaN", "33.3333333"])
def test_other_thresholds_are_refused_at_their_field(draft: ScoreModel, typed: str):
    assert list(thresholds(draft, interest_threshold=typed).errors) == ["interest_threshold"]


def test_points_are_shown_as_they_were_typed(draft: ScoreModel):
    assert (format_input(Decimal("20.000000")), format_input(Decimal("0.500000")), format_input(None)) == (
        "20",
        "0.5",
        "",
    )
    assert format_input(Decimal("100.000000")) == "100"
    rule = FitRule.objects.create(model=draft, criteria=MANAGER, points=Decimal("-12.5"))
    rule.refresh_from_db()
    assert 'value="-12.5"' in str(FitPointsForm(rule=rule)["points"])


@pytest.mark.parametrize(("typed", "accepted"), [("999", True), ("-999", True), ("999.1", False), ("-1000", False)])
def test_points_lie_below_a_thousand(draft: ScoreModel, typed: str, accepted: bool):
    rule = FitRule.objects.create(model=draft, criteria=MANAGER, points=1)
    assert FitPointsForm({f"fit-{rule.pk}-points": typed}, rule=rule).is_valid() == accepted


def test_a_fit_rule_in_the_table_is_described_by_its_conditions(draft: ScoreModel):
    rule = FitRule(pk=1, model=draft, criteria=MANAGER, points=1)
    assert "Manager" in FitPointsForm(rule=rule).words


@pytest.mark.parametrize("typed", [{"cap": "60"}, {"half_life_days": "7"}, {"cap": "0"}])
def test_a_kind_with_a_cap_or_a_half_life_needs_points(demo: ActivityKind, typed: dict[str, str]):
    assert list(kind_form(demo, None, points="", **typed).errors) == ["points"]


def test_points_that_cannot_be_read_are_told_once(demo: ActivityKind):
    assert len(kind_form(demo, points="many", cap="60").errors["points"]) == 1


@pytest.mark.parametrize("typed", ["0", "-1", "0.001"])
def test_a_half_life_is_at_least_a_hundredth_of_a_day(demo: ActivityKind, typed: str):
    assert list(kind_form(demo, points="1", half_life_days=typed).errors) == ["half_life_days"]
    assert kind_form(demo, points="1", half_life_days="0.01").is_valid()


def test_a_cap_is_not_negative_but_points_may_be(demo: ActivityKind):
    assert list(kind_form(demo, points="-5", cap="-1").errors) == ["cap"]
    assert kind_form(demo, points="-5", cap="0").is_valid()


def test_a_kind_without_points_is_worth_nothing(draft: ScoreModel, demo: ActivityKind):
    rule = InterestRule.objects.create(model=draft, kind=demo, points=5)
    form = kind_form(demo, rule, points="")
    assert form.is_valid()
    form.save(draft)
    assert not draft.interest_rules.exists()


def test_a_kind_of_another_model_is_not_touched(draft: ScoreModel, demo: ActivityKind):
    other = ScoreModel.objects.create(number=99)
    InterestRule.objects.create(model=other, kind=demo, points=5)
    for typed in ("7", ""):
        form = kind_form(demo, points=typed)
        assert form.is_valid()
        form.save(draft)
    assert other.interest_rules.get().points == 5


def test_0_points_are_a_rule(draft: ScoreModel, demo: ActivityKind):
    form = kind_form(demo, points="0")
    assert form.is_valid()
    form.save(draft)
    assert draft.interest_rules.get().points == 0


def test_a_retired_kind_is_offered_only_where_the_draft_has_it(draft: ScoreModel, demo: ActivityKind):
    ActivityKind.objects.filter(pk=demo.pk).update(retired_at=now())
    assert demo not in [form.kind for form in DraftForms.of(draft).kinds]
    InterestRule.objects.create(model=draft, kind=demo, points=5)
    assert demo in [form.kind for form in DraftForms.of(draft).kinds]


def filled(draft: ScoreModel, **changes: str) -> dict[str, Any]:
    rules = {f"fit-{rule.pk}-points": "7" for rule in draft.fit_rules.all()}
    return {"fit_threshold": "40", "interest_threshold": "50"} | rules | changes


def test_every_fault_of_a_draft_is_shown_at_once(draft: ScoreModel, demo: ActivityKind):
    rule = FitRule.objects.create(model=draft, criteria=MANAGER, points=1)
    wrong = {"fit_threshold": "x", f"fit-{rule.pk}-points": "x", f"kind-{demo.pk}-points": "x"}
    forms = DraftForms.of(draft, filled(draft, **wrong))
    assert not forms.is_valid()
    assert sum(bool(form.errors) for form in forms) == 3


def test_a_draft_published_meanwhile_keeps_what_it_said(draft: ScoreModel):
    FitRule.objects.create(model=draft, criteria=MANAGER, points=1)
    forms = DraftForms.of(draft, filled(draft))
    assert forms.is_valid()
    ScoreModel.objects.get(pk=draft.pk).freeze()
    with pytest.raises(ScoreModel.Frozen):
        forms.save()
    draft.refresh_from_db()
    assert (draft.fit_threshold, draft.fit_rules.get().points) == (50, 1)


def test_a_draft_is_written_as_a_whole(draft: ScoreModel):
    FitRule.objects.create(model=draft, criteria=MANAGER, points=1)
    forms = DraftForms.of(draft, filled(draft, note="より厳しく"))
    assert forms.is_valid()
    forms.save()
    draft.refresh_from_db()
    assert (draft.fit_threshold, draft.note, draft.fit_rules.get().points) == (40, "より厳しく", 7)


@pytest.mark.parametrize("name", ["fit", "interest", "quadrant", "stage"])
def test_a_fit_rule_names_neither_scores_nor_stages(name: str):
    criteria = f'{{"field": "{name}", "op": "is_empty"}}'
    assert list(FitRuleForm({"criteria": criteria, "points": "1"}).errors) == ["criteria"]


def test_a_fit_rule_needs_points_and_no_name(draft: ScoreModel):
    criteria = '{"field": "seniority", "op": "=", "value": "Manager"}'
    assert list(FitRuleForm({"criteria": criteria, "points": ""}, instance=FitRule(model=draft)).errors) == ["points"]
    assert FitRuleForm({"criteria": criteria, "points": "-5"}, instance=FitRule(model=draft)).is_valid()
