"""Deals that a file brings."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funnel.importing.corrections import TABLES, WHEN, redate_first
from funnel.models.journeys import Journey, Transition
from funnel.models.opportunities import Opportunity
from funnel.models.stages import Reason, Stage, StageRole
from funnel.qualification.qualifying import begin_missing
from leads.importing.engine import cells
from leads.importing.engine.attributes import Attribute
from leads.importing.engine.batches import Batch
from leads.importing.engine.fields import Field, Values, fields_by_name
from leads.importing.engine.staging import Column
from leads.importing.kinds.lead_keys import EMAIL, EXTERNAL_ID, OfLeadImport, find_lead_of_rows, lead_email_key
from leads.importing.kinds.links import users_by_email
from leads.text.folding import fold
from smarketing.pages.wording import moment
from teams.models import Organization

DEAL = gettext_lazy("Deal")
KINDS = {
    "new business": "new", "new": "new", "newbusiness": "new", "新規": "new", "新規ビジネス": "new", "新規契約": "new",
    "up-sell": "up_sell", "up_sell": "up_sell", "upsell": "up_sell", "アップセル": "up_sell", "増額": "up_sell",
    "existing business": "up_sell", "existingbusiness": "up_sell",
    "cross-sell": "cross_sell", "cross_sell": "cross_sell", "crosssell": "cross_sell", "クロスセル": "cross_sell",
}  # fmt: skip
DEAL_FIELDS = [
    EXTERNAL_ID,
    EMAIL,
    Field("external_id", gettext_lazy("External id of the deal"), cells.text(200), group=DEAL, synonyms=(
        "opportunity_id", "opportunity id", "deal id", "record id", "案件id", "案件番号", "商談id", "商談番号")),
    Field("name", gettext_lazy("Name"), cells.text(200), group=DEAL, synonyms=(
        "deal name", "opportunity name", "opportunity", "deal", "案件名", "商談名", "件名")),
    Field("kind", gettext_lazy("Kind"), cells.one_of(KINDS), group=DEAL,
          synonyms=("deal type", "type", "商談種別", "種別")),
    Field("amount", gettext_lazy("Amount"), cells.amount, "numeric", DEAL, synonyms=(
        "value", "deal amount", "estimated_acv", "acv", "金額", "受注金額", "契約金額", "見込金額", "商談金額")),
    Field("currency", gettext_lazy("Currency"), cells.currency, group=DEAL, synonyms=("deal currency code", "通貨")),
    Field("owner", gettext_lazy("Owner (e-mail of one of us)"), cells.text(254), "", DEAL,
          synonyms=("owner.email", "owner email", "deal owner email", "担当営業メール")),
    Field("opened_at", gettext_lazy("Opened"), cells.moment, "timestamptz", WHEN, is_moment=True, synonyms=(
        "create date", "created", "created_at", "created date", "open date", "opened", "作成日", "商談開始日",
        "商談化日")),
    Field("expected_close_on", gettext_lazy("Expected close"), cells.day, "date", WHEN,
          synonyms=("expected close date", "完了予定日", "受注予定日", "成約予定日")),
    Field("won_at", gettext_lazy("Won"), cells.moment, "timestamptz", WHEN, is_moment=True,
          synonyms=("won date", "won_date", "close won date", "受注日", "成約日", "契約日")),
    Field("lost_at", gettext_lazy("Lost"), cells.moment, "timestamptz", WHEN, is_moment=True,
          synonyms=("lost date", "lost_date", "失注日")),
    Field("lost_reason", gettext_lazy("Why lost"), cells.text(300), group=WHEN,
          synonyms=("closed lost reason", "loss reason", "lost reason", "失注理由", "敗因")),
    Field("won_reason", gettext_lazy("Why won"), cells.text(300), group=WHEN,
          synonyms=("closed won reason", "won reason", "受注理由", "勝因")),
]  # fmt: skip
FIELDS = fields_by_name(DEAL_FIELDS)


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
        Column("won_reason_id", "bigint"),
        Column("lost_reason_id", "bigint"),
        # When it was opened, won and lost before the file said otherwise.
        Column("dates_before", "jsonb"),
    )
    tables = ("funnel_opportunity", *TABLES)

    def missing_required(self, values: Values) -> str:
        if nobody := super().missing_required(values):
            return nobody
        if values.get("won_at") and values.get("lost_at"):
            return _("It says that the deal was won and that it was lost.")
        return ""

    def match_keys(self, values: Values) -> Iterable[str]:
        if external_id := values.get("external_id"):
            yield f"external_id {external_id}"
        else:
            whose = values.get("lead.external_id") or fold(values.get("lead.email") or "")
            yield f"deal {whose} {values.get('name', '')} {values.get('opened_at', '')}"

    def import_batch(self, batch: Batch) -> None:
        """Find or make each deal, and move its lead as the deal went."""
        users = users_by_email(batch)
        batch.stage(
            email_key=lead_email_key,
            owner_id=lambda values: users.get(fold(values["owner"])) if "owner" in values else None,
        )
        find_lead_of_rows(batch)
        _find_reasons(batch)
        for turn in batch.turns():
            _import_turn(batch, turn)
        _move_leads(batch)


FIND_BY_ID = """
UPDATE staging_rows s SET opportunity_id = o.id FROM funnel_opportunity o
WHERE s.refused IS NULL AND s.turn = %(turn)s AND o.external_id <> '' AND o.system = %(system)s
  AND o.external_id = s.external_id
