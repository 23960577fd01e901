"""Print any number of the registry: `python manage.py metric conversion --from mql --to customer --start … --end …`."""

import argparse
import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from metrics.answers import describe_remarks, format_answer, format_fraction, is_no_percentage
from metrics.period import Period
from metrics.question import BadQuestion, Question, dimension
from metrics.rate import Row
from metrics.registry import Metric, UnknownMetric, metric, metrics
from smarketing.pages import wording


class Command(BaseCommand):
    help = "Print a number of the registry, with what it is made of."
    # No system checks: they would load every page for one number.
    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        # One line for a bad input, without the usage.
        return super().create_parser(prog_name, subcommand, **({"usage": argparse.SUPPRESS} | kwargs))

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", nargs="?", metavar="NAME", help="The metric: see --list.")
        parser.add_argument("--list", action="store_true", help="Name every metric with its definition.")
        parser.add_argument("--start", metavar="DATE", help="The first day, as 2018-04-01.")
        parser.add_argument("--end", metavar="DATE", help="The day after the last one.")
        parser.add_argument("--view", default="", help="cohort, period or stock.")
        parser.add_argument("--from", dest="from_role", default="", metavar="STAGE_ROLE", help="Count from this stage.")
        parser.add_argument("--to", dest="to_role", default="", metavar="STAGE_ROLE", help="Count to this stage.")
        parser.add_argument("--window", metavar="DAYS", help="Count only what followed within so many days.")
        parser.add_argument("--by", default="", help="Cut by month, week, source, persona, ...")
        parser.add_argument("--json", action="store_true", help="One JSON object on one line.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["list"]:
            self.stdout.write(_list_as_json() if options["json"] else _list_as_text())
            return
        try:
            chosen, question = _question(options)
            question = chosen.accept(question)
            rows = chosen.rows(question)
        except (UnknownMetric, BadQuestion) as error:
            raise CommandError(str(error), returncode=2)
        answer = _as_json if options["json"] else _as_text
        self.stdout.write(answer(chosen, question, rows))


def _question(options: dict[str, Any]) -> tuple[Metric, Question]:
    if not options["name"]:
        raise BadQuestion("name", _("Name a metric, or ask for them with --list."))
    chosen = metric(options["name"])
    start, end = (_date(f"--{option}", options[option]) for option in ("start", "end"))
    if end <= start:
        raise BadQuestion("end", _("--end is the day after the last one: it comes after --start."))
    names = ("view", "from_role", "to_role", "by")
    window = None if options["window"] is None else _days(options["window"])
    return chosen, Question(Period(start, end), window_days=window, **{name: options[name] for name in names})


def _date(option: str, text: str | None) -> date:
    if not text:
        raise BadQuestion(option, _("%(option)s is missing: a date such as 2018-04-01.") % {"option": option})
    try:
        return date.fromisoformat(text)
    except ValueError:
        message = _("%(option)s: “%(text)s” is not a date such as 2018-04-01.")
        raise BadQuestion(option, message % {"option": option, "text": text})


def _days(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise BadQuestion("window", _("--window: “%(text)s” is not a number of days.") % {"text": text})


def _as_json(metric: Metric, question: Question, rows: list[Row]) -> str:
    answer = {"metric": metric.name, "view": question.view, "rows": [_row_as_json(row) for row in rows]}
    return json.dumps(answer, ensure_ascii=False)


def _row_as_json(row: Row) -> dict[str, Any]:
    value = row.value
    if isinstance(value, Decimal):
        value = int(value) if value == value.to_integral_value() else float(value)
    plain = {"key": row.key, "numerator": row.numerator, "denominator": row.denominator, "value": value}
    return plain | {"mature": row.mature} | ({"flagged": row.flagged} if row.flagged else {})


def _as_text(metric: Metric, question: Question, rows: list[Row]) -> str:
    dimension_of_rows = dimension(question.by) if question.by else None
    labels = dimension_of_rows.key_labels(row.key for row in rows) if dimension_of_rows else {}
    lines = [(str(dimension_of_rows.label) if dimension_of_rows else "", _("Value"), _("Made of"), _("95 %"), "")]
    lines += [
        (
            labels.get(row.key, _("All")),
            # Its two numbers stand in the next column.
            wording.NOTHING if is_no_percentage(metric.unit, row) else format_answer(metric.unit, row),
            format_fraction(row),
            wording.from_to(*row.interval) if row.interval else "",
            describe_remarks(metric, row),
        )
        for row in rows
    ]
    period = f"{question.period.start} – {question.period.end}"
    return "\n".join([f"{metric.label}, {period}, {question.view}", str(metric.definition), "", *_table(lines)])


def _table(lines: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    return [_line(cells, widths) for cells in lines]


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    """The first column aligned left, the others right."""
    (key, *figures), (first, *others) = cells, widths
    right = (figure.rjust(width) for figure, width in zip(figures, others, strict=True))
    return "  ".join([key.ljust(first), *right]).rstrip()


def _list_as_text() -> str:
    if not metrics():
        return _("No metric is defined.")
    return "\n".join(f"{metric.name}: {metric.definition}\n    {_describe_options(metric)}" for metric in metrics())


def _describe_options(metric: Metric) -> str:
    options = [str(metric.unit.label), _("view: %(views)s") % {"views": ", ".join(metric.views)}]
    if metric.stages == "pair":
        options.append("--from, --to")
    elif metric.stages == "one":
        options.append("[--to]")
    if metric.takes_window:
        options.append("[--window]")
    return "; ".join([*options, _("by: %(dimensions)s") % {"dimensions": ", ".join(metric.dimensions)}])


def _list_as_json() -> str:
    descriptions = [
        {
            "name": metric.name,
            "label": str(metric.label),
            "definition": str(metric.definition),
            "unit": metric.unit,
            "views": metric.views,
            "by": metric.dimensions,
        }
        for metric in metrics()
    ]
    return json.dumps({"metrics": descriptions}, ensure_ascii=False)
