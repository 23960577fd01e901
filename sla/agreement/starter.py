"""A sensible first agreement, to start from: one hand-off, two definitions, a score model, personas.

Texts come in the language of whoever asks for it; criteria know the words of both.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.timezone import now

from funnel.models import Definition, Stage, StageRole
from leads.models import ActivityKind, Persona, PersonaVersion
from scoring.models import FitRule, InterestRule, Quadrant, ScoreModel
from sla.agreement.drafting import adopt_definition, draft_next, lock_draft
from sla.agreement.missing import missing
from sla.agreement.models.agreements import AgreedPersona, Agreement
from sla.agreement.models.clauses import Clause
from sla.agreement.models.hops import Hop
from sla.agreement.models.parties import Party
from sla.agreement.models.policies import Policy, Step
from sla.agreement.proposing import propose
from sla.agreement.scoring import current_score_model
from sla.agreement.signing import sign
from smarketing.pages import wording
from teams.models import Team, User

Tree = dict[str, Any]


def in_either(english: str, japanese: str) -> str:
    """Words that become somebody's own text: they are data from then on, so no catalogue holds them."""
    return japanese if wording.japanese() else english


LEADING = ["Manager", "Head", "Director", "VP", "C-level", "課長", "部長", "本部長", "役員"]
PLANT = ["Operations", "Manufacturing", "Production", "製造", "生産", "生産技術", "工場"]
QUALITY = ["Quality", "Quality assurance", "品質", "品質保証", "品質管理"]
SYSTEMS = ["IT", "Information systems", "情報システム", "DX推進"]
MAKERS = ["Manufacturing", "Machinery", "Automotive", "Chemicals", "Electronics", "Food"]
MAKERS += ["製造業", "機械", "自動車", "化学", "電機", "食品"]


def field(name: str, op: str, value: object = None) -> Tree:
    return {"field": name, "op": op} | ({} if op == "is_empty" else {"value": value})


def any_of(*nodes: Tree) -> Tree:
    return {"any": list(nodes)}


def all_of(*nodes: Tree) -> Tree:
    return {"all": list(nodes)}


def did(kind: str, times: int, days: int | None) -> Tree:
    return {"did": kind, "at_least": times, "within_days": days}


LEADS_OTHERS = any_of(
    field("seniority", "in", LEADING),
    field("title", "contains", "Manager"),
    field("title", "contains", "Director"),
    field("title", "contains", "長"),
)
IN_PLANT = any_of(
    field("department", "in", PLANT), field("title", "contains", "Plant"), field("title", "contains", "工場")
)
IN_QUALITY = any_of(
    field("department", "in", QUALITY), field("title", "contains", "Quality"), field("title", "contains", "品質")
)
IN_SYSTEMS = field("department", "in", SYSTEMS)

MQL: Tree = all_of(
    field("fit", ">=", 50),
    any_of(
        did("demo_request", 1, 90),
        all_of(did("webinar_attended", 1, 60), field("interest", ">=", 30)),
        did("pricing_page_view", 3, 14),
        field("interest", ">=", 60),
    ),
    {"not": field("consent", "=", "withdrawn")},
)
SQL: Tree = all_of(did("meeting", 1, 60), any_of(field("interest", ">=", 40), did("demo_request", 1, 90)))

# English, Japanese, what has to hold, points.
FIT: tuple[tuple[str, str, Tree, int], ...] = (
    ("300 employees or more", "従業員300人以上", field("company.employees", ">=", 300), 30),
    ("50 to 299 employees", "従業員50～299人", field("company.employees", "between", [50, 299]), 15),
    ("Leads others", "管理職", LEADS_OTHERS, 30),
    (
        "In production, quality or information systems",
        "生産・品質・情報システム部門",
        field("department", "in", PLANT + QUALITY + SYSTEMS),
        25,
    ),
    ("Makes things", "製造業", field("company.industry", "in", MAKERS), 15),
    ("Free-mail address", "フリーメール", field("is_free_mail", "=", True), -30),
)
# Kind, points, at most, half-life in days.
INTEREST: tuple[tuple[str, int, int | None, int | None], ...] = (
    ("demo_request", 40, 60, 30),
    ("meeting", 30, 60, 45),
    ("webinar_attended", 20, 40, 30),
    ("form_submission", 15, 30, 30),
    ("content_download", 10, 30, 30),
    ("call", 10, 20, 30),
    ("pricing_page_view", 8, 32, 14),
    ("webinar_registered", 8, 16, 30),
    ("newsletter_signup", 5, 5, 90),
    ("email_click", 3, 15, 14),
    ("page_view", 1, 10, 7),
    ("email_open", 1, 5, 14),
    ("unsubscribe", -30, None, None),
)


