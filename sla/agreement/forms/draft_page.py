"""All forms of the page on which a draft is edited, saved together."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from sla.agreement.forms.clauses import ClauseFormSet, UsualForm
from sla.agreement.forms.drafts import DraftForm
from sla.agreement.forms.hops import HopFormSet
from sla.agreement.forms.policies import PolicyFormSet
from sla.agreement.models.agreements import Agreement
from sla.agreement.starter.clauses import add_all_clauses, add_usual_clauses
from smarketing.database.together import keep_related


class DraftForms:
    """The forms and formsets of one page, saved together or not at all. `then` is the button that was pressed."""

    def __init__(self, data: Any, draft: Agreement, *, then: str = "") -> None:
        self.draft, self.then = draft, then
        self.form = DraftForm(data, instance=draft)
        hops, policies, clauses = self._rows() if data is None else (None, None, None)
        self.hops = HopFormSet(
            data, instance=draft, prefix="hops", queryset=draft.hops.select_related("from_stage"), rows=hops
        )
        stored = draft.policies.select_related("stage", "persona").prefetch_related("steps", "persona__versions")
        self.policies = PolicyFormSet(data, instance=draft, prefix="policies", queryset=stored, rows=policies)
        self.clauses = ClauseFormSet(
            data, instance=draft, prefix="clauses", queryset=draft.clauses.select_related("team"), rows=clauses
        )
        # Three numbers, which are used only by their own buttons.
        self.usual = UsualForm(data if self.adds_clauses else None, prefix="usual", initial=self._typed_numbers(data))

    def _rows(self) -> tuple[list[Any], list[Any], list[Any]]:
        """The rows of the formsets as the terms of the draft have read them: forms that are only shown change none."""
        terms = self.form.terms
        for policy in terms.policies:
            keep_related(policy, "steps", terms.steps_of(policy))
            if policy.persona:
                versions = [each for each in terms.versions_of_policies if each.persona_id == policy.persona_id]
                keep_related(policy.persona, "versions", versions)
        return terms.hops, terms.policies, terms.clauses

    def _typed_numbers(self, data: Any) -> dict[str, Any]:
        """What was typed into the three numbers, to keep it when another button is pressed."""
        names = {name: f"usual-{name}" for name in UsualForm.base_fields}
        return {name: data[key] for name, key in names.items() if data and key in data}

    @property
    def adds_clauses(self) -> bool:
        return self.then in ("usual", "full")

    @property
    def formsets(self) -> tuple[Any, Any, Any]:
        return self.hops, self.policies, self.clauses

    def are_valid(self) -> bool:
        """Validate all of them, so that all errors are shown at once."""
        forms = [self.form, *self.formsets, *([self.usual] if self.adds_clauses else [])]
        return all([form.is_valid() for form in forms])

    @transaction.atomic
    def save(self) -> None:
        """Save everything. Raises `Frozen` when the draft was proposed meanwhile."""
        self.form.save()
        for formset in self.formsets:
            formset.save()
        if self.adds_clauses and not self.draft.clauses.exists():
            add = add_all_clauses if self.then == "full" else add_usual_clauses
            add(self.draft, **self.usual.numbers())
