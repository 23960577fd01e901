"""How an agreement comes about: drafted from the one before, proposed, signed by every head, in force from a day.

Only an agreement is signed. What it names (personas, definitions, the score model) is frozen when it is proposed, and
put in force, downward, when the last head has signed. Nothing signed is ever edited; the next version replaces it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db import transaction
from django.db.models import F
from django.utils.timezone import now

from funnel.models import Definition, Stage
from funnel.qualification.qualifying import standing
from history import in_force
from history.models import Change, Outbox
from scoring.models import ScoreModel
from sla.agreement.missing import missing
from sla.agreement.models import (
    AgreedDefinition,
    AgreedPersona,
    Agreement,
    Clause,
    Comment,
    Hop,
    Party,
    Policy,
    Signature,
    Step,
)
from smarketing.company import company_zone
from teams.models import Notice, User

SUBJECT = "agreement"


def on_its_way() -> Agreement | None:
    """The draft or the proposal; there is one at most."""
    return Agreement.objects.filter(in_force_from=None).first()


def last_signed() -> Agreement | None:
    """The newest that all heads signed: it holds, or will. The next one starts from it."""
    return Agreement.objects.filter(in_force_from__isnull=False).order_by("-number").first()


def draft_next(*, by: User | None = None, at: datetime | None = None) -> Agreement:
    """Return the draft, made from the one signed last where there is none. Raises `Frozen` while a proposal waits."""
    at = at or now()
    waiting = on_its_way()
    if waiting is None:
        with transaction.atomic():
            newest = Agreement.objects.select_for_update().order_by("-number").first()
            waiting = on_its_way()
            if waiting is None:
                number = newest.number + 1 if newest else 1
                waiting = Agreement.objects.create(number=number, created_by=by, created_at=at)
                _carry_over(last_signed(), waiting)
    if waiting.proposed_at:
        raise Agreement.Frozen
    return waiting


def _carry_over(before: Agreement | None, draft: Agreement) -> None:
    """Put everything that was agreed into the draft; heads are those that the teams have today."""
    if before is None:
        return
    draft.preamble, draft.notes = before.preamble, before.notes
    draft.score_model_may_change = before.score_model_may_change
    draft.score_model = current_score_model() or before.score_model
    draft.review_months, draft.dispute_days = before.review_months, before.dispute_days
    draft.meeting_weekday, draft.meeting_at = before.meeting_weekday, before.meeting_at
    draft.save()
    for party in before.parties.select_related("team"):
        head = party.team.head_id or party.head_id
        Party.objects.create(agreement=draft, team=party.team, head_id=head, escalates_to_id=party.escalates_to_id)
    for persona in before.agreed_personas.all():
        AgreedPersona.objects.create(agreement=draft, version_id=persona.version_id, position=persona.position)
    for agreed in before.agreed_definitions.all():
        AgreedDefinition.objects.create(agreement=draft, definition_id=agreed.definition_id)
    for hop in before.hops.all():
        _copy(hop, draft)
    for clause in before.clauses.all():
        _copy(clause, draft)
    for policy in before.policies.prefetch_related("steps"):
        steps = list(policy.steps.all())
        _copy(policy, draft)
        for step in steps:
            step.policy = policy
            _copy(step, draft)


def _copy(row: Hop | Clause | Policy | Step, draft: Agreement) -> None:
    row.pk, row.agreement = None, draft
    row._state.adding = True
    row.save()


def current_score_model() -> ScoreModel | None:
    """The model that holds, or will: agreed, or replaced since where the agreement allows it."""
    return ScoreModel.objects.filter(in_force_from__isnull=False, replaced_at=None).first()


def editable(agreement: Agreement) -> Agreement:
    """Return the draft, locked. Call inside a transaction. Raises `Frozen` once it is proposed."""
    locked = Agreement.objects.select_for_update().get(pk=agreement.pk)
    if locked.proposed_at:
        raise Agreement.Frozen
    return locked


def agree_on_definition(draft: Agreement, definition: Definition) -> None:
    """Let the draft name this definition for its stage, instead of another."""
    with transaction.atomic():
        editable(draft)
        draft.agreed_definitions.filter(definition__stage=definition.stage_id).delete()
        AgreedDefinition.objects.create(agreement=draft, definition=definition)


def agree_on_score_model(draft: Agreement, model: ScoreModel) -> None:
    """Let the draft name this score model."""
    with transaction.atomic():
        editable(draft)
        Agreement.objects.filter(pk=draft.pk).update(score_model=model)


def discard(draft: Agreement) -> None:
    """Throw the draft away. What it named stays. Raises `Frozen`."""
    with transaction.atomic():
        editable(draft).delete()


# Definitions


def draft_definition(stage: Stage, *, by: User | None = None, at: datetime | None = None) -> Definition:
    """Return the stage's draft definition, begun from the newest where there is none."""
    with transaction.atomic():
        Stage.objects.select_for_update().get(pk=stage.pk)
        newest = Definition.objects.filter(stage=stage).order_by("-number").first()
        if newest is not None and newest.frozen_at is None:
            return newest
        before = _named_on_its_way(stage) or _newest_agreed(stage) or newest
        return Definition.objects.create(
            stage=stage,
            number=newest.number + 1 if newest else 1,
            text=before.text if before else "",
            criteria=before.criteria if before else None,
            cool_off_days=before.cool_off_days if before else 60,
            created_by=by,
            created_at=at or now(),
        )