def personas() -> list[Mapping[str, Any]]:
    """The buyers of the first agreement, in the order in which leads are matched."""
    return [
        {
            "name": in_either("Plant digitalisation lead", "工場デジタル化の責任者"),
            "description": in_either(
                "Runs production or a plant and answers for its output; decides what is tried there.",
                "生産や工場を率い、その成果に責任を持つ人。そこで何を試すかを決める。",
            ),
            "goals": in_either(
                "Fewer stops, numbers instead of paper, one success to show before the next budget.",
                "停止を減らし、紙を数字に置き換え、次の予算までに成功例を一つ。",
            ),
            "pains": in_either(
                "Data in many places; people who are short; projects that never leave the pilot.",
                "散在するデータ、人手不足、試行で終わるプロジェクト。",
            ),
            "objections": in_either(
                "It must not stop the line, and who will look after it?", "ラインを止められない。誰が面倒を見るのか。"
            ),
            "awareness": in_either("What do plants like mine do about this?", "同じような工場はどうしているのか。"),
            "consideration": in_either(
                "A demo with our own data; what it takes to begin.", "自社データでのデモ。始めるのに必要なこと。"
            ),
            "decision": in_either(
                "A plan for three months, a price, and a reference in the same industry.",
                "3か月の計画、価格、同業の導入事例。",
            ),
            "criteria": all_of(IN_PLANT, LEADS_OTHERS),
        },
        {
            "name": in_either("Quality manager", "品質責任者"),
            "description": in_either(
                "Answers for quality and audits; sees every complaint.",
                "品質と監査に責任を持ち、すべてのクレームを見る人。",
            ),
            "goals": in_either(
                "Find causes in hours, not weeks; be ready for any audit.",
                "原因を数週間でなく数時間で突き止め、監査にいつでも備える。",
            ),
            "pains": in_either("Records on paper; the same fault twice.", "紙の記録。繰り返す同じ不良。"),
            "objections": in_either(
                "Can it be validated, and does it keep records long enough?",
                "バリデーションできるか。記録は十分長く残るか。",
            ),
            "awareness": in_either(
                "How do others trace a fault to its cause?", "ほかの会社は不良の原因をどう追っているのか。"
            ),
            "consideration": in_either(
                "An example of an audit trail; a talk with another quality manager.",
                "監査証跡の例。ほかの品質責任者との対話。",
            ),
            "decision": in_either("Proof with one product line.", "一つの製品ラインでの実証。"),
            "criteria": IN_QUALITY,
        },
        {
            "name": in_either("Information systems manager", "情報システム部門の責任者"),
            "description": in_either(
                "Keeps the systems running and has to agree to every new one.",
                "システムを動かし続け、新しいものすべてに承認が要る人。",
            ),
            "goals": in_either("Few systems, safe and connected.", "安全で連携した、少数のシステム。"),
            "pains": in_either(
                "Tools bought without asking; no hands for interfaces.",
                "相談なく導入されたツール。連携に割ける手がない。",
            ),
            "objections": in_either(
                "Security, single sign-on, and where the data lies.",
                "セキュリティ、シングルサインオン、データの保管場所。",
            ),
            "awareness": in_either("What does it connect to?", "何と連携できるのか。"),
            "consideration": in_either("The security paper and the interfaces.", "セキュリティ資料と連携仕様。"),
            "decision": in_either(
                "A contract that says who does what when it fails.", "障害時の役割分担を定めた契約。"
            ),
            "criteria": all_of(IN_SYSTEMS, LEADS_OTHERS),
        },
    ]


