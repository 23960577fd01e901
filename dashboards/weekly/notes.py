"""What needs attention, in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dashboards.numbers.question_urls import behind_url
from funnel.models import Stage
from metrics.question import Question, View
from sla.models import Handoff
from smarketing.pages import wording
from smarketing.pages.navigation import url_of
from smarketing.templatetags.figures import num
from teams.models import User


@dataclass(frozen=True)
class Note:
    """One thing that needs attention."""

    tone: str
    title: str
    text: SafeString | str


def describe_notes(notes: list[dict[str, Any]], question: Question) -> list[Note]:
    """Title and text of each note that was stored with the week."""
    names = Names(notes)
    return [Note(note["tone"], *WRITERS[note["kind"]](note, question, names)) for note in notes]


class Names:
    """The hand-offs, reps and stages that the notes name, queried once."""

    def __init__(self, notes: list[dict[str, Any]]) -> None:
        self.handoffs: dict[int, Handoff] = {}
        self.reps: dict[str, User] = {}
        self.stages: dict[str, Stage] = {}
        if handoffs := [pk for note in notes for pk in note.get("handoffs", [])]:
            self.handoffs = Handoff.objects.with_clock().select_related("lead__company", "rep").in_bulk(handoffs)
        if reps := [note["rep"] for note in notes if "rep" in note]:
            self.reps = {str(user.pk): user for user in User.objects.filter(pk__in=reps)}
        if any(note["kind"] == "falling" for note in notes):
            self.stages = {str(stage.role): stage for stage in Stage.objects.known() if stage.role}


TitleAndText = tuple[str, SafeString | str]


def _overdue(note: dict[str, Any], question: Question, names: Names) -> TitleAndText:
    title = ngettext(
        "%(n)s hand-off is unanswered and overdue", "%(n)s hand-offs are unanswered and overdue", note["n"]
    ) % {"n": wording.number(note["n"])}
    handoffs = [names.handoffs[pk] for pk in note["handoffs"] if pk in names.handoffs]
    lines = format_html_join(" ", "{}", ((_describe_overdue(handoff),) for handoff in handoffs))
    all_link = num(_("All %(n)s") % {"n": wording.number(note["n"])}, _stock_url("overdue", note, question))
    return title, format_html("{} {}", lines, all_link)


def _describe_overdue(handoff: Any) -> str:
    words = {
        "lead": wording.person_name(handoff.lead),
        "rep": wording.person_name(handoff.rep),
        "due": wording.moment(handoff.due_at),
    }
    return _("%(lead)s, offered to %(rep)s, fell due %(due)s.") % words


def _stock_url(metric: str, note: dict[str, Any], question: Question, key: str = "", by: str = "") -> str:
    asked = replace(question, view=View.STOCK.value, by=by)
    return behind_url(metric, asked, key, was=note["n"]) if by else behind_url(metric, asked, was=note["n"])


def _unoffered(note: dict[str, Any], question: Question, names: Names) -> TitleAndText:
    title = ngettext(
        "%(n)s lead waits, and nobody was offered it", "%(n)s leads wait, and nobody was offered them", note["n"]
    )
    text = _("Somebody must be there to take them: see that the receiving team has active reps.")
    link = num(_("All %(n)s") % {"n": wording.number(note["n"])}, _stock_url("unoffered", note, question))
    return title % {"n": wording.number(note["n"])}, format_html("{} {}", text, link)


def _disputed(note: dict[str, Any], question: Question, names: Names) -> TitleAndText:
    title = ngettext(
        "%(n)s rejection is disputed and not settled", "%(n)s rejections are disputed and not settled", note["n"]
    )
    return title % {"n": wording.number(note["n"])}, _link(_("Read both sides, and settle it"), url_of("rejections"))


def _unsigned(note: dict[str, Any], question: Question, names: Names) -> TitleAndText:
    title = _("Version %(number)s of the agreement waits for signatures") % {"number": note["number"]}
    return title, _link(_("Read and sign it"), url_of("agreement"))


def _queue(note: dict[str, Any], question: Question, names: Names) -> TitleAndText:
    rep = wording.person_name(names.reps.get(note["rep"]))
    title = _("%(rep)s has a long queue") % {"rep": rep}
    n = num(wording.number(note["n"]), _stock_url("unanswered", note, question, note["rep"], "rep"))
    return title, format_html(_("{n} hand-offs wait, twice as many as usual or more."), n=n)


def _falling(note: dict[str, Any], question: Question, names: Names) -> TitleAndText:
    words = {"a": str(names.stages[note["from"]]), "b": str(names.stages[note["to"]])}
    title = _("Fewer go from %(a)s to %(b)s") % words
    asked = replace(question, view=View.PERIOD.value, from_role=note["from"], to_role=note["to"])
    (n, of), (before, of_before) = note["rate"], note["before"]
    rate = num(wording.share(n, of), behind_url("conversion", asked, was=n))
    text = _("{rate} ({n} / {of}), against {before} in the four weeks before: more than chance explains.")
    if not wording.is_percentage(n, of):
        text = _("{rate}, against {before} in the four weeks before: more than chance explains.")
    shown = {"n": wording.number(n), "of": wording.number(of), "before": wording.share(before, of_before)}
    return title, format_html(text, rate=rate, **shown)


def _source(note: dict[str, Any], question: Question, names: Names) -> TitleAndText:
    title = _("Leads from %(source)s are rejected more often") % {"source": note["source"] or _("no known source")}
    (n, of), (all_n, all_of) = note["rate"], note["all"]
    rate = num(
        f"{wording.number(n)} / {wording.number(of)}",
        behind_url("rejected", replace(question, by="source"), note["source"], was=n),
    )
    overall = f"{wording.number(all_n)} / {wording.number(all_of)}"
    return title, format_html(
        _("{rate} against {overall} overall: more than chance explains."), rate=rate, overall=overall
    )


def _import(note: dict[str, Any], question: Question, names: Names) -> TitleAndText:
    title = ngettext("%(n)s row of an import was rejected", "%(n)s rows of an import were rejected", note["n"])
    url = url_of("imports")
    text = _("{file}: correct the rows and bring them again.")
    return title % {"n": wording.number(note["n"])}, format_html(text, file=_link(note["file"], url))


def _link(text: str, url: str) -> SafeString | str:
    return format_html('<a href="{}">{}</a>', url, text) if url else text


WRITERS = {
    "overdue": _overdue,
    "unoffered": _unoffered,
    "disputed": _disputed,
    "unsigned": _unsigned,
    "queue": _queue,
    "falling": _falling,
    "source": _source,
    "import": _import,
}
