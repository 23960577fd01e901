"""What a file may give of a deal."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from funnel.importing.corrections import WHEN
from leads.importing.engine.fields import Field, fields_by_name
from leads.importing.files import cells
from leads.importing.kinds.lead_keys import EMAIL, EXTERNAL_ID

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
    Field("external_id", gettext_lazy("External id of the deal"), cells.external_id, group=DEAL, is_vital=True,
          synonyms=(
        "opportunity_id", "opportunity id", "deal id", "record id", "案件id", "案件番号", "商談id", "商談番号")),
    Field("name", gettext_lazy("Name"), cells.text(200), group=DEAL, synonyms=(
        "deal name", "opportunity name", "opportunity", "deal", "案件名", "商談名", "件名")),
    Field("kind", gettext_lazy("Kind"), cells.one_of(KINDS), group=DEAL,
          synonyms=("deal type", "type", "商談種別", "種別")),
    Field("stage", gettext_lazy("Stage of the deal"), cells.words(80), group=DEAL, synonyms=(
        "deal stage", "opportunity stage", "sales stage", "stage", "pipeline stage", "商談ステージ", "商談フェーズ",
        "案件ステージ", "フェーズ", "ステージ")),
    Field("amount", gettext_lazy("Amount"), cells.money, "numeric", DEAL, beside=("currency",), is_vital=True,
          synonyms=(
        "value", "deal amount", "estimated_acv", "acv", "金額", "受注金額", "契約金額", "見込金額", "商談金額")),
    Field("currency", gettext_lazy("Currency"), cells.currency, group=DEAL, is_vital=True,
          synonyms=("deal currency code", "通貨")),
    Field("owner", gettext_lazy("Owner (e-mail of one of us)"), cells.text(254), "", DEAL,
          synonyms=("owner.email", "owner email", "deal owner email", "担当営業メール")),
    Field("opened_at", gettext_lazy("Opened"), cells.past_moment, "timestamptz", WHEN, is_moment=True, is_vital=True,
          synonyms=(
        "create date", "created", "created_at", "created date", "open date", "opened", "作成日", "商談開始日",
        "商談化日")),
    Field("expected_close_on", gettext_lazy("Expected close"), cells.day, "date", WHEN,
          synonyms=("expected close date", "完了予定日", "受注予定日", "成約予定日")),
    Field("won_at", gettext_lazy("Won"), cells.past_moment, "timestamptz", WHEN, is_moment=True, is_vital=True,
          synonyms=("won date", "won_date", "close won date", "受注日", "成約日", "契約日")),
    Field("lost_at", gettext_lazy("Lost"), cells.past_moment, "timestamptz", WHEN, is_moment=True, is_vital=True,
          synonyms=("lost date", "lost_date", "失注日")),
    Field("lost_reason", gettext_lazy("Why lost"), cells.text(300), group=WHEN,
          synonyms=("closed lost reason", "loss reason", "lost reason", "失注理由", "敗因")),
    Field("won_reason", gettext_lazy("Why won"), cells.text(300), group=WHEN,
          synonyms=("closed won reason", "won reason", "受注理由", "勝因")),
]  # fmt: skip
FIELDS = fields_by_name(DEAL_FIELDS)
# An outcome that was open may be filled in; one that was there is changed only by a correction.
# Each with the outcome that it excludes.
DATES = {"opened_at": "", "won_at": "lost_at", "lost_at": "won_at"}
# Each moment with the column of its day, where only that is known.
DAYS = {"opened_at": "opened_on", "won_at": "won_on", "lost_at": "lost_on"}