def definition_texts() -> dict[str, str]:
    return {
        StageRole.MQL: in_either(
            "Someone of the companies and positions that we want, who showed by what they did that a"
            " call now is worth their time.",
            "狙う企業・役職の人で、今連絡する価値があることを行動で示した人。",
        ),
        StageRole.SQL: in_either(
            "A talk took place, and the interest holds: sales knows what the need is and who decides.",
            "面談があり、関心が続いている。課題と決裁者を営業が把握している。",
        ),
    }


@transaction.atomic
def draft_first(*, by: User | None = None, at: datetime | None = None, hours: float = 4) -> Agreement:
    """Draft the first agreement from the starter set; what exists already (teams, personas, drafts) is used.

    Where there are SDRs, leads go by way of them, unless asked otherwise.
    Raises `Frozen` when an agreement was signed or proposed before.
    """
    if Agreement.objects.signed().first() is not None:
        raise Agreement.Frozen
    at = at or now()
    begun = Agreement.objects.pending().first()
    draft = draft_next(by=by, at=at)
    if begun is not None:
        return draft
    marketing, sales = _team(Team.Kind.MARKETING), _team(Team.Kind.SALES)
    sdr = _sdr_team()
    for team in filter(None, (marketing, sdr, sales)):
        Party.objects.create(agreement=draft, team=team, head=team.head)
    for position, version in enumerate(_personas(by, at), 1):
        AgreedPersona.objects.create(agreement=draft, version=version, position=position)
    for role, criteria in ((StageRole.MQL, MQL), (StageRole.SQL, SQL)):
        adopt_definition(draft, _definition(role, criteria, by, at))
    draft.score_model = current_score_model() or _score_model(by, at)
    draft.score_model_may_change = True
    draft.preamble = in_either(
        "Marketing and sales share one goal: contracts. This is what each side can rely on from"
        " the other; both are measured by the same clock and the same numbers.",
        "マーケティングと営業の目標はただ一つ、契約です。ここに、互いに当てにできることを定めます。"
        "双方を同じ時計と同じ数字で測ります。",
    )
    draft.save()
    for hop in starting_hops(draft, marketing, sdr, sales):
        hop.save()
    for policy in starting_policies(draft, timedelta(hours=hours), with_sdr=sdr is not None):
        policy.save()
        for step in starting_steps(draft, policy):
            step.save()
    full_clauses(draft)
    return draft


def starting_hops(draft: Agreement, marketing: Team, sdr: Team | None, sales: Team) -> list[Hop]:
    """From marketing straight to sales, or by way of the SDRs where there are some."""
    stage = Stage.objects.role

    def hop(entered: StageRole, giving: Team, taking: Team, accepted: StageRole, rejected: StageRole) -> Hop:
        return Hop(
            agreement=draft,
            from_stage=stage(entered),
            offering_team=giving,
            receiving_team=taking,
            accepted_stage=stage(accepted),
            rejected_stage=stage(rejected),
        )

    if sdr is None:
        return [hop(StageRole.MQL, marketing, sales, StageRole.SAL, StageRole.LEAD)]
    return [
        hop(StageRole.MQL, marketing, sdr, StageRole.SAL, StageRole.LEAD),
        hop(StageRole.SQL, sdr, sales, StageRole.SQL, StageRole.SAL),
    ]


def starting_policies(draft: Agreement, answer_within: timedelta, *, with_sdr: bool = False) -> list[Policy]:
    """Hot leads sooner, the rest in time; what the SDRs have qualified needs no cadence of its own."""
    hot = Policy(
        quadrant=Quadrant.HOT,
        answer_within=answer_within / 2,
        touch_within=timedelta(hours=8),
        touches=6,
        touch_days=10,
    )
    rest = Policy(answer_within=answer_within, touch_within=timedelta(hours=16), touches=4, touch_days=10)
    found = [hot, rest]
    if with_sdr:
        stage = Stage.objects.role
        hot.stage = stage(StageRole.MQL)
        qualified = Policy(stage=stage(StageRole.SQL), answer_within=answer_within, touch_within=timedelta(hours=8))
        found = [hot, qualified, rest]
    for position, policy in enumerate(found, 1):
        policy.agreement, policy.position = draft, position
    return found


