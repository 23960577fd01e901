"""What the people of the demo company say and write, in the languages that they speak."""

SHARPER_MQL = {
    "all": [
        {"field": "fit", "op": ">=", "value": 50},
        {
            "any": [
                {"did": "demo_request", "at_least": 1, "within_days": 90},
                {
                    "all": [
                        {"did": "webinar_attended", "at_least": 1, "within_days": 60},
                        {"field": "interest", "op": ">=", "value": 40},
                    ]
                },
                {"did": "pricing_page_view", "at_least": 2, "within_days": 14},
                {"field": "interest", "op": ">=", "value": 60},
            ]
        },
        {"not": {"field": "consent", "op": "=", "value": "withdrawn"}},
    ]
}
SEGMENTS = [
    ("Demo in the last 30 days", {"did": "demo_request", "at_least": 1, "within_days": 30}),
    (
        "従業員300名以上・未接触",
        {
            "all": [
                {"field": "company.employees", "op": ">=", "value": 300},
                {"did": "call", "at_most": 0, "within_days": None},
            ]
        },
    ),
]
COMMENTS = [
    ("rep1", "They always ask who looks after it once the project is over. Our one-page answer helps."),
    ("rep2", "監査の前の月は話を聞いてもらえません。時期を外して声をかけましょう。"),
    ("sdr", "Security questions come first; having the paper ready saves a week."),
    ("head-of-sales", "工場長よりも、DX推進室から入るほうが早く進みます。"),
]
NOTES = {
    "not_persona": ["Sells to factories, does not run one.", "製造現場の担当ではありませんでした。", ""],
    "competitor": ["Works for a competitor.", "学生の方でした。"],
    "unreachable": ["Five calls, no answer.", "電話・メールとも応答なし。", ""],
    "other": ["Asked for a job.", "既存顧客の別部署。窓口に引き継ぎました。"],
    "no_project": ["Budget is decided in April; ask again in February.", "今期の予算は確定済み。来期に再提案。", ""],
    "in_contact": ["Already talking to his boss.", "別ルートで商談中。"],
}
CALLS = [
    "Reached, sent the ROI sheet.",
    "Left a message.",
    "要件をヒアリング。次回は工場長も同席。",
    "Asked for a quote.",
]
MEETINGS = ["First meeting", "Demo with own data", "初回訪問", "オンライン打ち合わせ"]
TOO_SOON = [
    "Asked us not to call again.",
    "Has changed employers.",
    "今期は検討しないと明言されました。",
    "Wants to come back to it in spring.",
]
DECISIONS = [
    "Answer times go on the wall of both teams.",
    "展示会リードは来月から別の切り口で比較する。",
    "Paid ads: half the budget until the acceptance is above 60 %.",
    "却下理由「案件なし」には再接触の時期を必ず書く。",
]
DISPUTES = [
    "She asked for a demo herself two days before. One call is not enough to say unreachable.",
    "予算は来期とのことですが、決裁者は参加しています。もう一度お願いします。",
    "Plant manager of 400 people: that is exactly the persona we signed.",
]
RULINGS = [
    "One more round of calls; the SDRs take it up again.",
    "却下は妥当。半年後に再接触する。",
    "Right as it was: there is no project this year.",
]
