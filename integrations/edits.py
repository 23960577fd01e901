"""What people edit about how they are told."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from history.edits import Kind, never_edited, register
from integrations.chat.models import Channel
from integrations.messages.models import Delivery
from teams.notices import notice_kind

register(
    Kind(
        Channel,
        _("Chat"),
        labels={"team": _("Team"), "user": _("Member")},
        words={"kinds": lambda keys: ", ".join(str(notice_kind(key).title) for key in keys)},
    )
)
never_edited(Delivery, because="The machine sends.")
