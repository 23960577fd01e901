"""The addresses of webhooks, encrypted anew."""

from __future__ import annotations

from functools import partial

from integrations.chat.models import Channel
from smarketing import encryption
from smarketing.database.encrypted import reencrypt_rows

encryption.register("webhooks of chats", partial(reencrypt_rows, Channel, "url"))
