"""What a rep is asked about the persona: of a lead with one whether it fits; of one without which it is, if any."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from leads.models import Persona
from sla.agreement.models.agreements import AgreedPersona
from sla.handoffs.models.handoffs import Handoff

NOT_SAID = gettext_lazy("Say whether the lead fits the persona.")


class NamedPersonaField(forms.TypedChoiceField):
    """The personas of an agreement, by the names that it gives them."""

    def __init__(self, names: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(
            choices=[("", gettext_lazy("none of them")), *names],
            coerce=lambda key: Persona(pk=int(key)),
            empty_value=None,
            label=gettext_lazy("Which persona is this, if any?"),
            required=False,
            **kwargs,
        )


def persona_names(handoff: Handoff) -> list[tuple[int, str]]:
    """The personas of its agreement, in their order, with their names; asked for once."""
    row: Any = handoff
    if not hasattr(row, "persona_names"):
        agreed = AgreedPersona.objects.filter(agreement=handoff.hop.agreement_id).order_by("position")
        row.persona_names = list(agreed.values_list("version__persona", "version__name"))
    names: list[tuple[int, str]] = row.persona_names
    return names


def add_persona_field(form: forms.Form, handoff: Handoff, *, required: bool, of_form: str = "") -> None:
    """Add `verdict` to a form about a lead with a persona, else `persona`. `of_form` is the id of the form that sends
    it, where it stands outside."""
    attrs = {"form": of_form} if of_form else {}
    if handoff.persona_id:
        form.fields["verdict"] = forms.ChoiceField(
            label=gettext_lazy("Does this lead fit the persona?"),
            choices=Handoff.Verdict.choices,
            required=required,
            widget=forms.RadioSelect(attrs={"class": "segments", **attrs}),
            error_messages={"required": NOT_SAID},
        )
    elif names := persona_names(handoff):
        form.fields["persona"] = NamedPersonaField(names, widget=forms.Select(attrs=attrs))
