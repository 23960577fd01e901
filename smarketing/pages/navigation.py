"""The way around: groups of pages, by URL name. A page shows only where it exists and the person may open it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, get_script_prefix, get_urlconf, reverse
from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Item:
    name: str
    label: str | Promise
    icon: str


@dataclass(frozen=True)
class Group:
    title: str | Promise
    items: tuple[Item, ...]
    folded: bool = False


@dataclass(frozen=True)
class Link:
    """An item as one person sees it on one page."""

    name: str
    label: str | Promise
    icon: str
    url: str
    is_here: bool
    count: int | None
    tone: str


@dataclass(frozen=True)
class Section:
    title: str | Promise
    links: list[Link]
    folded: bool

    @property
    def is_here(self) -> bool:
        return any(link.is_here for link in self.links)


GROUPS = (
    Group(
        "",
        (
            Item("home", _("Home"), "home"),
            Item("inbox", _("Inbox"), "inbox"),
            Item("untouched", _("Untouched"), "warning"),
            Item("rejections", _("Rejections"), "reason"),
            Item("weekly", _("Weekly review"), "calendar"),
        ),
    ),
    Group(
        _("Who"),
        (
            Item("leads", _("Leads"), "person"),
            Item("companies", _("Companies"), "company"),
            Item("personas", _("Personas"), "persona"),
            Item("campaigns", _("Campaigns"), "campaign"),
            Item("imports", _("Imports"), "import"),
            Item("segments", _("Segments"), "segment"),
        ),
    ),
    Group(
        _("What we agreed"),
        (
            Item("agreement", _("Agreement"), "agreement"),
            Item("reviews", _("Reviews"), "history"),
            Item("definitions", _("Definitions"), "definition"),
            Item("scoring", _("Scoring"), "scoring"),
            Item("quadrants", _("Quadrants"), "quadrants"),
        ),
    ),
    Group(
        _("How it goes"),
        (
            Item("funnel", _("Funnel"), "funnel"),
            Item("attainment", _("Attainment"), "attainment"),
            Item("metrics", _("Metrics"), "metrics"),
            Item("goals", _("Goals"), "goal"),
        ),
    ),
    Group(
        _("Settings"),
        (
            Item("organization", _("Company profile"), "settings"),
            Item("people", _("People"), "people"),
            Item("calendar", _("Calendar"), "clock"),
            Item("absences", _("Absences"), "back"),
            Item("capacity", _("Capacity"), "handoff"),
            Item("stages", _("Stages"), "stages"),
            Item("deal_stages", _("Stages of a deal"), "contract"),
            Item("reasons", _("Reasons"), "reason"),
            Item("activity_kinds", _("Activity kinds"), "click"),
            Item("custom_fields", _("Custom fields"), "form"),
            Item("free_mail", _("Free mail"), "mail"),
            Item("deliveries", _("Sent and stuck"), "message"),
            Item("mails", _("Kept mails"), "mail"),
            Item("changes", _("Changes"), "history"),
            Item("audit", _("Sign-ins and access"), "lock"),
            Item("tokens", _("Tokens"), "key"),
        ),
        folded=True,
    ),
)


def url_of(name: str) -> str:
    """Return the page's address, or nothing where the page does not exist."""
    return _url_of(name, str(get_urlconf() or settings.ROOT_URLCONF), get_script_prefix())


@lru_cache(maxsize=1024)
def _url_of(name: str, urlconf: str, prefix: str) -> str:
    """Looked up once: each page asks for some forty, and the code alone decides them."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def may_open(user: object, name: str) -> bool:
    """Ask the permission table, which is named in the settings because it lives in an app."""
    return bool(_permission(settings.MAY_OPEN)(user, name))


@lru_cache
def _permission(path: str) -> Callable[[object, str], bool]:
    return cast(Callable[[object, str], bool], import_string(path))


def sections(
    request: HttpRequest, counts: dict[str, int | tuple[int, str]] | None = None, here: str = ""
) -> list[Section]:
    """Return the navigation of the person who asks.

    `counts` gives, by URL name, a number to show or (number, tone); `here` names the current page where its
    address does not begin with that of its item.
    """
    known = counts or {}
    open_to_them = {
        item.name: url
        for group in GROUPS
        for item in group.items
        if (url := url_of(item.name)) and may_open(request.user, item.name)
    }
    current = here or page_at(request.path, open_to_them)

    def link(item: Item) -> Link:
        count = known.get(item.name)
        number, tone = count if isinstance(count, tuple) else (count, "")
        return Link(
            item.name, item.label, item.icon, open_to_them[item.name], item.name == current, number or None, tone
        )

    found = [
        Section(group.title, [link(item) for item in group.items if item.name in open_to_them], group.folded)
        for group in GROUPS
    ]
    return [section for section in found if section.links]


def page_at(path: str, urls: dict[str, str]) -> str:
    """Return the name whose address the path begins with; of several, the longest; the root only for itself."""
    matches = [name for name, url in urls.items() if path == url or (url != "/" and path.startswith(url))]
    return max(matches, key=lambda name: len(urls[name]), default="")