def starting_steps(draft: Agreement, policy: Policy) -> list[Step]:
    answer, touch = Step.Clock.ANSWER, Step.Clock.FIRST_TOUCH
    usual = [(answer, 80, Step.Action.REMIND), (answer, 100, Step.Action.TELL), (touch, 80, Step.Action.REMIND)]
    if policy.quadrant:
        usual.append((answer, 150, Step.Action.REASSIGN))
    return [Step(agreement=draft, policy=policy, clock=c, percent=p, action=a) for c, p, a in usual]


# Promises in numbers: the usual shape of such an agreement. Days that a lead has to become a customer.
CLOSE_WITHIN = 90


def usual_clauses(
    draft: Agreement,
    *,
    leads: int = 60,
    close_rate: Decimal = Decimal("0.05"),
    days: int = CLOSE_WITHIN,
    customers: int = 3,
) -> list[Clause]:
    """Add what nearly every such agreement says: each month marketing hands over at least so many leads; sales wins
    at least that share of them within so many days, and so many contracts. Raises `Frozen`."""
    marketing, _receiving, sales = _sides(draft)
    return _add_clauses(
        draft,
        Clause(team=marketing, metric="handed_over", target=leads, filters=_first_hop(draft)),
        Clause(team=sales, metric="close_rate", target=close_rate, window_days=days),
        Clause(team=sales, metric="contracts", target=customers),
    )


def full_clauses(
    draft: Agreement,
    *,
    leads: int = 60,
    close_rate: Decimal = Decimal("0.05"),
    days: int = CLOSE_WITHIN,
    customers: int = 3,
) -> list[Clause]:
    """Add the usual shape, and how well each side does its part on the way: how good the leads are, and how soon and
    how steadily they are worked. Raises `Frozen`."""
    marketing, receiving, _sales = _sides(draft)
    usual = usual_clauses(draft, leads=leads, close_rate=close_rate, days=days, customers=customers)
    here, week = _first_hop(draft), Clause.Every.WEEK

    def clause(team: Team | None, metric: str, target: str, **more: Any) -> Clause:
        return Clause(**{"team": team, "metric": metric, "target": Decimal(target), "filters": here, **more})

    found = [
        clause(marketing, "acceptance", "0.7"),
        clause(marketing, "persona_fit", "0.8"),
        clause(marketing, "free_mail", "0.1", comparator=Clause.Comparator.AT_MOST),
        clause(receiving, "answered_in_time", "0.95", every=week),
        clause(receiving, "first_touch_in_time", "0.9", every=week),
        clause(receiving, "cadence_kept", "0.9"),
        clause(receiving, "worked", "0.95"),
    ]
    for hop in list(draft.hops.select_related("receiving_team"))[1:]:
        later = {"stage": str(hop.from_stage_id)}
        found.append(clause(hop.receiving_team, "answered_in_time", "0.95", every=week, filters=later))
    return usual + _add_clauses(draft, *found)


def _first_hop(draft: Agreement) -> dict[str, str]:
    """Which hand-offs marketing answers for, where there are others: those of the first hop."""
    stages = list(draft.hops.values_list("from_stage", flat=True))
    return {"stage": str(stages[0])} if len(stages) > 1 else {}


def _sides(draft: Agreement) -> tuple[Team | None, Team | None, Team | None]:
    """Of the parties: marketing, whoever takes the leads over first, and sales."""
    parties = [party.team for party in draft.parties.select_related("team").order_by("pk")]

    def first(*kinds: Team.Kind) -> Team | None:
        return next((team for kind in kinds for team in parties if team.kind == kind), None)

    sales = first(Team.Kind.SALES, Team.Kind.SDR)
    hop = draft.hops.select_related("receiving_team").first()
    receiving = hop.receiving_team if hop and hop.receiving_team in parties else sales
    return first(Team.Kind.MARKETING, Team.Kind.VENDOR), receiving, sales


