"""Deals that a file brings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funnel.importing.corrections import TABLES, day_of, is_day, means_now, only_day, same_day, same_fact
from funnel.importing.deal_fields import DATES, DAYS, FIELDS
from funnel.importing.deal_history import write_histories
from funnel.importing.deal_steps import move_leads
from funnel.models.deal_stages import DealStage
from funnel.models.stages import Reason
from leads.importing.engine.attributes import Attribute
from leads.importing.engine.batches import Batch
from leads.importing.engine.fields import Values
from leads.importing.engine.staging import Column
from leads.importing.files import cells
from leads.importing.kinds.lead_keys import OfLeadImport, find_lead_of_rows, lead_email_key
from leads.importing.kinds.links import users_by_email
from leads.text.folding import fold
from smarketing.company import company_zone
from smarketing.pages.wording import moment
from teams.models import Organization


class DealImport(OfLeadImport):
    """Rows that are deals."""

    key = "opportunities"
    label = gettext_lazy("Opportunities")
    help = gettext_lazy("One row a deal: whose, how much, and how it went. A won one makes its lead a customer.")
    fields = FIELDS
    aliases = {"lead": "lead.external_id", "owner.email": "owner"}
    match_fields = frozenset({"external_id", "lead.external_id", "lead.email", "name", "opened_at"})
    kept = match_fields
    working_columns = (
        *OfLeadImport.working_columns,
        Column("opportunity_id", "bigint"),
        Column("owner_id", "bigint"),
        Column("stage_id", "bigint"),
        Column("won_reason_id", "bigint"),
        Column("lost_reason_id", "bigint"),
        # The days of its moments, where only they are known.
        *(Column(name, "date") for name in DAYS.values()),
        # When it was opened, won and lost before the file said otherwise.
        Column("dates_before", "jsonb"),
    )
    tables = ("funnel_opportunity", "funnel_opportunitystep", *TABLES)

    def missing_required(self, values: Values) -> str:
        if nobody := super().missing_required(values):
            return nobody
        if values.get("won_at") and values.get("lost_at"):
            return _("It says that the deal was won and that it was lost.")
        opened, ended = values.get("opened_at"), values.get("won_at") or values.get("lost_at")
        if isinstance(opened, datetime) and isinstance(ended, datetime) and _day(ended) < _day(opened):
            return _("It was won or lost before it was opened.")
        return ""

    def complete(self, values: Values) -> None:
        """The amount is in the currency of its column, of its sign, or the company's."""
        found = values.get("amount")
        if isinstance(found, cells.Money):
            if found.value < 0:
                raise cells.Refused(_("An amount is not negative."))
            if found.currencies:
                values.setdefault("currency", found.currencies[0])
            values["amount"] = cells.amount_in(found, values.get("currency") or Organization.ours().currency)

    def match_keys(self, values: Values) -> Iterable[str]:
        if external_id := values.get("external_id"):
            yield f"external_id {external_id}"
        else:
            whose = values.get("lead.external_id") or fold(values.get("lead.email") or "")
            yield f"deal {whose} {values.get('name', '')} {values.get('opened_at', '')}"

    def import_batch(self, batch: Batch) -> None:
        """Find or make each deal, and move its lead as the deal went."""
        users, stages = users_by_email(batch), _stages_by_name(batch)
        batch.stage(
            email_key=lead_email_key,
            stage_id=lambda values: stages.get(fold(values["stage"])) if "stage" in values else None,
            owner_id=lambda values: users.get(fold(values["owner"])) if "owner" in values else None,
        )
        find_lead_of_rows(batch)
        _find_reasons(batch)
        batch.execute(KNOWN_DAYS, zone=str(company_zone()))
        _lock_leads(batch)
        for turn in batch.turns():
            _import_turn(batch, turn)
        _report_taken_for_one(batch)
        move_leads(batch)


def _day(at: datetime) -> date:
    return at.astimezone(company_zone()).date()


