from contextlib import suppress

from celery import shared_task

from history import leases
from history.leases import Step
from sla.agreement import outdated
from sla.attainment import computing as attainment
from sla.escalation import sweeping
from sla.flow import advancing, background, filling
from sla.routing import offering, reassigning

FILLING_SECONDS = 30


@shared_task(ignore_result=True)
def advance() -> None:
    with background.running() as step:
        advancing.advance_all(step=step)


@shared_task(ignore_result=True)
def offer_waiting() -> None:
    """Offer leads that nobody could take before: somebody may be back, or have room again."""
    with background.running() as step:
        offering.offer(step=step)


@shared_task(ignore_result=True)
def sweep_timers() -> None:
    with background.running() as step:
        # First, so that no clock of a lead that left is found late.
        _end_moved(step)
        sweeping.sweep_timers(step=step)
        reassigning.reassign_from_deactivated(step=step)


def _end_moved(step: Step) -> None:
    """The flow ends those of the leads that it takes along: here nobody is left out."""
    with step():
        offering.end_moved()


@shared_task(ignore_result=True)
def watch_proposal() -> None:
    """Say what has changed under a proposal that waits: a head is replaced, a field that it names is deleted."""
    with background.running() as step, step():
        outdated.notify_outdated()


@shared_task(ignore_result=True)
def begin_day() -> None:
    with background.running() as step:
        advancing.begin_day(step=step)


@shared_task(ignore_result=True)
def fill_past() -> None:
    """After an upgrade, fill in what old steps keep; for so long that other tasks have their turn."""
    with background.running() as step, suppress(leases.Taken):
        filling.fill_past(step=step, seconds=FILLING_SECONDS)


@shared_task(ignore_result=True)
def compute_attainment() -> None:
    with background.running() as step, step():
        attainment.refresh()
