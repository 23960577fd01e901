"""Addresses that carry a tree of conditions: every number opens the leads behind it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from smarketing.pages.navigation import url_of


def leads_who_meet(tree: Any) -> str:
    """The list of leads narrowed by a tree; nothing where there is no such page."""
    page = url_of("leads")
    # As short as can be: servers take addresses of some thousand letters only.
    written = json.dumps(tree, ensure_ascii=False, separators=(",", ":"))
    return f"{page}?criteria={quote(written, safe=':,[]{}/')}" if page else ""
