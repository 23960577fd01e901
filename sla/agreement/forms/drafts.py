"""What people type into a draft, a definition and a signature."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.text import Truncator
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funnel.models import Definition, Stage
from leads.criteria.forms import CriteriaField, WithCriteria
from leads.models import Persona, PersonaVersion
from scoring.models import ScoreModel
from sla.agreement.document.lines import Line, Part, as_text
from sla.agreement.document.sentences import verdicts
from sla.agreement.drafting import lock_draft
from sla.agreement.models.agreements import AgreedDefinition, AgreedPersona, Agreement
from sla.agreement.models.parties import Party
from sla.agreement.returning import Remark
from smarketing.company import company_zone
from smarketing.pages.inputs import DateInput
from teams.models import Team, User

NOT_PART = gettext_lazy("not part of it")


def state_of(version: PersonaVersion | Definition | ScoreModel) -> str:
    """ "draft", "in force", or nothing to say."""
    if not isinstance(version, PersonaVersion) and version.in_force_from and not version.replaced_at:
        return _("in force")
    frozen_at = version.published_at if isinstance(version, ScoreModel) else version.frozen_at
    return "" if frozen_at else _("draft")


def label_of(version: PersonaVersion | Definition | ScoreModel) -> str:
    """ "version 3 (draft)", or a score model with what changed in it."""
    name = _("version %(number)s") % {"number": version.number}
    note = f" · {version.note}" if isinstance(version, ScoreModel) and version.note else ""
    state = state_of(version)
    return (f"{name} ({state})" if state else name) + note


class VersionChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """One of several versions, with where each is on its way."""

    def label_from_instance(self, obj: Definition | ScoreModel) -> str:
        return label_of(obj)


class DraftForm(forms.ModelForm):  # type: ignore[type-arg]
    """The whole draft but its hand-offs: words, parties, personas, definitions, score model."""

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
        model.queryset = ScoreModel.objects.filter(Q(replaced_at=None) | Q(pk=self.instance.score_model_id))
        self.teams = list(Team.objects.select_related("head"))
        self.personas = list(Persona.objects.filter(self._personas_to_choose()).prefetch_related("versions"))
        self.stages = [stage for stage in Stage.objects.all() if stage.has_definition]
        self._add_parties()
        self._add_personas()
        self._add_definitions()

    def _personas_to_choose(self) -> Q:
        return Q(retired_at=None) | Q(versions__in=self.instance.agreed_personas.values("version"))

    def _add_parties(self) -> None:
        parties = {party.team_id: party for party in self.instance.parties.all()}
        heads = {team: party.head_id for team, party in parties.items()}
        people = User.objects.active()
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

    def _add_personas(self) -> None:
        agreed = {row.version.persona_id: row for row in self.instance.agreed_personas.select_related("version")}
        self.personas = {persona.pk: persona for persona in self.personas}.values()  # type: ignore[assignment]
        self.personas = sorted(self.personas, key=lambda p: (agreed[p.pk].position if p.pk in agreed else 10_000, p.pk))
        for number, persona in enumerate(self.personas, 1):
            row = agreed.get(persona.pk)
            choices = [("", NOT_PART), *((v.pk, label_of(v)) for v in reversed(persona.versions.all()))]
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

    def _add_definitions(self) -> None:
        agreed = {definition.stage_id: definition for definition in self.instance.definitions()}
        for stage in self.stages:
            here = agreed.get(stage.pk)
            usable = Definition.objects.filter(stage=stage).filter(
                Q(in_force_from=None) | Q(replaced_at=None) | Q(replaced_at__gt=now()) | Q(pk=here.pk if here else None)
            )
            self.fields[f"definition_{stage.pk}"] = VersionChoice(
                usable,
                label=str(stage),
                required=False,
                empty_label=_("none: people decide"),
                initial=here,
            )

    # Rows for the template.

    @property
    def party_rows(self) -> list[tuple[Team, forms.BoundField, forms.BoundField, forms.BoundField]]:
        names = ("party", "head", "told")
        return [(team, *(self[f"{name}_{team.pk}"] for name in names)) for team in self.teams]  # type: ignore[misc]

    @property
    def persona_rows(self) -> list[tuple[Persona, forms.BoundField, forms.BoundField]]:
        return [(each, self[f"persona_{each.pk}"], self[f"order_{each.pk}"]) for each in self.personas]

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
        # A draft may wait for it; a proposal may not.
        proposing = self.data.get("then") == "propose"
        for team in self.teams if proposing else ():
            if cleaned.get(f"party_{team.pk}") and not cleaned.get(f"head_{team.pk}"):
                self.add_error(f"head_{team.pk}", _("Say who signs for %(team)s.") % {"team": team})
        return cleaned

    def save(self, commit: bool = True) -> Agreement:
        """Write everything anew. Raises `Agreement.Frozen` when it was proposed meanwhile."""
        with transaction.atomic():
            lock_draft(self.instance)
            draft: Agreement = super().save()
            self._save_parties(draft)
            self._save_personas(draft)
            self._save_definitions(draft)
        return draft

    def _save_parties(self, draft: Agreement) -> None:
        for team in self.teams:
            if self.cleaned_data[f"party_{team.pk}"]:
                head = self.cleaned_data[f"head_{team.pk}"]
                told = self.cleaned_data[f"told_{team.pk}"]
                Party.objects.update_or_create(
                    agreement=draft, team=team, defaults={"head": head, "escalates_to": told}
                )
            else:
                draft.parties.filter(team=team).delete()

    def _save_personas(self, draft: Agreement) -> None:
        draft.agreed_personas.all().delete()
        chosen = [
            (self.cleaned_data[f"order_{each.pk}"] or 1000, each.pk, self.cleaned_data[f"persona_{each.pk}"])
            for each in self.personas
            if self.cleaned_data[f"persona_{each.pk}"]
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


class SignatureForm(forms.Form):
    agrees = forms.BooleanField(
        label=gettext_lazy("I have read it, and I agree to it for my team."),
        error_messages={"required": gettext_lazy("Tick this to sign.")},
    )
    note = forms.CharField(
        label=gettext_lazy("Note"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )


class ReturnForm(forms.Form):
    """What should change of the whole."""

    comment = forms.CharField(
        label=gettext_lazy("What should change"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class RemarkForm(forms.Form):
    """What should change at one line."""

    line = forms.ChoiceField(label=gettext_lazy("At the line"), required=False)
    text = forms.CharField(
        label=gettext_lazy("What should change there"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, parts: Sequence[Part] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["line"]
        assert isinstance(field, forms.ChoiceField)
        self.lines = {line.key: line for part in parts for line in part.lines}
        titled = [
            (f"{part.number} {part.title}", [(line.key, f"{line.number} {shortened(line)}") for line in part.lines])
            for part in parts
        ]
        field.choices = [("", "–"), *titled]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("line") and not cleaned.get("text"):
            self.add_error("text", _("Say what should change there."))
        if cleaned.get("text") and not cleaned.get("line") and "line" not in self.errors:
            self.add_error("line", _("Choose the line that you mean."))
        return cleaned

    @property
    def remark(self) -> Remark | None:
        line = self.lines.get(self.cleaned_data.get("line", ""))
        return Remark(line.key, line.plain, self.cleaned_data["text"]) if line else None


def shortened(line: Line) -> str:
    return Truncator(as_text(line.words)).chars(70)


RemarkFormSet = forms.formset_factory(RemarkForm, extra=5, max_num=20)


class DefinitionForm(WithCriteria, forms.ModelForm):  # type: ignore[type-arg]
    """A draft definition: its text, its criteria, its cool-off."""

    criteria = CriteriaField(label=gettext_lazy("Criteria"), required=False)

    class Meta:
        model = Definition
        fields = ("criteria", "text", "cool_off_days")
        widgets = {
            "text": forms.Textarea(attrs={"rows": 3}),
            "cool_off_days": forms.NumberInput(attrs={"class": "field__input--short"}),
        }
        help_texts = {
            "text": gettext_lazy("What the criteria cannot say: what both sides mean by it."),
            "cool_off_days": gettext_lazy("So long a recycled lead waits before it may qualify again."),
        }

    def __init__(self, *args: Any, before: Definition | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["criteria"]
        assert isinstance(field, CriteriaField)
        field.editor.verdicts = verdicts(self.instance.stage)
        if before is not None:
            field.compare_with(before.criteria)