def _named_on_its_way(stage: Stage) -> Definition | None:
    """What was frozen by a proposal that came back: the next wording goes on from there."""
    named = AgreedDefinition.objects.filter(agreement__in_force_from=None, definition__stage=stage)
    row = named.select_related("definition").first()
    return row.definition if row else None


def _newest_agreed(stage: Stage) -> Definition | None:
    return Definition.objects.filter(stage=stage, in_force_from__isnull=False).order_by("-number").first()


def propose_definition(definition: Definition, *, by: User, at: datetime | None = None) -> Agreement:
    """Make the next agreement of this one changed definition, and propose it.

    Where a draft with other changes exists, the definition joins it and the draft is left to be looked at and proposed.
    Raises `Frozen` while another proposal waits; `NotReady`, with the draft kept, when something is missing.
    """
    begun = on_its_way()
    draft = draft_next(by=by, at=at)
    agree_on_definition(draft, definition)
    if begun is None:
        propose(draft, by=by, at=at)
    draft.refresh_from_db()
    return draft


# Proposing


def propose(agreement: Agreement, *, by: User, at: datetime | None = None) -> None:
    """Ask the heads to sign: from now on nothing of it is edited. Raises `Frozen`, `NotReady`."""
    with transaction.atomic():
        locked = editable(agreement)
        lacking = missing(locked)
        if lacking:
            raise Agreement.NotReady(lacking)
        at = at or now()
        for version in locked.personas():
            version.freeze(at=at)
        for definition in locked.definitions():
            definition.freeze(at=at)
        assert locked.score_model is not None
        locked.score_model.freeze(at=at)
        locked.proposed_at, locked.proposed_by = at, by
        locked.save(update_fields=["proposed_at", "proposed_by"])
        Outbox.objects.put("agreement_proposed", {"agreement": locked.pk, "number": locked.number}, at=at)
        Change.objects.write(SUBJECT, locked.pk, {"proposed_at": (None, at)}, at=at, by=by, how="proposal")
        heads = [party.head for party in locked.parties.select_related("head") if party.head]
        _tell(heads, Notice.Kind.TO_SIGN, locked, url=f"/agreement/v{locked.number}/signature/", at=at)
    agreement.refresh_from_db()


def withdraw(agreement: Agreement, *, by: User, at: datetime | None = None) -> None:
    """Take the proposal back into a draft, as long as nobody signed, or when somebody who should sign no longer can.

    Raises `Frozen`.
    """
    with transaction.atomic():
        locked = _waiting(agreement)
        at = at or now()
        if Signature.objects.filter(party__agreement=locked).exists() and not _orphaned(locked):
            raise Agreement.Frozen
        _void_signatures(locked, by=by, how="withdrawal", at=at)
        _unfreeze(locked, by=by, how="withdrawal", comment="", at=at)
    agreement.refresh_from_db()


def _orphaned(proposal: Agreement) -> bool:
    """Whether a signature is missing of someone who left, or heads the team no longer."""
    unsigned = proposal.parties.filter(signature=None)
    can_sign = unsigned.filter(head__is_active=True, team__head=F("head"))
    return unsigned.count() > can_sign.count()


