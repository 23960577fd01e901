"""A tree as people read it."""

from __future__ import annotations

from django.utils import translation
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from leads.criteria.english import English
from leads.criteria.japanese import Japanese
from leads.criteria.parsing import read
from leads.criteria.tree import Node, Tree, leaves
from leads.criteria.words import BEGIN, END, Speaker


def speaker() -> Speaker:
    return Japanese() if (translation.get_language() or "en").startswith("ja") else English()


def sentence(
    tree: Tree | None, *, language: str = "", html: bool = False, verdict: str = "", says: Speaker | None = None
) -> str:
    """The tree as one sentence, in the language of the page or in `language` ("en", "ja").

    `html` gives safe HTML with what counts in <b>. `verdict` is what follows: "is an MQL" in English (A lead is an MQL
    when …), 「MQLになります」 in Japanese (…リードはMQLになります。). A tree that cannot be read raises `BadCriteria`.
    For many trees on one page, give each the same `says=speaker()`: it asks the database for words once.
    """
    with translation.override(language or translation.get_language() or "en"):
        says = says or speaker()
        text = says.sentence(read(tree if tree is not None else {"all": []}, strict=False), verdict or says.matches)
    return emphasised(text) if html else plain(text)


def emphasised(text: str) -> SafeString:
    return mark_safe(escape(text).replace(BEGIN, "<b>").replace(END, "</b>"))  # nosec B703 # escaped before


def plain(text: str) -> str:
    return text.replace(BEGIN, "").replace(END, "")


def words_of(node: Node) -> dict[str, str]:
    """Each leaf in words, by its path, in the language of the page."""
    says = speaker()
    return {leaf.path: plain(says.leaf(leaf)) for leaf in leaves(node)}
