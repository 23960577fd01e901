"""The hops of a draft as forms: who hands leads to whom, and where the answer moves them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.models import inlineformset_factory
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sla.agreement.document import hops
from sla.agreement.forms.rows import Row, Rows
from sla.agreement.models.agreements import Agreement
from sla.agreement.models.hops import Hop


class HopForm(Row):
    """One hop: from which team to which, what must be filled in before, and where the answer moves the lead."""

    reason_keys = forms.MultipleChoiceField(
        label=gettext_lazy("May be rejected because"),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "chips"}),
        help_text=gettext_lazy("None chosen: every reason of the list."),
    )
    ready_fields = forms.MultipleChoiceField(
        label=gettext_lazy("Filled in before it is offered"),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "chips"}),
        help_text=gettext_lazy("A lead without them waits with whoever hands it over, and says why."),
    )

    class Meta:
        model = Hop
        fields = (
            "from_stage", "offering_team", "receiving_team", "accepted_stage", "rejected_stage",
            "reason_keys", "ready_fields",
        )  # fmt: skip
        labels = {
            "from_stage": gettext_lazy("When a lead becomes"),
            "offering_team": gettext_lazy("Handed over by"),
            "receiving_team": gettext_lazy("Handed over to"),
            "accepted_stage": gettext_lazy("Accepted, it goes to"),
            "rejected_stage": gettext_lazy("Rejected, it goes to"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields, chosen = self.options.fields, set(self.instance.reason_keys)
        reasons = [reason for reason in self.options.reasons if reason.retired_at is None or reason.key in chosen]
        removed = [(name, name) for name in self.instance.ready_fields if name not in dict(fields)]
        for name, choices in (
            ("reason_keys", [(reason.key, str(reason)) for reason in reasons]),
            ("ready_fields", [*fields, *removed]),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.MultipleChoiceField)
            field.choices = choices

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("offering_team") and cleaned.get("offering_team") == cleaned.get("receiving_team"):
            self.add_error("receiving_team", _("A team hands nothing over to itself."))
        return cleaned

    @property
    def conditions(self) -> str:
        """What must be filled in before, and the reasons to reject, in words."""
        conditions = []
        if self.instance.ready_fields:
            fields = hops.describe_ready_fields(self.instance.ready_fields)
            conditions.append(_("Filled in before: %(fields)s") % {"fields": fields})
        if self.instance.reason_keys:
            reasons = hops.describe_reasons(self.instance.reason_keys)
            conditions.append(_("Rejected because of: %(reasons)s") % {"reasons": reasons})
        return " · ".join(conditions)


class HopForms(Rows):
    """The hops of a draft."""

    remove = gettext_lazy("Remove this hand-off")


HopFormSet = inlineformset_factory(
    Agreement, Hop, form=HopForm, formset=HopForms, extra=1, can_delete=True, can_delete_extra=False
)