@dataclass(frozen=True)
class Remark:
    """What a head asks to be changed at one line of the document: its key, its words, and the text."""

    line: str
    words: str
    text: str


def send_back(
    agreement: Agreement, *, by: User, comment: str = "", remarks: Sequence[Remark] = (), at: datetime | None = None
) -> None:
    """Refuse to sign, and say why: the proposal becomes a draft again, and whoever signed it signs anew.

    What should change is said of the whole, of single lines, or of both. Only a head who has not signed. Raises
    `NotYours`, `Frozen`; `ValueError` where nothing is said.
    """
    if not comment.strip() and not remarks:
        raise ValueError("Whoever sends it back says what should change.")
    with transaction.atomic():
        locked = _waiting(agreement)
        if not unsigned_by(locked, by):
            raise Agreement.NotYours
        at = at or now()
        _void_signatures(locked, by=by, how="sent back", at=at)
        _unfreeze(locked, by=by, how="sent back", comment=comment, at=at)
        said = [Remark("", "", comment), *remarks] if comment.strip() else list(remarks)
        Comment.objects.bulk_create(
            Comment(agreement=locked, line=each.line, words=each.words, text=each.text, by=by, at=at) for each in said
        )
        _tell_sent_back(locked, by=by, reason=said[0].text, at=at)
    agreement.refresh_from_db()


def _tell_sent_back(proposal: Agreement, *, by: User, reason: str, at: datetime) -> None:
    """Whoever wrote or proposed it and the other heads hear that it is a draft again, and what was said first."""
    heads = [party.head for party in proposal.parties.select_related("head")]
    told = {person for person in (proposal.created_by, proposal.proposed_by, *heads) if person} - {by}
    params = {"person": str(by), "reason": reason}
    _tell(list(told), Notice.Kind.SENT_BACK, proposal, params=params, url="/agreement/draft/", at=at)


def open_comments(agreement: Agreement) -> list[Comment]:
    """What was said when it was sent back last, and is still to be answered: a new proposal answers all of it."""
    if agreement.proposed_at is not None:
        return []
    proposed = Change.objects.of(SUBJECT, agreement.pk).filter(how="proposal").order_by("-at").first()
    if proposed is None:
        return []
    return list(agreement.comments.filter(at__gte=proposed.at).select_related("by"))


def _void_signatures(proposal: Agreement, *, by: User, how: str, at: datetime) -> None:
    """A signature is for what was read: it does not pass on to a draft. Who had signed stays in the history."""
    signed = Signature.objects.filter(party__agreement=proposal).select_related("party__team", "by")
    lost = {f"signature of {each.party.team.name}": (str(each.by), None) for each in signed}
    if lost:
        Change.objects.write(SUBJECT, proposal.pk, lost, at=at, by=by, how=how)
        signed.delete()


def _waiting(agreement: Agreement) -> Agreement:
    """Return the proposal, locked. Raises `Frozen` when it is none, or signed by all."""
    locked = Agreement.objects.select_for_update().get(pk=agreement.pk)
    if locked.proposed_at is None or locked.in_force_from is not None:
        raise Agreement.Frozen
    return locked


def _unfreeze(locked: Agreement, *, by: User, how: str, comment: str, at: datetime) -> None:
    change = {"proposed_at": (locked.proposed_at, comment or None)}
    Change.objects.write(SUBJECT, locked.pk, change, at=at, by=by, how=how)
    Outbox.objects.put("agreement_taken_back", {"agreement": locked.pk, "number": locked.number}, at=at)
    Notice.objects.unread().filter(kind=Notice.Kind.TO_SIGN, about=_about(locked)).update(read_at=at)
    Agreement.objects.filter(pk=locked.pk).update(proposed_at=None, proposed_by=None)


# Signing


def unsigned_by(agreement: Agreement, user: User) -> list[Party]:
    """The parties for which this person is still to sign."""
    return list(agreement.parties.filter(head=user, signature=None).select_related("team"))