"""
FIND_BY_LIKENESS = """
UPDATE staging_rows s SET opportunity_id = o.id FROM funnel_opportunity o
WHERE s.refused IS NULL AND s.turn = %(turn)s AND s.external_id IS NULL AND s.opportunity_id IS NULL
  AND o.lead_id = s.lead_id AND o.name = coalesce(s.name, '') AND o.opened_at IS NOT DISTINCT FROM s.opened_at
"""
# Two rows of one turn that turn out to be one deal: the later waits for the next turn.
WAIT = """
UPDATE staging_rows s SET turn = turn + 1, opportunity_id = NULL
FROM (
    SELECT line, row_number() OVER (
        PARTITION BY coalesce(opportunity_id::text, 'new ' || lead_id || ' ' || coalesce(external_id, '')
            || ' ' || CASE WHEN external_id IS NULL THEN coalesce(name, '') || ' ' || coalesce(opened_at::text, '')
                      ELSE '' END)
        ORDER BY line) AS nth
    FROM staging_rows WHERE turn = %(turn)s AND refused IS NULL
) again
WHERE again.line = s.line AND again.nth > 1
"""
NEW = """
WITH made AS (
    UPDATE staging_rows s
    SET opportunity_id = nextval(pg_get_serial_sequence('funnel_opportunity', 'id')), is_new = true
    WHERE s.turn = %(turn)s AND s.refused IS NULL AND s.opportunity_id IS NULL RETURNING s.*
)
INSERT INTO funnel_opportunity (id, lead_id, system, external_id, name, kind, amount, currency, opened_at,
    expected_close_on, won_at, lost_at, reason_id, reason_text, owner_id, created_at)
SELECT opportunity_id, lead_id, %(system)s, coalesce(external_id, ''), coalesce(name, ''), coalesce(kind, 'new'),
    amount, coalesce(currency, %(currency)s), opened_at, expected_close_on, won_at, lost_at,
    CASE WHEN won_at IS NOT NULL THEN won_reason_id WHEN lost_at IS NOT NULL THEN lost_reason_id END,
    coalesce(CASE WHEN won_at IS NOT NULL THEN won_reason WHEN lost_at IS NOT NULL THEN lost_reason END, ''),
    owner_id, %(at)s
