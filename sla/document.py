"""An agreement as people read it: parts and numbered lines, made from the data, in the language of the page.

Each line has a key that stays the same from version to version, so that two versions compare line by line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from difflib import SequenceMatcher
from html import unescape
from itertools import pairwise

from django.db.models import Q
from django.urls import NoReverseMatch, reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from funnel.models import Definition, Stage, StageRole
from leads.criteria import BadCriteria, Tree, sentence
from leads.models import PersonaVersion
from scoring.models import FitRule, InterestRule, ScoreModel
from sla.agreements import definitions_of, personas_of
from sla.hours import OpeningHours
from sla.models import Agreement, Calendar, Hop
from smarketing import wording
from teams.models import Team

# How the sentence of a fit rule begins: the points beside it say as much.
COUNTS = "A lead counts when "


@dataclass(frozen=True)
class Line:
    """One thing that is agreed."""

    key: str
    words: SafeString
    notes: tuple[str | SafeString, ...] = ()
    items: tuple[SafeString, ...] = ()
    number: str = ""

    @property
    def anchor(self) -> str:
        return f"c{self.number}"

    @property
    def plain(self) -> str:
        """The line without its mark-up: what two versions are compared by."""
        return " ".join(as_text(part) for part in (self.words, *self.items, *self.notes) if part)


@dataclass(frozen=True)
class Part:
    title: str
    lines: tuple[Line, ...]
    party: str = ""
    note: str = ""
    number: int = 0


def parts(agreement: Agreement) -> list[Part]:
    """The whole document, numbered."""
    found = [_personas(agreement), _stages(agreement), _scores(agreement), *_promises(agreement), _beginning(agreement)]
    if agreement.notes.strip():
        notes = Line("notes", mark_safe("<br>".join(escape(line) for line in agreement.notes.strip().splitlines())))
        found.append(Part(_("Notes"), (notes,)))
    return [_numbered(part, number) for number, part in enumerate((part for part in found if part.lines), 1)]


def _numbered(part: Part, number: int) -> Part:
    lines = (replace(line, number=f"{number}.{n}") for n, line in enumerate(part.lines, 1))
    return replace(part, number=number, lines=tuple(lines))


def said(tree: Tree | None, verdict: str) -> SafeString:
    """A tree as a sentence with what counts in bold; words for one that is missing or no longer reads."""
    if tree is None:
        return format_html('<span class="muted">{}</span>', _("No criteria yet."))
    try:
        return mark_safe(sentence(tree, html=True, verdict=verdict))
    except BadCriteria:
        return format_html('<span class="muted">{}</span>', _("These criteria no longer hold together."))


def verdict_of(stage: Stage, language: str) -> str:
    """What a definition's sentence says of a lead that meets it."""
    if language == "ja":
        return f"{stage.name_ja or stage.name_en}になります"
    return f"is an {stage.name_en}" if stage.role in (StageRole.MQL, StageRole.SQL) else f"reaches “{stage.name_en}”"


def verdicts(stage: Stage) -> dict[str, str]:
    return {language: verdict_of(stage, language) for language in ("en", "ja")}


def definition_in_words(definition: Definition) -> SafeString:
    return said(definition.criteria, verdict_of(definition.stage, "ja" if wording.japanese() else "en"))


def punctuation(english: str, japanese: str) -> str:
    return japanese if wording.japanese() else english


def link(text: object, name: str, *args: object) -> SafeString:
    """A link to a page that may not exist: then the text alone."""
    try:
        return format_html('<a href="{}">{}</a>', reverse(name, args=args), text)
    except NoReverseMatch:
        return format_html("{}", text)


# Whom


def _personas(agreement: Agreement) -> Part:
    versions = personas_of(agreement)
    note = _("A lead is the first of these whose conditions it meets.") if len(versions) > 1 else ""
    return Part(_("Whom we want to win"), tuple(_persona(version) for version in versions), note=note)


def _persona(version: PersonaVersion) -> Line:
    verdict = f"「{version.name}」です" if wording.japanese() else f"is “{version.name}”"
    name = link(version.name, "persona", version.persona_id)
    words = format_html("<strong>{}</strong>{}{}", name, punctuation(": ", "："), said(version.criteria, verdict))
    return Line(f"persona {version.persona_id}", words, (version.description,) if version.description else ())