def _add_clauses(draft: Agreement, *clauses: Clause) -> list[Clause]:
    """Put them behind those that the draft has; of a side that is no party, nothing is promised."""
    with transaction.atomic():
        lock_draft(draft)
        last = draft.clauses.aggregate(last=Max("position"))["last"] or 0
        added = [clause for clause in clauses if clause.team_id]
        for position, clause in enumerate(added, last + 1):
            clause.agreement, clause.position = draft, position
            clause.save()
    return added


def agree_on_starter(*, at: datetime | None = None, hours: float = 4) -> Agreement:
    """Draft, propose and sign the starter set in the name of the heads. It holds from the next company day on."""
    at = at or now()
    draft = draft_first(at=at, hours=hours)
    if lacking := missing(draft):
        raise Agreement.NotReady(lacking)
    heads = {party.head.pk: party.head for party in draft.parties.select_related("head") if party.head}
    first = next(iter(heads.values()))
    Agreement.objects.filter(pk=draft.pk).update(created_by=first)
    draft.refresh_from_db()
    propose(draft, by=first, at=at)
    for head in heads.values():
        sign(draft, by=head, at=at)
    return draft


def _team(kind: Team.Kind) -> Team:
    """The team of that kind, made where there is none; of several, one with a head."""
    there = Team.objects.filter(kind=kind).order_by("head", "pk").first()
    names = {Team.Kind.MARKETING: ("Marketing", "マーケティング"), Team.Kind.SALES: ("Sales", "営業")}
    name, name_ja = names[kind]
    return there or Team.objects.create(kind=kind, name=name, name_ja=name_ja)


def _sdr_team() -> Team | None:
    return Team.objects.filter(kind=Team.Kind.SDR).select_related("head").order_by("head", "pk").first()


def _personas(by: User | None, at: datetime) -> list[PersonaVersion]:
    """Those that somebody wrote already and gave criteria, or else the starter's."""
    written = [persona.latest for persona in Persona.objects.filter(retired_at=None).prefetch_related("versions")]
    ready = [version for version in written if version and version.criteria is not None]
    if ready:
        return ready
    return [
        PersonaVersion.objects.create(
            persona=Persona.objects.create(created_at=at), created_by=by, created_at=at, **dict(texts)
        )
        for texts in personas()
    ]


def _definition(role: StageRole, criteria: Tree, by: User | None, at: datetime) -> Definition:
    """The stage's draft, filled from the starter where nobody has written it."""
    stage = Stage.objects.role(role)
    draft = Definition.objects.filter(stage=stage, in_force_from=None).order_by("-number").first()
    if draft is not None and draft.criteria is not None:
        return draft
    if draft is not None and draft.frozen_at is None:
        draft.criteria, draft.text = criteria, draft.text or definition_texts()[role]
        draft.save()
        return draft
    number = (draft.number if draft else 0) + 1
    return Definition.objects.create(
        stage=stage, number=number, text=definition_texts()[role], criteria=criteria, created_by=by, created_at=at
    )


def _score_model(by: User | None, at: datetime) -> ScoreModel:
    """The draft model that has rules, or the starter's."""
    draft = ScoreModel.objects.filter(in_force_from=None).order_by("-number").first()
    if draft is not None and (draft.fit_rules.exists() or draft.interest_rules.exists()):
        return draft
    if draft is None or draft.published_at:
        number = (draft.number if draft else 0) + 1
        draft = ScoreModel.objects.create(
            number=number,
            note=in_either("To start from", "最初のモデル"),
            fit_threshold=50,
            interest_threshold=40,
            created_by=by,
            created_at=at,
        )
    FitRule.objects.bulk_create(
        FitRule(model=draft, position=position, name=in_either(*names), criteria=criteria, points=points)
        for position, (*names, criteria, points) in enumerate(FIT, 1)
    )
    kinds = {kind.key: kind for kind in ActivityKind.objects.all()}
    InterestRule.objects.bulk_create(
        InterestRule(model=draft, kind=kinds[key], points=points, cap=cap, half_life_days=half_life)
        for key, points, cap, half_life in INTEREST
        if key in kinds
    )
    return draft
