from celery import shared_task

from sla import advancing, sweeping


@shared_task(ignore_result=True)
def advance() -> None:
    advancing.advance_all()


@shared_task(ignore_result=True)
def sweep_timers() -> None:
    sweeping.sweep_timers()


@shared_task(ignore_result=True)
def begin_day() -> None:
    advancing.begin_day()