FROM made ORDER BY line
"""
PLAIN = ("name", "kind", "amount", "currency", "expected_close_on")
# An outcome that was open may be filled in; one that was there is changed only by a correction.
# Each with the outcome that it excludes.
DATES = {"opened_at": "", "won_at": "lost_at", "lost_at": "won_at"}


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


def _import_turn(batch: Batch, turn: int) -> None:
    batch.execute(FIND_BY_ID, turn=turn)
    batch.execute(FIND_BY_LIKENESS, turn=turn)
    batch.execute(WAIT, turn=turn)
    batch.execute(NEW, turn=turn, currency=Organization.ours().currency)
    due = f"s.turn = {turn:d} AND NOT s.is_new AND s.refused IS NULL AND r.id = s.opportunity_id"
    kept = "TRUE" if batch.correct else "FALSE"
    _report_changed_dates(batch, due)
    given = {name: Attribute(name, name, f"s.{name}") for name in PLAIN}
    given["owner"] = Attribute("owner", "owner_id", "s.owner_id")
    for name, other in DATES.items():
        # A deal that was won is not lost by a file, nor the other way round, without a correction.
        may = f"({kept} OR r.{name} IS NULL AND {f'r.{other} IS NULL' if other else 'TRUE'})"
        given[name] = Attribute(name, name, f"CASE WHEN {may} THEN s.{name} END")
    changed = " OR ".join(attribute.is_changed for attribute in given.values())
    sets = [f"{each.column} = {_merged_value(each, correct=kept)}" for each in given.values()]
    batch.execute(
        f"""
        WITH different AS MATERIALIZED (
            SELECT s.ctid AS place, r.id,
                jsonb_build_object('opened_at', r.opened_at, 'won_at', r.won_at, 'lost_at', r.lost_at) AS before
            FROM staging_rows s JOIN funnel_opportunity r ON {due} WHERE {changed}
        ), marked AS (
            UPDATE staging_rows s SET is_changed = true, dates_before = d.before FROM different d WHERE s.ctid = d.place
        )
        UPDATE funnel_opportunity r SET {", ".join(sets)},
            reason_id = coalesce(r.reason_id, CASE WHEN s.won_at IS NOT NULL THEN s.won_reason_id
                                                   WHEN s.lost_at IS NOT NULL THEN s.lost_reason_id END),
            reason_text = coalesce(nullif(r.reason_text, ''), CASE WHEN s.won_at IS NOT NULL THEN s.won_reason
                                                   WHEN s.lost_at IS NOT NULL THEN s.lost_reason END, '')
        FROM staging_rows s, different d WHERE s.ctid = d.place AND r.id = d.id
        """
    )


def _merged_value(attribute: Attribute, *, correct: str) -> str:
    value = f"coalesce({attribute.given}, r.{attribute.column})"
    excludes = DATES.get(attribute.name)
    return f"CASE WHEN {correct} AND s.{excludes} IS NOT NULL THEN NULL ELSE {value} END" if excludes else value


def _report_changed_dates(batch: Batch, due: str) -> None:
    if batch.correct:
        return
    for name in filter(batch.gives, DATES):
        other = DATES[name] or name
        for line, known, given in batch.fetch(
            f"SELECT s.line, coalesce(r.{name}, r.{other}), s.{name}"
            f" FROM staging_rows s JOIN funnel_opportunity r ON {due}"
            f" WHERE r.{name} <> s.{name} OR (r.{name} IS NULL AND r.{other} IS NOT NULL AND s.{name} IS NOT NULL)"
        ):
            batch.warnings.add(
                _("Line %(line)s: “%(field)s” is %(known)s here, the file says %(given)s. It was left so.")
                % {"line": line, "field": FIELDS[name].label, "known": moment(known), "given": moment(given)}
            )


# For each lead whose deals are new, or have an outcome now that they had not: when the first opened, was won, and
# the last was lost.
LEADS_THAT_MOVE = """
CREATE TEMP TABLE went ON COMMIT DROP AS
SELECT s.lead_id, min(o.opened_at) AS opened_at, min(o.won_at) AS won_at, max(o.lost_at) AS lost_at,
       (array_agg(o.reason_id ORDER BY o.lost_at DESC NULLS LAST))[1] AS reason_id
