"""The personas to start from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from leads.models import Persona, PersonaVersion
from sla.agreement.starter.bilingual import translated
from sla.agreement.starter.criteria import IS_MANAGER, WORKS_IN_IT, WORKS_IN_PLANT, WORKS_IN_QUALITY, all_of
from teams.models import User


def persona_texts() -> list[Mapping[str, Any]]:
    """The fields of each persona, in the order in which leads are matched."""
    return [
        {
            "name": translated("Plant digitalisation lead", "工場デジタル化の責任者"),
            "description": translated(
                "Runs production or a plant and answers for its output; decides what is tried there.",
                "生産や工場を率い、その成果に責任を持つ人。そこで何を試すかを決める。",
            ),
            "goals": translated(
                "Fewer stops, numbers instead of paper, one success to show before the next budget.",
                "停止を減らし、紙を数字に置き換え、次の予算までに成功例を一つ。",
            ),
            "pains": translated(
                "Data in many places; people who are short; projects that never leave the pilot.",
                "散在するデータ、人手不足、試行で終わるプロジェクト。",
            ),
            "objections": translated(
                "It must not stop the line, and who will look after it?", "ラインを止められない。誰が面倒を見るのか。"
            ),
            "awareness": translated("What do plants like mine do about this?", "同じような工場はどうしているのか。"),
            "consideration": translated(
                "A demo with our own data; what it takes to begin.", "自社データでのデモ。始めるのに必要なこと。"
            ),
            "decision": translated(
                "A plan for three months, a price, and a reference in the same industry.",
                "3か月の計画、価格、同業の導入事例。",
            ),
            "criteria": all_of(WORKS_IN_PLANT, IS_MANAGER),
        },
        {
            "name": translated("Quality manager", "品質責任者"),
            "description": translated(
                "Answers for quality and audits; sees every complaint.",
                "品質と監査に責任を持ち、すべてのクレームを見る人。",
            ),
            "goals": translated(
                "Find causes in hours, not weeks; be ready for any audit.",
                "原因を数週間でなく数時間で突き止め、監査にいつでも備える。",
            ),
            "pains": translated("Records on paper; the same fault twice.", "紙の記録。繰り返す同じ不良。"),
            "objections": translated(
                "Can it be validated, and does it keep records long enough?",
                "バリデーションできるか。記録は十分長く残るか。",
            ),
            "awareness": translated(
                "How do others trace a fault to its cause?", "ほかの会社は不良の原因をどう追っているのか。"
            ),
            "consideration": translated(
                "An example of an audit trail; a talk with another quality manager.",
                "監査証跡の例。ほかの品質責任者との対話。",
            ),
            "decision": translated("Proof with one product line.", "一つの製品ラインでの実証。"),
            "criteria": WORKS_IN_QUALITY,
        },
        {
            "name": translated("Information systems manager", "情報システム部門の責任者"),
            "description": translated(
                "Keeps the systems running and has to agree to every new one.",
                "システムを動かし続け、新しいものすべてに承認が要る人。",
            ),
            "goals": translated("Few systems, safe and connected.", "安全で連携した、少数のシステム。"),
            "pains": translated(
                "Tools bought without asking; no hands for interfaces.",
                "相談なく導入されたツール。連携に割ける手がない。",
            ),
            "objections": translated(
                "Security, single sign-on, and where the data lies.",
                "セキュリティ、シングルサインオン、データの保管場所。",
            ),
            "awareness": translated("What does it connect to?", "何と連携できるのか。"),
            "consideration": translated("The security paper and the interfaces.", "セキュリティ資料と連携仕様。"),
            "decision": translated(
                "A contract that says who does what when it fails.", "障害時の役割分担を定めた契約。"
            ),
            "criteria": all_of(WORKS_IN_IT, IS_MANAGER),
        },
    ]


def starting_personas(by: User | None, at: datetime) -> list[PersonaVersion]:
    """The personas that have criteria, else those of the starter set."""
    latest = [persona.latest for persona in Persona.objects.filter(retired_at=None).prefetch_related("versions")]
    ready = [version for version in latest if version and version.criteria is not None]
    if ready:
        return ready
    return [
        PersonaVersion.objects.create(
            persona=Persona.objects.create(created_at=at), created_by=by, created_at=at, **dict(texts)
        )
        for texts in persona_texts()
    ]
