from contextlib import suppress

from celery import shared_task
from django.conf import settings
from django.utils.timezone import now

from integrations import notices
from integrations.delivery import delivering, dispatching, summing_up
from integrations.mail import mailbox
from sla.flow import background
from smarketing.supervisor import disk


@shared_task(ignore_result=True)
def deliver() -> None:
    if not summing_up.sum_up():
        return
    with background.running() as step:
        dispatching.dispatch_all(step=step)
    delivering.send_due()
    mailbox.tidy()


@shared_task(ignore_result=True)
def watch_disk() -> None:
    with suppress(OSError):  # Health says that it cannot be asked.
        left = disk.free(settings.DATA_DIRS)
        if left < disk.LOW:
            notices.notify_disk_low(left, at=now())
        elif left >= disk.ROOMY:
            notices.note_room_again(at=now())
