"""A file as rows of cells. It is read in a stream: what is held at any moment is one row, never the file.

A quotation mark that nothing closes costs the row in which it stands: the next line is read anew.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Literal

from django.utils.translation import gettext as _

from leads.text.folding import fold, visible

# Opens the file anew for each pass: passes stream, whatever the file's size.
Source = Callable[[], BinaryIO]

MOST_COLUMNS = 2_000
# In characters.
LONGEST_CELL = 100_000
LONGEST_ROW = 4_000_000
# What decoding leaves where bytes could not be read.
UNREADABLE = "\N{REPLACEMENT CHARACTER}"
# Columns that a download of rejected rows adds: no part of what identifies a layout.
ADDED_COLUMNS = ("smarketing line", "smarketing reason")
ADDRESS = re.compile(r"[^\s@,;|]+@[^\s@,;|]+\.[^\s@,;|]+")
# What is wrong with a row that could not be cut.
Fault = Literal["", "quotes", "length"]


class Unreadable(Exception):
    """The file as a whole cannot be read; the text says why, and what to do."""


@dataclass(frozen=True)
class Layout:
    encoding: str
    delimiter: str
    # The physical line of the headers, from 1: business-card apps write a few lines before them. 0: there are none.
    header_line: int


@dataclass(frozen=True)
class Record:
    """One row: the physical lines it began and ended on, and its cells. `error` when it could not be cut."""

    line: int
    end: int
    cells: list[str]
    error: Fault = ""


class _TooLong(Exception):
    """The lines that make one row are more than a row may be."""


class _Cutter:
    """Cuts the lines of a text into rows. `csv` does it, strictly; what it refuses is given back line by line."""

    def __init__(self, text: io.TextIOWrapper, delimiter: str) -> None:
        self.text, self.delimiter = text, delimiter
        # Lines of the row that is being cut, and lines that were given back.
        self.taken: list[str] = []
        self.left: deque[str] = deque()
        self.size = 0
        self._begin()

    def _begin(self) -> None:
        self.reader = csv.reader(self._lines(), delimiter=self.delimiter, strict=True)

    def _lines(self) -> Iterator[str]:
        while line := self.next_line():
            self.taken.append(line)
            self.size += len(line)
            if self.size > LONGEST_ROW:
                raise _TooLong
            yield line

    def next_line(self) -> str:
        if self.left:
            return self.left.popleft()
        line = self.text.readline(LONGEST_ROW + 1)
        if len(line) > LONGEST_ROW and line[-1] not in "\r\n":
            while (rest := self.text.readline(LONGEST_ROW)) and rest[-1] not in "\r\n":
                pass
        return line

    def cut(self) -> tuple[list[str], int, Fault] | None:
        """The next row: its cells, how many lines it has, and what is wrong with it. None at the end."""
        self.taken, self.size = [], 0
        try:
            cells = next(self.reader)
        except StopIteration:
            return None
        except (csv.Error, _TooLong) as problem:
            return self._refused(problem)
        if len(self.taken) > 1 and self._swallowed(cells):
            return self._refused(csv.Error())
        if len(cells) > MOST_COLUMNS or (self.size > LONGEST_CELL and any(len(cell) > LONGEST_CELL for cell in cells)):
            return [cell[:LONGEST_CELL] for cell in cells[:MOST_COLUMNS]], len(self.taken), "length"
        return cells, len(self.taken), ""

    def _swallowed(self, cells: Sequence[str]) -> bool:
        """Whether a line behind the first is a row of its own: it has an address where the first has one."""
        place = next((place for place, cell in enumerate(cells) if ADDRESS.fullmatch(cell.strip())), None)
        if place is None:
            return False
        others = (self._cells(line, strict=False) for line in self.taken[1:])
        return any(len(own) > max(1, place) and ADDRESS.fullmatch(own[place].strip()) for own in others)

    def _refused(self, problem: Exception) -> tuple[list[str], int, Fault]:
        """The first line alone, as it can be read; those behind it are cut anew."""
        first, *others = self.taken
        self.left.extendleft(reversed(others))
        self._begin()
        is_too_long = not others and (isinstance(problem, _TooLong) or "field larger" in str(problem))
        if is_too_long:
            return [first[:1000]], 1, "length"
        mended = re.sub(rf'"[ \t]+(?=[{re.escape(self.delimiter)}\r\n]|$)', '"', first)
        if mended != first and (cells := self._cells(mended, strict=True)):
            return cells, 1, ""
        return self._cells(first, strict=False), 1, "quotes"

    def _cells(self, line: str, *, strict: bool) -> list[str]:
        try:
            cells = next(csv.reader([line], delimiter=self.delimiter, strict=strict), [])
        except csv.Error:
            return [] if strict else [line.strip()]
        return cells if strict else [cell.strip("\r\n") for cell in cells]


def records(source: Source, layout: Layout, *, behind: int = 0) -> Iterator[Record]:
    """The rows below the headers that hold anything, in order; those that end after line `behind`."""
    with _opened(source, layout) as text:
        cutter = _Cutter(text, layout.delimiter)
        for _number in range(layout.header_line - 1):
            cutter.next_line()
        before, is_header = max(0, layout.header_line - 1), layout.header_line > 0
        while found := cutter.cut():
            cells, lines, error = found
            line, before = before + 1, before + lines
            if is_header:
                is_header = False
            elif before > behind and (error or any(cells)):
                yield Record(line, before, cells, error)


def headers_of(source: Source, layout: Layout) -> list[str]:
    """The headers, each different: a second “Phone” is “Phone (2)”, one without a name “Column 3”. Raises `Unreadable`
    for what cannot be the headers of a table."""
    with _opened(source, layout) as text:
        cutter = _Cutter(text, layout.delimiter)
        for _number in range(layout.header_line - 1):
            cutter.next_line()
        cells, _lines, error = cutter.cut() or ([], 0, "")
    line = {"line": max(1, layout.header_line)}
    if error == "quotes":
        raise Unreadable(_("In the headers on line %(line)s a quotation mark is not closed.") % line)
    if error == "length":
        text_ = _("Line %(line)s has more than %(columns)s columns, or a cell of more than %(cell)s characters.")
        raise Unreadable(text_ % {**line, "columns": f"{MOST_COLUMNS:,}", "cell": f"{LONGEST_CELL:,}"})
    if any("\0" in cell for cell in cells):
        text_ = _(
            "Line %(line)s has a character that is no text (NUL). Save the file as “CSV UTF-8” and bring it again."
        )
        raise Unreadable(text_ % line)
    return _different([""] * len(cells) if layout.header_line == 0 else [_name(cell) for cell in cells])


def _name(cell: str) -> str:
    return " ".join(visible(cell).split())


def _different(names: Sequence[str]) -> list[str]:
    found: dict[str, None] = {}
    times: dict[str, int] = {}
    for number, written in enumerate(names, 1):
        name = header = written or f"Column {number}"
        while header in found:
            times[name] = times.get(name, 1) + 1
            header = f"{name} ({times[name]})"
        found[header] = None
    return list(found)


def _opened(source: Source, layout: Layout) -> io.TextIOWrapper:
    return io.TextIOWrapper(source(), encoding=layout.encoding, errors="replace", newline="")


def header_digest(headers: Sequence[str]) -> str:
    """What files of one layout have in common, so that their mapping is remembered."""
    names = [fold(header) for header in headers]
    kept = [name for name in names if name not in ADDED_COLUMNS]
    return hashlib.sha256("\n".join(kept).encode()).hexdigest()