FROM staging_rows s JOIN funnel_opportunity o ON o.id = s.opportunity_id
WHERE s.refused IS NULL AND (s.is_new OR s.is_changed AND
    (s.dates_before ->> 'opened_at', s.dates_before ->> 'won_at', s.dates_before ->> 'lost_at') IS DISTINCT FROM
    (to_jsonb(o.opened_at) #>> '{}', to_jsonb(o.won_at) #>> '{}', to_jsonb(o.lost_at) #>> '{}'))
GROUP BY s.lead_id
"""
# One step of every lead in `went` that is due, and the row of the ledger that says so.
STEP = """
WITH due AS (
    SELECT j.lead_id, j.stage_id, j.closed_at IS NOT NULL AS was_closed, w.{moment} AS at
    FROM went w JOIN funnel_journey j ON j.lead_id = w.lead_id JOIN funnel_stage s ON s.id = j.stage_id
    WHERE w.{moment} IS NOT NULL AND s.position < %(position)s AND {which}
    ORDER BY j.lead_id FOR UPDATE OF j
), moved AS (
    UPDATE funnel_journey j SET stage_id = %(stage)s, entered_at = due.at, closed_at = NULL, closed_as = ''
    FROM due WHERE j.lead_id = due.lead_id
)
INSERT INTO funnel_transition (lead_id, from_stage_id, to_stage_id, at, recorded_at, how, because)
SELECT lead_id, CASE WHEN NOT was_closed THEN stage_id END, %(stage)s, at, %(now)s, 'import', %(because)s
FROM due ORDER BY lead_id
"""
LOSE = """
WITH due AS (
    SELECT j.lead_id, j.stage_id, w.lost_at AS at, w.reason_id
    FROM went w JOIN funnel_journey j ON j.lead_id = w.lead_id JOIN funnel_stage s ON s.id = j.stage_id
    WHERE w.lost_at IS NOT NULL AND j.closed_at IS NULL AND s.role IS DISTINCT FROM 'customer'
      AND NOT EXISTS (SELECT FROM funnel_opportunity o WHERE o.lead_id = j.lead_id AND o.lost_at IS NULL)
    ORDER BY j.lead_id FOR UPDATE OF j
), closed AS (
    UPDATE funnel_journey j SET closed_at = due.at, closed_as = 'lost' FROM due WHERE j.lead_id = due.lead_id
)
INSERT INTO funnel_transition (lead_id, from_stage_id, to_stage_id, at, recorded_at, how, reason_id, because)
SELECT lead_id, stage_id, NULL, at, %(now)s, 'import', reason_id, %(because)s FROM due ORDER BY lead_id
"""


def _move_leads(batch: Batch) -> None:
    batch.execute("DROP TABLE IF EXISTS pg_temp.went")
    batch.execute(LEADS_THAT_MOVE)
    leads = [lead for (lead,) in batch.fetch("SELECT lead_id FROM went ORDER BY lead_id")]
    if not leads:
        return
    begin_missing(leads, at=batch.at, news=dict.fromkeys(leads))
    stages = {stage.role: stage for stage in Stage.objects.exclude(role=None)}
    because = {"because": batch.how.capitalize(), "now": batch.at}
    opportunity, customer = stages[StageRole.OPPORTUNITY], stages[StageRole.CUSTOMER]
    # A deal that was opened reopens no journey that was closed; a contract does.
    batch.execute(
        STEP.format(moment="opened_at", which="j.closed_at IS NULL"),
        stage=opportunity.pk, position=opportunity.position, **because,
    )  # fmt: skip
    batch.execute(STEP.format(moment="won_at", which="TRUE"), stage=customer.pk, position=customer.position, **because)
    batch.execute(LOSE, **because)
    if batch.correct:
        _correct_wins(batch, leads, customer)
    batch.enqueue("SELECT lead_id, %(at)s::timestamptz AS due_at, NULL::timestamptz AS news_at FROM went")


def _correct_wins(batch: Batch, leads: list[int], customer: Stage) -> None:
    """Where a deal's date was corrected, the step into the customer stage that an import wrote follows it."""
    for lead_id, won_at in batch.fetch("SELECT lead_id, min(won_at) FROM went GROUP BY lead_id"):
        first = Opportunity.objects.filter(lead=lead_id).won().order_by("won_at").first()
        if first is None or first.won_at is None or won_at is None:
            continue
        imported = Transition.objects.filter(lead=lead_id, to_stage=customer, how=Transition.How.IMPORT)
        if imported.exclude(at=first.won_at).exists() and redate_first(imported, first.won_at):
            Journey.objects.filter(pk=lead_id, stage=customer).update(entered_at=first.won_at)
