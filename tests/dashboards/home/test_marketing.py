"""What waits for marketing: what sales rejected of late, who has no persona, which files came in."""

from datetime import timedelta

import pytest

from dashboards.home.card_size import SHOWN
from dashboards.home.marketing import RECENT, marketing_context
from funnel.models import Reason
from leads.models import Import, Persona, PersonaMatch
from sla.models import Agreement, Handoff
from teams.models import Role
from tests import make

pytestmark = pytest.mark.django_db
AT = make.TEN


def rejected(after: timedelta) -> Handoff:
    handoff = make.handoff(to=make.user(Role.REP), at=AT)
    reason = Reason.objects.offered("rejected").filter(needs_text=False).earliest("pk")
    handoff.reject(by=handoff.rep, reason=reason, verdict=Handoff.Verdict.NO, at=AT + after)
    return handoff


def test_rejections_of_two_weeks_are_listed_the_latest_first():
    first, second = rejected(timedelta()), rejected(timedelta(hours=1))
    make.handoff(at=AT)
    context = marketing_context(AT + RECENT)
    assert list(context["rejections"]) == [second, first]
    assert marketing_context(AT + RECENT + timedelta(microseconds=1))["rejection_count"] == 1


def test_no_more_are_listed_than_a_card_holds_and_all_are_counted():
    for nth in range(SHOWN + 1):
        rejected(timedelta(minutes=nth))
    context = marketing_context(AT + timedelta(days=1))
    assert (len(context["rejections"]), context["rejection_count"]) == (SHOWN, SHOWN + 1)


def test_who_has_no_persona_is_counted_once_looked_at_or_not():
    persona = Persona.objects.create()
    for lead, match in ((make.lead(), None), (make.lead(), persona)):
        PersonaMatch.objects.create(lead=lead, persona=match)
    kept = make.lead()
    make.lead(merged_into=kept, merged_at=AT)
    assert marketing_context(AT)["unmatched"] == 2


def test_a_retired_persona_is_none_to_match():
    assert not marketing_context(AT)["has_personas"]
    persona = Persona.objects.create()
    assert marketing_context(AT)["has_personas"]
    Persona.objects.filter(pk=persona.pk).update(retired_at=AT)
    assert not marketing_context(AT)["has_personas"]


def test_the_last_imports_are_listed_without_what_they_say(django_assert_num_queries):
    for nth in range(SHOWN + 1):
        Import.objects.create(file_name=f"leads{nth}.csv", created_at=AT + timedelta(days=nth))
    imports = list(marketing_context(AT)["imports"])
    assert [each.file_name for each in imports] == [f"leads{nth}.csv" for nth in range(SHOWN, 0, -1)]
    assert imports[0].get_deferred_fields() >= {"mapping", "dry_run"}


def test_a_proposal_on_its_way_is_shown():
    assert marketing_context(AT)["on_its_way"] is None
    draft = Agreement.objects.create(number=1)
    assert marketing_context(AT)["on_its_way"] == draft
