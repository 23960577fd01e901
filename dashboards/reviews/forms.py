"""The forms of a review."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from sla.agreement.document.clauses import describe_clause
from sla.agreement.document.lines import as_text
from sla.models import Clause, Review


class DecisionForm(forms.Form):
    """One decision, about the whole agreement or about one clause."""

    text = forms.CharField(
        label=gettext_lazy("Decision"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": gettext_lazy("Write down what was decided.")},
    )
    clause = forms.TypedChoiceField(
        label=pgettext_lazy("a decision", "About"), required=False, coerce=UUID, empty_value=None
    )

    def __init__(self, *args: Any, review: Review, clauses: Iterable[Clause] | None = None, **kwargs: Any) -> None:
        """`clauses` are those of the review's agreement, where they are known."""
        super().__init__(*args, **kwargs)
        if clauses is None:
            clauses = review.agreement.clauses.select_related("team", "owner")
        self.fields["clause"].choices = [  # type: ignore[attr-defined]
            ("", _("the agreement as a whole")),
            *((str(clause.key), f"{clause.team}: {as_text(describe_clause(clause))}") for clause in clauses),
        ]


class NotesForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Review
        fields = ("notes",)
        widgets = {"notes": forms.Textarea(attrs={"rows": 4})}
