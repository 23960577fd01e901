"""A file as rows of cells: which encoding, which delimiter, on which line the headers stand."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from leads.text.folding import fold

# Opens the file anew for each pass: passes stream, whatever the file's size.
Source = Callable[[], BinaryIO]

ENCODINGS = ("utf-8-sig", "cp932", "cp1252", "utf-16")
DELIMITERS = (",", ";", "\t")
SAMPLE_BYTES = 256 * 1024
SAMPLE_RECORDS = 60
CHUNK = 1024 * 1024
# What decoding leaves where bytes could not be read.
UNREADABLE = "\N{REPLACEMENT CHARACTER}"
# Columns that a download of rejected rows adds: no part of what identifies a layout.
ADDED_COLUMNS = ("smarketing line", "smarketing reason")


class Unreadable(Exception):
    """The file as a whole cannot be read; says why."""


@dataclass(frozen=True)
class Layout:
    encoding: str
    delimiter: str
    # The physical line of the headers, from 1: business-card apps write a few lines before them.
    header_line: int


@dataclass(frozen=True)
class Record:
    """One row: the physical lines it began and ended on, and its cells. `error` when it could not be cut."""

    line: int
    end: int
    cells: list[str]
    error: bool = False


def recognised(source: Source) -> Layout:
    """Look at the file and say how it is laid out. Raises `Unreadable`."""
    encoding = encoding_of(source)
    with source() as file:
        text = file.read(SAMPLE_BYTES).decode(encoding, errors="replace")
    if not text.strip():
        raise Unreadable("empty")
    delimiter = delimiter_of(text)
    return Layout(encoding, delimiter, header_line_of(text, delimiter))


def encoding_of(source: Source) -> str:
    """UTF-8 when all of it is; else CP932 when all of it is; else the one with fewer unreadable characters."""
    with source() as file:
        start = file.read(4)
    if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    broken = {encoding: unreadable_characters(source, encoding) for encoding in ("utf-8-sig", "cp932")}
    if start[:3] == codecs.BOM_UTF8 or not broken["utf-8-sig"]:
        return "utf-8-sig"
    return min(broken, key=lambda encoding: broken[encoding])


def unreadable_characters(source: Source, encoding: str) -> int:
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    broken = 0
    with source() as file:
        while chunk := file.read(CHUNK):
            broken += decoder.decode(chunk).count(UNREADABLE)
    return broken + decoder.decode(b"", final=True).count(UNREADABLE)


def delimiter_of(text: str) -> str:
    """The one that cuts most rows into the same number of cells, of those the one that makes most cells."""
    return max(DELIMITERS, key=lambda delimiter: _agreement(text, delimiter))


def _agreement(text: str, delimiter: str) -> int:
    widths = Counter(len(cells) for _, cells in _sample(text, delimiter) if len(cells) > 1)
    return max((width * rows for width, rows in widths.items()), default=0)


def header_line_of(text: str, delimiter: str) -> int:
    """The first line about as wide as the rest of the file, and mostly filled."""
    sample = [(line, cells) for line, cells in _sample(text, delimiter) if any(cell.strip() for cell in cells)]
    if not sample:
        return 1
    widths = Counter(len(cells) for _, cells in sample)
    usual = max(widths, key=lambda width: (widths[width] * width, width))
    for line, cells in sample:
        if len(cells) >= usual and sum(1 for cell in cells if cell.strip()) * 2 > usual:
            return line
    return sample[0][0]


def _sample(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
            if line > SAMPLE_RECORDS * 4:
                return
    except csv.Error:
        return


def records(source: Source, layout: Layout, *, behind: int = 0) -> Iterator[Record]:
    """The rows below the headers that hold anything, in order; those that end after line `behind`."""
    with source() as file:
        text = io.TextIOWrapper(file, encoding=layout.encoding, errors="replace", newline="")
        for _ in range(layout.header_line - 1):
            text.readline()
        reader = csv.reader(text, delimiter=layout.delimiter)
        before, is_header = layout.header_line - 1, True
        while True:
            line = before + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                # A quotation mark that nothing closed: this row is lost, the next one is read again.
                cells = []
                end = layout.header_line - 1 + reader.line_num
                if end > behind:
                    yield Record(line, end, cells, error=True)
                before = end
                continue
            before = end = layout.header_line - 1 + reader.line_num
            if is_header:
                is_header = False
            elif end > behind and any(cells):
                yield Record(line, end, cells)


def headers_of(source: Source, layout: Layout) -> list[str]:
    """The headers, each different: a second “Phone” is “Phone (2)”, one without a name “Column 3”."""
    with source() as file:
        text = io.TextIOWrapper(file, encoding=layout.encoding, errors="replace", newline="")
        for _ in range(layout.header_line - 1):
            text.readline()
        try:
            cells = next(csv.reader(text, delimiter=layout.delimiter), [])
        except csv.Error:
            raise Unreadable("headers")
    headers: list[str] = []
    for number, cell in enumerate(cells, 1):
        name = " ".join(cell.split()) or f"Column {number}"
        times = sum(1 for other in cells[: number - 1] if " ".join(other.split()) == name)
        headers.append(f"{name} ({times + 1})" if times else name)
    return headers


def header_digest(headers: Sequence[str]) -> str:
    """What files of one layout have in common, so that their mapping is remembered."""
    names = [fold(header) for header in headers]
    kept = [name for name in names if name not in ADDED_COLUMNS]
    return hashlib.sha256("\n".join(kept).encode()).hexdigest()