# Locked before their deals, which other verbs lock after them.
LOCK = "SELECT FROM {table} WHERE {key} IN (SELECT lead_id FROM staging_rows) ORDER BY {key} FOR NO KEY UPDATE"
KNOWN_DAYS = f"""
UPDATE staging_rows SET {", ".join(f"{day} = {only_day(moment)}" for moment, day in DAYS.items())}
WHERE {" OR ".join(map(is_day, DAYS))}
"""
FIND_BY_ID = """
UPDATE staging_rows s SET opportunity_id = o.id FROM funnel_opportunity o
WHERE s.refused IS NULL AND s.turn = %(turn)s AND o.external_id <> '' AND o.system = %(system)s
  AND o.external_id = s.external_id
"""
FIND_BY_LIKENESS = f"""
UPDATE staging_rows s SET opportunity_id = o.id FROM funnel_opportunity o
WHERE s.refused IS NULL AND s.turn = %(turn)s AND s.external_id IS NULL AND s.opportunity_id IS NULL
  AND o.lead_id = s.lead_id AND o.name = coalesce(s.name, '')
  AND (o.opened_at IS NULL AND s.opened_at IS NULL
       OR {same_fact(("o.opened_at", "o.opened_on"), ("s.opened_at", "s.opened_on"))})
"""
# Two rows of one turn that turn out to be one deal, or may: the later waits for the next turn.
WAIT = f"""
UPDATE staging_rows s SET turn = turn + 1, opportunity_id = NULL
FROM (
    SELECT line, row_number() OVER (
        PARTITION BY coalesce(opportunity_id::text, 'new ' || lead_id || ' ' || coalesce(external_id, '')
            || ' ' || CASE WHEN external_id IS NULL THEN coalesce(name, '') || ' '
                      || coalesce({day_of("opened_at")}::text, '') ELSE '' END)
        ORDER BY line) AS nth
    FROM staging_rows WHERE turn = %(turn)s AND refused IS NULL
) again
WHERE again.line = s.line AND again.nth > 1
"""
# Today's day means now, unless the deal has a moment of today already; what was taken back today stays as it was told.
TODAY = """
UPDATE staging_rows s SET {name} = CASE WHEN {same_day} THEN r.{name} ELSE %(at)s END
FROM staging_rows known LEFT JOIN funnel_opportunity r ON r.id = known.opportunity_id
WHERE known.ctid = s.ctid AND s.turn = %(turn)s AND s.refused IS NULL AND {means_now}
  AND (r.reopened_at IS NULL OR r.reopened_at < s.{name}) AND {unless_known}
"""
# What was won or lost today at a known moment was opened before, as on a past day.
NOT_DECIDED_THEN = f"""(coalesce(s.won_on, s.lost_on) IS NOT NULL
    OR {same_day("coalesce(s.won_at, s.lost_at)", "s.opened_at")} IS NOT TRUE)"""
