"""What needs attention, in the reader's words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dashboards.numbers.asking import behind_url
from funnel.models import Stage
from metrics.question import Question, View
from sla.models import Handoff
from smarketing.pages import wording
from smarketing.pages.navigation import url_of
from smarketing.templatetags.smarketing import num
from teams.models import User


@dataclass(frozen=True)
class Note:
    """One thing to look at: how bad, what it is, and what lies behind it."""

    tone: str
    title: str
    text: SafeString | str


def notes_of(kept: list[dict[str, Any]], question: Question) -> list[Note]:
    """Word the notes that were found when the week was computed."""
    known = Known(kept)
    return [Note(one["tone"], *WORDED[one["kind"]](one, question, known)) for one in kept]


class Known:
    """The names that the notes need, asked for once."""

    def __init__(self, kept: list[dict[str, Any]]) -> None:
        self.handoffs: dict[int, Handoff] = {}
        self.reps: dict[str, User] = {}
        self.stages: dict[str, Stage] = {}
        if handoffs := [pk for one in kept for pk in one.get("handoffs", [])]:
            self.handoffs = Handoff.objects.with_clock().select_related("lead__company", "rep").in_bulk(handoffs)
        if reps := [one["rep"] for one in kept if "rep" in one]:
            self.reps = {str(user.pk): user for user in User.objects.filter(pk__in=reps)}
        if any(one["kind"] == "falling" for one in kept):
            self.stages = {str(stage.role): stage for stage in Stage.objects.filter(role__isnull=False)}


Worded = tuple[str, SafeString | str]


def _overdue(one: dict[str, Any], question: Question, known: Known) -> Worded:
    title = ngettext(
        "%(n)s hand-off is unanswered and overdue", "%(n)s hand-offs are unanswered and overdue", one["n"]
    ) % {"n": wording.number(one["n"])}
    found = [known.handoffs[pk] for pk in one["handoffs"] if pk in known.handoffs]
    lines = format_html_join(" ", "{}", ((_one_overdue(handoff),) for handoff in found))
    all_of_them = num(_("All %(n)s") % {"n": wording.number(one["n"])}, _stock_url("overdue", one, question))
    return title, format_html("{} {}", lines, all_of_them)


def _one_overdue(handoff: Any) -> str:
    words = {
        "lead": wording.person_name(handoff.lead),
        "rep": wording.person_name(handoff.rep),
        "due": wording.moment(handoff.due_at),
    }
    return _("%(lead)s, offered to %(rep)s, fell due %(due)s.") % words


def _stock_url(metric: str, one: dict[str, Any], question: Question, key: str = "", by: str = "") -> str:
    asked = replace(question, view=View.STOCK.value, by=by)
    return behind_url(metric, asked, key, was=one["n"]) if by else behind_url(metric, asked, was=one["n"])


def _unoffered(one: dict[str, Any], question: Question, known: Known) -> Worded:
    title = ngettext(
        "%(n)s lead waits, and nobody was offered it", "%(n)s leads wait, and nobody was offered them", one["n"]
    )
    text = _("Somebody must be there to take them: see that the receiving team has active reps.")
    link = num(_("All %(n)s") % {"n": wording.number(one["n"])}, _stock_url("unoffered", one, question))
    return title % {"n": wording.number(one["n"])}, format_html("{} {}", text, link)


def _disputed(one: dict[str, Any], question: Question, known: Known) -> Worded:
    title = ngettext(
        "%(n)s rejection is disputed and not settled", "%(n)s rejections are disputed and not settled", one["n"]
    )
    return title % {"n": wording.number(one["n"])}, _link(_("Read both sides, and settle it"), url_of("rejections"))


def _unsigned(one: dict[str, Any], question: Question, known: Known) -> Worded:
    title = _("Version %(number)s of the agreement waits for signatures") % {"number": one["number"]}
    return title, _link(_("Read and sign it"), url_of("agreement"))


def _queue(one: dict[str, Any], question: Question, known: Known) -> Worded:
    rep = wording.person_name(known.reps.get(one["rep"]))
    title = _("%(rep)s has a long queue") % {"rep": rep}
    n = num(wording.number(one["n"]), _stock_url("unanswered", one, question, one["rep"], "rep"))
    return title, format_html(_("{n} hand-offs wait, twice as many as usual or more."), n=n)


def _falling(one: dict[str, Any], question: Question, known: Known) -> Worded:
    words = {"a": str(known.stages[one["from"]]), "b": str(known.stages[one["to"]])}
    title = _("Fewer go from %(a)s to %(b)s") % words
    asked = replace(question, view=View.PERIOD.value, from_role=one["from"], to_role=one["to"])
    (n, of), (before, of_before) = one["rate"], one["before"]
    rate = num(wording.share(n, of), behind_url("conversion", asked, was=n))
    text = _("{rate} ({n} / {of}), against {before} in the four weeks before: more than chance explains.")
    shown = {"n": wording.number(n), "of": wording.number(of), "before": wording.share(before, of_before)}
    return title, format_html(text, rate=rate, **shown)


def _source(one: dict[str, Any], question: Question, known: Known) -> Worded:
    title = _("Leads from %(source)s are rejected more often") % {"source": one["source"] or _("no known source")}
    (n, of), (all_n, all_of) = one["rate"], one["all"]
    rate = num(
        f"{wording.number(n)} / {wording.number(of)}",
        behind_url("rejected", replace(question, by="source"), one["source"], was=n),
    )
    overall = f"{wording.number(all_n)} / {wording.number(all_of)}"
    return title, format_html(
        _("{rate} against {overall} overall: more than chance explains."), rate=rate, overall=overall
    )


def _import(one: dict[str, Any], question: Question, known: Known) -> Worded:
    title = ngettext("%(n)s row of an import was rejected", "%(n)s rows of an import were rejected", one["n"])
    url = url_of("imports")
    text = _("{file}: correct the rows and bring them again.")
    return title % {"n": wording.number(one["n"])}, format_html(text, file=_link(one["file"], url))


def _link(text: str, url: str) -> SafeString | str:
    return format_html('<a href="{}">{}</a>', url, text) if url else text


WORDED = {
    "overdue": _overdue,
    "unoffered": _unoffered,
    "disputed": _disputed,
    "unsigned": _unsigned,
    "queue": _queue,
    "falling": _falling,
    "source": _source,
    "import": _import,
}
