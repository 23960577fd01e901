"""An agreement as people read it: parts and numbered lines, made from the data, in the language of the page.

Each line has a key that stays the same from version to version, so that two versions compare line by line.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from django.utils.dates import WEEKDAYS
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from funnel.models import Definition, Stage, StageRole
from leads.criteria import BadCriteria, Tree, sentence
from leads.models import PersonaVersion
from scoring.models import FitRule, InterestRule, ScoreModel
from sla.agreement.lines import Compared, Line, Part, as_text, brief, compare, link, marked, punctuation
from sla.agreement.models.agreements import Agreement
from sla.agreement.promises import promises
from sla.calendars.hours import OpeningHours
from sla.calendars.models import Calendar
from smarketing.pages import wording
from teams.models import Team

__all__ = ["Compared", "Line", "Part", "as_text", "brief", "changes", "compare", "link", "marked", "parts", "points"]

# How the sentence of a fit rule begins: the points beside it say as much.
COUNTS = "A lead counts when "


def parts(agreement: Agreement) -> list[Part]:
    """The whole document, numbered."""
    found = [
        _personas(agreement),
        _stages(agreement),
        _scores(agreement),
        *promises(agreement),
        _rhythm(agreement),
        _beginning(agreement),
    ]
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


# Whom


def _personas(agreement: Agreement) -> Part:
    versions = agreement.personas()
    note = _("A lead is the first of these whose conditions it meets.") if len(versions) > 1 else ""
    return Part(_("Whom we want to win"), tuple(_persona(version) for version in versions), note=note)


def _persona(version: PersonaVersion) -> Line:
    verdict = f"「{version.name}」です" if wording.japanese() else f"is “{version.name}”"
    name = link(version.name, "persona", version.persona_id)
    words = format_html("<strong>{}</strong>{}{}", name, punctuation(": ", "："), said(version.criteria, verdict))
    return Line(f"persona {version.persona_id}", words, (version.description,) if version.description else ())


# What our words mean


def _stages(agreement: Agreement) -> Part:
    agreed = {definition.stage_id: definition for definition in agreement.definitions()}
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
    words = said(rule.criteria, "採点対象です" if wording.japanese() else "counts")
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


# Reviews


def _rhythm(agreement: Agreement) -> Part:
    meeting = _("Every week, on %(weekday)s at %(time)s, both sides look at the same numbers.") % {
        "weekday": WEEKDAYS[agreement.meeting_weekday],
        "time": f"{agreement.meeting_at:%-H:%M}",
    }
    whole = _("The goals are reviewed every month, the whole agreement every %(n)s months.")
    disputes = ngettext(
        "A rejection may be disputed within %(n)s day; a manager settles it at the weekly meeting.",
        "A rejection may be disputed within %(n)s days; a manager settles it at the weekly meeting.",
        agreement.dispute_days,
    )
    if not agreement.dispute_days:
        disputes = _("A rejection stands: it may not be disputed.")
    lines = (
        ("meeting", meeting),
        ("reviews", whole % {"n": agreement.review_months}),
        ("disputes", disputes % {"n": agreement.dispute_days} if agreement.dispute_days else disputes),
    )
    return Part(_("How both sides look at it"), tuple(Line(key, format_html("{}", words)) for key, words in lines))


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


def changes(before: Agreement | None, after: Agreement | Sequence[Part]) -> list[Compared]:
    """What is different, and only that. The newer one may be given as the parts that it was read into already."""
    if before is None:
        return []
    read = parts(after) if isinstance(after, Agreement) else after
    return [each for each in compare(parts(before), read) if each.kind != "same"]