# What a deal will have been opened and decided at, once the row has come in.
DATED = """
SELECT s.line,
    CASE WHEN {correct} THEN coalesce(s.opened_at, r.opened_at)
         ELSE coalesce(r.opened_at, s.opened_at) END AS opened_at,
    CASE WHEN {correct} THEN CASE WHEN s.{other} IS NULL THEN coalesce(s.{outcome}, r.{outcome}) END
         ELSE coalesce(r.{outcome}, CASE WHEN r.{other} IS NULL THEN s.{outcome} END) END AS decided_at
FROM staging_rows s LEFT JOIN funnel_opportunity r ON r.id = s.opportunity_id
WHERE s.turn = %(turn)s AND s.refused IS NULL
"""
# Known only to the day, it was decided on that day after it was opened.
DECIDED_ON_THAT_DAY = """
UPDATE staging_rows s SET {outcome} = d.opened_at FROM ({dated}) d
WHERE d.line = s.line AND d.decided_at = s.{outcome} AND d.decided_at < d.opened_at AND {is_that_day}
"""
DECIDED_BEFORE = "SELECT line FROM ({dated}) d WHERE d.decided_at < d.opened_at"
NEW = f"""
WITH made AS (
    UPDATE staging_rows s
    SET opportunity_id = nextval(pg_get_serial_sequence('funnel_opportunity', 'id')), is_new = true
    WHERE s.turn = %(turn)s AND s.refused IS NULL AND s.opportunity_id IS NULL RETURNING s.*
)
INSERT INTO funnel_opportunity (id, lead_id, system, external_id, name, kind, amount, currency, opened_at,
    expected_close_on, won_at, lost_at, {", ".join(DAYS.values())}, reason_id, reason_text, owner_id, stage_id,
    created_at, recorded_at)
SELECT opportunity_id, lead_id, %(system)s, coalesce(external_id, ''), coalesce(name, ''), coalesce(kind, 'new'),
    amount, coalesce(currency, %(currency)s), opened_at, expected_close_on, won_at, lost_at, {", ".join(DAYS.values())},
    CASE WHEN won_at IS NOT NULL THEN won_reason_id WHEN lost_at IS NOT NULL THEN lost_reason_id END,
    coalesce(CASE WHEN won_at IS NOT NULL THEN won_reason WHEN lost_at IS NOT NULL THEN lost_reason END, ''),
    owner_id, stage_id, %(at)s, %(at)s
FROM made ORDER BY line
"""
PLAIN = ("name", "kind", "amount", "currency", "expected_close_on")


DATES_BEFORE = ", ".join(f"'{name}', r.{name}" for name in (*DAYS, *DAYS.values()))


def _stages_by_name(batch: Batch) -> dict[str, int]:
    """The stages of a deal by key and by name, folded; with a warning for each name that is none of them."""
    known: dict[str, int] = {}
    # Of one name, the stage that is offered counts before one that is retired.
    for stage in DealStage.objects.order_by("retired_at").reverse():
        known |= {fold(name): stage.pk for name in (stage.key, stage.name_en, stage.name_ja) if name}
    for written in dict.fromkeys(row.values["stage"] for row in batch.rows if "stage" in row.values):
        if fold(written) not in known:
            batch.warnings.add(_("“%(stage)s” is no stage of a deal: it was left open.") % {"stage": written})
    return known


def _report_taken_for_one(batch: Batch) -> None:
    """A deal that the file tells by its lead, name and opening alone is the same as the one before it, if another is
    meant or not: that is said."""
    for line, name in batch.fetch(TAKEN_FOR_ONE):
        batch.warnings.add(
            _(
                "Line %(line)s: “%(name)s” was taken for the deal of the same lead, name and opening further up. An"
                " external id tells them apart."
            )
            % {"line": line, "name": name}
        )


TAKEN_FOR_ONE = """
SELECT s.line, coalesce(s.name, '') FROM staging_rows s
WHERE s.turn > 1 AND s.external_id IS NULL AND EXISTS (
    SELECT FROM staging_rows above
    WHERE above.opportunity_id = s.opportunity_id AND above.turn < s.turn AND above.refused IS NULL)
ORDER BY s.line
"""


def _find_reasons(batch: Batch) -> None:
    """Where the words of a reason are on our list, it is that one."""
    for kind in (Reason.Kind.WON, Reason.Kind.LOST):
        if not batch.gives(f"{kind.value}_reason"):
            continue
        batch.execute(
            f"UPDATE staging_rows s SET {kind.value}_reason_id = r.id FROM funnel_reason r WHERE r.kind = %(kind)s"
            f" AND fold(s.{kind.value}_reason) IN (fold(r.key), fold(r.name_en), fold(r.name_ja))",
            kind=kind.value,
        )


def _lock_leads(batch: Batch) -> None:
    batch.execute(LOCK.format(table="leads_lead", key="id"))
    batch.execute(LOCK.format(table="funnel_journey", key="lead_id"))


