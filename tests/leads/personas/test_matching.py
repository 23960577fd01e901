"""Which persona each lead is."""

from datetime import timedelta
from typing import Any

import pytest

from history.models import Change
from leads.models import PendingReevaluation, Persona, PersonaMatch, PersonaVersion
from leads.personas.matching import leave_to_the_machine, match_personas, say_persona
from teams.models import Role
from tests import make

pytestmark = pytest.mark.django_db
AT = make.MONDAY_9AM


def persona(name: str, criteria: dict[str, Any] | None) -> PersonaVersion:
    return PersonaVersion.objects.create(persona=Persona.objects.create(), name=name, criteria=criteria)


def titled(word: str) -> dict[str, Any]:
    return {"field": "title", "op": "contains", "value": word}


def of(lead: Any) -> Persona | None:
    match = PersonaMatch.objects.filter(lead=lead).select_related("persona").first()
    return match.persona if match else None


def test_a_lead_is_the_first_persona_that_holds_in_the_agreements_order() -> None:
    head, quality = persona("Head", titled("head")), persona("Quality", titled("quality"))
    both, one, none = make.lead(title="Head of Quality"), make.lead(title="Quality"), make.lead(title="Student")
    assert match_personas(None, [head, quality], AT) == 2
    assert (of(both), of(one), of(none)) == (head.persona, quality.persona, None)
    assert match_personas(None, [head, quality], AT) == 0
    assert match_personas(None, [quality, head], AT) == 1
    assert of(both) == quality.persona


def test_only_the_leads_asked_for_are_matched() -> None:
    head = persona("Head", titled("head"))
    asked, other = make.lead(title="Head"), make.lead(title="Head")
    assert match_personas([asked.pk], [head], AT) == 1
    assert (of(asked), of(other)) == (head.persona, None)


def test_a_persons_word_stays_and_the_machines_is_kept_below_it() -> None:
    head, quality = persona("Head", titled("head")), persona("Quality", titled("quality"))
    lead, sam = make.lead(title="Head"), make.user(Role.REP)
    match_personas(None, [head, quality], AT)
    say_persona(lead, quality.persona, reason="Met her at the fair", by=sam, at=AT)
    lead.title = "Student"
    lead.save()
    match_personas(None, [head, quality], AT)
    match = PersonaMatch.objects.get(lead=lead)
    assert (match.persona, match.machine) == (quality.persona, None)
    assert leave_to_the_machine(lead, by=sam, at=AT).persona is None


def test_another_persona_is_written_down_and_is_news() -> None:
    head, quality = persona("Head", titled("head")), persona("Quality", titled("quality"))
    lead, sam = make.lead(title="Head"), make.user(Role.REP)
    match_personas(None, [head, quality], AT)
    say_persona(lead, quality.persona, reason="She said so", by=sam, at=AT + timedelta(hours=1))
    change = Change.objects.get(subject="lead", subject_id=lead.pk, field="persona")
    assert (change.old, change.new, change.by) == (head.persona_id, quality.persona_id, sam)
    assert PendingReevaluation.objects.filter(lead=lead).exists()


def test_a_word_without_a_reason_is_refused() -> None:
    with pytest.raises(ValueError):
        say_persona(make.lead(), None, reason=" ", by=make.user(Role.REP), at=AT)


def test_a_persona_without_criteria_is_nobody() -> None:
    lead = make.lead()
    assert match_personas([lead.pk], [persona("Unwritten", None)], AT) == 0
    assert match_personas([lead.pk], [], AT) == 0


def test_a_merged_lead_is_nobody() -> None:
    gone = make.lead(title="Head", merged_into=make.lead(), merged_at=AT)
    assert match_personas(None, [persona("Head", titled("head"))], AT) == 0
    assert of(gone) is None


def test_what_the_machine_finds_below_a_person_s_word_is_no_history() -> None:
    head, quality = persona("Head", titled("head")), persona("Quality", titled("quality"))
    lead = make.lead(title="Head")
    say_persona(lead, quality.persona, reason="Met her", by=make.user(Role.REP), at=AT)
    before = Change.objects.count()
    assert match_personas(None, [head, quality], AT) == 1
    assert PersonaMatch.objects.get(lead=lead).machine == head.persona
    assert Change.objects.count() == before


def test_another_persona_by_the_machine_is_history_with_its_moment() -> None:
    head, quality = persona("Head", titled("head")), persona("Quality", titled("quality"))
    lead = make.lead(title="Head of Quality")
    match_personas(None, [head], AT)
    match_personas(None, [quality, head], AT + timedelta(days=1))
    kept = Change.objects.get()
    assert (kept.field, kept.old, kept.new) == ("persona", head.persona_id, quality.persona_id)
    assert (kept.at, kept.how, kept.by) == (AT + timedelta(days=1), "persona", None)
    assert PersonaMatch.objects.get(lead=lead).matched_at == AT + timedelta(days=1)


def test_saying_again_what_is_so_is_neither_history_nor_news() -> None:
    head, sam = persona("Head", titled("head")), make.user(Role.REP)
    lead = make.lead(title="Head")
    match_personas(None, [head], AT)
    assert say_persona(lead, head.persona, reason="Yes", by=sam, at=AT).override_by == sam
    leave_to_the_machine(lead, by=sam, at=AT)
    assert not Change.objects.exists()
    assert not PendingReevaluation.objects.filter(lead=lead, news_at=AT).exists()


def test_a_reason_is_kept_without_spaces_around_it_and_no_longer_than_it_may_be() -> None:
    match = say_persona(make.lead(), None, reason=f"  {'x' * 250}", by=make.user(Role.REP), at=AT)
    assert match.override_reason == "x" * 200
