"""Addresses that carry a tree of conditions."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse

from leads.criteria import links
from leads.criteria.links import leads_who_meet

TREE = {"all": [{"field": "title", "op": "contains", "value": "営業 & 部+1%#?"}]}


def test_a_link_to_leads_carries_the_tree_whole() -> None:
    parts = urlsplit(leads_who_meet(TREE))
    assert parts.path == reverse("leads")
    assert parts.fragment == ""
    (written,) = parse_qs(parts.query)["criteria"]
    assert json.loads(written) == TREE


def test_a_link_is_as_short_as_can_be() -> None:
    assert leads_who_meet({"any": [1, 2]}).endswith("?criteria={%22any%22:[1,2]}")


def test_where_there_is_no_such_page_there_is_no_link(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "url_of", lambda name: "")
    assert leads_who_meet(TREE) == ""
