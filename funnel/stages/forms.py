"""What administrators type about stages and reasons."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from funnel.models.deal_stages import DealStage
from funnel.models.stages import Reason, Stage
from smarketing.pages.inputs import ListedForm, offer_known


class StageForm(ListedForm):
    list_page, list_title, new_title = "stages", _("Stages"), _("New stage")

    after = forms.ModelChoiceField(Stage.objects.all(), label=_("Comes after"), empty_label=None)

    class Meta:
        model = Stage
        fields = ("name_en", "name_ja", "owner_team", "description", "description_ja")
        widgets = {
            "description": forms.Textarea(attrs={"rows": 2}),
            "description_ja": forms.Textarea(attrs={"rows": 2}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.role:
            # The six keep their order: a number about MQL and SQL must mean the same next year.
            del self.fields["after"]
            return
        others = [each for each in Stage.objects.known() if each.pk != self.instance.pk]
        offer_known(self.fields["after"], Stage.objects.exclude(pk=self.instance.pk), others)
        before = [each for each in others if not self.instance.pk or each.position < self.instance.position]
        self.initial["after"] = before[-1] if before else None

    def save(self, commit: bool = True) -> Stage:
        after = self.cleaned_data.get("after")
        if after is None:
            stage: Stage = super().save()
            return stage
        return Stage.objects.put_after(after, self.instance)


class ReasonForm(ListedForm):
    list_page, list_title, new_title = "reasons", _("Reasons"), _("New reason")

    class Meta:
        model = Reason
        fields = ("name_en", "name_ja", "needs_text", "disqualifies")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.kind != Reason.Kind.REJECTED:
            del self.fields["disqualifies"]

    def clean_name_en(self) -> str:
        name: str = self.cleaned_data["name_en"]
        same = Reason.objects.filter(kind=self.instance.kind, name_en__iexact=name).exclude(pk=self.instance.pk)
        if same.exists():
            raise ValidationError(_("This list has “%(name)s” already."), params={"name": name})
        return name

    def save(self, commit: bool = True) -> Reason:
        reason: Reason = self.instance
        if not reason.pk:
            there = Reason.objects.filter(kind=reason.kind)
            last = there.order_by("-position").first()
            reason.position = (last.position if last else 0) + 10
            reason.key = _free_key(slugify(reason.name_en)[:30] or "reason", set(there.values_list("key", flat=True)))
            reason.disqualifies = reason.disqualifies or reason.kind == Reason.Kind.DISQUALIFIED
        reason.save()
        return reason


class DealStageForm(ListedForm):
    list_page, list_title, new_title = "deal_stages", _("Stages of a deal"), _("New stage")

    class Meta:
        model = DealStage
        fields = ("name_en", "name_ja")

    def clean_name_en(self) -> str:
        name: str = self.cleaned_data["name_en"]
        if DealStage.objects.filter(name_en__iexact=name).exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("This list has “%(name)s” already."), params={"name": name})
        return name

    def save(self, commit: bool = True) -> DealStage:
        stage: DealStage = self.instance
        if not stage.pk:
            last = DealStage.objects.order_by("-position").first()
            stage.position = (last.position if last else 0) + 10
            taken = set(DealStage.objects.values_list("key", flat=True))
            stage.key = _free_key(slugify(stage.name_en)[:30] or "stage", taken)
        stage.save()
        return stage


def _free_key(key: str, taken: set[str]) -> str:
    key = key.replace("-", "_")
    numbered = (f"{key}_{number}" for number in range(2, len(taken) + 3))
    return key if key not in taken else next(each for each in numbered if each not in taken)
