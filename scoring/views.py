"""Pages of the score model and its versions."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from scoring.drafts.drafting import current_model, get_draft, next_model
from scoring.models import InterestRule, ScoreModel
from scoring.reading import describe_rule, describe_rule_with_points, rule_title
from smarketing.pages.navigation import may_open
from teams.http import UserRequest


def rules_of(model: ScoreModel) -> dict[str, Any]:
    """What a page needs to show a model."""
    return {
        "model": model,
        "state": model.state,
        "fit_rules": [(rule, describe_rule_with_points(rule)) for rule in model.fit_rules.all()],
        "interest_rules": list(model.interest_rules.select_related("kind")),
    }


@require_GET
def scoring(request: UserRequest) -> HttpResponse:
    """The model that counts, and what is to come."""
    at = now()
    model, draft = current_model(at), get_draft()
    versions = [(each, each.state_at(at)) for each in ScoreModel.objects.select_related("created_by")]
    context: dict[str, Any] = {"coming": next_model(at), "draft": draft, "versions": versions}
    context["may_edit"] = may_open(request.user, "score_draft")
    if model is not None:
        context |= rules_of(model)
    return render(request, "scoring/scoring.html", context)


@require_GET
def score_model(request: UserRequest, number: int) -> HttpResponse:
    """One version, as it is or was."""
    model = get_object_or_404(ScoreModel.objects.select_related("created_by"), number=number)
    if model.is_draft and may_open(request.user, "score_draft"):
        return redirect("score_draft")
    return render(
        request, "scoring/score_model.html", rules_of(model) | {"before": model.previous(), "nav_here": "scoring"}
    )


# Comparing


@dataclass(frozen=True)
class Line:
    """One rule of two versions: as it was and as it is; None where there is none."""

    what: str
    before: Any = None
    after: Any = None

    @property
    def kind(self) -> str:
        if self.before == self.after:
            return "same"
        if self.before is None:
            return "new"
        return "gone" if self.after is None else "changed"


def compare_rules(older: ScoreModel, newer: ScoreModel) -> dict[str, list[Line]]:
    return {
        "thresholds": [
            Line(_("Fit is high from"), older.fit_threshold, newer.fit_threshold),
            Line(_("Interest is high from"), older.interest_threshold, newer.interest_threshold),
        ],
        "fit": compare_fit_rules(older, newer),
        "interest": compare_interest_rules(older, newer),
    }


def compare_fit_rules(older: ScoreModel, newer: ScoreModel) -> list[Line]:
    """Rules are the same where they read the same."""
    before, after = ([(describe_rule(rule), rule) for rule in each.fit_rules.all()] for each in (older, newer))
    lines = []
    for words, rule in before:
        twin = next((each for each in after if each[0] == words), None)
        if twin:
            after.remove(twin)
        lines.append(Line(rule_title(twin[1] if twin else rule), rule.points, twin[1].points if twin else None))
    return lines + [Line(rule_title(rule), None, rule.points) for _words, rule in after]


def compare_interest_rules(older: ScoreModel, newer: ScoreModel) -> list[Line]:
    before, after = (
        {rule.kind: describe_worth(rule) for rule in each.interest_rules.select_related("kind")}
        for each in (older, newer)
    )
    kinds = sorted(before.keys() | after.keys(), key=lambda kind: kind.pk)
    return [Line(str(kind), before.get(kind), after.get(kind)) for kind in kinds]


def describe_worth(rule: InterestRule) -> dict[str, Decimal | None]:
    return {"points": rule.points, "cap": rule.cap, "half_life": rule.half_life_days}


@require_GET
def score_comparison(request: UserRequest) -> HttpResponse:
    """Two versions beside each other."""
    every = list(ScoreModel.objects.order_by("number"))
    if len(every) < 2:
        return redirect("scoring")
    newer = chosen_models(every, request.GET.get("b")) or every[-1]
    older = chosen_models(every, request.GET.get("a")) or (current_model() if current_model() != newer else None)
    older = older or next((each for each in reversed(every) if each.number < newer.number), every[0])
    lines = compare_rules(older, newer)
    changed = sum(line.kind != "same" for part in lines.values() for line in part)
    context = {"versions": every, "older": older, "newer": newer, "lines": lines, "changed": changed}
    return render(request, "scoring/score_comparison.html", context | {"nav_here": "scoring"})


def chosen_models(every: list[ScoreModel], number: str | None) -> ScoreModel | None:
    return next((each for each in every if str(each.number) == number), None)
