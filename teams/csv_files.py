"""Lists as CSV, line by line: a file of any length is in nobody's memory."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence

from django.http import StreamingHttpResponse
from django.utils.timezone import localtime, now

from smarketing.company import company_zone

# A spreadsheet takes a text that begins with one of these for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class LineWriter:
    """A file that hands every line on."""

    @staticmethod
    def write(text: str) -> str:
        return text


def csv_answer(name: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> StreamingHttpResponse:
    """A file with the day of the company in its name."""
    answer = StreamingHttpResponse(_lines(heads, rows), content_type="text/csv; charset=utf-8")
    day = localtime(now(), company_zone()).date().isoformat()
    answer["Content-Disposition"] = f'attachment; filename="{name}-{day}.csv"'
    return answer


def _lines(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    writer = csv.writer(LineWriter())
    yield "\N{ZERO WIDTH NO-BREAK SPACE}"  # So that spreadsheets read it as UTF-8.
    yield writer.writerow(heads)
    for cells in rows:
        yield writer.writerow([f"'{cell}" if cell.startswith(FORMULA) else cell for cell in cells])
