"""Fill in what steps from before this version keep of their moment: `python manage.py fill_past`."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from history import leases
from sla.flow.filling import fill_past
from sla.flow.models import PastFill
from smarketing.pages.wording import number


class Command(BaseCommand):
    help = "Fill in the persona and the quadrant of old steps. Interrupted, it goes on where it was."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="One JSON object on one line.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            fill = fill_past()
        except leases.Taken:
            raise CommandError(_("The worker is filling in the past now. Ask again in a minute."), returncode=3)
        self.stdout.write(_as_json(fill) if options["json"] else _as_text(fill))


def _as_json(fill: PastFill | None) -> str:
    counts = {name: getattr(fill, name) if fill else 0 for name in PastFill.COUNTS}
    return json.dumps({"finished": fill is None or fill.finished_at is not None, **counts})


def _as_text(fill: PastFill | None) -> str:
    if fill is None:
        return _("There are no steps from before.")
    told = fill.from_handoffs + fill.from_history
    lines = [
        ngettext("%(n)s step has its persona and quadrant.", "%(n)s steps have their persona and quadrant.", told),
        ngettext("%(n)s step was imported.", "%(n)s steps were imported.", fill.brought_in),
        ngettext("Of %(n)s step it is not known.", "Of %(n)s steps it is not known.", fill.not_known),
    ]
    counts = (told, fill.brought_in, fill.not_known)
    return "\n".join(line % {"n": number(n)} for line, n in zip(lines, counts, strict=True))
