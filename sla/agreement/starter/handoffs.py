"""The hops, policies and escalations to start from."""

from __future__ import annotations

from datetime import timedelta

from funnel.models import Stage, StageRole
from scoring.models import Quadrant
from sla.agreement.models.agreements import Agreement
from sla.agreement.models.hops import Hop
from sla.agreement.models.policies import Policy, Step
from teams.models import Team


def starting_hops(draft: Agreement, marketing: Team, sdr: Team | None, sales: Team) -> list[Hop]:
    """From marketing straight to sales, or by way of the SDRs where there are some."""
    stage = Stage.objects.role

    def hop(entered: StageRole, offering: Team, receiving: Team, accepted: StageRole, rejected: StageRole) -> Hop:
        return Hop(
            agreement=draft,
            from_stage=stage(entered),
            offering_team=offering,
            receiving_team=receiving,
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
    """Hot leads in half the time, all others within `answer_within`; leads that SDRs qualified have no cadence."""
    hot = Policy(
        quadrant=Quadrant.HOT,
        answer_within=answer_within / 2,
        touch_within=timedelta(hours=8),
        touches=6,
        touch_days=10,
    )
    rest = Policy(answer_within=answer_within, touch_within=timedelta(hours=16), touches=4, touch_days=10)
    policies = [hot, rest]
    if with_sdr:
        stage = Stage.objects.role
        hot.stage = stage(StageRole.MQL)
        qualified = Policy(stage=stage(StageRole.SQL), answer_within=answer_within, touch_within=timedelta(hours=8))
        policies = [hot, qualified, rest]
    for position, policy in enumerate(policies, 1):
        policy.agreement, policy.position = draft, position
    return policies


def starting_escalations(draft: Agreement, policy: Policy) -> list[Step]:
    """Reminders at 80 %, the manager at 100 %, and for hot leads another rep at 150 % of the time."""
    answer, touch = Step.Clock.ANSWER, Step.Clock.FIRST_TOUCH
    usual = [(answer, 80, Step.Action.REMIND), (answer, 100, Step.Action.TELL), (touch, 80, Step.Action.REMIND)]
    if policy.quadrant:
        usual.append((answer, 150, Step.Action.REASSIGN))
    return [Step(agreement=draft, policy=policy, clock=c, percent=p, action=a) for c, p, a in usual]
