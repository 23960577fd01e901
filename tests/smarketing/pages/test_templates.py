"""How templates and styles are written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

WIDEST = 120
BASE = Path(settings.BASE_DIR)
TEMPLATES = sorted(path for path in (BASE / "templates").rglob("*") if path.suffix in {".html", ".txt"})
STYLES = sorted((BASE / "static" / "css").rglob("*.css"))


def lines(paths: list[Path]) -> Iterator[tuple[str, str]]:
    for path in paths:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            yield f"{path.relative_to(BASE)}:{number}", line


def test_no_line_of_a_template_is_wider_than_a_page_of_code():
    assert [place for place, line in lines(TEMPLATES) if len(line) > WIDEST] == []


def test_every_translated_block_is_trimmed():
    untrimmed = re.compile(r"{%-? blocktrans(late)? (?!trimmed)")
    assert [place for place, line in lines(TEMPLATES) if untrimmed.search(line)] == []


def test_a_line_of_css_holds_one_declaration():
    outside = re.compile(r"/\*.*?\*/|\"[^\"]*\"|\([^)]*\)")
    assert [place for place, line in lines(STYLES) if outside.sub("", line).count(";") > 1] == []


@pytest.mark.parametrize(
    "forbidden", [r"\sstyle=", r"\son[a-z]+=\"", r"<script(?![^>]*\b(src|type=\"application/json\")\b)"]
)
def test_pages_carry_no_style_and_no_script_of_their_own(forbidden):
    """The policy would refuse them. Mails have no style sheet, and carry theirs."""
    pages = [path for path in TEMPLATES if "mail" not in path.parts]
    assert [place for place, line in lines(pages) if re.search(forbidden, line)] == []