# What our words mean


def _stages(agreement: Agreement) -> Part:
    agreed = {definition.stage_id: definition for definition in definitions_of(agreement)}
    lines = [_stage(stage, agreed.get(stage.pk)) for stage in Stage.objects.all()]
    return Part(_("What our words mean"), (*lines, _hours()))


def _stage(stage: Stage, definition: Definition | None) -> Line:
    teams = dict(Team.Kind.choices)
    owner = _("Worked by %(team)s.") % {"team": teams[Team.Kind(stage.owner_team)]}
    if definition is None:
        words = format_html("<strong>{}</strong>{}{}", stage, punctuation(": ", "："), stage.in_words)
        return Line(f"stage {stage.pk}", words, () if stage.role == StageRole.CUSTOMER else (owner,))
    version = link(_("v%(number)s") % {"number": definition.number}, "definition", stage.pk, definition.number)
    cool_off = ngettext(
        "A recycled lead waits %(n)s day before it may qualify again.",
        "A recycled lead waits %(n)s days before it may qualify again.",
        definition.cool_off_days,
    ) % {"n": definition.cool_off_days}
    words = format_html(
        "<strong>{}</strong> ({}){}{}", stage, version, punctuation(": ", "："), definition_in_words(definition)
    )
    return Line(f"stage {stage.pk}", words, tuple(filter(None, (definition.text, owner, cool_off))))


def _hours() -> Line:
    calendar = Calendar.default()
    words = format_html(
        "{} {}{}",
        _("Hours are opening hours:"),
        link(opening_in_words(calendar.hours()), "calendar"),
        punctuation(".", "。"),
    )
    return Line("hours", words)


def opening_in_words(hours: OpeningHours) -> str:
    """ "Monday to Friday, 9:00–12:00 and 13:00–18:00, without holidays (Asia/Tokyo)"."""
    told = []
    for days, windows in _runs(hours):
        spans = punctuation(" and ", "、").join(
            f"{opens:%-H:%M}–{closes:%-H:%M}".replace("–0:00", "–24:00") for opens, closes in windows
        )
        told.append(f"{_days(days)}{punctuation(', ', ' ')}{spans}")
    return _("%(windows)s, without holidays (%(zone)s)") % {
        "windows": punctuation("; ", "；").join(told),
        "zone": hours.tz.key,
    }


def _runs(hours: OpeningHours) -> Iterable[tuple[list[int], Sequence[tuple[object, object]]]]:
    """Days that follow each other with the same windows, together."""
    run: list[int] = []
    open_days = [day for day in range(7) if hours.windows.get(day)]
    for day in open_days:
        if run and (day != run[-1] + 1 or hours.windows[day] != hours.windows[run[-1]]):
            yield run, hours.windows[run[0]]
            run = []
        run.append(day)
    if run:
        yield run, hours.windows[run[0]]


