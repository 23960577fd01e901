from celery import shared_task

from integrations.delivery import delivering, dispatching
from integrations.mail import mailbox
from sla.flow.machine import working


@shared_task(ignore_result=True)
def deliver() -> None:
    with working() as may_work:
        if may_work:
            dispatching.dispatch_all()
    delivering.send_due()
    mailbox.tidy()
