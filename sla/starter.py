"""A sensible first agreement, to start from: one hand-off, two definitions, a score model, personas.

Texts come in the language of whoever asks for it; criteria know the words of both.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from funnel.models import Definition, Stage, StageRole
from leads.models import ActivityKind, Persona, PersonaVersion
from scoring.models import FitRule, InterestRule, ScoreModel
from sla.agreements import (
    agree_on_definition,
    current_score_model,
    draft_next,
    last_signed,
    missing,
    on_its_way,
    propose,
    sign,
)
from sla.models import AgreedPersona, Agreement, Hop, Party
from teams.models import Team, User

Tree = dict[str, Any]

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

FIT: tuple[tuple[Tree, int], ...] = (
    (field("company.employees", ">=", 300), 30),
    (field("company.employees", "between", [50, 299]), 15),
    (LEADS_OTHERS, 30),
    (field("department", "in", PLANT + QUALITY + SYSTEMS), 25),
    (field("company.industry", "in", MAKERS), 15),
    (field("is_free_mail", "=", True), -30),
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
            "name": _("Plant digitalisation lead"),
            "description": _("Runs production or a plant and answers for its output; decides what is tried there."),
            "goals": _("Fewer stops, numbers instead of paper, one success to show before the next budget."),
            "pains": _("Data in many places; people who are short; projects that never leave the pilot."),
            "objections": _("It must not stop the line, and who will look after it?"),
            "awareness": _("What do plants like mine do about this?"),
            "consideration": _("A demo with our own data; what it takes to begin."),
            "decision": _("A plan for three months, a price, and a reference in the same industry."),
            "criteria": all_of(IN_PLANT, LEADS_OTHERS),
        },
        {
            "name": _("Quality manager"),
            "description": _("Answers for quality and audits; sees every complaint."),
            "goals": _("Find causes in hours, not weeks; be ready for any audit."),
            "pains": _("Records on paper; the same fault twice."),
            "objections": _("Can it be validated, and does it keep records long enough?"),
            "awareness": _("How do others trace a fault to its cause?"),
            "consideration": _("An example of an audit trail; a talk with another quality manager."),
            "decision": _("Proof with one product line."),
            "criteria": IN_QUALITY,
        },
        {
            "name": _("Information systems manager"),
            "description": _("Keeps the systems running and has to agree to every new one."),
            "goals": _("Few systems, safe and connected."),
            "pains": _("Tools bought without asking; no hands for interfaces."),
            "objections": _("Security, single sign-on, and where the data lies."),
            "awareness": _("What does it connect to?"),
            "consideration": _("The security paper and the interfaces."),
            "decision": _("A contract that says who does what when it fails."),
            "criteria": all_of(IN_SYSTEMS, LEADS_OTHERS),
        },
    ]


def definition_texts() -> dict[str, str]:
    return {
        StageRole.MQL: _(
            "Someone of the companies and positions that we want, who showed by what they did that a call now is worth"
            " their time."
        ),
        StageRole.SQL: _("A talk took place, and the interest holds: sales knows what the need is and who decides."),
    }


@transaction.atomic
def draft_first(*, by: User | None = None, at: datetime | None = None, hours: float = 4) -> Agreement:
    """Draft the first agreement from the starter set; what exists already (teams, personas, drafts) is used.

    Raises `Frozen` when an agreement was signed or proposed before.
    """
    if last_signed() is not None:
        raise Agreement.Frozen
    at = at or now()
    begun = on_its_way()
    draft = draft_next(by=by, at=at)
    if begun is not None:
        return draft
    marketing, sales = _team(Team.Kind.MARKETING), _team(Team.Kind.SALES)
    for team in Team.objects.filter(pk__in=[marketing.pk, sales.pk]):
        Party.objects.create(agreement=draft, team=team, head=team.head)
    for position, version in enumerate(_personas(by, at), 1):
        AgreedPersona.objects.create(agreement=draft, version=version, position=position)
    for role, criteria in ((StageRole.MQL, MQL), (StageRole.SQL, SQL)):
        agree_on_definition(draft, _definition(role, criteria, by, at))
    draft.score_model = current_score_model() or _score_model(by, at)
    draft.score_model_may_change = True
    draft.preamble = _(
        "Marketing and sales share one goal: contracts. This is what each side can rely on from the other; both are"
        " measured by the same clock and the same numbers."
    )
    draft.save()
    stage = Stage.objects.role
    Hop.objects.create(
        agreement=draft,
        from_stage=stage(StageRole.MQL),
        offering_team=marketing,
        receiving_team=sales,
        accepted_stage=stage(StageRole.SAL),
        rejected_stage=stage(StageRole.LEAD),
        answer_within=timedelta(hours=hours),
    )
    return draft


def agree_on_starter(*, at: datetime | None = None, hours: float = 4) -> Agreement:
    """Draft, propose and sign the starter set in the name of the two heads. It holds from the next company day on."""
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
            note=_("To start from"),
            fit_threshold=50,
            interest_threshold=40,
            created_by=by,
            created_at=at,
        )
    FitRule.objects.bulk_create(
        FitRule(model=draft, position=position, criteria=criteria, points=points)
        for position, (criteria, points) in enumerate(FIT, 1)
    )
    kinds = {kind.key: kind for kind in ActivityKind.objects.all()}
    InterestRule.objects.bulk_create(
        InterestRule(model=draft, kind=kinds[key], points=points, cap=cap, half_life_days=half_life)
        for key, points, cap, half_life in INTEREST
        if key in kinds
    )
    return draft
