"""Two versions of a document beside each other, line by line and word by word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from sla.agreement.document.lines import Line, Part


@dataclass(frozen=True)
class Compared:
    """One line as two versions word it; None where a version has no such line."""

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
        line = self.after or self.before
        assert line is not None
        return line

    @property
    def brief(self) -> SafeString:
        """The changed words, with a few words around them."""
        return summarise_difference(self.before.plain if self.before else "", self.after.plain if self.after else "")


def compare(before: Sequence[Part], after: Sequence[Part]) -> list[Compared]:
    """Pair the lines by key, in the order of the newer version; a line that is gone keeps its old place."""
    old = {line.key: line for part in before for line in part.lines}
    new = {line.key: line for part in after for line in part.lines}
    titles = {line.key: part.title for part in (*before, *after) for line in part.lines}
    order = list(new)
    for n, key in enumerate(old):
        if key not in new:
            order.insert(min(n, len(order)), key)
    return [_compared(old.get(key), new.get(key), titles[key]) for key in order]


def _compared(before: Line | None, after: Line | None, title: str) -> Compared:
    removed, added = mark_differences(before.plain if before else "", after.plain if after else "")
    return Compared(before, after, title, removed, added)


def split_words(text: str) -> list[str]:
    """Split into words with their spaces; Japanese, which has no spaces, into runs of one script."""
    return re.findall(r"[぀-ゟ]+|[゠-ヿー]+|[一-鿿々]+|[^\s぀-ヿ一-鿿々]+\s*|\s+", text)


def mark_differences(before: str, after: str) -> tuple[SafeString, SafeString]:
    """Both texts, removed words in <del> and added words in <ins>."""
    old, new = split_words(before), split_words(after)
    removed, added = [], []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        old_text, new_text = escape("".join(old[a:b])), escape("".join(new[c:d]))
        removed.append(old_text if kind == "equal" or not old_text else format_html("<del>{}</del>", old_text))
        added.append(new_text if kind == "equal" or not new_text else format_html("<ins>{}</ins>", new_text))
    return _joined(removed), _joined(added)


def _joined(pieces: Iterable[SafeString]) -> SafeString:
    return format_html_join("", "{}", ((piece,) for piece in pieces))


def summarise_difference(before: str, after: str, around: int = 3) -> SafeString:
    """The changed words on one line: removed in <del>, added in <ins>, up to `around` unchanged words beside them."""
    old, new = split_words(before), split_words(after)
    if not old or not new:
        text = new or old
        short = "".join(text[:24]).strip() + ("…" if len(text) > 24 else "")
        return format_html("<ins>{}</ins>" if new else "<del>{}</del>", short)
    pieces = []
    codes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    for n, (kind, a, b, c, d) in enumerate(codes):
        if kind == "equal":
            pieces.append(_shorten(old[a:b], around, is_first=not a, is_last=n == len(codes) - 1))
        else:
            pieces.append(_mark_change("".join(old[a:b]).strip(), "".join(new[c:d]).strip()))
    return mark_safe("".join(pieces).strip())  # nosec B703 # each piece is escaped


def _mark_change(removed: str, added: str) -> str:
    return (f"<del>{escape(removed)}</del> " if removed else "") + (f"<ins>{escape(added)}</ins> " if added else "")


def _shorten(words: list[str], around: int, *, is_first: bool, is_last: bool) -> str:
    """Unchanged words between two changes: only those next to a change, unless there are few."""
    if len(words) <= 2 * around:
        return escape("".join(words))
    head = "" if is_first else escape("".join(words[:around]).rstrip())
    tail = "" if is_last else escape("".join(words[-around:]))
    return f"{head} … {tail}"
