"""The form of a draft: texts, dates, parties, personas, definitions and score model."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funnel.models import Definition, Stage
from leads.models import Persona
from scoring.models import ScoreModel
from sla.agreement.forms.rows import Options
from sla.agreement.forms.versions import NOT_NAMED, VersionChoice, version_label
from sla.agreement.models.agreements import AgreedDefinition, AgreedPersona, Agreement
from sla.agreement.models.parties import Party
from sla.agreement.terms import Terms
from smarketing.company import company_zone
from smarketing.database.together import fetch_together
from smarketing.pages.inputs import DateInput
from teams.models import Team, User


class DraftForm(forms.ModelForm):  # type: ignore[type-arg]
    """A draft without its hand-offs, policies and clauses, which have formsets of their own."""

    score_model = VersionChoice(
        ScoreModel.objects.none(), label=gettext_lazy("Score model"), required=False, empty_label="–"
    )
    qualifies_standing = forms.TypedChoiceField(
        label=gettext_lazy("Leads that stand and meet a new definition qualify"),
        coerce=lambda value: value == "True",
        choices=[
            ("False", gettext_lazy("Only with a new activity or change from then on")),
            ("True", gettext_lazy("All of them at once")),
        ],
        widget=forms.RadioSelect(),
    )

    class Meta:
        model = Agreement
        fields = (
            "preamble", "notes", "effective_on", "score_model", "score_model_may_change", "qualifies_standing",
            "review_months", "meeting_weekday", "meeting_at", "dispute_days",
        )  # fmt: skip
        widgets = {
            "preamble": forms.Textarea(attrs={"rows": 3}),
            "notes": forms.Textarea(attrs={"rows": 3}),
            "effective_on": DateInput(),
            "meeting_at": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "dispute_days": forms.NumberInput(attrs={"class": "field__input--short"}),
        }
        labels = {"meeting_at": gettext_lazy("It begins at")}
        help_texts = {
            "effective_on": gettext_lazy("Empty: the day after the last signature, the soonest it can be."),
            "dispute_days": gettext_lazy("0: a rejection stands."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        model = self.fields["score_model"]
        assert isinstance(model, VersionChoice)
        models = ScoreModel.objects.filter(Q(replaced_at=None) | Q(pk=self.instance.score_model_id))
        self.teams = Team.objects.known()
        self.terms = Terms.of(self.instance)
        self.options = Options()
        usable_models, definitions = fetch_together(models, self._definitions_to_choose().select_related("stage"))
        model.queryset = models
        model.choices = [("", "–"), *((each.pk, version_label(each)) for each in usable_models)]
        agreed = {row.version.persona_id for row in self.terms.agreed_personas}
        personas = self.options.rows(Persona)
        self.personas = [each for each in personas if each.retired_at is None or each.pk in agreed]
        self.has_personas = bool(personas)
        self.stages = [stage for stage in Stage.objects.known() if stage.has_definition]
        self._add_parties()
        self._add_personas()
        self._add_definitions(definitions)

    def _definitions_to_choose(self) -> QuerySet[Definition]:
        lasting = Q(in_force_from=None) | Q(replaced_at=None) | Q(replaced_at__gt=now())
        return Definition.objects.filter(lasting | Q(pk__in=[each.pk for each in self.terms.definitions.values()]))

    def _add_parties(self) -> None:
        parties = {party.team_id: party for party in self.terms.parties}
        heads = {team: party.head_id for team, party in parties.items()}
        people, names = User.objects.active(), self.options.of(User)
        for team in self.teams:
            self.fields[f"party_{team.pk}"] = forms.BooleanField(
                label=str(team), required=False, initial=team.pk in heads
            )
            self.fields[f"head_{team.pk}"] = forms.ModelChoiceField(
                people,
                label=_("%(team)s is signed for by") % {"team": team},
                required=False,
                empty_label="–",
                initial=heads.get(team.pk) or team.head_id,
            )
            self.fields[f"told_{team.pk}"] = forms.ModelChoiceField(
                people,
                label=_("In danger, told of %(team)s") % {"team": team},
                required=False,
                empty_label=_("the head"),
                initial=parties[team.pk].escalates_to_id if team.pk in parties else None,
            )
            for field, empty in (("head", "–"), ("told", _("the head"))):
                self.fields[f"{field}_{team.pk}"].choices = [("", empty), *names]  # type: ignore[attr-defined]

    def _add_personas(self) -> None:
        agreed = {row.version.persona_id: row for row in self.terms.agreed_personas}
        self.personas = sorted(self.personas, key=lambda p: (agreed[p.pk].position if p.pk in agreed else 10_000, p.pk))
        for number, persona in enumerate(self.personas, 1):
            row = agreed.get(persona.pk)
            choices = [("", NOT_NAMED), *((v.pk, version_label(v)) for v in reversed(persona.versions.all()))]
            self.fields[f"persona_{persona.pk}"] = forms.TypedChoiceField(
                label=str(persona),
                choices=choices,
                coerce=int,
                empty_value=None,
                required=False,
                initial=row.version_id if row else "",
            )
            self.fields[f"order_{persona.pk}"] = forms.IntegerField(
                label=_("Place of %(persona)s") % {"persona": persona},
                min_value=1,
                max_value=999,
                required=False,
                initial=number,
                widget=forms.NumberInput(attrs={"class": "field__input--short"}),
            )

    def _add_definitions(self, definitions: list[Definition]) -> None:
        agreed, usable = self.terms.definitions, self._definitions_to_choose()
        named = [(each.stage_id, each.pk, version_label(each)) for each in definitions]
        none = ("", _("none: people decide"))
        for stage in self.stages:
            choice = VersionChoice(
                usable.filter(stage=stage), label=str(stage), required=False, initial=agreed.get(stage.pk)
            )
            choice.choices = [none, *((pk, words) for of, pk, words in named if of == stage.pk)]
            self.fields[f"definition_{stage.pk}"] = choice

    @property
    def party_rows(self) -> list[tuple[Team, forms.BoundField, forms.BoundField, forms.BoundField]]:
        names = ("party", "head", "told")
        return [(team, *(self[f"{name}_{team.pk}"] for name in names)) for team in self.teams]  # type: ignore[misc]

    @property
    def persona_rows(self) -> list[tuple[Persona, forms.BoundField, forms.BoundField]]:
        return [(persona, self[f"persona_{persona.pk}"], self[f"order_{persona.pk}"]) for persona in self.personas]

    @property
    def definition_rows(self) -> list[tuple[Stage, forms.BoundField]]:
        return [(stage, self[f"definition_{stage.pk}"]) for stage in self.stages]

    def clean_effective_on(self) -> date | None:
        day: date | None = self.cleaned_data["effective_on"]
        if day and day < now().astimezone(company_zone()).date():
            raise ValidationError(_("An agreement does not begin in the past."))
        return day

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        # A draft may lack its signers; a proposal may not.
        proposing = self.data.get("then") == "propose"
        for team in self.teams if proposing else ():
            if cleaned.get(f"party_{team.pk}") and not cleaned.get(f"head_{team.pk}"):
                self.add_error(f"head_{team.pk}", _("Say who signs for %(team)s.") % {"team": team})
        return cleaned

    def save(self, commit: bool = True) -> Agreement:
        """Replace parties, personas and definitions. Raises `Agreement.Frozen` when it was proposed meanwhile."""
        with transaction.atomic():
            self.instance.lock_draft()
            draft: Agreement = super().save()
            self._save_parties(draft)
            self._save_personas(draft)
            self._save_definitions(draft)
        return draft

    def _save_parties(self, draft: Agreement) -> None:
        for team in self.teams:
            if self.cleaned_data[f"party_{team.pk}"]:
                head = self.cleaned_data[f"head_{team.pk}"]
                contact = self.cleaned_data[f"told_{team.pk}"]
                Party.objects.update_or_create(
                    agreement=draft, team=team, defaults={"head": head, "escalates_to": contact}
                )
            else:
                draft.parties.filter(team=team).delete()

    def _save_personas(self, draft: Agreement) -> None:
        draft.agreed_personas.all().delete()
        chosen = [
            (self.cleaned_data[f"order_{persona.pk}"] or 1000, persona.pk, self.cleaned_data[f"persona_{persona.pk}"])
            for persona in self.personas
            if self.cleaned_data[f"persona_{persona.pk}"]
        ]
        AgreedPersona.objects.bulk_create(
            AgreedPersona(agreement=draft, version_id=version, position=position)
            for position, (_order, _persona, version) in enumerate(sorted(chosen), 1)
        )

    def _save_definitions(self, draft: Agreement) -> None:
        draft.agreed_definitions.all().delete()
        chosen = [self.cleaned_data[f"definition_{stage.pk}"] for stage in self.stages]
        AgreedDefinition.objects.bulk_create(
            AgreedDefinition(agreement=draft, definition=definition) for definition in chosen if definition
        )
