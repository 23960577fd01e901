"""Starter texts in the language of whoever begins the agreement."""

from __future__ import annotations

from smarketing.pages import wording


def translated(english: str, japanese: str) -> str:
    """The text for the language of the page. It becomes data that people edit, so no catalogue holds it."""
    return japanese if wording.japanese() else english
