from celery import shared_task

from integrations.delivery import delivering, dispatching, summing_up
from integrations.mail import mailbox
from sla.flow import background


@shared_task(ignore_result=True)
def deliver() -> None:
    if not summing_up.sum_up():
        return
    with background.running() as step:
        dispatching.dispatch_all(step=step)
    delivering.send_due()
    mailbox.tidy()