def _import_turn(batch: Batch, turn: int) -> None:
    batch.execute(FIND_BY_ID, turn=turn)
    batch.execute(FIND_BY_LIKENESS, turn=turn, zone=str(company_zone()))
    batch.execute(WAIT, turn=turn, zone=str(company_zone()))
    for name in DATES:
        values = {"same_day": same_day(f"r.{name}", f"s.{name}"), "means_now": means_now(f"s.{name}")}
        values["unless_known"] = NOT_DECIDED_THEN if name == "opened_at" else "TRUE"
        batch.execute(TODAY.format(name=name, **values), turn=turn, zone=str(company_zone()))
    _refuse_decided_before_opened(batch, turn)
    batch.execute(NEW, turn=turn, currency=Organization.ours().currency)
    due = f"s.turn = {turn:d} AND NOT s.is_new AND s.refused IS NULL AND r.id = s.opportunity_id"
    kept = "TRUE" if batch.correct else "FALSE"
    zone = str(company_zone())
    _report_changed_dates(batch, due)
    _report_taken_back(batch, due)
    given = {name: Attribute(name, name, f"s.{name}") for name in PLAIN}
    given["owner"] = Attribute("owner", "owner_id", "s.owner_id")
    given["stage"] = Attribute("stage", "stage_id", "s.stage_id")
    for name, other in DATES.items():
        # A deal that was won is not lost by a file, nor the other way round, without a correction.
        may = f"({kept} AND {_same_fact(name)} IS NOT TRUE"
        may += f" OR r.{name} IS NULL AND {f'r.{other} IS NULL' if other else 'TRUE'})"
        if other:
            # What was taken back is not taken again from the file that told it.
            may += f" AND (r.reopened_at IS NULL OR s.{name} > r.reopened_at)"
        given[name] = Attribute(name, name, f"CASE WHEN {may} THEN s.{name} END")
    changed = " OR ".join(attribute.is_changed for attribute in given.values())
    values = {each.column: _merged_value(each, given, correct=kept) for each in given.values()}
    values |= {day: _merged_day(name, given, correct=kept) for name, day in DAYS.items()}
    sets = [f"{column} = {value}" for column, value in values.items()]
    batch.execute(
        f"""
        WITH different AS MATERIALIZED (
            SELECT s.ctid AS place, r.id,
                jsonb_build_object({DATES_BEFORE}) AS before
            FROM staging_rows s JOIN funnel_opportunity r ON {due} WHERE {changed}
        ), marked AS (
            UPDATE staging_rows s SET is_changed = true, dates_before = d.before FROM different d WHERE s.ctid = d.place
        ), renamed AS (
            INSERT INTO history_change (subject, subject_id, field, old, new, at, by_id, how)
            SELECT 'opportunity', r.id, 'name', to_jsonb(r.name), to_jsonb(s.name), %(at)s, %(by)s, %(how)s
            FROM staging_rows s, different d, funnel_opportunity r
            WHERE s.ctid = d.place AND r.id = d.id AND {given["name"].is_changed}
        )
        UPDATE funnel_opportunity r SET {", ".join(sets)},
            reason_id = {_reason_value("r.reason_id", "_reason_id", values)},
            reason_text = coalesce({_reason_value("nullif(r.reason_text, '')", "_reason", values)}, '')
        FROM staging_rows s, different d WHERE s.ctid = d.place AND r.id = d.id
        """,
        zone=zone,
    )
    write_histories(batch, turn)


def _reason_value(known: str, given: str, values: Mapping[str, str]) -> str:
    """The reason of the outcome that the deal will have: that of another outcome goes, what is there stays."""
    cases = [
        f"WHEN ({values[f'{one}_at']}) IS NOT NULL"
        f" THEN CASE WHEN r.{other}_at IS NULL THEN coalesce({known}, s.{one}{given}) ELSE s.{one}{given} END"
        for one, other in (("won", "lost"), ("lost", "won"))
    ]
    return f"CASE {' '.join(cases)} END"


