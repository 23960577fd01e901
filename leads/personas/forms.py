"""What people write about personas."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from leads.criteria.forms import CriteriaField, WithCriteria
from leads.models.leads import Lead
from leads.models.personas import Persona, PersonaComment, PersonaMatch, PersonaVersion

VERDICTS = {"en": "is this persona", "ja": "このペルソナに当たります"}
WORDS = ("name", "description", "goals", "pains", "objections", "awareness", "consideration", "decision")


class PersonaForm(WithCriteria, forms.ModelForm):  # type: ignore[type-arg]
    criteria = CriteriaField(
        label=_("Criteria"),
        scope="persona",
        verdicts=VERDICTS,
        required=False,
        help_text=_("Who counts as this persona. A lead is the first persona of the agreement whose criteria hold."),
    )

    class Meta:
        model = PersonaVersion
        fields = (*WORDS, "criteria")
        help_texts = {
            "goals": _("What such a person is measured by, or wants to reach."),
            "pains": _("What keeps them from it today."),
            "objections": _("What they say against buying, in their own words."),
            "awareness": _("What they ask and need when they notice the problem."),
            "consideration": _("What they ask and need when they compare ways out."),
            "decision": _("What they ask and need when they choose."),
        }

    def __init__(self, *args: Any, agreed: PersonaVersion | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in WORDS[1:]:
            self.fields[name].widget.attrs.setdefault("rows", 3)
        criteria = self.fields["criteria"]
        if agreed is not None and isinstance(criteria, CriteriaField):
            criteria.compare_with(agreed.criteria)


class CommentForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = PersonaComment
        fields = ("text",)
        widgets = {"text": forms.Textarea(attrs={"rows": 3})}


class LeadPersonaForm(forms.Form):
    """A person's word on which persona a lead is."""

    persona = forms.ModelChoiceField(
        Persona.objects.none(), label=_("Persona"), required=False, empty_label=_("None of them")
    )
    reason = forms.CharField(label=_("Reason"), max_length=200)

    def __init__(self, *args: Any, lead: Lead, **kwargs: Any) -> None:
        match = PersonaMatch.objects.filter(lead=lead).first()
        said = {"persona": match.persona_id, "reason": match.override_reason} if match else {}
        kwargs.setdefault("initial", said)
        super().__init__(*args, **kwargs)
        choice = self.fields["persona"]
        assert isinstance(choice, forms.ModelChoiceField)
        choice.queryset = Persona.objects.filter(retired_at=None).prefetch_related("versions")
