"""The pages of what a rep works on, by number."""

from __future__ import annotations

from typing import cast

import pytest

from sla.handoffs.worklist import WorkItem
from sla.inbox.queries import PAGE_SIZE, NumberedPage

WORKS = cast("list[WorkItem]", list(range(2 * PAGE_SIZE + 1)))


@pytest.mark.parametrize(
    ("asked", "first", "previous", "following"),
    [
        ("", 0, "", "?page=2"),
        ("1", 0, "", "?page=2"),
        ("2", PAGE_SIZE, "?page=1", "?page=3"),
        ("3", 2 * PAGE_SIZE, "?page=2", ""),
        ("4", 2 * PAGE_SIZE, "?page=2", ""),
        ("9" * 30, 2 * PAGE_SIZE, "?page=2", ""),
        ("two", 0, "", "?page=2"),
        ("²", 0, "", "?page=2"),
    ],
)
def test_a_page_is_the_nearest_that_there_is(asked: str, first: int, previous: str, following: str):
    page = NumberedPage.of(WORKS, asked)
    assert page.rows == WORKS[first : first + PAGE_SIZE]
    assert (page.previous_url, page.next_url, page.note) == (previous, following, "101 in all")


def test_a_full_page_has_no_empty_one_behind_it():
    page = NumberedPage.of(WORKS[:PAGE_SIZE], "")
    assert (len(page.rows), page.previous_url, page.next_url) == (PAGE_SIZE, "", "")


def test_nothing_is_one_empty_page():
    page = NumberedPage.of([], "7")
    assert (page.rows, page.previous_url, page.next_url) == ([], "", "")
