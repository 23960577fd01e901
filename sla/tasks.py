from celery import shared_task

from sla.attainment import computing as attainment
from sla.escalation import sweeping
from sla.flow import advancing
from sla.flow.machine import working
from sla.routing import offering
from sla.routing import reassigning as leaving


@shared_task(ignore_result=True)
def advance() -> None:
    with working() as may_work:
        if may_work:
            advancing.advance_all()


@shared_task(ignore_result=True)
def offer_waiting() -> None:
    """Nobody could take them, and now somebody is back or has room."""
    with working() as may_work:
        if may_work:
            offering.offer()


@shared_task(ignore_result=True)
def sweep_timers() -> None:
    with working() as may_work:
        if may_work:
            sweeping.sweep_timers()
            leaving.reassign_of_the_gone()


@shared_task(ignore_result=True)
def begin_day() -> None:
    with working() as may_work:
        if may_work:
            advancing.begin_day()


@shared_task(ignore_result=True)
def compute_attainment() -> None:
    with working() as may_work:
        if may_work:
            attainment.refresh()
