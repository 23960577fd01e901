"""Numbered lines of a document, and two versions of them beside each other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from html import unescape
from itertools import pairwise

from django.urls import NoReverseMatch, reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from smarketing.pages import wording


@dataclass(frozen=True)
class Line:
    """One thing that is agreed."""

    key: str
    words: SafeString
    notes: tuple[str | SafeString, ...] = ()
    items: tuple[SafeString, ...] = ()
    number: str = ""

    @property
    def anchor(self) -> str:
        return f"c{self.number}"

    @property
    def plain(self) -> str:
        """The line without its mark-up: what two versions are compared by."""
        return " ".join(as_text(part) for part in (self.words, *self.items, *self.notes) if part)


@dataclass(frozen=True)
class Part:
    title: str
    lines: tuple[Line, ...]
    party: str = ""
    note: str = ""
    number: int = 0


def punctuation(english: str, japanese: str) -> str:
    return japanese if wording.japanese() else english


def link(text: object, name: str, *args: object) -> SafeString:
    """A link to a page that may not exist: then the text alone."""
    try:
        return format_html('<a href="{}">{}</a>', reverse(name, args=args), text)
    except NoReverseMatch:
        return format_html("{}", text)


# Two versions


@dataclass(frozen=True)
class Compared:
    """One line of two versions."""

    before: Line | None
    after: Line | None
    title: str
    marked_before: SafeString = field(default=SafeString(""))
    marked_after: SafeString = field(default=SafeString(""))

    @property
    def kind(self) -> str:
        if self.before is None:
            return "new"
        if self.after is None:
            return "gone"
        return "same" if self.before.plain == self.after.plain else "changed"

    @property
    def line(self) -> Line:
        found = self.after or self.before
        assert found is not None
        return found

    @property
    def brief(self) -> SafeString:
        """The change alone, with a few words around it."""
        return brief(self.before.plain if self.before else "", self.after.plain if self.after else "")


def compare(before: Sequence[Part], after: Sequence[Part]) -> list[Compared]:
    """Line by line, in the order of the newer version, with what is gone where it stood."""
    old = {line.key: line for part in before for line in part.lines}
    new = {line.key: line for part in after for line in part.lines}
    titles = {line.key: part.title for part in (*before, *after) for line in part.lines}
    order = list(new)
    for n, key in enumerate(old):
        if key not in new:
            order.insert(min(n, len(order)), key)
    return [_compared(old.get(key), new.get(key), titles[key]) for key in order]


def _compared(before: Line | None, after: Line | None, title: str) -> Compared:
    removed, added = marked(before.plain if before else "", after.plain if after else "")
    return Compared(before, after, title, removed, added)


def words_in(text: str) -> list[str]:
    """Words with their spaces; Japanese, which has none, by runs of one script."""
    return re.findall(r"[぀-ゟ]+|[゠-ヿー]+|[一-鿿々]+|[^\s぀-ヿ一-鿿々]+\s*|\s+", text)


def marked(before: str, after: str) -> tuple[SafeString, SafeString]:
    """Both texts, with what is gone in <del> and what is new in <ins>."""
    old, new = words_in(before), words_in(after)
    removed, added = [], []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, come = escape("".join(old[a:b])), escape("".join(new[c:d]))
        removed.append(gone if kind == "equal" or not gone else f"<del>{gone}</del>")
        added.append(come if kind == "equal" or not come else f"<ins>{come}</ins>")
    return mark_safe("".join(removed)), mark_safe("".join(added))


def brief(before: str, after: str, around: int = 3) -> SafeString:
    """What changed in one line: a few words before, the old struck out, the new, a few words after."""
    old, new = words_in(before), words_in(after)
    if not old or not new:
        tag, text = ("ins", new) if new else ("del", old)
        short = "".join(text[:24]).strip() + ("…" if len(text) > 24 else "")
        return format_html("<{0}>{1}</{0}>", mark_safe(tag), short)
    codes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    pieces = []
    for code, after_it in pairwise([*codes, ("end", 0, 0, 0, 0)]):
        kind, a, b, c, d = code
        if kind != "equal":
            gone, come = "".join(old[a:b]).strip(), "".join(new[c:d]).strip()
            pieces.append(
                (f"<del>{escape(gone)}</del> " if gone else "") + (f"<ins>{escape(come)}</ins> " if come else "")
            )
        elif b - a <= 2 * around:
            pieces.append(escape("".join(old[a:b])))
        else:
            head = escape("".join(old[a : a + around]).rstrip()) if a else ""
            tail = escape("".join(old[b - around : b])) if after_it[0] != "end" else ""
            pieces.append(f"{head} … {tail}")
    return mark_safe("".join(pieces).strip())


def as_text(html: object) -> str:
    if not isinstance(html, SafeString):
        return str(html)
    return unescape(re.sub(r"<[^>]+>", "", html.replace("<br>", " ")))