def _days(days: list[int]) -> str:
    names = (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"))
    if len(days) == 1:
        return names[days[0]]
    return _("%(first)s to %(last)s") % {"first": names[days[0]], "last": names[days[-1]]}


# Scores


def _scores(agreement: Agreement) -> Part:
    title, model = _("How leads are scored"), agreement.score_model
    if model is None:
        return Part(title, ())
    thresholds = format_html(
        _("Fit is high from <strong>{}</strong>, interest from <strong>{}</strong>, of 100 each (score model {})."),
        plain_number(model.fit_threshold),
        plain_number(model.interest_threshold),
        model,
    )
    if agreement.score_model_may_change:
        may = _("A new score model may replace it between agreements; whoever publishes it tells the other side.")
    else:
        may = _("A new score model needs a new agreement.")
    return Part(title, (Line("thresholds", thresholds), *_rules(model), Line("may change", format_html("{}", may))))


def _rules(model: ScoreModel) -> list[Line]:
    fit = tuple(_fit_rule(rule) for rule in model.fit_rules.all())
    interest = tuple(_interest_rule(rule) for rule in model.interest_rules.select_related("kind").order_by("-points"))
    lines = []
    if fit:
        lines.append(Line("fit", format_html("{}", _("Fit is the sum of what holds, from 0 to 100:")), items=fit))
    if interest:
        opening = _("Interest is the sum of what was done, fading with time, from 0 to 100:")
        lines.append(Line("interest", format_html("{}", opening), items=interest))
    return lines


def _fit_rule(rule: FitRule) -> SafeString:
    words = said(rule.criteria, "加点対象です" if wording.japanese() else "counts")
    if words.startswith(COUNTS):
        rest = words.removeprefix(COUNTS)
        words = mark_safe(rest[:1].upper() + rest[1:])
    if rule.name:
        words = format_html("{}{}{}", rule.name, punctuation(": ", "："), words)
    return format_html("<b>{}</b> {}", points(rule.points), words)


def _interest_rule(rule: InterestRule) -> SafeString:
    said_too = []
    if rule.cap is not None:
        said_too.append(_("at most %(cap)s") % {"cap": plain_number(rule.cap)})
    if rule.half_life_days is not None:
        said_too.append(_("half after %(days)s days") % {"days": plain_number(rule.half_life_days)})
    return format_html(
        "<b>{}</b> {}{}", points(rule.points), rule.kind, "".join(punctuation(", ", "、") + words for words in said_too)
    )


def plain_number(value: object) -> str:
    """50.000000 → "50"; 2.50 → "2.5"."""
    text = f"{value:f}" if hasattr(value, "as_tuple") else str(value)
    return text.rstrip("0").rstrip(".") if "." in text else text


def points(value: object) -> str:
    text = plain_number(value)
    return text.replace("-", "−") if text.startswith("-") else f"+{text}"


# Promises


def _promises(agreement: Agreement) -> list[Part]:
    hops = list(
        agreement.hops.select_related(
            "from_stage", "accepted_stage", "rejected_stage", "offering_team", "receiving_team"
        )
    )
    teams = [party.team for party in agreement.parties.select_related("team").order_by("pk")]
    found = []
    for team in teams:
        gives = [_gives(hop) for hop in hops if hop.offering_team_id == team.pk]
        takes = [line for hop in hops if hop.receiving_team_id == team.pk for line in _takes(hop)]
        title = _("%(team)s promises") % {"team": team}
        found.append(Part(title, (*gives, *takes), party=team.party))
    return found


def _gives(hop: Hop) -> Line:
    words = format_html(
        _("to hand every lead that becomes <strong>{}</strong> to {}, with what it did and why it is one."),
        hop.from_stage,
        hop.receiving_team,
    )
    return Line(f"hop {hop.from_stage_id} from {hop.offering_team_id}", words)


def _takes(hop: Hop) -> list[Line]:
    key = f"hop {hop.from_stage_id} to {hop.receiving_team_id}"
    policies = hop.agreement.policies.filter(Q(stage=None) | Q(stage=hop.from_stage_id)).order_by("-position")
    within = policies[0].answer_within if policies else timedelta(hours=4)
    answer = format_html(
        _("to answer every hand-off of {} within <strong>{}</strong>: accepted, or rejected with a reason."),
        hop.from_stage,
        open_hours(within),
    )
    after = format_html(
        _(
            "An accepted lead becomes <strong>{}</strong>; a rejected one goes to <strong>{}</strong>, with a verdict"
            " on the persona."
        ),
        hop.accepted_stage,
        hop.rejected_stage,
    )
    exactly = _("Exactly on the deadline is in time. A late answer stays late.")
    return [Line(f"{key} answer", answer, (exactly,)), Line(f"{key} after", after)]


def open_hours(time: timedelta) -> str:
    hours = time.total_seconds() / 3600
    return ngettext("%(n)s opening hour", "%(n)s opening hours", 1 if hours == 1 else 2) % {
        "n": wording.number(hours, 0 if hours == int(hours) else 1)
    }


# Beginning


def _beginning(agreement: Agreement) -> Part:
    if agreement.qualifies_standing:
        words = _("When it begins, leads that stand and meet a new definition qualify at once.")
    else:
        words = _(
            "When it begins, leads that stand and meet a new definition qualify only with a new activity or change."
        )
    lasts = _("It holds until the next version replaces it. What was signed is never edited.")
    return Part(
        _("How it begins and ends"),
        (Line("standing", format_html("{}", words)), Line("lasts", format_html("{}", lasts))),
    )


# Two versions


@dataclass(frozen=True)
class Compared:
    """One line of two versions."""

    before: Line | None
    after: Line | None
    title: str
    marked_before: SafeString = field(default=SafeString(""))
    marked_after: SafeString = field(default=SafeString(""))

    @property
    def kind(self) -> str:
        if self.before is None:
            return "new"
        if self.after is None:
            return "gone"
        return "same" if self.before.plain == self.after.plain else "changed"

    @property
    def line(self) -> Line:
        found = self.after or self.before
        assert found is not None
        return found

    @property
    def brief(self) -> SafeString:
        """The change alone, with a few words around it."""
        return brief(self.before.plain if self.before else "", self.after.plain if self.after else "")


def compare(before: Sequence[Part], after: Sequence[Part]) -> list[Compared]:
    """Line by line, in the order of the newer version, with what is gone where it stood."""
    old = {line.key: line for part in before for line in part.lines}
    new = {line.key: line for part in after for line in part.lines}
    titles = {line.key: part.title for part in (*before, *after) for line in part.lines}
    order = list(new)
    for n, key in enumerate(old):
        if key not in new:
            order.insert(min(n, len(order)), key)
    return [_compared(old.get(key), new.get(key), titles[key]) for key in order]


def _compared(before: Line | None, after: Line | None, title: str) -> Compared:
    removed, added = marked(before.plain if before else "", after.plain if after else "")
    return Compared(before, after, title, removed, added)


def changes(before: Agreement | None, after: Agreement | Sequence[Part]) -> list[Compared]:
    """What is different, and only that. The newer one may be given as the parts that it was read into already."""
    if before is None:
        return []
    read = parts(after) if isinstance(after, Agreement) else after
    return [each for each in compare(parts(before), read) if each.kind != "same"]


def words_in(text: str) -> list[str]:
    """Words with their spaces; Japanese, which has none, by runs of one script."""
    return re.findall(r"[぀-ゟ]+|[゠-ヿー]+|[一-鿿々]+|[^\s぀-ヿ一-鿿々]+\s*|\s+", text)


def marked(before: str, after: str) -> tuple[SafeString, SafeString]:
    """Both texts, with what is gone in <del> and what is new in <ins>."""
    old, new = words_in(before), words_in(after)
    removed, added = [], []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, come = escape("".join(old[a:b])), escape("".join(new[c:d]))
        removed.append(gone if kind == "equal" or not gone else f"<del>{gone}</del>")
        added.append(come if kind == "equal" or not come else f"<ins>{come}</ins>")
    return mark_safe("".join(removed)), mark_safe("".join(added))


def brief(before: str, after: str, around: int = 3) -> SafeString:
    """What changed in one line: a few words before, the old struck out, the new, a few words after."""
    old, new = words_in(before), words_in(after)
    if not old or not new:
        tag, text = ("ins", new) if new else ("del", old)
        short = "".join(text[:24]).strip() + ("…" if len(text) > 24 else "")
        return format_html("<{0}>{1}</{0}>", mark_safe(tag), short)
    codes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    pieces = []
    for code, after_it in pairwise([*codes, ("end", 0, 0, 0, 0)]):
        kind, a, b, c, d = code
        if kind != "equal":
            gone, come = "".join(old[a:b]).strip(), "".join(new[c:d]).strip()
            pieces.append(
                (f"<del>{escape(gone)}</del> " if gone else "") + (f"<ins>{escape(come)}</ins> " if come else "")
            )
        elif b - a <= 2 * around:
            pieces.append(escape("".join(old[a:b])))
        else:
            head = escape("".join(old[a : a + around]).rstrip()) if a else ""
            tail = escape("".join(old[b - around : b])) if after_it[0] != "end" else ""
            pieces.append(f"{head} … {tail}")
    return mark_safe("".join(pieces).strip())


def as_text(html: object) -> str:
    if not isinstance(html, SafeString):
        return str(html)
    return unescape(re.sub(r"<[^>]+>", "", html.replace("<br>", " ")))
