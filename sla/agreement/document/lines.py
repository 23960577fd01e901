"""Parts and numbered lines of a document."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import unescape

from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from smarketing.pages import wording


@dataclass(frozen=True)
class Line:
    """One agreed sentence, with notes and items below it.

    Its key stays the same from version to version, so that two versions compare line by line.
    """

    key: str
    words: SafeString
    notes: tuple[str | SafeString, ...] = ()
    items: tuple[SafeString, ...] = ()
    number: str = ""

    @property
    def anchor(self) -> str:
        return f"c{self.number}"

    @property
    def place(self) -> str:
        """Where it is found: "§2.1", or above all numbers."""
        return f"§{self.number}" if self.number else _("Preamble")

    @property
    def plain(self) -> str:
        """The line without its mark-up; two versions are compared by it."""
        return " ".join(as_text(part) for part in (self.words, *self.items, *self.notes) if part)


@dataclass(frozen=True)
class Part:
    """One numbered part of the document; `party` is set where it lists what one party commits to."""

    title: str
    lines: tuple[Line, ...]
    party: str = ""
    note: str = ""
    number: int = 0


def punctuation(english: str, japanese: str) -> str:
    """The mark for the language of the page."""
    return japanese if wording.japanese() else english


def link(text: object, name: str, *args: object) -> SafeString:
    """A link to a page by its URL name; the text alone where there is no such page."""
    try:
        return format_html('<a href="{}">{}</a>', reverse(name, args=args), text)
    except NoReverseMatch:
        return format_html("{}", text)


def as_text(html: object) -> str:
    """HTML without tags and entities; other text as it is."""
    if not isinstance(html, SafeString):
        return str(html)
    return unescape(re.sub(r"<[^>]+>", "", html.replace("<br>", " ")))


def join_words(words: Iterable[str]) -> str:
    return punctuation(", ", "、").join(words)
