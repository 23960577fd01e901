"""What fell due while a restored copy stood still, done at once when it goes on."""

from __future__ import annotations

import logging

from django.db import transaction
from django.utils.timezone import now

from history import leases
from history.leases import Step
from sla.agreement import outdated
from sla.attainment import computing
from sla.escalation import sweeping
from sla.flow import advancing
from sla.flow.notices import notify_catching_up_failed
from sla.routing import offering, reassigning
from smarketing.database.isolating import is_nobodys_fault

log = logging.getLogger(__name__)


def catch_up(*, step: Step = transaction.atomic) -> None:
    """Do what the tasks would have done meanwhile. Safe to run twice; what fails is left to the tasks."""

    def refresh_attainment() -> None:
        with step():
            computing.refresh()

    def notify_outdated() -> None:
        with step():
            outdated.notify_outdated()

    for work in (
        lambda: sweeping.sweep_timers(step=step),
        lambda: advancing.begin_day(step=step),
        lambda: advancing.advance_all(step=step),
        lambda: reassigning.reassign_from_deactivated(step=step),
        lambda: offering.offer(step=step),
        lambda: sweeping.sweep_timers(step=step),
        refresh_attainment,
        notify_outdated,
    ):
        try:
            work()
        except Exception as problem:
            if is_nobodys_fault(problem) or isinstance(problem, leases.Lost):
                raise
            log.exception("Catching up failed at one of its parts; the others go on.")
            with step():
                notify_catching_up_failed(at=now())