def _refuse_decided_before_opened(batch: Batch, turn: int) -> None:
    """No deal is won or lost before it was opened."""
    correct = "TRUE" if batch.correct else "FALSE"
    is_that_day = f"{is_day('d.decided_at')} AND {same_day('d.decided_at', 'd.opened_at')}"
    for outcome in ("won_at", "lost_at"):
        dated = DATED.format(correct=correct, outcome=outcome, other=DATES[outcome])
        on_that_day = DECIDED_ON_THAT_DAY.format(outcome=outcome, dated=dated, is_that_day=is_that_day)
        batch.execute(on_that_day, turn=turn, zone=str(company_zone()))
        for (line,) in batch.fetch(DECIDED_BEFORE.format(dated=dated), turn=turn):
            batch.refuse(line, outcome, _("The deal was decided before it was opened."))


def _merged_value(attribute: Attribute, given: Mapping[str, Attribute], *, correct: str) -> str:
    value = f"coalesce({attribute.given}, r.{attribute.column})"
    if not (excludes := DATES.get(attribute.name)):
        return value
    return f"CASE WHEN {correct} AND ({given[excludes].given}) IS NOT NULL THEN NULL ELSE {value} END"


def _merged_day(name: str, given: Mapping[str, Attribute], *, correct: str) -> str:
    """The day comes with its moment, and goes with it."""
    day, other = DAYS[name], DATES[name]
    value = f"CASE WHEN ({given[name].given}) IS NOT NULL THEN s.{day} ELSE r.{day} END"
    return f"CASE WHEN {correct} AND ({given[other].given}) IS NOT NULL THEN NULL ELSE {value} END" if other else value


def _same_fact(name: str) -> str:
    """Whether the row tells that moment as the deal has it."""
    return same_fact((f"r.{name}", f"r.{DAYS[name]}"), (f"s.{name}", f"s.{DAYS[name]}"))


def _report_taken_back(batch: Batch, due: str) -> None:
    """An outcome that was taken back since is not taken again from the file that told it."""
    for name, other in (("won_at", "lost_at"), ("lost_at", "won_at")):
        open_or_corrected = "TRUE" if batch.correct else f"r.{name} IS NULL AND r.{other} IS NULL"
        for line, reopened_at in batch.fetch(
            f"SELECT s.line, r.reopened_at FROM staging_rows s JOIN funnel_opportunity r ON {due}"
            f" WHERE s.{name} <= r.reopened_at AND {open_or_corrected} AND r.{name} IS DISTINCT FROM s.{name}"
        ):
            batch.warnings.add(
                _(
                    "Line %(line)s: the deal was opened again on %(at)s. What the file says under “%(field)s” was left"
                    " out."
                )
                % {"line": line, "at": moment(reopened_at), "field": FIELDS[name].label}
            )


def _report_changed_dates(batch: Batch, due: str) -> None:
    if batch.correct:
        return
    for name in filter(batch.gives, DATES):
        other = DATES[name] or name
        for line, known_on, known, given_on, given in batch.fetch(
            f"SELECT s.line, coalesce(r.{DAYS[name]}, r.{DAYS[other]}), coalesce(r.{name}, r.{other}), s.{DAYS[name]},"
            f" s.{name}"
            f" FROM staging_rows s JOIN funnel_opportunity r ON {due}"
            f" WHERE NOT {_same_fact(name)}"
            f" OR (r.{name} IS NULL AND r.{other} IS NOT NULL AND s.{name} IS NOT NULL)",
            zone=str(company_zone()),
        ):
            batch.warnings.add(
                _("Line %(line)s: “%(field)s” is %(known)s here, the file says %(given)s. It was left so.")
                % {
                    "line": line,
                    "field": FIELDS[name].label,
                    "known": moment(known_on or known),
                    "given": moment(given_on or given),
                }
            )
