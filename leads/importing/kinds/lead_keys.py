"""Which lead a row names, by its e-mail and by the external id of the file's system."""

from __future__ import annotations

from typing import ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads.importing.engine.batches import Batch
from leads.importing.engine.fields import Field, Values
from leads.importing.engine.kinds import ImportKind
from leads.importing.engine.staging import Column, quoted
from leads.importing.files import cells
from leads.registering.identities import lead_of_email, lead_of_external_id
from leads.text.folding import fold

WHO = gettext_lazy("Who")
# What `find_leads` goes by, and what it finds.
FOUND_BY = (Column("email_key", "text"), Column("by_email", "bigint"), Column("by_id", "bigint"))


def find_leads(batch: Batch, turn: int | None = None, external_id: str = "external_id") -> None:
    """Note at each row (of one turn, or of all) which lead its e-mail and its external id name."""
    column = f"s.{quoted(external_id)}"
    due = "(%(turn)s::integer IS NULL OR s.turn = %(turn)s)"
    # Row by row through the unique indexes, whatever the planner believes about tables that are just growing.
    batch.execute(
        f"UPDATE staging_rows s SET by_email = {lead_of_email('s.email_key')} WHERE {due} AND s.email_key IS NOT NULL",
        turn=turn,
    )
    batch.execute(
        f"UPDATE staging_rows s SET by_id = {lead_of_external_id('%(system)s', column)}"
        f" WHERE {due} AND {column} IS NOT NULL",
        turn=turn,
    )
    batch.execute(f"UPDATE staging_rows s SET lead_id = coalesce(by_id, by_email) WHERE {due}", turn=turn)


EXTERNAL_ID = Field("lead.external_id", gettext_lazy("External id of the lead"), cells.external_id, group=WHO,
    is_vital=True,
    synonyms=("external_id", "lead id", "lead_id", "contact id", "record id", "mql_id", "customer id", "id", "顧客id",
              "顧客番号", "会員番号", "リードid"))  # fmt: skip
EMAIL = Field("lead.email", gettext_lazy("E-mail of the lead"), cells.email, group=WHO, is_vital=True, synonyms=(
    "email", "e-mail", "mail", "email address", "contact email", "メール", "メールアドレス"))  # fmt: skip


class OfLeadImport(ImportKind):
    """Rows about what a lead did or bought: the lead must be known already."""

    working_columns: ClassVar[tuple[Column, ...]] = FOUND_BY

    def missing_required(self, values: Values) -> str:
        if not (values.get("lead.external_id") or values.get("lead.email")):
            return _("There is neither an e-mail nor an external id to know the lead by.")
        return ""


def lead_email_key(values: Values) -> str | None:
    return fold(values["lead.email"]) if "lead.email" in values else None


def find_lead_of_rows(batch: Batch) -> None:
    """Note at each row whose it is, and refuse those of nobody or of two."""
    find_leads(batch, external_id="lead.external_id")
    for line, one, other in batch.fetch("SELECT line, by_email, by_id FROM staging_rows WHERE by_email <> by_id"):
        text = _("The e-mail names lead %(one)s, the external id names lead %(other)s. Nothing was merged.")
        batch.refuse(line, "", text % {"one": f"#{one}", "other": f"#{other}"})
    unknown = batch.fetch(
        'SELECT line, coalesce("lead.external_id", "lead.email") FROM staging_rows'
        " WHERE lead_id IS NULL AND refused IS NULL"
    )
    for line, name in unknown:
        text = _("There is no lead “%(name)s” (system “%(system)s”).")
        batch.refuse(line, "", text % {"name": name, "system": batch.system})
