"""The columns that a file of leads may have."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from leads.importing.engine.fields import Field
from leads.importing.files import cells
from leads.registering.consent import WITHDRAWN

WHO = gettext_lazy("Who")
WORK = gettext_lazy("Work")
ORIGIN = gettext_lazy("Where from")

LEAD_FIELDS = [
    Field("email", gettext_lazy("E-mail"), cells.email, group=WHO, is_vital=True, synonyms=(
        "e-mail", "mail", "email address", "e-mail address", "mail address", "work email", "メール", "メールアドレス",
        "eメール", "e-mailアドレス", "電子メール", "アドレス")),
    Field("external_id", gettext_lazy("External id"), cells.external_id, group=WHO, is_vital=True, synonyms=(
        "id", "record id", "contact id", "lead id", "customer id", "record id - contact", "hs_object_id", "mql_id",
        "顧客id", "顧客番号", "会員番号", "会員id", "リードid", "コンタクトid", "管理番号")),
    Field("full_name", gettext_lazy("Full name"), cells.full_name("family_name", "given_name", cells.text(80)),
          group=WHO, into=("family_name", "given_name"),
          synonyms=("name", "full name", "contact name", "lead name", "氏名", "名前", "お名前", "担当者名", "担当者",
                    "ご担当者名", "ご担当者", "顧客名")),
    Field("family_name", gettext_lazy("Family name"), cells.text(80), group=WHO,
          synonyms=("last name", "lastname", "surname", "姓", "苗字", "名字")),
    Field("given_name", gettext_lazy("Given name"), cells.text(80), group=WHO,
          synonyms=("first name", "firstname", "forename", "名")),
    Field("full_name_reading", gettext_lazy("Reading of the full name"),
          cells.full_name("family_name_reading", "given_name_reading", cells.reading_of_name(80)),
          group=WHO, into=("family_name_reading", "given_name_reading"),
          synonyms=("フリガナ", "ふりがな", "カナ", "かな", "氏名カナ", "氏名(カナ)", "氏名フリガナ", "ヨミガナ",
                    "よみがな", "読み", "name reading", "phonetic name")),
    Field("family_name_reading", gettext_lazy("Reading of the family name"), cells.reading_of_name(80), group=WHO,
          synonyms=("セイ", "せい", "姓カナ", "姓(カナ)", "姓フリガナ", "姓かな", "phonetic last name")),
    Field("given_name_reading", gettext_lazy("Reading of the given name"), cells.reading_of_name(80), group=WHO,
          synonyms=("メイ", "めい", "名カナ", "名(カナ)", "名フリガナ", "名かな", "phonetic first name")),
    Field("phone", gettext_lazy("Phone"), cells.telephone, group=WHO, synonyms=(
        "phone number", "telephone", "tel", "mobile", "mobile phone", "mobile phone number", "work phone", "電話",
        "電話番号", "tel会社", "tel直通", "tel部門", "携帯", "携帯電話", "携帯電話番号", "連絡先電話番号")),
    Field("title", gettext_lazy("Title"), cells.words(120), group=WORK,
          synonyms=("job title", "position", "job position", "役職", "役職名", "肩書", "肩書き")),
    Field("department", gettext_lazy("Department"), cells.words(120), group=WORK,
          synonyms=("dept", "division", "部署", "部署名", "部門", "所属部署", "role_function")),
    Field("seniority", gettext_lazy("Seniority"), cells.text(60), group=WORK,
          synonyms=("job seniority", "job level", "employment seniority", "職位", "役職区分", "職級")),
    Field("buying_role", gettext_lazy("Buying role"), cells.text(60), group=WORK,
          synonyms=("buyer role", "buyer_role", "role in purchase", "購買上の役割", "購買での役割", "決裁権")),
    Field("country", gettext_lazy("Country"), cells.text(80), group=WHO, synonyms=("country/region", "国", "国名")),
    Field("region", gettext_lazy("Region"), cells.text(80), group=WHO,
          synonyms=("state", "state/region", "prefecture", "province", "都道府県", "地域", "エリア")),
    Field("source", gettext_lazy("Source"), cells.text(120), group=ORIGIN, synonyms=(
        "lead source", "lead_source", "original source", "original traffic source", "traffic source", "origin",
        "channel", "流入経路", "流入元", "獲得経路", "経路", "リードソース", "ソース", "媒体", "きっかけ")),
    Field("campaign", gettext_lazy("Campaign"), cells.text(120), "", ORIGIN,
          synonyms=("campaign name", "utm campaign", "キャンペーン", "キャンペーン名", "施策", "施策名")),
    Field("consent", gettext_lazy("Consent to e-mail"), cells.consent, group=ORIGIN, is_vital=True, final=WITHDRAWN,
          synonyms=(
        "email consent", "marketing consent", "opt in", "opt-in", "メール許諾", "メール配信", "配信許諾", "同意")),
    Field("unsubscribed", gettext_lazy("Unsubscribed"), cells.yes_or_no, group=ORIGIN, is_vital=True, into=("consent",),
          synonyms=(
        "unsubscribed from all email", "unsubscribed from all emails", "opted out of email", "email opt out",
        "has opted out of email", "opt out", "配信停止", "メール配信停止", "オプトアウト")),
    Field("owner", gettext_lazy("Owner (e-mail of one of us)"), cells.text(254), "", ORIGIN,
          synonyms=("owner email", "lead owner email", "担当営業メール", "担当者メールアドレス")),
    Field("created_at", gettext_lazy("Created"), cells.past_moment, "timestamptz", ORIGIN, is_moment=True, synonyms=(
        "create date", "created", "created date", "date created", "creation date", "lead_created_at", "登録日",
        "登録日時", "作成日", "作成日時", "名刺交換日", "初回接触日", "first_contact_date", "first contact date")),
]  # fmt: skip
