"""How a new file is laid out: which encoding, which delimiter, on which line the headers stand."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _

from leads.importing.files.reading import ADDRESS, LONGEST_ROW, UNREADABLE, Layout, Source, Unreadable

ENCODINGS = ("utf-8-sig", "cp932", "cp1252", "utf-16")
DELIMITERS = (",", ";", "\t", "|")
SAMPLE_BYTES = 256 * 1024
SAMPLE_RECORDS = 60
CHUNK = 1024 * 1024
# What spreadsheets write above the headers, so that they know the delimiter.
SEPARATOR = re.compile(r"(?:\ufeff)?\"?sep=(.)\"?[\r\n]", re.I)
UTF8_LETTER = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
BROKEN = re.compile(f"{UNREADABLE}+")
CP932_LETTER = re.compile(
    rb"(?P<usual>[\x81-\x97][\x40-\x7e\x80-\xfc]|[\xa1-\xdf]{2,})"
    rb"|(?P<rare>[\x98-\x9f\xe0-\xfc][\x40-\x7e\x80-\xfc]|[\x80-\xff])"
)
# How files begin that are no text, by what people call them.
WORKBOOKS = {b"PK\x03\x04": ".xlsx, .ods", b"\xd0\xcf\x11\xe0": ".xls"}
OTHERS = {
    b"%PDF": "PDF", b"{\\rtf": "RTF", b"\x1f\x8b": "gzip", b"7z\xbc\xaf": "7z", b"Rar!": "RAR", b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG", b"GIF8": "GIF", b"PAR1": "Parquet", b"SQLite": "SQLite",
}  # fmt: skip
PAGE = re.compile(rb"\s*<(?:!doctype|html|table|\?xml|\?mso|workbook)", re.I)
ONLY_FIGURES = re.compile(r"[\d\s.,:/+()¥$€%-]*\d[\d\s.,:/+()¥$€%-]*")


def recognised(source: Source, encoding: str = "") -> Layout:
    """Look at the file and say how it is laid out. Raises `Unreadable`."""
    with source() as file:
        sample = file.read(SAMPLE_BYTES)
    refuse_what_is_no_text(sample)
    encoding = encoding or encoding_of(source)
    text = sample.decode(encoding, errors="replace")
    if not text.strip("\ufeff\0 \r\n\t"):
        raise Unreadable(_("This file is empty."))
    if told := SEPARATOR.match(text):
        rest = text[told.end() :]
        return Layout(encoding, told[1], header_line_of(rest, told[1]) + 1)
    delimiter = delimiter_of(text)
    line, cells = header_of(text, delimiter)
    return Layout(encoding, delimiter, 0 if line == 1 and looks_like_data(cells) else line)


def refuse_what_is_no_text(sample: bytes) -> None:
    """Raises `Unreadable` for workbooks and the like, which say what they are by their first bytes."""
    for begins, names in WORKBOOKS.items():
        if sample.startswith(begins):
            text = _("This is a workbook (%(kind)s), no text. Open it, save it as “CSV UTF-8”, and bring that file.")
            raise Unreadable(text % {"kind": names})
    if PAGE.match(sample.removeprefix(codecs.BOM_UTF8)):
        kind = "HTML, XML"
    else:
        kind = next((kind for begins, kind in OTHERS.items() if sample.startswith(begins)), "")
    if kind:
        raise Unreadable(_("This is %(kind)s, no table of text. Save it as CSV and bring that file.") % {"kind": kind})
    if sample.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise Unreadable(_("This file is in UTF-32. Save it as “CSV UTF-8” and bring that file."))
    is_marked = sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if not is_marked and sample.count(b"\0") * 10 > len(sample):
        text = _(
            "This file is in UTF-16 without the mark that says so, or no text. Save it as “CSV UTF-8” and bring it."
        )
        raise Unreadable(text)


def encoding_of(source: Source) -> str:
    """UTF-8 when all of it is, or all but a few broken places; else CP932 or Windows-1252, as its letters read."""
    with source() as file:
        start = file.read(4)
    if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    broken = unreadable_places(source, "utf-8-sig")
    with source() as file:
        sample = file.read(SAMPLE_BYTES)
    if start[:3] == codecs.BOM_UTF8 or not broken or len(UTF8_LETTER.findall(sample)) > broken:
        return "utf-8-sig"
    return "cp932" if reads_as_japanese(sample) else "cp1252"


def reads_as_japanese(content: bytes) -> bool:
    """Whether most of what is not ASCII are kana, everyday characters and marks of CP932.

    Latin letters with accents are rare characters there, or half-width kana that stand alone.
    """
    usual = rare = 0
    for found in CP932_LETTER.finditer(content):
        usual += bool(found["usual"])
        rare += bool(found["rare"])
    return usual >= rare


def unreadable_places(source: Source, encoding: str) -> int:
    """In how many places the bytes are no characters of that encoding."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    broken = 0
    with source() as file:
        while chunk := file.read(CHUNK):
            broken += len(BROKEN.findall(decoder.decode(chunk)))
    return broken + len(BROKEN.findall(decoder.decode(b"", final=True)))


def delimiter_of(text: str) -> str:
    """The one under which the headers read as headers, and most rows are cut into the same number of cells; of those
    the one that makes most cells."""

    def fits(delimiter: str) -> tuple[bool, int]:
        agreement = _agreement(text, delimiter)
        return agreement > 0 and not looks_like_data(header_of(text, delimiter)[1]), agreement

    return max(DELIMITERS, key=fits)


def _agreement(text: str, delimiter: str) -> int:
    widths = Counter(len(cells) for _line, cells in _sample(text, delimiter) if len(cells) > 1)
    return max((width * rows for width, rows in widths.items()), default=0)


def header_line_of(text: str, delimiter: str) -> int:
    return header_of(text, delimiter)[0]


def header_of(text: str, delimiter: str) -> tuple[int, list[str]]:
    """The first line about as wide as the rest of the file, and mostly filled; with its cells."""
    sample = [(line, cells) for line, cells in _sample(text, delimiter) if any(cell.strip() for cell in cells)]
    if not sample:
        return 1, []
    widths = Counter(len(cells) for _line, cells in sample)
    usual = max(widths, key=lambda width: (widths[width] * width, width))
    for line, cells in sample:
        if len(cells) >= usual and sum(1 for cell in cells if cell.strip()) * 2 > usual:
            return line, cells
    return sample[0]


def looks_like_data(cells: Sequence[str]) -> bool:
    """Whether a line reads as a row, not as headers: it holds an address, or nothing but figures."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    if any(ADDRESS.search(cell) for cell in filled):
        return True
    return len(filled) > 1 and all(ONLY_FIGURES.fullmatch(cell) for cell in filled)


def _sample(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text[:LONGEST_ROW], newline=""), delimiter=delimiter)
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
            if line > SAMPLE_RECORDS * 4:
                return
    except csv.Error:
        return
