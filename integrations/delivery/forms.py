"""What people choose about how they are told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.chat.models import Channel
from integrations.chat.posting import Refused, reachable
from integrations.messages.error_text import describe_error
from teams.models import NoticeChoice, User, kinds_for
from teams.notices import NoticeKind, Way, notice_kinds


@dataclass(frozen=True)
class Row:
    """One kind of notice, with a box to tick for each way."""

    label: str
    boxes: list[forms.BoundField]


class TellingForm(forms.Form):
    """Which kinds of notice reach a person by which way."""

    quiet_hours = forms.BooleanField(
        label=gettext_lazy("Quiet hours"),
        required=False,
        help_text=gettext_lazy(
            "Outside your opening hours, and on days on which you are away, nothing is sent to you; it goes out when"
            " your hours begin. In the app you see it at once."
        ),
    )

    def __init__(self, data: Any = None, *, user: User) -> None:
        super().__init__(data)
        self.user = user
        told = NoticeChoice.objects.kinds_of([user])[user.pk]
        self.initial["quiet_hours"] = user.quiet_hours
        self.kinds = kinds_for(user)
        for kind in self.kinds:
            for way in Way:
                name = _name(way, kind)
                label = _("%(kind)s: %(way)s") % {"kind": kind.title, "way": way.label}
                box = forms.CheckboxInput(attrs={"aria-label": label})
                self.fields[name] = forms.BooleanField(label=label, required=False, widget=box)
                self.initial[name] = kind.key in told[way]

    @property
    def rows(self) -> list[Row]:
        return [Row(str(kind.title), [self[_name(way, kind)] for way in Way]) for kind in self.kinds]

    def save(self) -> None:
        chosen = self.cleaned_data
        wanted = {way: {kind.key for kind in self.kinds if chosen[_name(way, kind)]} for way in Way}
        NoticeChoice.objects.choose(self.user, wanted, among={kind.key for kind in self.kinds})
        User.objects.filter(pk=self.user.pk).update(quiet_hours=chosen["quiet_hours"])


def _name(way: Way, kind: NoticeKind[Any]) -> str:
    return f"{way}_{kind.key}"


class ChannelForm(forms.ModelForm):  # type: ignore[type-arg]
    """One's own chat."""

    class Meta:
        model = Channel
        fields = ["style", "url"]
        widgets = {
            "style": forms.RadioSelect(attrs={"class": "segments"}),
            "url": forms.URLInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        }
        help_texts = {
            "url": gettext_lazy(
                "The incoming webhook that the chat gave you. Whoever knows it can write there, so keep it to yourself."
            )
        }

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"].strip()
        try:
            reachable(url)
        except Refused as refused:
            raise ValidationError(describe_error(str(refused)))
        except OSError:
            raise ValidationError(_("Nobody knows the host of this address."))
        return url

    def save(self, commit: bool = True) -> Channel:
        # What was known of the address as it stood says nothing of it as it stands.
        self.instance.failing_since = self.instance.dead_at = None
        self.instance.last_error = ""
        saved: Channel = super().save(commit)
        return saved


class TeamChannelForm(ChannelForm):
    """A team's chat, and what is told there."""

    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("What is told here"),
        choices=lambda: [(kind.key, kind.title) for kind in notice_kinds()],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Whatever somebody of the team is told of, once for all of them."),
    )

    class Meta(ChannelForm.Meta):
        fields = ["style", "url", "kinds"]