def sign(agreement: Agreement, *, by: User, note: str = "", at: datetime | None = None) -> bool:
    """Give one head's word, for every party that the person heads; return whether it was the last one needed.

    The last signature sets the day from which the agreement holds. Raises `NotYours` for anyone else, or a second time.
    """
    with transaction.atomic():
        locked = Agreement.objects.select_for_update().get(pk=agreement.pk)
        parties = unsigned_by(locked, by) if locked.proposed_at and not locked.in_force_from else []
        if not parties:
            raise Agreement.NotYours
        at = at or now()
        Signature.objects.bulk_create(Signature(party=party, by=by, at=at, note=note) for party in parties)
        payload = {"agreement": locked.pk, "number": locked.number, "by": by.pk}
        Outbox.objects.put("signed", payload | {"parties": [party.team_id for party in parties]}, at=at)
        complete = not locked.parties.filter(signature=None).exists()
        if complete:
            _begin(locked, at=at)
    agreement.refresh_from_db()
    return complete


def begins_at(agreement: Agreement, signed_at: datetime) -> datetime:
    """The start of the company day it shall hold from, or of the first one after the last signature."""
    soonest = next_day_start(signed_at)
    if agreement.effective_on is None:
        return soonest
    return max(soonest, datetime.combine(agreement.effective_on, time(), company_zone()))


def next_day_start(at: datetime) -> datetime:
    """The first start of a company day that is not over at that moment."""
    zone = company_zone()
    today = datetime.combine(at.astimezone(zone).date(), time(), zone)
    return today if today >= at else datetime.combine(today.date() + timedelta(days=1), time(), zone)


def _begin(locked: Agreement, *, at: datetime) -> None:
    """Hold from its day on, with everything that it names; what it names no longer ends then."""
    from_at = begins_at(locked, at)
    in_force.begin(locked, Agreement.objects.filter(in_force_from__isnull=False), from_at=from_at)
    definitions = locked.definitions()
    for definition in definitions:
        definition.put_in_force(from_at=from_at, qualifies_standing=locked.qualifies_standing)
    held = Definition.objects.filter(in_force_from__isnull=False)
    in_force.end(held.exclude(stage__in=[definition.stage_id for definition in definitions]), at=from_at)
    if locked.score_model:
        locked.score_model.put_in_force(from_at=from_at)
    payload = {"agreement": locked.pk, "number": locked.number, "from": from_at}
    Outbox.objects.put("agreement_signed_by_all", payload, at=at)
    heads = [party.head for party in locked.parties.select_related("head") if party.head]
    everyone = {person.pk: person for person in [*heads, locked.proposed_by, locked.created_by] if person}
    _tell(list(everyone.values()), Notice.Kind.IN_FORCE, locked, url=f"/agreement/v{locked.number}/", at=at)


def _about(agreement: Agreement) -> str:
    return f"agreement {agreement.number} of {agreement.proposed_at:%Y-%m-%dT%H:%M:%S.%f}"


def _tell(
    people: Sequence[User],
    kind: Notice.Kind,
    agreement: Agreement,
    *,
    url: str,
    at: datetime,
    params: dict[str, str] | None = None,
) -> None:
    about = {"agreement": agreement.pk, "number": agreement.number} | (params or {})
    Notice.objects.tell(people, kind, about=_about(agreement), params=about, url=url, at=at)


# Between agreements


def may_replace_score_model(at: datetime | None = None) -> bool:
    """Score models may be replaced between agreements only if the agreement says so, and freely before the first."""
    at = at or now()
    holding = Agreement.objects.in_force(at).first()
    return holding.score_model_may_change if holding else last_signed() is None


def replace_score_model(model: ScoreModel, *, at: datetime | None = None) -> None:
    """Publish a model between agreements: it holds from the next company day on. Raises `Frozen` where the agreement
    wants signatures for it."""
    at = at or now()
    if not may_replace_score_model(at):
        raise Agreement.Frozen
    with transaction.atomic():
        model.freeze(at=at)
        model.put_in_force(from_at=next_day_start(at))
        Outbox.objects.put("score_model_replaced", {"score_model": model.pk, "number": model.number}, at=at)


def standing_leads(agreement: Agreement, *, at: datetime | None = None) -> list[tuple[Definition, int]]:
    """For each definition that the agreement changes: how many standing leads it would qualify, as scored today."""
    at = at or now()
    held = set(Definition.objects.in_force(at).values_list("pk", flat=True))
    changed = [definition for definition in agreement.definitions() if definition.pk not in held]
    return [(definition, standing(definition, at=at).count()) for definition in changed]
