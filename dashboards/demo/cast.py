"""Who works at the demo company, and what it wants to reach."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from dashboards.goals.models import Goal
from leads.models import Campaign, CustomField
from metrics.period import Period
from teams.models import Organization, Role, Team, User

DOMAIN = "demo.example"
M, S, R, G, A = Role.MARKETER, Role.SDR, Role.REP, Role.MANAGER, Role.ADMINISTRATOR
# Login, given name, family name, roles, team, whether they head it.
PEOPLE = [
    ("marketer", "Mara", "Ishikawa", [M], "marketing", False),
    ("head-of-marketing", "彩", "森", [M, G], "marketing", True),
    ("head-of-sdr", "Kenji", "Hara", [S, G], "sdr", True),
    ("sdr", "Hana", "Suzuki", [S], "sdr", False),
    ("rep1", "Sam", "Fujii", [R], "sales", False),
    ("rep2", "Rosa", "Tanaka", [R], "sales", False),
    ("rep3", "拓海", "近藤", [R], "sales", False),
    ("head-of-sales", "Gina", "Sato", [G], "sales", True),
    ("manager", "Daniel", "Weber", [G], None, False),
    ("admin", "Ada", "Kondo", [A], None, False),
]
TEAMS = {
    "marketing": ("Marketing", "マーケティング", Team.Kind.MARKETING),
    "sdr": ("SDR", "インサイドセールス", Team.Kind.SDR),
    "sales": ("Sales", "営業", Team.Kind.SALES),
}
CAMPAIGNS = [
    ("Paperless shop floor", "Webinar", "120 plant managers in a live session"),
    ("製造業DX展 2026", "展示会", "来場者300名との名刺交換"),
    ("Search: audit trail", "Paid ads", "Be found by quality managers"),
    ("導入事例シリーズ", "Content", "月1本の事例公開と資料請求"),
]


def make_people(password: str) -> None:
    """The company, its teams and its people. Their e-mails say their roles."""
    organization = Organization.ours()
    Organization.objects.filter(pk=organization.pk).update(name="Aoba Cloud", is_demo=True)
    teams = {
        key: Team.objects.create(name=name, name_ja=name_ja, kind=kind) for key, (name, name_ja, kind) in TEAMS.items()
    }
    for login, given, family, roles, team, is_head in PEOPLE:
        user: User = User.objects.create_user(
            f"{login}@{DOMAIN}",
            password,
            given_name=given,
            family_name=family,
            roles=[role.value for role in roles],
            team=teams.get(team or ""),
            is_staff=A in roles,
        )
        if is_head and team:
            Team.objects.filter(pk=teams[team].pk).update(head=user)


def logins() -> list[str]:
    return [f"{login}@{DOMAIN}" for login, *_ in PEOPLE]


def make_settings() -> None:
    for name, channel, goal in CAMPAIGNS:
        Campaign.objects.create(name=name, channel=channel, goal=goal)
    CustomField.objects.create(
        subject="company",
        key="production_lines",
        name_en="Production lines",
        name_ja="生産ライン数",
        type=CustomField.Type.NUMBER,
    )


def make_goals(start: datetime, end: datetime) -> None:
    """Contracts and revenue for each quarter of the year, a little more ambitious each time."""
    head = User.objects.get(email=f"head-of-sales@{DOMAIN}")
    quarter, n = Period.quarter_of(start), 0
    last: date = Period.quarter_of(end).start
    # Of the first only the end is lived: nobody can have reached it.
    if quarter.start < last:
        quarter, n = quarter.next(), n + 1
    while quarter.start <= last:
        for measure, target in (
            (Goal.Measure.CONTRACTS, 11 + n),
            (Goal.Measure.REVENUE, (68 + 6 * n) * 1_000_000),
        ):
            Goal.objects.create(
                measure=measure,
                starts_on=quarter.start,
                ends_on=quarter.end,
                target=target,
                set_by=head,
                set_at=quarter.starts_at - timedelta(days=10),
            )
        quarter, n = quarter.next(), n + 1
