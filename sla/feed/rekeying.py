"""The secrets of calendar feeds, encrypted anew."""

from __future__ import annotations

from functools import partial

from sla.feed.models import Feed
from smarketing import encryption
from smarketing.database.encrypted import reencrypt_rows

encryption.register("calendar feeds", partial(reencrypt_rows, Feed, "secret"))
